/* A packet -> a segment. The packet may hold any bytes: every length is checked against what is at
 * hand before a byte is read, and what the IP header claims is checked against the bytes. */
#include "wire/segment.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "wire/bytes.h"

enum {
        SIZE_IPV4 = 20,
        SIZE_IPV6 = 40,
        SIZE_TCP = 20,
        SIZE_FRAGMENT_HEADER = 8,
};

/* Where the TCP header lies in a packet, and how much of it and what follows there is. */
struct place {
        const uint8_t *tcp;
        uint32_t n_captured;
        uint32_t n_wire;
};

static int place_ipv4(const uint8_t *ip, size_t n, struct place *ret_place) {
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
                n_total = n > UINT32_MAX ? UINT32_MAX : (uint32_t) n;
        if (n_total < n_header)
                return SEGMENT_BROKEN;
        if (n > n_total)
                n = n_total;
        if (n < n_header)
                return SEGMENT_CUT;
        *ret_place = (struct place) {
                .tcp = ip + n_header,
                .n_captured = (uint32_t) n - n_header,
                .n_wire = n_total - n_header,
        };
        return 0;
}

/* Steps over one extension header, if there is one: 0 when @*next now names what follows it. */
static int step_over(const uint8_t *header, size_t n, uint8_t *next, size_t *ret_size) {
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

static int place_ipv6(const uint8_t *ip, size_t n, struct place *ret_place) {
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
        *ret_place = (struct place) {
                .tcp = ip + at,
                .n_captured = (uint32_t) (n - at),
                .n_wire = (uint32_t) (n_total - at),
        };
        return 0;
}

static void read_sack(const uint8_t *blocks, unsigned n_blocks, struct segment *segment) {
        if (n_blocks > SEGMENT_N_SACK)
                n_blocks = SEGMENT_N_SACK;
        for (unsigned i = 0; i < n_blocks; ++i) {
                segment->sack[i].start = bytes_get32(blocks + 8 * i);
                segment->sack[i].end = bytes_get32(blocks + 8 * i + 4);
        }
        segment->n_sack = (uint8_t) n_blocks;
        segment->options |= SEGMENT_HAS_SACK;
}

static void read_timestamps(const uint8_t *values, struct segment *segment) {
        segment->ts_value = bytes_get32(values);
        segment->ts_echo = bytes_get32(values + 4);
        segment->options |= SEGMENT_HAS_TIMESTAMPS;
}

/* One option with its length; @n counts its value alone. A known kind of a wrong length is bad. */
static void read_option(uint8_t kind, const uint8_t *value, unsigned n, struct segment *segment) {
        if (kind == 2 && n == 2) {
                segment->mss = bytes_get16(value);
                segment->options |= SEGMENT_HAS_MSS;
        } else if (kind == 3 && n == 1) {
                segment->window_scale = value[0];
                segment->options |= SEGMENT_HAS_WINDOW_SCALE;
        } else if (kind == 4 && n == 0) {
                segment->options |= SEGMENT_HAS_SACK_PERMITTED;
        } else if (kind == 5 && n >= 8 && n % 8 == 0) {
                read_sack(value, n / 8, segment);
        } else if (kind == 8 && n == 8) {
                read_timestamps(value, segment);
        } else if ((kind >= 2 && kind <= 5) || kind == 8) {
                segment->options |= SEGMENT_HAS_BAD;
        } else {
                segment->options |= SEGMENT_HAS_OTHER;
        }
}

static void read_options(const uint8_t *p, size_t n, struct segment *segment) {
        /* Two NOPs and timestamps: nearly every segment of Linux after the handshake. */
        if (n == 12 && bytes_get32(p) == 0x0101080a) {
                read_timestamps(p + 4, segment);
                return;
        }
        while (n > 0) {
                if (*p == 0)
                        return;
                if (*p == 1) {
                        ++p;
                        --n;
                        continue;
                }
                if (n < 2 || p[1] < 2 || p[1] > n) {
                        segment->options |= SEGMENT_HAS_BAD;
                        return;
                }
                read_option(p[0], p + 2, p[1] - 2u, segment);
                n -= p[1];
                p += p[1];
        }
}

static void read_ip(const uint8_t *ip, bool v6, struct segment *segment) {
        if (v6) {
                uint32_t first = bytes_get32(ip);

                segment->family = AF_INET6;
                segment->tos = (uint8_t) (first >> 20);
                segment->flow_label = first & 0xfffff;
                segment->ttl = ip[7];
                segment->dont_fragment = false;
                segment->ip_id = 0;
                memcpy(segment->source, ip + 8, 16);
                memcpy(segment->destination, ip + 24, 16);
        } else {
                segment->family = AF_INET;
                segment->tos = ip[1];
                segment->flow_label = 0;
                segment->ttl = ip[8];
                segment->dont_fragment = ip[6] & 0x40;
                segment->ip_id = bytes_get16(ip + 4);
                memset(segment->source, 0, 16);
                memset(segment->destination, 0, 16);
                memcpy(segment->source, ip + 12, 4);
                memcpy(segment->destination, ip + 16, 4);
        }
}

static void read_tcp(const uint8_t *tcp, uint32_t n_header, struct segment *segment) {
        segment->source_port = bytes_get16(tcp);
        segment->destination_port = bytes_get16(tcp + 2);
        segment->seq = bytes_get32(tcp + 4);
        segment->ack = bytes_get32(tcp + 8);
        segment->flags = (uint16_t) ((tcp[12] & 1u) << 8 | tcp[13]);
        segment->window = bytes_get16(tcp + 14);
        segment->urgent = bytes_get16(tcp + 18);
        segment->options = 0;
        segment->window_scale = 0;
        segment->n_sack = 0;
        segment->mss = 0;
        segment->ts_value = 0;
        segment->ts_echo = 0;
        if (n_header > SIZE_TCP)
                read_options(tcp + SIZE_TCP, n_header - SIZE_TCP, segment);
}

int segment_read(const void *packet, size_t n_packet, struct segment *ret_segment) {
        const uint8_t *ip = packet;
        struct place place;
        uint32_t n_header, n_held;
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
        if (place.n_wire < SIZE_TCP)
                return SEGMENT_BROKEN;
        if (place.n_captured < SIZE_TCP)
                return SEGMENT_CUT;
        n_header = (place.tcp[12] >> 4) * 4u;
        if (n_header < SIZE_TCP || n_header > place.n_wire)
                return SEGMENT_BROKEN;

        /* A capture that ends within the options still says the rest. */
        n_held = n_header < place.n_captured ? n_header : place.n_captured;
        read_ip(ip, v6, ret_segment);
        read_tcp(place.tcp, n_held, ret_segment);
        if (n_held < n_header)
                ret_segment->options |= SEGMENT_HAS_BAD;
        ret_segment->n_payload = place.n_wire - n_header;
        ret_segment->n_captured = place.n_captured - n_held;
        ret_segment->offset = (uint32_t) (place.tcp - ip);
        ret_segment->payload = place.tcp + n_held;
        return 0;
}
