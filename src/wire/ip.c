/* IPv4 with options, IPv6 with extension headers, down to the protocol that they carry. */
#include "wire/walk.h"

#include <netinet/in.h>

enum {
        SIZE_EXTENSION = 8,     /* the least; also the unit of lengths, and the fragment header */
        PROTOCOL_NO_NEXT = 59,
        PROTOCOL_MOBILITY = 135,
        PROTOCOL_HIP = 139,
        PROTOCOL_SHIM6 = 140,
        OPTION_JUMBO = 0xc2,
};

/* From here on the IP header says how long the packet is, whatever the frame had room for. */
static void set_length(struct walk *walk, uint32_t n) {
        walk->n_wire = n;
        if (walk->n_held > n)
                walk->n_held = n;
}

static enum layer begin(struct walk *walk) {
        if (walk->n_ip == WALK_DEPTH_MAX)
                return walk_end(walk, PACKET_BROKEN);
        ++walk->n_ip;
        walk->ip = walk->at;
        walk->final = NULL;
        walk->length_from_frame = false;
        return LAYER_PROTOCOL;
}

enum layer walk_ip(struct walk *walk) {
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

enum layer walk_ipv4(struct walk *walk) {
        const uint8_t *ip = walk->at;
        uint32_t n_header, n_total;

        if (walk->n_held < WALK_SIZE_IPV4)
                return walk_short(walk, WALK_SIZE_IPV4);
        n_header = (ip[0] & 0x0fu) * 4;
        if (ip[0] >> 4 != 4 || n_header < WALK_SIZE_IPV4)
                return walk_end(walk, PACKET_BROKEN);
        if (begin(walk) == LAYER_END)
                return LAYER_END;
        n_total = bytes_get16(ip + 2);
        if (n_total == 0)
                walk->length_from_frame = true;
        else if (n_total < n_header)
                return walk_end(walk, PACKET_BROKEN);
        else
                set_length(walk, n_total);
        if (walk->n_held < n_header)
                return walk_short(walk, n_header);
        walk_over(walk, n_header);
        if (bytes_get16(ip + 6) & 0x3fff)
                return walk_end(walk, PACKET_FRAGMENT);
        walk->protocol = ip[9];
        return LAYER_PROTOCOL;
}

enum layer walk_ipv6(struct walk *walk) {
        const uint8_t *ip = walk->at;
        uint32_t n_total;

        if (walk->n_held < WALK_SIZE_IPV6)
                return walk_short(walk, WALK_SIZE_IPV6);
        if (ip[0] >> 4 != 6)
                return walk_end(walk, PACKET_BROKEN);
        if (begin(walk) == LAYER_END)
                return LAYER_END;
        n_total = bytes_get16(ip + 4);
        if (n_total == 0)
                walk->length_from_frame = true;
        else
                set_length(walk, n_total + WALK_SIZE_IPV6);
        walk_over(walk, WALK_SIZE_IPV6);
        walk->protocol = ip[6];
        return LAYER_PROTOCOL;
}

/* Steps over an extension header of @n bytes. */
static enum layer step_over(struct walk *walk, uint32_t n) {
        uint8_t next = walk->at[0];

        if (walk->n_held < n)
                return walk_short(walk, n);
        walk_over(walk, n);
        walk->protocol = next;
        return LAYER_PROTOCOL;
}

static enum layer extension(struct walk *walk) {
        const uint8_t *header = walk->at;

        if (walk->n_held < SIZE_EXTENSION)
                return walk_short(walk, SIZE_EXTENSION);
        switch (walk->protocol) {
        case IPPROTO_AH:
                return step_over(walk, (header[1] + 2u) * 4);
        case IPPROTO_FRAGMENT:
                /* A packet in one piece may carry the header all the same (RFC 6946). */
                if (bytes_get16(header + 2) & 0xfff9)
                        return walk_end(walk, PACKET_FRAGMENT);
                return step_over(walk, SIZE_EXTENSION);
        default:
                return step_over(walk, (header[1] + 1u) * SIZE_EXTENSION);
        }
}

enum layer walk_protocol(struct walk *walk) {
        bool v6 = walk->ip[0] >> 4 == 6;

        switch (walk->protocol) {
        case IPPROTO_TCP:
                return LAYER_TCP;
        case IPPROTO_UDP:
                return walk_end(walk, PACKET_UDP);
        case IPPROTO_SCTP:
                return walk_end(walk, PACKET_SCTP);
        case IPPROTO_ICMP:
        case IPPROTO_ICMPV6:
                return walk_end(walk, PACKET_ICMP);
        case IPPROTO_ESP:
                return walk_end(walk, PACKET_ENCRYPTED);
        case IPPROTO_AH:
                return extension(walk);
        case IPPROTO_HOPOPTS:
        case IPPROTO_ROUTING:
        case IPPROTO_FRAGMENT:
        case IPPROTO_DSTOPTS:
        case PROTOCOL_MOBILITY:
        case PROTOCOL_HIP:
        case PROTOCOL_SHIM6:
                return v6 ? extension(walk) : walk_end(walk, PACKET_OTHER_IP);
        default:
                return walk_end(walk, PACKET_OTHER_IP);
        }
}
