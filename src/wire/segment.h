/* A TCP segment with what its IP header says: read from a packet of any bytes, written with right
 * checksums. Reading allocates nothing and keeps pointing into the packet. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The flags of RFC 9293, 3.1 and RFC 3168, as they stand in the header; AE is the ninth bit. */
enum {
        SEGMENT_FIN = 0x001,
        SEGMENT_SYN = 0x002,
        SEGMENT_RST = 0x004,
        SEGMENT_PSH = 0x008,
        SEGMENT_ACK = 0x010,
        SEGMENT_URG = 0x020,
        SEGMENT_ECE = 0x040,
        SEGMENT_CWR = 0x080,
        SEGMENT_AE = 0x100,
};

/* Which options the segment carries. An option that is not flagged has no value. */
enum {
        SEGMENT_HAS_MSS = 0x01,
        SEGMENT_HAS_WINDOW_SCALE = 0x02,
        SEGMENT_HAS_SACK_PERMITTED = 0x04,
        SEGMENT_HAS_SACK = 0x08,
        SEGMENT_HAS_TIMESTAMPS = 0x10,
        SEGMENT_HAS_OTHER = 0x20,    /* an option of another kind (read only) */
        SEGMENT_HAS_BAD = 0x40,      /* the options do not add up, or were cut: what came before holds */
        SEGMENT_HAS_NO_WINDOW = 0x80,    /* cut before the window: that is 0 and means nothing (read only) */
        SEGMENT_HAS_MPTCP = 0x100,   /* RFC 8684 (read only) */
        SEGMENT_HAS_FAST_OPEN = 0x200,   /* RFC 7413, kind 34 (read only) */
};

/* Why segment_read() made no segment. */
enum {
        SEGMENT_NOT_IP = 1,
        SEGMENT_NOT_TCP,        /* another protocol, or one that hides it (ESP) */
        SEGMENT_FRAGMENT,       /* a piece of a packet */
        SEGMENT_CUT,            /* the capture ends within the headers */
        SEGMENT_BROKEN,         /* lengths that contradict each other */
};

enum {
        SEGMENT_N_SACK = 4,
        SEGMENT_SIZE_HEADERS = 40 + 60,      /* enough for IPv6 and all TCP options */
};

/* In the order of use: whoever follows a connection needs the first 48 bytes and the addresses, and what he may
 * want to keep of each segment stands in one piece, from @n_payload to @tos. Where two numbers stand the other way
 * round than in the header, both are read by one load (segment_fill.h). */
struct segment {
        const uint8_t *payload;         /* borrowed from the packet; follows the header */
        uint32_t n_captured;            /* how much of the payload the packet at hand holds; read only */
        uint16_t destination_port;
        uint16_t source_port;
        uint32_t n_payload;             /* as the IP header says */
        uint32_t ack;                   /* without SEGMENT_ACK: whatever stood there */
        uint32_t seq;
        uint32_t ts_echo;
        uint32_t ts_value;
        uint16_t window;                /* as it stands in the header, not scaled */
        uint16_t flags;                 /* SEGMENT_FIN … */
        uint16_t ip_id;                 /* IPv4 */
        uint8_t ttl;                    /* or the hop limit */
        uint8_t tos;                    /* or the traffic class, ECN bits too */
        uint16_t options;               /* SEGMENT_HAS_* */
        uint8_t family;                 /* AF_INET or AF_INET6 */
        uint8_t n_header;               /* of the TCP header with its options, as far as it is at hand; read only */
        uint8_t n_sack;
        uint8_t window_scale;
        uint16_t mss;
        uint8_t mptcp_subtype;          /* of the last such option; MP_TCPRST is 8 */
        uint8_t mptcp_reason;           /* of MP_TCPRST (RFC 8684, 3.6) */
        uint32_t flow_label;            /* IPv6 */
        uint32_t offset;                /* of the TCP header in the IP packet; 0 in one put together; read only */
        uint8_t source[16];             /* IPv4: the first four bytes, the others 0 */
        uint8_t destination[16];
        struct {
                uint32_t start, end;
        } sack[SEGMENT_N_SACK];         /* the first @n_sack */
        uint16_t urgent;
        bool dont_fragment;             /* IPv4 */
};

/* Reads the IP packet @packet of @n_packet bytes. Trailing bytes beyond the IP length are padding
 * and ignored; an IP length of 0 (a large segment seen before it was cut up) means all there is.
 * Returns 0, or one of the reasons above; then *@ret_segment is untouched. */
int segment_read(const void *packet, size_t n_packet, struct segment *ret_segment);

/* Writes the IP packet for @segment with both checksums. Returns its length, or -ENOBUFS when it
 * does not fit into @size bytes or into 65535, -EINVAL for a family unknown, options that need
 * more than 40 bytes, or a payload that is missing. */
int segment_write(void *packet, size_t size, const struct segment *segment);

/* The room that @segment takes in sequence numbers: its payload, SYN and FIN. */
static inline uint32_t segment_length(const struct segment *segment)
{
        return segment->n_payload + !!(segment->flags & SEGMENT_SYN) + !!(segment->flags & SEGMENT_FIN);
}
