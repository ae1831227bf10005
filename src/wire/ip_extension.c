/* The extension headers of IPv6 (RFC 8200, 4), and AH, which IPv4 has as well. Some of them say where the
 * packet goes in the end, or where it truly comes from: TCP sees these. */
#include "wire/walk.h"

#include <netinet/in.h>

enum {
        SIZE_EXTENSION = 8,             /* the least; also the unit of lengths, and the fragment header */
        OPTION_JUMBO = 0xc2,            /* RFC 2675 */
        OPTION_HOME_ADDRESS = 0xc9,     /* RFC 6275, 6.3 */
        ROUTING_SOURCE = 0,             /* RFC 5095 forbids it; captures have it */
        ROUTING_MOBILITY = 2,
        ROUTING_SEGMENTS = 4,           /* RFC 8754: the list is in reverse */
};

static void read_options(struct walk *walk, const uint8_t *p, uint32_t n)
{
        while (n >= 2) {
                uint32_t size = p[0] == 0 ? 1 : p[1] + 2u;

                if (size > n)
                        return;
                if (p[0] == OPTION_JUMBO && size == 6 && walk->length_from_frame && bytes_get32(p + 2) > 0xffff) {
                        /* Counts from the end of the fixed header, where this one begins. */
                        walk_limit(walk, bytes_get32(p + 2));
                        walk->length_from_frame = false;
                }
                if (p[0] == OPTION_HOME_ADDRESS && size == 18)
                        walk->source = p + 2;
                p += size;
                n -= size;
        }
}

static void read_route(struct walk *walk, const uint8_t *header, uint32_t n)
{
        uint8_t type = header[2], n_left = header[3];

        if (n_left == 0 || n < SIZE_EXTENSION + 16)
                return;
        if (type == ROUTING_SOURCE || type == ROUTING_MOBILITY)
                walk->destination = header + n - 16;
        else if (type == ROUTING_SEGMENTS)
                walk->destination = header + SIZE_EXTENSION;
}

enum layer walk_extension(struct walk *walk)
{
        const uint8_t *header = walk->at;
        uint16_t kind = walk->protocol;
        uint32_t n;

        if (walk->n_held < SIZE_EXTENSION)
                return walk_short(walk, SIZE_EXTENSION);
        if (kind == IPPROTO_FRAGMENT) {
                walk_over(walk, SIZE_EXTENSION);
                return walk_fragment_ipv6(walk, header);
        }
        n = kind == IPPROTO_AH ? (header[1] + 2u) * 4 : (header[1] + 1u) * SIZE_EXTENSION;
        if (walk->n_held < n)
                return walk_short(walk, n);
        if (kind == IPPROTO_HOPOPTS || kind == IPPROTO_DSTOPTS)
                read_options(walk, header + 2, n - 2);
        else if (kind == IPPROTO_ROUTING)
                read_route(walk, header, n);
        if (walk->n_held < n)
                return walk_short(walk, n);
        walk_over(walk, n);
        walk->protocol = header[0];
        return LAYER_PROTOCOL;
}
