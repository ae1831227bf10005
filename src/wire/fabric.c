/*
 * What switches, rings and meshes put between Ethernet's addresses and the packet, or around a whole frame:
 * TRILL (RFC 6325), FabricPath, batman-adv, Arista's time stamps, and the tags by which a switch's chip tells its
 * processor where a frame came from. All but the last are known by their Ethernet types.
 */
#include "wire/walk.h"

enum {
        SIZE_MACS = 12,
        BATMAN_VERSION_FRAGMENTS = 15,  /* since then the types have other numbers */
};

/* A frame around the frame, with options in words of four bytes. */
static enum layer trill(struct walk *walk)
{
        if (walk->n_held < 6)
                return walk_short(walk, 6);
        return walk_to(walk, 6 + (bytes_get16(walk->at) >> 6 & 0x1fu) * 4, LAYER_ETHERNET);
}

/* Seconds and nanoseconds, or fewer bits of both; then the type that was there before. */
static enum layer arista(struct walk *walk)
{
        uint32_t n;

        if (walk->n_held < 4)
                return walk_short(walk, 4);
        if (bytes_get16(walk->at) != 1)
                return walk_end(walk, PACKET_NOT_IP);
        n = walk->at[3] == 0x10 ? 4 + 8 + 2 : 4 + 6 + 2;
        if (walk->n_held < n)
                return walk_short(walk, n);
        walk->protocol = bytes_get16(walk->at + n - 2);
        walk_over(walk, n);
        return LAYER_ETHERTYPE;
}

/* A frame for one node, by one address or two, or for all of them (include/uapi/linux/batadv_packet.h). */
static enum layer batman(struct walk *walk)
{
        bool old;

        if (walk->n_held < 2)
                return walk_short(walk, 2);
        old = walk->at[1] < BATMAN_VERSION_FRAGMENTS;
        switch (walk->at[0]) {
        case 0x01:
                return old ? walk_end(walk, PACKET_NOT_IP) : walk_to(walk, 14, LAYER_ETHERNET);
        case 0x03:
                return old ? walk_to(walk, 10, LAYER_ETHERNET) : walk_end(walk, PACKET_NOT_IP);
        case 0x04:
                return old ? walk_to(walk, 14, LAYER_ETHERNET) : walk_end(walk, PACKET_NOT_IP);
        case 0x09:
                return old ? walk_to(walk, 18, LAYER_ETHERNET) : walk_end(walk, PACKET_NOT_IP);
        case 0x40:
                return walk_to(walk, 10, LAYER_ETHERNET);
        case 0x41:
                return walk_end(walk, PACKET_FRAGMENT);
        case 0x42:
                return walk_to(walk, 18, LAYER_ETHERNET);
        default:
                return walk_end(walk, PACKET_NOT_IP);
        }
}

enum layer walk_fabric(struct walk *walk)
{
        switch (walk->protocol) {
        case 0x22f3:
                return trill(walk);
        case 0x8903:            /* FabricPath: a tree and a time to live */
                return walk_to(walk, 2, LAYER_ETHERNET);
        case 0x4305:
                return batman(walk);
        case 0xd28b:
                return arista(walk);
        default:
                return walk_end(walk, PACKET_NOT_IP);
        }
}

enum layer walk_switch(struct walk *walk, uint32_t n_tag)
{
        uint32_t n = SIZE_MACS + n_tag + 2;

        if (walk->n_held < n)
                return walk_short(walk, n);
        walk->protocol = bytes_get16(walk->at + n - 2);
        walk_over(walk, n);
        return LAYER_ETHERTYPE;
}
