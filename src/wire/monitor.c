/* Frames as cards and taps made for capturing hand them over: Endace's records, Sun's ATM, cable modems. */
#include "wire/walk.h"

enum {
        SIZE_ERF = 16,
        SIZE_SUNATM = 4,
        SIZE_DOCSIS = 6,
};

/* Endace's record: a stamp, a type whose first bit says that headers of eight bytes follow, each of which says so of
 * the next; lengths. */
enum layer walk_erf(struct walk *walk)
{
        uint32_t n = SIZE_ERF;
        uint8_t type;
        bool more;

        if (walk->n_held < n)
                return walk_short(walk, n);
        type = walk->at[8] & 0x7f;
        for (more = walk->at[8] & 0x80; more; n += 8) {
                if (walk->n_held < n + 8)
                        return walk_short(walk, n + 8);
                more = walk->at[n] & 0x80;
        }
        switch (type) {
        case 1:                 /* HDLC of a packet over SONET, */
        case 10:                /* … with a colour, */
        case 15:                /* … by the card's own sorting */
        case 17:
                return walk_to(walk, n, LAYER_HDLC);
        case 5:                 /* of several channels: four bytes tell which */
        case 12:
                return walk_to(walk, n + 4, LAYER_HDLC);
        case 2:                 /* Ethernet, two bytes before it */
        case 11:
        case 16:
        case 20:
                return walk_to(walk, n + 2, LAYER_ETHERNET);
        case 22:
                return walk_to(walk, n, LAYER_IPV4);
        case 23:
                return walk_to(walk, n, LAYER_IPV6);
        default:
                return walk_end(walk, PACKET_NOT_IP);
        }
}

/* What a circuit carries, and which circuit. LAN emulation has the number of a client before the frame. */
enum layer walk_sunatm(struct walk *walk)
{
        if (walk->n_held < SIZE_SUNATM)
                return walk_short(walk, SIZE_SUNATM);
        switch (walk->at[0] & 0x0f) {
        case 1:
                return walk_to(walk, SIZE_SUNATM + 2, LAYER_ETHERNET);
        case 2:
                return walk_to(walk, SIZE_SUNATM, LAYER_LLC);
        default:
                return walk_end(walk, PACKET_NOT_IP);
        }
}

/* A packet's frame, maybe with an extended header; the rest is the network's own. */
enum layer walk_docsis(struct walk *walk)
{
        if (walk->n_held < SIZE_DOCSIS)
                return walk_short(walk, SIZE_DOCSIS);
        if (walk->at[0] & 0xfe)
                return walk_end(walk, PACKET_NOT_IP);
        return walk_to(walk, SIZE_DOCSIS + (walk->at[0] & 1 ? walk->at[1] : 0u), LAYER_ETHERNET);
}
