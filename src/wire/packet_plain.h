/*
 * The straight way down a frame that nine of ten take: Ethernet with one tag or none, Linux's cooked capture, BSD's
 * loopback, or bare IP; IPv4 without options or IPv6 without extensions, in one piece; TCP, all of whose header is at
 * hand. A few compares say whether a frame is of that kind, and where its TCP header lies; the segment is written only
 * where somebody wants it. All others, and whatever is in doubt, go down layer by layer (walk.h), which would find the
 * same: fuzz/wire.c and tests/wire/plain.c hold the two against each other.
 *
 * Inline, since a loop over the frames of a capture is what calls it.
 */
#pragma once

#include <stddef.h>

#include "wire/packet.h"
#include "wire/segment_fill.h"

enum {
        PLAIN_ETHERNET = 14,
        PLAIN_TAG = 4,
        PLAIN_SLL = 16,
        PLAIN_SLL2 = 20,
        PLAIN_LOOPBACK = 4,
        PLAIN_IPV4_SIZE = 20,
        PLAIN_IPV6_SIZE = 40,
        PLAIN_LEAST = PLAIN_IPV4_SIZE + SEGMENT_SIZE_TCP,    /* no less is plain; a tag of it may be read beforehand */
};

/* Of four bytes as they lie, lowest first: an Ethernet type, then what IP begins with. */
#define PLAIN_TYPE UINT32_C(0xffff)
#define PLAIN_IS_IPV4 UINT32_C(0x450008)
#define PLAIN_IS_IPV4_MASK UINT32_C(0xffffff)
#define PLAIN_IS_IPV6 UINT32_C(0x60dd86)
#define PLAIN_IS_IPV6_MASK UINT32_C(0xf0ffff)
/* Likewise of options. */
#define PLAIN_IS_TIMESTAMPS UINT32_C(0x0a080101)

static inline uint32_t plain_load(const uint8_t *p)
{
        uint32_t v;

        memcpy(&v, p, sizeof(v));
        return v;
}

/* What a segment is, in bits: the flags of its TCP header, and above them … */
enum {
        PLAIN_FLAGS = 0x1ff,
        PLAIN_TIMESTAMPS = 1 << 9,
        PLAIN_OPTIONS = 0xf << 12,      /* any but timestamps */
        PLAIN_VLAN_SHIFT = 16,
        PLAIN_VLAN = 0xfff,             /* above the shift the VLAN id; 0: none */
        PLAIN_IPV6 = 1 << 28,
        PLAIN_CUT = 1 << 29,            /* the capture holds less of the frame than was on the wire */
        PLAIN_NOT = 1 << 30,            /* it did not go the straight way, and all else means nothing */
        PLAIN_FREE = 1 << 10,           /* never set here: a mark for whoever wants one */
};

/* A frame that went the straight way, and what a row of segments wants of it (connection/orderly.h), in that order. Of
 * its segment the rest is in the headers, while the bytes are there. */
struct plain {
        uint32_t ack;
        uint32_t ts_echo, ts_value;     /* 0 without them */
        uint16_t window, ip_id;
        uint16_t n_payload;             /* as in struct segment */
        uint8_t ttl;
        uint8_t n_header;               /* of TCP */
        uint32_t seq;
        uint32_t has;                   /* PLAIN_* */
        const uint8_t *tcp;             /* its TCP header, right behind that of IP */
        uint16_t n_captured;            /* as in struct segment */
} __attribute__((packed, aligned(4)));

static inline uint32_t plain_vlan(const struct plain *plain)
{
        return plain->has >> PLAIN_VLAN_SHIFT & PLAIN_VLAN;
}

static inline const uint8_t *plain_ip(const struct plain *plain)
{
        return plain->tcp - (plain->has & PLAIN_IPV6 ? PLAIN_IPV6_SIZE : PLAIN_IPV4_SIZE);
}

/* The TCP header lies @n_ip bytes behind @ip, where @n bytes are at hand, and the IP packet is of @n_total. @has: what
 * is known of it. */
static inline __attribute__((always_inline)) bool
plain_find_tcp(const uint8_t *ip, uint32_t n_ip, uint32_t n, uint32_t n_total, uint32_t has, struct plain *ret_plain)
{
        const bool cut = has & PLAIN_CUT;
        const uint8_t *tcp = ip + n_ip, *options;
        const uint64_t numbers = bytes_get64(tcp + 4);
        const uint32_t what = bytes_get32(tcp + 12), n_header = what >> 26 & 0x3c, n_headers = n_ip + n_header;
        uint32_t n_payload = n_total - n_headers;
        uint64_t stamps, stamped;

        /* Compilers do not look into it; else gcc works it out twice, in 16 bits and in 32. */
        __asm__("" : "+r"(n_payload));
        ret_plain->tcp = tcp;
        ret_plain->ack = (uint32_t)numbers;
        ret_plain->seq = (uint32_t)(numbers >> 32);
        ret_plain->window = (uint16_t)what;
        ret_plain->ip_id = n_ip == PLAIN_IPV4_SIZE ? bytes_get16(ip + 4) : 0;
        ret_plain->ttl = n_ip == PLAIN_IPV4_SIZE ? ip[8] : ip[7];
        ret_plain->n_header = (uint8_t)n_header;
        ret_plain->n_payload = (uint16_t)n_payload;
        /* More than there is: cut by the capture, or a length that lies. One branch for all: none is ever negative. */
        if (cut)
                n = n < n_total ? n : n_total;
        ret_plain->n_captured = (uint16_t)(cut ? n - n_headers : n_payload);
        if (__builtin_expect((int32_t)((n_header - SEGMENT_SIZE_TCP) | n_payload |
                                        (cut ? n - n_headers : n - n_total)) < 0, 0))
                return false;
        /* Two NOPs and timestamps: nearly every segment of Linux after the handshake; or no options at all. Which of
         * both it is cannot be foreseen, so it is no branch: where there is no room for them, the IP header is looked
         * at instead, which never begins like that. */
        options = n_header == SEGMENT_SIZE_TCP + 12 ? tcp + SEGMENT_SIZE_TCP : ip;
        stamped = -(uint64_t)(plain_load(options) == PLAIN_IS_TIMESTAMPS);
        /* Here gcc would make a branch of the choice. */
        __asm__("" : "+r"(stamped));
        stamps = bytes_get64(options + 4) & stamped;
        /* Both at once. */
        _Static_assert(offsetof(struct plain, ts_value) == offsetof(struct plain, ts_echo) + 4,
                       "the upper half is the second");
        memcpy((uint8_t *)ret_plain + offsetof(struct plain, ts_echo), &stamps, sizeof(stamps));
        /* How long the header is stands where the bits for options do: nothing is left of it if it is of 20 bytes, or
         * of 32 with timestamps. */
        ret_plain->has = has | ((what >> 16 & (PLAIN_FLAGS | PLAIN_OPTIONS)) ^ 5 << 12 ^
                                ((uint32_t)stamped & ((5 ^ 8) << 12 | PLAIN_TIMESTAMPS)));
        return true;
}

/* The same of what begins at @ip, where its first bytes as they lie are the upper half of @begins, below the type. */
static inline __attribute__((always_inline)) bool
plain_find_ip(const uint8_t *ip, uint32_t n, uint32_t begins, uint32_t has, struct plain *ret_plain)
{
        if (__builtin_expect((begins & PLAIN_IS_IPV4_MASK) == PLAIN_IS_IPV4, 1)) {
                /* In one piece, and TCP. */
                if (__builtin_expect((plain_load(ip + 6) & 0xff00ff3f) != (uint32_t)IPPROTO_TCP << 24, 0))
                        return false;
                return plain_find_tcp(ip, PLAIN_IPV4_SIZE, n, bytes_get16(ip + 2), has, ret_plain);
        }
        if ((begins & PLAIN_IS_IPV6_MASK) == PLAIN_IS_IPV6) {
                if (n < PLAIN_IPV6_SIZE + SEGMENT_SIZE_TCP || ip[6] != IPPROTO_TCP)
                        return false;
                return plain_find_tcp(ip, PLAIN_IPV6_SIZE, n, bytes_get16(ip + 4) + (uint32_t)PLAIN_IPV6_SIZE,
                                      has | PLAIN_IPV6, ret_plain);
        }
        return false;
}

/* plain_find() of anything, apart from the loop over what is most usual: IPv4 on Ethernet without a tag, not cut. */
bool plain_find_any(uint32_t link_type, const uint8_t *bytes, uint32_t n_bytes, uint32_t n_frame,
                    struct plain *ret_plain);

/* Whether the frame is one; @ret_plain may have been written to if not. */
static inline __attribute__((always_inline)) bool
plain_find(uint32_t link_type, const uint8_t *bytes, uint32_t n_bytes, uint32_t n_frame, struct plain *ret_plain)
{
        const uint8_t *ip = bytes + PLAIN_ETHERNET;

        if (__builtin_expect(link_type == 1, 1) && __builtin_expect(n_bytes == n_frame, 1) &&
            __builtin_expect(n_bytes >= PLAIN_ETHERNET + PLAIN_LEAST, 1) &&
            __builtin_expect((plain_load(ip - 2) & PLAIN_IS_IPV4_MASK) == PLAIN_IS_IPV4, 1))
                return plain_find_ip(ip, n_bytes - PLAIN_ETHERNET, PLAIN_IS_IPV4, 0, ret_plain);
        return plain_find_any(link_type, bytes, n_bytes, n_frame, ret_plain);
}

/* The segment of it: all up to @n_header, and options if it has any but timestamps; the rest waits for
 * plain_fill_rest(), while the bytes are there. All is loaded before anything is stored: the bytes of the packet might
 * be those of the segment, for all that the compiler knows, and then it could not put stores together. */
static inline void plain_fill_first(const struct plain *plain, struct packet *ret_packet)
{
        struct segment *segment = &ret_packet->segment;
        const uint8_t *tcp = plain->tcp, *ip = plain_ip(plain);
        const uint32_t ports = bytes_get32(tcp), flags_window = bytes_get32(tcp + 12) & 0x01ffffff;
        const uint64_t numbers = bytes_get64(tcp + 4);
        uint64_t timestamps;

        memcpy(&timestamps, (const uint8_t *)plain + offsetof(struct plain, ts_echo), sizeof(timestamps));
        ret_packet->ip = ip;
        ret_packet->vlan = plain_vlan(plain);
        ret_packet->depth = 0;
        ret_packet->checksum_known = false;
        ret_packet->checksum_good = false;
        ret_packet->n_quoted = 0;
        if (plain->has & PLAIN_IPV6)
                segment_fill_ipv6_first(ip, segment);
        else
                segment_fill_ipv4_first(ip, segment);
        SEGMENT_FILL_PAIR(segment, destination_port, source_port, ports);
        SEGMENT_FILL_PAIR(segment, ack, seq, numbers);
        SEGMENT_FILL_PAIR(segment, window, flags, flags_window);
        SEGMENT_FILL_PAIR(segment, ts_echo, ts_value, timestamps);
        segment->n_header = plain->n_header;
        segment->payload = tcp + plain->n_header;
        segment->n_payload = plain->n_payload;
        segment->n_captured = plain->n_captured;
        segment->options = plain->has & PLAIN_TIMESTAMPS ? SEGMENT_HAS_TIMESTAMPS : 0;
        if (plain->has & PLAIN_OPTIONS) {
                segment_fill_no_options(segment);
                segment_fill_options(tcp + SEGMENT_SIZE_TCP, plain->n_header - SEGMENT_SIZE_TCP, segment);
        }
}

/* The rest of a packet of which plain_fill_first() wrote the first part. Nothing is done if it is whole. */
static inline void plain_fill_rest(struct packet *packet)
{
        struct segment *segment = &packet->segment;
        const uint8_t *ip = packet->ip, *tcp;

        if (!ip)
                return;
        packet->ip = NULL;
        tcp = segment->payload - segment->n_header;
        segment->offset = (uint32_t)(tcp - ip);
        segment->urgent = bytes_get16(tcp + 18);
        if (segment->n_header == SEGMENT_SIZE_TCP || segment->options == SEGMENT_HAS_TIMESTAMPS)
                segment_fill_no_options(segment);
        if (segment->family == AF_INET)
                segment_fill_ipv4_rest(ip, segment);
        else
                segment_fill_ipv6_rest(ip, segment);
}

/* The frame's packet, if the frame is one. */
static inline __attribute__((always_inline)) bool
plain_read(uint32_t link_type, const uint8_t *bytes, uint32_t n_bytes, uint32_t n_frame, struct packet *ret_packet)
{
        struct plain plain;

        if (!plain_find(link_type, bytes, n_bytes, n_frame, &plain))
                return false;
        plain_fill_first(&plain, ret_packet);
        plain_fill_rest(ret_packet);
        return true;
}
