/*
 * The straight way down a frame that nine of ten take: Ethernet with one tag or none, or Linux's cooked capture, or
 * bare IP; IPv4 without options or IPv6 without extensions, in one piece; TCP, all of whose header is at hand. A few
 * compares say whether a frame is of that kind; then the segment is written once. All others, and whatever is in
 * doubt, go down layer by layer (walk.h), which would find the same: fuzz/wire.c and tests/wire/plain.c hold
 * the two against each other.
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
        PLAIN_IPV4 = 20,
        PLAIN_IPV6 = 40,
        PLAIN_LEAST = PLAIN_IPV4 + SEGMENT_SIZE_TCP,    /* no less is plain; a tag of it may be read beforehand */
};

/* Of four bytes as they lie, lowest first: an Ethernet type, then what IP begins with. */
#define PLAIN_TYPE UINT32_C(0xffff)
#define PLAIN_IS_IPV4 UINT32_C(0x450008)
#define PLAIN_IS_IPV4_MASK UINT32_C(0xffffff)
#define PLAIN_IS_IPV6 UINT32_C(0x60dd86)
#define PLAIN_IS_IPV6_MASK UINT32_C(0xf0ffff)
/* Likewise of options. */
#define PLAIN_TIMESTAMPS UINT32_C(0x0a080101)

static inline uint32_t plain_load(const uint8_t *p) {
        uint32_t v;

        memcpy(&v, p, sizeof(v));
        return v;
}

/* What is wanted of every segment, in its first 48 bytes. All is loaded before anything is stored: the bytes of the packet
 * might be those of the segment, for all that the compiler knows, and then it could not put stores together. */
static inline __attribute__((always_inline)) void plain_put_first(const uint8_t *ip, uint32_t n_ip, uint32_t n_header,
                                                                  struct segment *segment) {
        const uint8_t *tcp = ip + n_ip;
        const uint32_t ports = bytes_get32(tcp), flags_window = bytes_get32(tcp + 12) & 0x01ffffff;
        const uint64_t numbers = bytes_get64(tcp + 4);

        if (n_ip == PLAIN_IPV4)
                segment_fill_ipv4_first(ip, segment);
        else
                segment_fill_ipv6_first(ip, segment);
        SEGMENT_FILL_PAIR(segment, destination_port, source_port, ports);
        SEGMENT_FILL_PAIR(segment, ack, seq, numbers);
        SEGMENT_FILL_PAIR(segment, window, flags, flags_window);
        segment->n_header = (uint8_t) n_header;
        segment->payload = tcp + n_header;
}

/* The TCP header lies @n_ip bytes behind @ip, where @n bytes are at hand, and the IP packet is of @n_total. */
static inline __attribute__((always_inline)) bool plain_take_tcp(const uint8_t *ip, uint32_t n_ip, uint32_t n,
                                                                 uint32_t n_total, bool cut,
                                                                 struct segment *segment) {
        const uint8_t *tcp = ip + n_ip, *options;
        uint32_t n_header = (uint32_t) ip[n_ip + 12] >> 4 << 2, n_headers = n_ip + n_header;
        uint64_t timestamps, has;

        if (__builtin_expect(n_header < SEGMENT_SIZE_TCP || n_headers > n_total, 0))
                return false;
        /* More than there is: cut by the capture, or a length that lies. */
        if (__builtin_expect(n_total > n, 0)) {
                if (!cut || n_headers > n)
                        return false;
        } else {
                n = n_total;
        }
        plain_put_first(ip, n_ip, n_header, segment);
        segment->n_payload = n_total - n_headers;
        segment->n_captured = n - n_headers;
        /* Two NOPs and timestamps: nearly every segment of Linux after the handshake; or no options at all. Which of both
         * it is cannot be foreseen, so it is no branch: where there is no room for them, the header is looked at instead. */
        options = tcp + (n_header >> 5) * SEGMENT_SIZE_TCP;
        has = -(uint64_t) (((plain_load(options) ^ PLAIN_TIMESTAMPS) | (n_header ^ (SEGMENT_SIZE_TCP + 12))) == 0);
        /* Compilers do not look into it; else gcc makes a branch of the choice. */
        __asm__("" : "+r"(has));
        timestamps = bytes_get64(options + 4) & has;
        segment->options = (uint16_t) (has & SEGMENT_HAS_TIMESTAMPS);
        SEGMENT_FILL_PAIR(segment, ts_echo, ts_value, timestamps);
        if (__builtin_expect(((n_header - SEGMENT_SIZE_TCP) & ~has) != 0, 0)) {
                segment_fill_no_options(segment);
                segment_fill_options(tcp + SEGMENT_SIZE_TCP, n_header - SEGMENT_SIZE_TCP, segment);
        }
        return true;
}

/* The rest of a packet of which plain_read_first() read the first part. Nothing is done if it is whole. */
static inline void plain_read_rest(struct packet *packet) {
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

/* Whether @ret_packet was read; it may have been written to if not. Of its segment all is set up to @n_header, and options
 * if it has any but timestamps; the rest waits for plain_read_rest(), while the bytes are there. */
static inline __attribute__((always_inline)) bool plain_read_first(uint32_t link_type, const uint8_t *bytes,
                                                                   uint32_t n_bytes, uint32_t n_frame,
                                                                   struct packet *ret_packet) {
        const uint8_t *ip;
        uint32_t n, begins;

        ret_packet->vlan = 0;
        ret_packet->depth = 0;
        ret_packet->checksum_known = false;
        ret_packet->checksum_good = false;
        ret_packet->n_quoted = 0;
        if (__builtin_expect(link_type == 1, 1)) {
                if (__builtin_expect(n_bytes < PLAIN_ETHERNET + PLAIN_LEAST, 0))
                        return false;
                ip = bytes + PLAIN_ETHERNET;
                begins = plain_load(ip - 2);
                /* Cisco's ISL is known by its address (ethernet.c). */
                if (__builtin_expect((plain_load(bytes) & ~2u) == 0x000c0001, 0))
                        return false;
                if (__builtin_expect((begins & PLAIN_TYPE) == 0x0081, 0)) {
                        ret_packet->vlan = bytes_get16(ip) & 0xfff;
                        ip += PLAIN_TAG;
                        begins = plain_load(ip - 2);
                }
        } else if (link_type == 113) {
                if (n_bytes < PLAIN_SLL + PLAIN_LEAST)
                        return false;
                ip = bytes + PLAIN_SLL;
                begins = plain_load(ip - 2);
        } else if (link_type == 276) {
                if (n_bytes < PLAIN_SLL2 + PLAIN_LEAST)
                        return false;
                ip = bytes + PLAIN_SLL2;
                begins = (plain_load(bytes) & PLAIN_TYPE) | (uint32_t) ip[0] << 16;
        } else if (link_type == 101) {
                if (n_bytes < PLAIN_LEAST)
                        return false;
                ip = bytes;
                begins = (uint32_t) ip[0] << 16 | ((ip[0] >> 4 == 6 ? PLAIN_IS_IPV6 : PLAIN_IS_IPV4) & PLAIN_TYPE);
        } else {
                return false;
        }
        ret_packet->ip = ip;
        n = n_bytes - (uint32_t) (ip - bytes);
        if (__builtin_expect((begins & PLAIN_IS_IPV4_MASK) == PLAIN_IS_IPV4, 1)) {
                /* In one piece, and TCP. */
                if (__builtin_expect((plain_load(ip + 6) & 0xff00ff3f) != (uint32_t) IPPROTO_TCP << 24, 0))
                        return false;
                return plain_take_tcp(ip, PLAIN_IPV4, n, bytes_get16(ip + 2), n_bytes < n_frame, &ret_packet->segment);
        }
        if ((begins & PLAIN_IS_IPV6_MASK) == PLAIN_IS_IPV6) {
                if (n < PLAIN_IPV6 + SEGMENT_SIZE_TCP || ip[6] != IPPROTO_TCP)
                        return false;
                return plain_take_tcp(ip, PLAIN_IPV6, n, bytes_get16(ip + 4) + (uint32_t) PLAIN_IPV6,
                                      n_bytes < n_frame, &ret_packet->segment);
        }
        return false;
}

/* The same, and all of it. */
static inline __attribute__((always_inline)) bool plain_read(uint32_t link_type, const uint8_t *bytes, uint32_t n_bytes,
                                                             uint32_t n_frame, struct packet *ret_packet) {
        if (!plain_read_first(link_type, bytes, n_bytes, n_frame, ret_packet))
                return false;
        plain_read_rest(ret_packet);
        return true;
}
