/* The peer below the sockets: one end of one TCP connection made of single segments, against a
 * socket of the kernel behind NAMESPACE_SOCKETS. It does what it is told and nothing else: it
 * acknowledges nothing, repeats nothing and closes nothing by itself, so that a scenario can say
 * every wrong thing on the wire. Needs CAP_NET_RAW and namespace_wire(). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/icmp.h"
#include "wire/segment.h"

enum peer_role {
        PEER_CLIENT,            /* sends the SYN; the kernel's socket listens */
        PEER_SERVER,            /* answers it; the kernel's socket connects */
};

enum peer_ack {
        PEER_ACK_SEEN,          /* all that came in order (the default) */
        PEER_ACK_FEWER,         /* @ack_value bytes fewer than that */
        PEER_ACK_ABSOLUTE,      /* the number @ack_value itself */
        PEER_ACK_NONE,          /* no ACK flag, number 0 */
};

enum peer_timestamps {
        PEER_TIMESTAMPS_AS_AGREED,      /* if both SYNs had them (the default); a SYN asks for them */
        PEER_TIMESTAMPS_ON,
        PEER_TIMESTAMPS_OFF,
};

/* One segment to send. All zero is a bare ACK of everything, in order. */
struct peer_segment {
        uint16_t flags;                 /* SEGMENT_*; SEGMENT_ACK is added unless PEER_ACK_NONE */
        int32_t seq_offset;             /* from the next byte that the peer would send */
        bool absolute_seq;              /* then @seq_offset is the number itself */
        enum peer_ack ack;
        uint32_t ack_value;
        bool has_window;                /* else as 64240 bytes, scaled if that was agreed */
        uint16_t window;                /* raw */
        const void *payload;            /* NULL: letters by position, a to z */
        uint32_t n_payload;
        enum peer_timestamps timestamps;
        int32_t ts_offset;              /* added to the timestamp: negative looks old (PAWS) */
        uint16_t mss;                   /* 0: no such option */
        bool has_window_scale;
        uint8_t window_scale;
        bool sack_permitted;
        uint8_t n_sack;
        struct {
                uint32_t start, end;    /* positions in the kernel's stream: its first byte is 0 */
        } sack[SEGMENT_N_SACK];
        uint8_t ttl;                    /* 0: 64 */
        uint8_t tos;
        bool has_ip_id;                 /* else a counter */
        uint16_t ip_id;
};

/* A segment of the kernel, as the peer received it. */
struct peer_seen {
        int64_t time_ns;                /* since 1970 */
        struct segment segment;         /* points into @bytes */
        uint8_t *bytes;                 /* the IP packet */
        uint32_t n_bytes;
};

/* Read freely; written by the functions below only. */
struct peer {
        int fd;
        enum peer_role role;
        uint8_t family;
        uint16_t port;
        uint16_t kernel_port;           /* 0 until the kernel's SYN told it */
        uint8_t address[16];
        uint8_t kernel_address[16];
        int ifindex;
        uint8_t mac[6];

        uint32_t isn;                   /* of the peer: 0x10000000 */
        uint32_t next;                  /* the next byte that it would send */
        uint64_t n_sent;                /* payload bytes that advanced @next */
        uint16_t ip_id;
        bool asked_timestamps;          /* its SYN had them */
        bool agreed_timestamps;         /* and so had the kernel's */
        bool asked_scale;               /* likewise the window scale */
        bool agreed_scale;
        uint8_t window_scale;           /* that the peer's SYN asked for */

        bool syn_seen;                  /* the kernel's SYN: without it the rest below is empty */
        uint32_t kernel_isn;
        uint32_t kernel_next;           /* in order so far: what PEER_ACK_SEEN acknowledges */
        uint64_t n_received;            /* payload bytes in order */
        bool fin_seen;                  /* in order */
        bool rst_seen;
        uint32_t kernel_highest;        /* the end of the highest segment, in order or not */
        bool ack_seen;
        uint32_t last_ack;              /* of the last segment with ACK */
        uint16_t last_window;           /* raw, of the last segment */
        uint32_t last_ts_value;         /* the kernel's, to be echoed */

        struct peer_seen *seen;         /* all segments of the kernel, oldest first */
        size_t n_seen;
        size_t n_room;
};

/* @port is the peer's own. A client names the @kernel_port it goes to; a server gives 0 and
 * learns it from the SYN. Returns 0 or a negative errno. */
int peer_open(uint8_t family, enum peer_role role, uint16_t port, uint16_t kernel_port,
              struct peer **ret_peer);

/* Closes nothing on the wire. Takes NULL and returns NULL. */
struct peer *peer_close(struct peer *peer);

/* Takes in what the kernel has sent so far; if that is nothing, waits for the first segment.
 * @deadline_ns is CLOCK_MONOTONIC; 0 does not wait. Returns the number of new segments at the end
 * of @seen, -ETIMEDOUT when there was none, or another negative errno. */
int peer_read(struct peer *peer, int64_t deadline_ns);

/* Reads until @enough says so; it is asked once before. Returns 0, -ETIMEDOUT, or another negative
 * errno. */
int peer_wait(struct peer *peer, bool (*enough)(const struct peer *peer, const void *context),
              const void *context, int64_t deadline_ns);

/* The usual conditions of it: the first segment from index @since of @seen on that has all of
 * @flags; so many bytes received in order; the kernel's acknowledgement of all sent so far. */
int peer_wait_flags(struct peer *peer, uint16_t flags, size_t since, int64_t deadline_ns);
int peer_wait_bytes(struct peer *peer, uint64_t n_bytes, int64_t deadline_ns);
int peer_wait_acked(struct peer *peer, int64_t deadline_ns);

/* Sends one segment. One with no offset is in order, and moves @next on by its payload, SYN and
 * FIN. Returns 0 or a negative errno. */
int peer_send(struct peer *peer, const struct peer_segment *segment);

/* The two halves of it, for what struct peer_segment cannot say. peer_emit() moves nothing on. */
int peer_build(const struct peer *peer, const struct peer_segment *segment, struct segment *ret_segment);
int peer_emit(struct peer *peer, const struct segment *segment);

/* Moves @next on by bytes that were sent before, at an offset. */
void peer_skip(struct peer *peer, uint32_t n_bytes);

/* The last segment of the kernel that was no probe: a probe has a number from before what was sent, and no
 * ICMP error about it is believed. NULL when nothing has been seen. */
const struct peer_seen *peer_last(const struct peer *peer);

/* Says of that segment that it could not be delivered. Returns 0, -ENODATA when nothing
 * has been seen, or another negative errno. */
int peer_icmp(struct peer *peer, enum icmp_error error);

/* The three segments of opening, by either role, with MSS, SACK, window scale 7 and timestamps.
 * A client sends SYN, waits for SYN-ACK, sends ACK; a server waits for SYN, sends SYN-ACK, waits
 * for ACK. Returns 0, -ECONNREFUSED for a RST, -ETIMEDOUT, or another negative errno. */
int peer_handshake(struct peer *peer, int64_t deadline_ns);

static inline void peer_closep(struct peer **peer)
{
        *peer = peer_close(*peer);
}
