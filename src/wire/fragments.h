/*
 * Puts IP fragments together, within a bound of memory and for 30 s of the capture's own time, as Linux does
 * (IP_FRAG_TIME in include/net/ip.h).
 *
 * Pieces that overlap: one that lies wholly within what has come before is ignored, so the first wins; any
 * other overlap throws the whole datagram away, IPv4 and IPv6 alike (inet_frag_queue_insert() in
 * net/ipv4/inet_fragment.c; RFC 5722). Pieces that the capture has cut are put together by their lengths on
 * the wire; then only what comes before the first cut is at hand.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct fragments;

struct fragment {
        bool v6;
        bool more;
        uint8_t protocol;               /* of what the first fragment carries */
        uint32_t id;
        uint32_t offset;
        const uint8_t *ip;              /* the IP header, fixed part */
        const uint8_t *bytes;
        uint32_t n_held;
        uint32_t n_wire;
};

/* A packet that is whole. It lives until the next call of fragments_forget_done(). */
struct datagram {
        const uint8_t *header;          /* the fixed part of the first fragment's IP header */
        const uint8_t *payload;
        uint32_t n_held;
        uint32_t n_wire;
        uint8_t protocol;
};

/* Nothing is allocated before the first fragment comes. Returns 0 or -ENOMEM. */
int fragments_new(struct fragments **ret_fragments);

/* Takes NULL and returns NULL. */
struct fragments *fragments_free(struct fragments *fragments);

/* True when @fragment made a packet whole. What there is no memory for is not kept. */
bool fragments_add(struct fragments *fragments, const struct fragment *fragment, int64_t time_ns,
                   struct datagram *ret_datagram);

/* Frees the packets that were given out. */
void fragments_forget_done(struct fragments *fragments);
