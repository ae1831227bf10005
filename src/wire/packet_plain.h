/*
 * The straight way down a frame that nine of ten take: Ethernet with one tag or none, or Linux's cooked capture, or
 * bare IP; IPv4 without options or IPv6 without extensions, in one piece; TCP, all of whose header is at hand. A few
 * compares say whether a frame is of that kind, and where its TCP header lies; the segment is written only where
 * somebody wants it. All others, and whatever is in doubt, go down layer by layer (walk.h), which would find the same:
 * fuzz/wire.c and tests/wire/plain.c hold the two against each other.
 *
 * Inline, since a loop over the frames of a capture is what calls it.
 */
#pragma once

#include "wire/packet.h"
#include "wire/segment_fill.h"

enum {
        PLAIN_ETHERNET = 14,
        PLAIN_TAG = 4,
        PLAIN_SLL = 16,
        PLAIN_SLL2 = 20,
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

static inline uint32_t plain_load(const uint8_t *p) {
        uint32_t v;

        memcpy(&v, p, sizeof(v));
        return v;
}

/* What there is beside the header, in bits. */
enum {
        PLAIN_IPV6 = 1 << 0,
        PLAIN_NOT = 1 << 1,             /* it did not go the straight way, and all else means nothing */
        PLAIN_OPTIONS = 0x3c,           /* any but timestamps: how many bytes of them */
        PLAIN_CUT = 1 << 6,             /* the capture holds less of the frame than was on the wire */
        PLAIN_TIMESTAMPS = 1 << 9,
        PLAIN_VLAN_SHIFT = 16,          /* above that the VLAN id; 0: none */
};

/* A frame that went the straight way. Of its segment the rest is in the headers, while the bytes are there. */
struct plain {
        const uint8_t *tcp;             /* its TCP header, right behind that of IP */
        uint64_t timestamps;            /* ts_value above ts_echo; 0 without them */
        uint32_t n_payload, n_captured; /* as in struct segment */
        uint32_t has;                   /* PLAIN_* */
        uint32_t n_header;              /* of TCP */
};

static inline uint32_t plain_vlan(const struct plain *plain) {
        return plain->has >> PLAIN_VLAN_SHIFT;
}

static inline const uint8_t *plain_ip(const struct plain *plain) {
        return plain->tcp - (plain->has & PLAIN_IPV6 ? PLAIN_IPV6_SIZE : PLAIN_IPV4_SIZE);
}

/* The TCP header lies @n_ip bytes behind @ip, where @n bytes are at hand, and the IP packet is of @n_total. */
static inline __attribute__((always_inline)) bool plain_find_tcp(const uint8_t *ip, uint32_t n_ip, uint32_t n,
                                                                 uint32_t n_total, bool cut,
                                                                 uint32_t vlan, struct plain *ret_plain) {
        const uint8_t *tcp = ip + n_ip, *options;
        uint32_t n_header = (uint32_t) tcp[12] >> 2 & 0x3c, n_headers = n_ip + n_header;
        uint64_t has;

        if (__builtin_expect(n_header < SEGMENT_SIZE_TCP || n_headers > n_total, 0))
                return false;
        /* More than there is: cut by the capture, or a length that lies. */
        if (__builtin_expect(n_total > n, 0)) {
                if (!cut || n_headers > n)
                        return false;
        } else {
                n = n_total;
        }
        ret_plain->tcp = tcp;
        ret_plain->n_header = n_header;
        ret_plain->n_payload = n_total - n_headers;
        ret_plain->n_captured = n - n_headers;
        /* Two NOPs and timestamps: nearly every segment of Linux after the handshake; or no options at all. Which of
         * both it is cannot be foreseen, so it is no branch: where there is no room for them, the header is looked at
         * instead. */
        options = tcp + (n_header >> 5) * SEGMENT_SIZE_TCP;
        has = -(uint64_t) (((plain_load(options) ^ PLAIN_IS_TIMESTAMPS) | (n_header ^ (SEGMENT_SIZE_TCP + 12))) < 1);
        /* Compilers do not look into it; else gcc makes a branch of the choice. */
        __asm__("" : "+r"(has));
        ret_plain->timestamps = bytes_get64(options + 4) & has;
        /* Either the one or how many bytes of others. */
        ret_plain->has = vlan << PLAIN_VLAN_SHIFT | (n_ip == PLAIN_IPV6_SIZE ? PLAIN_IPV6 : 0) | (cut ? PLAIN_CUT : 0) |
                ((n_header - SEGMENT_SIZE_TCP) ^ ((uint32_t) has & (12 ^ PLAIN_TIMESTAMPS)));
        return true;
}

/* Whether the frame is one; @ret_plain may have been written to if not. */
static inline __attribute__((always_inline)) bool plain_find(uint32_t link_type, const uint8_t *bytes, uint32_t n_bytes,
                                                             uint32_t n_frame, struct plain *ret_plain) {
        const uint8_t *ip;
        uint32_t n, begins, vlan = 0;
        const bool cut = n_bytes < n_frame;

        if (__builtin_expect(link_type == 1, 1)) {
                if (__builtin_expect(n_bytes < PLAIN_ETHERNET + PLAIN_LEAST, 0))
                        return false;
                ip = bytes + PLAIN_ETHERNET;
                n = n_bytes - PLAIN_ETHERNET;
                begins = plain_load(ip - 2);
                /* Cisco's ISL (ethernet.c) has bytes of SNAP there, so it is none of these. */
                if (__builtin_expect((begins & PLAIN_TYPE) == 0x0081, 0)) {
                        vlan = bytes_get16(ip) & 0xfff;
                        ip += PLAIN_TAG;
                        n -= PLAIN_TAG;
                        begins = plain_load(ip - 2);
                }
        } else if (link_type == 113) {
                if (n_bytes < PLAIN_SLL + PLAIN_LEAST)
                        return false;
                ip = bytes + PLAIN_SLL;
                n = n_bytes - PLAIN_SLL;
                begins = plain_load(ip - 2);
        } else if (link_type == 276) {
                if (n_bytes < PLAIN_SLL2 + PLAIN_LEAST)
                        return false;
                ip = bytes + PLAIN_SLL2;
                n = n_bytes - PLAIN_SLL2;
                begins = (plain_load(bytes) & PLAIN_TYPE) | (uint32_t) ip[0] << 16;
        } else if (link_type == 101) {
                if (n_bytes < PLAIN_LEAST)
                        return false;
                ip = bytes;
                n = n_bytes;
                begins = (uint32_t) ip[0] << 16 | ((ip[0] >> 4 == 6 ? PLAIN_IS_IPV6 : PLAIN_IS_IPV4) & PLAIN_TYPE);
        } else {
                return false;
        }
        if (__builtin_expect((begins & PLAIN_IS_IPV4_MASK) == PLAIN_IS_IPV4, 1)) {
                /* In one piece, and TCP. */
                if (__builtin_expect((plain_load(ip + 6) & 0xff00ff3f) != (uint32_t) IPPROTO_TCP << 24, 0))
                        return false;
                return plain_find_tcp(ip, PLAIN_IPV4_SIZE, n, bytes_get16(ip + 2), cut, vlan, ret_plain);
        }
        if ((begins & PLAIN_IS_IPV6_MASK) == PLAIN_IS_IPV6) {
                if (n < PLAIN_IPV6_SIZE + SEGMENT_SIZE_TCP || ip[6] != IPPROTO_TCP)
                        return false;
                return plain_find_tcp(ip, PLAIN_IPV6_SIZE, n, bytes_get16(ip + 4) + (uint32_t) PLAIN_IPV6_SIZE, cut,
                                      vlan, ret_plain);
        }
        return false;
}

/* The segment of it: all up to @n_header, and options if it has any but timestamps; the rest waits for
 * plain_fill_rest(), while the bytes are there. All is loaded before anything is stored: the bytes of the packet might
 * be those of the segment, for all that the compiler knows, and then it could not put stores together. */
static inline void plain_fill_first(const struct plain *plain, struct packet *ret_packet) {
        struct segment *segment = &ret_packet->segment;
        const uint8_t *tcp = plain->tcp, *ip = plain_ip(plain);
        const uint32_t ports = bytes_get32(tcp), flags_window = bytes_get32(tcp + 12) & 0x01ffffff;
        const uint64_t numbers = bytes_get64(tcp + 4), timestamps = plain->timestamps;

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
        segment->n_header = (uint8_t) plain->n_header;
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
static inline void plain_fill_rest(struct packet *packet) {
        struct segment *segment = &packet->segment;
        const uint8_t *ip = packet->ip, *tcp;

        if (!ip)
                return;
        packet->ip = NULL;
        tcp = segment->payload - segment->n_header;
        segment->offset = (uint32_t) (tcp - ip);
        segment->urgent = bytes_get16(tcp + 18);
        if (segment->n_header == SEGMENT_SIZE_TCP || segment->options == SEGMENT_HAS_TIMESTAMPS)
                segment_fill_no_options(segment);
        if (segment->family == AF_INET)
                segment_fill_ipv4_rest(ip, segment);
        else
                segment_fill_ipv6_rest(ip, segment);
}

/* The frame's packet, if the frame is one. */
static inline __attribute__((always_inline)) bool plain_read(uint32_t link_type, const uint8_t *bytes, uint32_t n_bytes,
                                                             uint32_t n_frame, struct packet *ret_packet) {
        struct plain plain;

        if (!plain_find(link_type, bytes, n_bytes, n_frame, &plain))
                return false;
        plain_fill_first(&plain, ret_packet);
        plain_fill_rest(ret_packet);
        return true;
}
