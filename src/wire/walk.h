/*
 * The way down a frame. Each layer is a function that checks that its header is there, steps over it, and
 * says which layer comes next; packet_read() calls one after the other until one says LAYER_END, and then
 * @kind tells what the frame was. No layer calls another, so nesting costs no stack, and the number of steps
 * is bounded.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/bytes.h"
#include "wire/packet.h"

enum layer {
        LAYER_END,              /* @kind is the answer */
        LAYER_ETHERNET,
        LAYER_ETHERTYPE,        /* what @protocol names, an Ethernet type */
        LAYER_IP,               /* IPv4 or IPv6 by the first four bits */
        LAYER_IPV4,
        LAYER_IPV6,
        LAYER_PROTOCOL,         /* what @protocol names, a protocol over IP */
        LAYER_TCP,
        N_LAYERS
};

enum {
        WALK_STEPS_MAX = 48,
        WALK_DEPTH_MAX = 8,     /* IP headers within each other */
        WALK_SIZE_IPV4 = 20,
        WALK_SIZE_IPV6 = 40,
};

struct walk {
        const uint8_t *at;              /* the header of the layer that comes next */
        uint32_t n_held;                /* bytes at hand from @at on */
        uint32_t n_wire;                /* as many there were, as the outer headers tell; not less than @n_held */
        uint16_t protocol;
        bool length_from_frame;         /* the IP header gave no length: @n_wire may count padding */
        uint8_t n_ip;                   /* IP headers passed */
        uint8_t n_vlans;
        uint32_t vlan;
        enum packet_kind kind;
        const uint8_t *ip;              /* the innermost IP header; NULL: none yet */
        const uint8_t *final;           /* where an IPv6 routing header says that it goes in the end; or NULL */
        int64_t time_ns;
        struct packet_reader *reader;
        struct packet *packet;
};

enum layer walk_ethernet(struct walk *walk);
enum layer walk_ethertype(struct walk *walk);
enum layer walk_ip(struct walk *walk);
enum layer walk_ipv4(struct walk *walk);
enum layer walk_ipv6(struct walk *walk);
enum layer walk_protocol(struct walk *walk);
enum layer walk_tcp(struct walk *walk);

/* The first layer of a frame of that link type. */
enum layer walk_link(struct walk *walk, uint32_t link_type);

static inline enum layer walk_end(struct walk *walk, enum packet_kind kind) {
        walk->kind = kind;
        return LAYER_END;
}

/* Ends a walk for want of bytes: the capture's fault, or the packet's own. */
static inline enum layer walk_short(struct walk *walk, uint32_t n) {
        return walk_end(walk, walk->n_wire < n ? PACKET_BROKEN : PACKET_CUT);
}

static inline void walk_over(struct walk *walk, uint32_t n) {
        walk->at += n;
        walk->n_held -= n;
        walk->n_wire -= n;
}
