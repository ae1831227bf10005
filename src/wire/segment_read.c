/* A packet -> a segment. The packet may hold any bytes: every length is checked against what is at
 * hand before a byte is read, and what the IP header claims is checked against the bytes. */
#include "wire/segment.h"

#include "wire/segment_fill.h"

enum {
        SIZE_IPV4 = 20,
        SIZE_IPV6 = 40,
        SIZE_FRAGMENT_HEADER = 8,
};

/* Where the TCP header lies in a packet, and how much of it and what follows there is. */
struct place {
        const uint8_t *tcp;
        uint32_t n_captured;
        uint32_t n_wire;
};

static int place_ipv4(const uint8_t *ip, size_t n, struct place *ret_place)
{
        uint32_t n_header, n_total;

        if (n < SIZE_IPV4)
                return SEGMENT_CUT;
        n_header = (ip[0] & 0x0fu) * 4;
        if (n_header < SIZE_IPV4)
                return SEGMENT_BROKEN;
        if (ip[9] != IPPROTO_TCP)
                return SEGMENT_NOT_TCP;
        /* More fragments, or not the first. */
        if (bytes_get16(ip + 6) & 0x3fff)
                return SEGMENT_FRAGMENT;
        n_total = bytes_get16(ip + 2);
        if (n_total == 0)
                n_total = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
        if (n_total < n_header)
                return SEGMENT_BROKEN;
        if (n > n_total)
                n = n_total;
        if (n < n_header)
                return SEGMENT_CUT;
        *ret_place = (struct place){
                .tcp = ip + n_header,
                .n_captured = (uint32_t)n - n_header,
                .n_wire = n_total - n_header,
        };
        return 0;
}

/* Steps over one extension header, if there is one: 0 when @*next now names what follows it. */
static int step_over(const uint8_t *header, size_t n, uint8_t *next, size_t *ret_size)
{
        size_t size;

        if (n < SIZE_FRAGMENT_HEADER)
                return SEGMENT_CUT;
        switch (*next) {
        case IPPROTO_HOPOPTS:
        case IPPROTO_ROUTING:
        case IPPROTO_DSTOPTS:
                size = (header[1] + 1u) * 8;
                break;
        case IPPROTO_AH:
                size = (header[1] + 2u) * 4;
                break;
        case IPPROTO_FRAGMENT:
                /* A packet in one piece may carry the header all the same (RFC 6946). */
                if (bytes_get16(header + 2) & 0xfff9)
                        return SEGMENT_FRAGMENT;
                size = SIZE_FRAGMENT_HEADER;
                break;
        default:
                return SEGMENT_NOT_TCP;
        }
        *next = header[0];
        *ret_size = size;
        return 0;
}

static int place_ipv6(const uint8_t *ip, size_t n, struct place *ret_place)
{
        size_t n_total, at = SIZE_IPV6;
        uint8_t next;
        int r;

        if (n < SIZE_IPV6)
                return SEGMENT_CUT;
        n_total = bytes_get16(ip + 4);
        n_total = n_total == 0 ? n : n_total + SIZE_IPV6;
        if (n > n_total)
                n = n_total;

        next = ip[6];
        while (next != IPPROTO_TCP) {
                size_t size;

                r = step_over(ip + at, n - at, &next, &size);
                /* Its end is in sight, yet it is too short: the packet itself is broken. */
                if (r == SEGMENT_CUT && n == n_total)
                        return SEGMENT_BROKEN;
                if (r)
                        return r;
                at += size;
                if (at > n_total)
                        return SEGMENT_BROKEN;
                if (at > n)
                        return SEGMENT_CUT;
        }
        *ret_place = (struct place){
                .tcp = ip + at,
                .n_captured = (uint32_t)(n - at),
                .n_wire = (uint32_t)(n_total - at),
        };
        return 0;
}

int segment_read(const void *packet, size_t n_packet, struct segment *ret_segment)
{
        const uint8_t *ip = packet;
        struct place place;
        bool v6;
        int r;

        if (n_packet == 0)
                return SEGMENT_CUT;
        v6 = ip[0] >> 4 == 6;
        if (!v6 && ip[0] >> 4 != 4)
                return SEGMENT_NOT_IP;
        r = v6 ? place_ipv6(ip, n_packet, &place) : place_ipv4(ip, n_packet, &place);
        if (r)
                return r;
        r = segment_check_tcp(place.tcp, place.n_captured, place.n_wire, SEGMENT_SIZE_TCP);
        if (r)
                return r;

        if (v6)
                segment_fill_ipv6(ip, ret_segment);
        else
                segment_fill_ipv4(ip, ret_segment);
        segment_fill_tcp(place.tcp, place.n_captured, place.n_wire, ret_segment);
        ret_segment->offset = (uint32_t)(place.tcp - ip);
        return 0;
}
