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
#include "wire/fragments.h"
#include "wire/packet.h"

enum layer {
        LAYER_END,              /* @kind is the answer */
        LAYER_ETHERNET,
        LAYER_ETHERTYPE,        /* what @protocol names, an Ethernet type or the length of 802.3 */
        LAYER_LLC,
        LAYER_MPLS,
        LAYER_PPPOE,
        LAYER_PPP,
        LAYER_HDLC,
        LAYER_FRAME_RELAY,
        LAYER_WIFI,
        LAYER_IP,               /* IPv4 or IPv6 by the first four bits */
        LAYER_IPV4,
        LAYER_IPV6,
        LAYER_PROTOCOL,         /* what @protocol names, a protocol over IP */
        LAYER_EXTENSION,        /* an IPv6 extension header, or AH */
        LAYER_GRE,
        LAYER_UDP,
        LAYER_ICMP,
        LAYER_TCP,
        N_LAYERS
};

/* Link types that name another one inside. */
enum {
        LINK_PPI = 192,
        LINK_PKTAP = 258,
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
        uint32_t n_wire;                /* as many as there were, by the outer headers; not less than @n_held */
        uint16_t protocol;
        bool wifi_padded;               /* the 802.11 header ends at a multiple of four */
        bool wifi_swapped;              /* its first two bytes are exchanged */
        bool in_doubt;                  /* a port alone said that this is a tunnel; no IP header has proved it */
        bool exact;                     /* whatever IP says, there are @n_wire bytes */
        bool put_together;              /* from fragments: @ip and @at lie apart */
        bool length_from_frame;         /* the IP header gave no length: @n_wire may count padding */
        uint8_t n_ip;                   /* IP headers passed */
        uint8_t n_vlans;
        uint32_t vlan;
        enum packet_kind kind;
        const uint8_t *ip;              /* the innermost IP header; NULL: none yet */
        const uint8_t *source;          /* its true ends, which are not always those of the fixed header */
        const uint8_t *destination;
        const uint8_t *icmp;            /* the ICMP error that quotes what is being read; or NULL */
        const uint8_t *icmp_ip;         /* the IP header before it */
        int64_t time_ns;
        struct fragments *fragments;
        struct packet *packet;
};

enum layer walk_ethernet(struct walk *walk);
enum layer walk_ethertype(struct walk *walk);
enum layer walk_llc(struct walk *walk);
enum layer walk_mpls(struct walk *walk);
enum layer walk_pppoe(struct walk *walk);
enum layer walk_ppp(struct walk *walk);
enum layer walk_hdlc(struct walk *walk);
enum layer walk_frame_relay(struct walk *walk);
enum layer walk_wifi(struct walk *walk);
enum layer walk_ip(struct walk *walk);
enum layer walk_ipv4(struct walk *walk);
enum layer walk_ipv6(struct walk *walk);
enum layer walk_protocol(struct walk *walk);
enum layer walk_extension(struct walk *walk);
enum layer walk_gre(struct walk *walk);
enum layer walk_udp(struct walk *walk);
enum layer walk_icmp(struct walk *walk);
enum layer walk_tcp(struct walk *walk);

/* What follows the fragment header of IPv6, which is @header. */
enum layer walk_fragment_ipv6(struct walk *walk, const uint8_t *header);

/* A TCP header quoted by an ICMP error, of which eight bytes may be all there is. */
enum layer walk_quoted_tcp(struct walk *walk);

/* The first layer of a frame of that link type. */
enum layer walk_link(struct walk *walk, uint32_t link_type);

/* Headers that capture programs put before 802.11, or before anything. */
enum layer walk_radiotap(struct walk *walk);
enum layer walk_prism(struct walk *walk);
enum layer walk_ppi(struct walk *walk);

/* What cards and taps made for capturing put before a frame (monitor.c). */
enum layer walk_erf(struct walk *walk);
enum layer walk_sunatm(struct walk *walk);
enum layer walk_docsis(struct walk *walk);

/* What switches and meshes put around a frame: by its Ethernet type, or a tag of @n_tag bytes behind the addresses
 * (fabric.c). */
enum layer walk_fabric(struct walk *walk);
enum layer walk_switch(struct walk *walk, uint32_t n_tag);

/* What the IP header and the way to it say of the segment at @at. */
void walk_fill_ip(struct walk *walk);

/* Whether an IP header may stand at @at: its lengths fit. */
bool walk_may_be_ip(const struct walk *walk);

/* Whether one surely does: its checksum holds, too, or its length is that of all there is. */
bool walk_is_ip(const struct walk *walk);

static inline enum layer walk_end(struct walk *walk, enum packet_kind kind)
{
        walk->kind = kind;
        return LAYER_END;
}

/* Ends a walk for want of bytes: the capture's fault, or the packet's own. */
static inline enum layer walk_short(struct walk *walk, uint32_t n)
{
        return walk_end(walk, walk->n_wire < n ? PACKET_BROKEN : PACKET_CUT);
}

static inline void walk_over(struct walk *walk, uint32_t n)
{
        walk->at += n;
        walk->n_held -= n;
        walk->n_wire -= n;
}

/* Over a header of @n bytes to another layer. */
static inline enum layer walk_to(struct walk *walk, uint32_t n, enum layer next)
{
        if (walk->n_held < n)
                return walk_short(walk, n);
        walk_over(walk, n);
        return next;
}

/* A header says that @n bytes follow: more of the frame is padding, less was cut off by the capture. */
static inline void walk_limit(struct walk *walk, uint32_t n)
{
        walk->n_wire = n;
        if (walk->n_held > n)
                walk->n_held = n;
}
