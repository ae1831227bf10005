/* What a frame begins with, by its link type (LINKTYPE_* of www.tcpdump.org/linktypes.html). */
#include "wire/walk.h"

enum {
        LINK_NULL = 0,
        LINK_ETHERNET = 1,
        LINK_RAW = 101,
        LINK_LOOP = 108,
        LINK_IPV4 = 228,
        LINK_IPV6 = 229,
};

/* Four bytes with the address family, in the order of the machine that captured (NULL) or of the network
 * (LOOP). What follows says itself which IP it is; the number differs between systems. */
static enum layer loopback(struct walk *walk) {
        uint32_t family;

        if (walk->n_held < 4)
                return walk_short(walk, 4);
        family = bytes_get32(walk->at);
        walk_over(walk, 4);
        if (family > 0xffff)
                family = __builtin_bswap32(family);
        switch (family) {
        case 2:                 /* AF_INET, everywhere */
        case 10:                /* AF_INET6: Linux, NetBSD and OpenBSD, FreeBSD, macOS, Windows */
        case 23:
        case 24:
        case 28:
        case 30:
                return LAYER_IP;
        default:
                return walk_end(walk, PACKET_NOT_IP);
        }
}

enum layer walk_link(struct walk *walk, uint32_t link_type) {
        switch (link_type) {
        case LINK_NULL:
        case LINK_LOOP:
                return loopback(walk);
        case LINK_ETHERNET:
                return LAYER_ETHERNET;
        case 12:                /* what BSD and Linux wrote for raw IP before it had a number of its own */
        case 14:
        case LINK_RAW:
        case LINK_IPV4:
        case LINK_IPV6:
                return LAYER_IP;
        default:
                return walk_end(walk, PACKET_LINK_UNKNOWN);
        }
}
