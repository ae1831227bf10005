/*
 * A frame of any link type down to the TCP segment in it, through tags, tunnels and fragments; or down to
 * the TCP segment that an ICMP error quotes; or the reason why there is neither. Nothing is dropped for a
 * bad checksum.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "wire/segment.h"
#include "words/icmp_error.h"

/* What a frame turned out to be. */
enum packet_kind {
        PACKET_TCP,             /* @segment is set */
        PACKET_ICMP_ERROR,      /* an ICMP error that quotes a TCP segment: @segment is the quoted one */
        PACKET_FRAGMENT,        /* a piece of a packet that is not whole yet */
        PACKET_UDP,
        PACKET_QUIC,            /* UDP that looks like QUIC by its long header */
        PACKET_SCTP,
        PACKET_ICMP,            /* other ICMP */
        PACKET_ENCRYPTED,       /* ESP, MACsec: what is inside cannot be seen */
        PACKET_OTHER_IP,        /* another protocol over IP */
        PACKET_NOT_IP,          /* ARP, spanning tree, … */
        PACKET_LINK_UNKNOWN,    /* a link type that this program does not read */
        PACKET_CUT,             /* the capture ends within the headers */
        PACKET_BROKEN,          /* lengths that contradict each other */
        N_PACKET_KINDS
};

/* "not IP", "cut within the headers", … for the table of what was not read. */
const char *packet_kind_name(enum packet_kind kind);

struct packet {
        struct segment segment;
        const uint8_t *ip;              /* not NULL: part of @segment is still to be read from here (packet_plain.h) */
        uint32_t vlan;                  /* the outermost VLAN ids: outer << 12 | inner; 0: none */
        uint8_t depth;                  /* tunnels passed to get here */
        bool checksum_known;            /* all bytes of the segment are at hand … */
        bool checksum_good;             /* … and this is what they say; only after packet_check() */
        uint8_t n_quoted;               /* bytes of the TCP header that an ICMP error quotes, 60 at most */
        /* PACKET_ICMP_ERROR only: @segment holds at least ports and, if 8 bytes were quoted, seq. */
        enum icmp_error icmp;
        uint8_t icmp_from[16];          /* who sent it; of the family of the segment */
};

struct packet_reader;

/* Holds what must be remembered between frames: fragments, within a fixed bound of memory. */
int packet_reader_new(struct packet_reader **ret_reader);
struct packet_reader *packet_reader_free(struct packet_reader *reader);

/* Reads one frame. @ret_packet is set for PACKET_TCP and PACKET_ICMP_ERROR only, and points into @bytes, or
 * for a packet put together from fragments into the reader until the next call. Allocates nothing but
 * for fragments. */
enum packet_kind packet_read(struct packet_reader *reader, uint32_t link_type, const uint8_t *bytes,
                             uint32_t n_bytes, uint32_t n_frame, int64_t time_ns, struct packet *ret_packet);

/* The same without the straight way that most frames take (packet_plain.h): for whoever took that himself in vain,
 * and for tests. */
enum packet_kind packet_walk(struct packet_reader *reader, uint32_t link_type, const uint8_t *bytes,
                             uint32_t n_bytes, uint32_t n_frame, int64_t time_ns, struct packet *ret_packet);

/* Verifies the TCP checksum: sets @checksum_known and @checksum_good. Not done for every packet. A sum that
 * was left to the hardware, and so is that of the pseudo header alone, is not known. */
void packet_check(struct packet *packet);

static inline void packet_reader_freep(struct packet_reader **reader)
{
        *reader = packet_reader_free(*reader);
}
