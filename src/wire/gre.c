/* GRE (RFC 2784, RFC 2890, the routing of RFC 1701), that of PPTP (RFC 2637), and what Cisco's switches
 * mirror in it (ERSPAN, types I to III). */
#include "wire/walk.h"

enum {
        GRE_CHECKSUM = 0x8000,
        GRE_ROUTING = 0x4000,
        GRE_KEY = 0x2000,
        GRE_SEQUENCE = 0x1000,
        GRE_ACK = 0x0080,               /* version 1 */
        GRE_VERSION = 0x0007,
        SIZE_ERSPAN2 = 8,
        SIZE_ERSPAN3 = 12,
        TYPE_ERSPAN2 = 0x88be,
        TYPE_ERSPAN3 = 0x22eb,
        TYPE_WCCP = 0x883e,
        TYPE_PPP = 0x880b,
};

static enum layer erspan3(struct walk *walk)
{
        uint32_t n = SIZE_ERSPAN3;
        unsigned kind;

        if (walk->n_held < n)
                return walk_short(walk, n);
        kind = walk->at[10] >> 2 & 0x1f;
        if (walk->at[11] & 1)
                n += 8;                 /* what depends on the platform */
        if (kind == 0)
                return walk_to(walk, n, LAYER_ETHERNET);
        return kind == 2 ? walk_to(walk, n, LAYER_IP) : walk_end(walk, PACKET_OTHER_IP);
}

/* The routes of RFC 1701, up to the empty one. */
static enum layer skip_routes(struct walk *walk)
{
        for (;;) {
                uint32_t n;
                bool last;

                if (walk->n_held < 4)
                        return walk_short(walk, 4);
                n = walk->at[3];
                last = bytes_get16(walk->at) == 0 && n == 0;
                if (walk->n_held < 4 + n)
                        return walk_short(walk, 4 + n);
                walk_over(walk, 4 + n);
                if (last)
                        return LAYER_ETHERTYPE;
        }
}

enum layer walk_gre(struct walk *walk)
{
        uint32_t flags, n = 4;

        if (walk->n_held < 4)
                return walk_short(walk, 4);
        flags = bytes_get16(walk->at);
        walk->protocol = bytes_get16(walk->at + 2);
        if ((flags & GRE_VERSION) > 1)
                return walk_end(walk, PACKET_OTHER_IP);
        if (flags & (GRE_CHECKSUM | GRE_ROUTING))
                n += 4;
        if (flags & GRE_KEY)
                n += 4;
        if (flags & GRE_SEQUENCE)
                n += 4;
        if ((flags & GRE_VERSION) == 1) {
                if (flags & GRE_ACK)
                        n += 4;
                /* Without a number of its own it carries nothing but an acknowledgement. */
                if (!(flags & GRE_SEQUENCE) || walk->protocol != TYPE_PPP)
                        return walk_end(walk, PACKET_OTHER_IP);
        }
        if (walk->n_held < n)
                return walk_short(walk, n);
        walk_over(walk, n);
        if ((flags & GRE_ROUTING) && skip_routes(walk) == LAYER_END)
                return LAYER_END;
        switch (walk->protocol) {
        case TYPE_ERSPAN2:
                /* Type I has neither a number nor a header. */
                return walk_to(walk, flags & GRE_SEQUENCE ? SIZE_ERSPAN2 : 0, LAYER_ETHERNET);
        case TYPE_ERSPAN3:
                return erspan3(walk);
        case TYPE_WCCP:
                /* The second version has a header of four bytes more. */
                return walk_to(walk, walk->n_held > 0 && walk->at[0] >> 4 == 4 ? 0 : 4, LAYER_IPV4);
        default:
                return walk->protocol < 0x600 ? walk_end(walk, PACKET_OTHER_IP) : LAYER_ETHERTYPE;
        }
}
