/* Ethernet, its tags, and what an Ethernet type names. */
#include "wire/walk.h"

enum {
        SIZE_ETHERNET = 14,
        SIZE_TAG = 4,
};

enum layer walk_ethernet(struct walk *walk) {
        if (walk->n_held < SIZE_ETHERNET)
                return walk_short(walk, SIZE_ETHERNET);
        walk->protocol = bytes_get16(walk->at + 12);
        walk_over(walk, SIZE_ETHERNET);
        return LAYER_ETHERTYPE;
}

/* The two outermost ids are kept. */
static enum layer tag(struct walk *walk) {
        uint32_t id;

        if (walk->n_held < SIZE_TAG)
                return walk_short(walk, SIZE_TAG);
        id = bytes_get16(walk->at) & 0xfffu;
        if (walk->n_vlans < 2 && walk->n_ip == 0) {
                walk->vlan = walk->vlan << 12 | id;
                ++walk->n_vlans;
        }
        walk->protocol = bytes_get16(walk->at + 2);
        walk_over(walk, SIZE_TAG);
        return LAYER_ETHERTYPE;
}

enum layer walk_ethertype(struct walk *walk) {
        switch (walk->protocol) {
        case 0x0800:
                return LAYER_IPV4;
        case 0x86dd:
                return LAYER_IPV6;
        case 0x8100:            /* 802.1Q */
        case 0x88a8:            /* 802.1ad */
        case 0x9100:            /* stacked tags before 802.1ad */
        case 0x9200:
        case 0x9300:
                return tag(walk);
        case 0x88e5:            /* MACsec */
                return walk_end(walk, PACKET_ENCRYPTED);
        default:
                return walk_end(walk, PACKET_NOT_IP);
        }
}
