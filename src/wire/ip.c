/* IPv4 and IPv6 headers, down to the protocol that they carry. */
#include "wire/walk.h"

#include <netinet/in.h>

#include "wire/checksum.h"

enum {
        IP_MORE = 0x2000,               /* more fragments follow */
        IP_OFFSET = 0x1fff,
        OPTION_LOOSE_ROUTE = 131,       /* RFC 791, 3.1 */
        OPTION_STRICT_ROUTE = 137,
        PROTOCOL_IPV4 = 4,
        PROTOCOL_MOBILITY = 135,
        PROTOCOL_MPLS = 137,
        PROTOCOL_HIP = 139,
        PROTOCOL_SHIM6 = 140,
        PROTOCOL_ETHERNET = 143,
        PROTOCOL_ETHERIP = 97,
};

bool walk_may_be_ip(const struct walk *walk)
{
        const uint8_t *ip = walk->at;
        uint32_t n_header, n_total;

        if (walk->n_held >= WALK_SIZE_IPV6 && ip[0] >> 4 == 6)
                return bytes_get16(ip + 4) + (uint32_t)WALK_SIZE_IPV6 <= walk->n_wire;
        if (walk->n_held < WALK_SIZE_IPV4 || ip[0] >> 4 != 4)
                return false;
        n_header = (ip[0] & 0x0fu) * 4;
        n_total = bytes_get16(ip + 2);
        if (n_header < WALK_SIZE_IPV4 || n_header > walk->n_held || (n_total != 0 && n_total < n_header))
                return false;
        return n_total <= walk->n_wire || checksum_fold(checksum_add(0, ip, n_header)) == 0;
}

bool walk_is_ip(const struct walk *walk)
{
        const uint8_t *ip = walk->at;

        if (!walk_may_be_ip(walk))
                return false;
        if (ip[0] >> 4 == 6)
                return true;
        return bytes_get16(ip + 2) == walk->n_wire ||
               checksum_fold(checksum_add(0, ip, (ip[0] & 0x0fu) * 4u)) == 0;
}

/* From here on the IP header says how long the packet is, whatever the frame had room for. */
static void set_length(struct walk *walk, uint32_t n)
{
        if (!walk->exact || n < walk->n_wire)
                walk_limit(walk, n);
        walk->exact = false;
}

/* A frame that was not cut, and yet is shorter than the IPv4 header says, was cut by someone who did not say
 * so, or its length was damaged: then the header's checksum does not hold. */
static bool length_is_damaged(const struct walk *walk, uint32_t n_header, uint32_t n_total)
{
        return n_total > walk->n_wire && walk->n_held == walk->n_wire && walk->n_held >= n_header &&
               checksum_fold(checksum_add(0, walk->at, n_header)) != 0;
}

static enum layer begin(struct walk *walk)
{
        if (walk->n_ip == WALK_DEPTH_MAX)
                return walk_end(walk, PACKET_BROKEN);
        if (walk->in_doubt && !walk_is_ip(walk))
                return walk_end(walk, PACKET_UDP);
        walk->in_doubt = false;
        ++walk->n_ip;
        walk->ip = walk->at;
        walk->put_together = false;
        walk->length_from_frame = false;
        return LAYER_PROTOCOL;
}

enum layer walk_ip(struct walk *walk)
{
        if (walk->n_held == 0)
                return walk_short(walk, 1);
        switch (walk->at[0] >> 4) {
        case 4:
                return LAYER_IPV4;
        case 6:
                return LAYER_IPV6;
        default:
                return walk_end(walk, PACKET_NOT_IP);
        }
}

/* A source route that is not yet at its end keeps the true destination as its last address. */
static void read_options_ipv4(struct walk *walk, const uint8_t *p, uint32_t n)
{
        while (n >= 2 && p[0] != 0) {
                uint32_t size = p[0] == 1 ? 1 : p[1];

                if (size == 0 || size > n || (p[0] != 1 && size < 2))
                        return;
                if ((p[0] == OPTION_LOOSE_ROUTE || p[0] == OPTION_STRICT_ROUTE) && size >= 7 && p[2] >= 4 &&
                    p[2] + 3u <= size)
                        walk->destination = p + size - 4;
                p += size;
                n -= size;
        }
}

/* Puts a piece to its fellows. When it makes them whole, the way goes on behind the header of the first. */
static enum layer gather(struct walk *walk, const struct fragment *fragment)
{
        struct datagram datagram;

        if (walk->icmp)
                return walk_end(walk, PACKET_ICMP);
        if (!fragments_add(walk->fragments, fragment, walk->time_ns, &datagram))
                return walk_end(walk, PACKET_FRAGMENT);
        /* A header before the fragment header may have named other ends; those stay. */
        if (walk->source == walk->ip + (fragment->v6 ? 8 : 12))
                walk->source = datagram.header + (fragment->v6 ? 8 : 12);
        if (walk->destination == walk->ip + (fragment->v6 ? 24 : 16))
                walk->destination = datagram.header + (fragment->v6 ? 24 : 16);
        walk->ip = datagram.header;
        walk->length_from_frame = false;
        walk->put_together = true;
        walk->at = datagram.payload;
        walk->n_held = datagram.n_held;
        walk->n_wire = datagram.n_wire;
        walk->protocol = datagram.protocol;
        return LAYER_PROTOCOL;
}

enum layer walk_ipv4(struct walk *walk)
{
        const uint8_t *ip = walk->at;
        uint32_t n_header, n_total, offset;

        if (walk->n_held < WALK_SIZE_IPV4)
                return walk_short(walk, WALK_SIZE_IPV4);
        n_header = (ip[0] & 0x0fu) * 4;
        if (ip[0] >> 4 != 4 || n_header < WALK_SIZE_IPV4)
                return walk_end(walk, PACKET_BROKEN);
        if (begin(walk) == LAYER_END)
                return LAYER_END;
        walk->source = ip + 12;
        walk->destination = ip + 16;
        n_total = bytes_get16(ip + 2);
        if (n_total == 0)
                walk->length_from_frame = true;
        else if (n_total < n_header)
                return walk_end(walk, PACKET_BROKEN);
        else if (!length_is_damaged(walk, n_header, n_total))
                set_length(walk, n_total);
        if (walk->n_held < n_header)
                return walk_short(walk, n_header);
        if (n_header > WALK_SIZE_IPV4)
                read_options_ipv4(walk, ip + WALK_SIZE_IPV4, n_header - WALK_SIZE_IPV4);
        walk_over(walk, n_header);
        walk->protocol = ip[9];
        offset = bytes_get16(ip + 6);
        if (offset & (IP_MORE | IP_OFFSET)) {
                struct fragment fragment = {
                        .ip = ip, .protocol = ip[9], .id = bytes_get16(ip + 4), .offset = (offset & IP_OFFSET) * 8,
                        .more = offset & IP_MORE, .bytes = walk->at, .n_held = walk->n_held, .n_wire = walk->n_wire,
                };

                /* Quoted by an error, the first piece says what it says. */
                if (!walk->icmp || fragment.offset > 0)
                        return gather(walk, &fragment);
        }
        return LAYER_PROTOCOL;
}

enum layer walk_ipv6(struct walk *walk)
{
        const uint8_t *ip = walk->at;
        uint32_t n_total;

        if (walk->n_held < WALK_SIZE_IPV6)
                return walk_short(walk, WALK_SIZE_IPV6);
        if (ip[0] >> 4 != 6)
                return walk_end(walk, PACKET_BROKEN);
        if (begin(walk) == LAYER_END)
                return LAYER_END;
        walk->source = ip + 8;
        walk->destination = ip + 24;
        n_total = bytes_get16(ip + 4);
        if (n_total == 0)
                walk->length_from_frame = true;
        else
                set_length(walk, n_total + WALK_SIZE_IPV6);
        walk_over(walk, WALK_SIZE_IPV6);
        walk->protocol = ip[6];
        return LAYER_PROTOCOL;
}

/* Called by the fragment header of IPv6; @header is that header. */
enum layer walk_fragment_ipv6(struct walk *walk, const uint8_t *header)
{
        uint32_t offset = bytes_get16(header + 2);
        struct fragment fragment = {
                .v6 = true, .ip = walk->ip, .protocol = header[0], .id = bytes_get32(header + 4),
                .offset = offset & 0xfff8, .more = offset & 1, .bytes = walk->at, .n_held = walk->n_held,
                .n_wire = walk->n_wire,
        };

        walk->protocol = header[0];
        /* A packet in one piece may carry the header all the same (RFC 6946). */
        if ((offset & 0xfff9) == 0 || (walk->icmp && fragment.offset == 0))
                return LAYER_PROTOCOL;
        return gather(walk, &fragment);
}

enum layer walk_protocol(struct walk *walk)
{
        bool v6 = walk->ip[0] >> 4 == 6;

        switch (walk->protocol) {
        case IPPROTO_TCP:
                return walk->icmp ? walk_quoted_tcp(walk) : LAYER_TCP;
        case IPPROTO_UDP:
                return LAYER_UDP;
        case IPPROTO_ICMP:
        case IPPROTO_ICMPV6:
                return LAYER_ICMP;
        case IPPROTO_SCTP:
                return walk_end(walk, PACKET_SCTP);
        case IPPROTO_ESP:
                return walk_end(walk, PACKET_ENCRYPTED);
        case IPPROTO_AH:
                return LAYER_EXTENSION;
        case IPPROTO_HOPOPTS:
        case IPPROTO_ROUTING:
        case IPPROTO_FRAGMENT:
        case IPPROTO_DSTOPTS:
        case PROTOCOL_MOBILITY:
        case PROTOCOL_HIP:
        case PROTOCOL_SHIM6:
                return v6 ? LAYER_EXTENSION : walk_end(walk, PACKET_OTHER_IP);
        case PROTOCOL_IPV4:
                return LAYER_IPV4;
        case IPPROTO_IPV6:
                return LAYER_IPV6;
        case IPPROTO_GRE:
                return LAYER_GRE;
        case PROTOCOL_MPLS:
                return LAYER_MPLS;
        case PROTOCOL_ETHERNET:
                return LAYER_ETHERNET;
        case PROTOCOL_ETHERIP:  /* RFC 3378 */
                return walk_to(walk, 2, LAYER_ETHERNET);
        default:
                return walk_end(walk, PACKET_OTHER_IP);
        }
}
