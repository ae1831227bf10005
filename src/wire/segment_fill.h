/* The pieces of which a segment is read, for those who already know where the headers lie. They are inline
 * because every packet of a capture goes through them. */
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "wire/bytes.h"
#include "wire/segment.h"

enum {
        SEGMENT_SIZE_TCP = 20,
        SEGMENT_SIZE_TCP_LEAST = 14,     /* up to the flags */
};

/* The options, @n bytes of them, to a segment of which none are known yet. The second way takes no
 * short cut: for tests. */
void segment_fill_options(const uint8_t *p, size_t n, struct segment *segment);
void segment_fill_options_any(const uint8_t *p, size_t n, struct segment *segment);

/* Two numbers that stand one behind the other in the header, read and written as one. */
#define SEGMENT_FILL_PAIR(segment, second, first, value) do { \
        _Static_assert(offsetof(struct segment, first) == offsetof(struct segment, second) + sizeof(value) / 2, \
                       "the other way round than in the header"); \
        memcpy((uint8_t *)(segment) + offsetof(struct segment, second), &(value), sizeof(value)); \
} while (0)

/* The values alone: the caller sets the flag. */
static inline void segment_fill_timestamps(const uint8_t *values, struct segment *segment)
{
        uint64_t both = bytes_get64(values);

        SEGMENT_FILL_PAIR(segment, ts_echo, ts_value, both);
}

/* What is said by an IPv4 header of 20 bytes at least: first what is wanted of every segment … */
static inline void segment_fill_ipv4_first(const uint8_t *ip, struct segment *segment)
{
        const uint16_t ip_id = bytes_get16(ip + 4);
        const uint8_t tos = ip[1], ttl = ip[8];

        segment->family = AF_INET;
        segment->tos = tos;
        segment->ttl = ttl;
        segment->ip_id = ip_id;
}

/* … then the rest. */
static inline void segment_fill_ipv4_rest(const uint8_t *ip, struct segment *segment)
{
        const bool dont_fragment = ip[6] & 0x40;
        uint32_t ends[2];
        uint64_t source[2] = {}, destination[2] = {};

        memcpy(ends, ip + 12, sizeof(ends));
        source[0] = ends[0];
        destination[0] = ends[1];
        segment->flow_label = 0;
        segment->dont_fragment = dont_fragment;
        memcpy(segment->source, source, sizeof(source));
        memcpy(segment->destination, destination, sizeof(destination));
}

static inline void segment_fill_ipv4(const uint8_t *ip, struct segment *segment)
{
        segment_fill_ipv4_first(ip, segment);
        segment_fill_ipv4_rest(ip, segment);
}

/* The same of an IPv6 header of 40 bytes. */
static inline void segment_fill_ipv6_first(const uint8_t *ip, struct segment *segment)
{
        const uint8_t tos = (uint8_t)(bytes_get16(ip) >> 4), ttl = ip[7];

        segment->family = AF_INET6;
        segment->tos = tos;
        segment->ttl = ttl;
        segment->ip_id = 0;
}

static inline void segment_fill_ipv6_rest(const uint8_t *ip, struct segment *segment)
{
        segment->flow_label = bytes_get32(ip) & 0xfffff;
        segment->dont_fragment = false;
        memcpy(segment->source, ip + 8, 16);
        memcpy(segment->destination, ip + 24, 16);
}

static inline void segment_fill_ipv6(const uint8_t *ip, struct segment *segment)
{
        segment_fill_ipv6_first(ip, segment);
        segment_fill_ipv6_rest(ip, segment);
}

/* Whether there is a TCP header to read: @n_held bytes at hand of @n_wire, of which @n_least must be there
 * (14 bytes or more). Returns 0 or a SEGMENT_* reason. */
static inline int segment_check_tcp(const uint8_t *tcp, uint32_t n_held, uint32_t n_wire, uint32_t n_least)
{
        uint32_t n_header;

        if (n_wire < SEGMENT_SIZE_TCP)
                return SEGMENT_BROKEN;
        if (n_held < n_least)
                return SEGMENT_CUT;
        n_header = (tcp[12] >> 4) * 4u;
        return n_header < SEGMENT_SIZE_TCP || n_header > n_wire ? SEGMENT_BROKEN : 0;
}

static inline void segment_fill_no_options(struct segment *segment)
{
        segment->n_sack = 0;
        segment->window_scale = 0;
        segment->mss = 0;
        segment->mptcp_subtype = 0;
        segment->mptcp_reason = 0;
}

/* From a TCP header that segment_check_tcp() found fit. A capture that ends within it still says the rest. */
static inline void segment_fill_tcp(const uint8_t *tcp, uint32_t n_held, uint32_t n_wire, struct segment *segment)
{
        uint32_t n_header = (tcp[12] >> 4) * 4u;
        uint32_t n_there = n_header < n_held ? n_header : n_held;

        segment->source_port = bytes_get16(tcp);
        segment->destination_port = bytes_get16(tcp + 2);
        segment->seq = bytes_get32(tcp + 4);
        segment->ack = bytes_get32(tcp + 8);
        segment->flags = (uint16_t)((tcp[12] & 1u) << 8 | tcp[13]);
        segment->window = n_held >= 16 ? bytes_get16(tcp + 14) : 0;
        segment->urgent = n_held >= SEGMENT_SIZE_TCP ? bytes_get16(tcp + 18) : 0;
        segment->options = n_held >= 16 ? 0 : SEGMENT_HAS_NO_WINDOW;
        segment->ts_value = 0;
        segment->ts_echo = 0;
        segment_fill_no_options(segment);
        segment->n_header = (uint8_t)n_there;
        segment->n_payload = n_wire - n_header;
        segment->n_captured = n_held - n_there;
        segment->payload = tcp + n_there;
        if (n_there > SEGMENT_SIZE_TCP)
                segment_fill_options(tcp + SEGMENT_SIZE_TCP, n_there - SEGMENT_SIZE_TCP, segment);
        if (n_there < n_header)
                segment->options |= SEGMENT_HAS_BAD;
}
