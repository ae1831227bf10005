/* ICMP, for the errors: they quote the packet at fault, often no more of it than the ports and the sequence
 * number of its TCP header. */
#include "wire/icmp.h"
#include "wire/segment_fill.h"
#include "wire/walk.h"

enum {
        SIZE_ICMP = 8,
        SIZE_PORTS = 4,
        SIZE_TCP_MAX = 60,
};

/* Unreachable, source quench, time exceeded, parameter problem; for IPv6 too big as well. A redirect is
 * advice, no error. */
static bool is_error(bool v6, uint8_t type)
{
        return v6 ? type >= 1 && type <= 4 : type == 3 || type == 4 || type == 11 || type == 12;
}

/* With extensions behind it the quoted packet has a length of its own (RFC 4884, 4). */
static void limit_to_quoted(struct walk *walk, bool v6, const uint8_t *icmp)
{
        uint32_t n = v6 ? icmp[4] * 8u : icmp[5] * 4u;
        bool may_extend = v6 ? icmp[0] == 1 || icmp[0] == 3 : icmp[0] == 3 || icmp[0] == 11 || icmp[0] == 12;

        if (may_extend && n > 0 && n < walk->n_wire)
                walk_limit(walk, n);
}

enum layer walk_icmp(struct walk *walk)
{
        bool v6 = walk->ip[0] >> 4 == 6;
        const uint8_t *icmp = walk->at;

        if (walk->icmp)
                return walk_end(walk, PACKET_ICMP);
        if (walk->n_held < SIZE_ICMP)
                return walk_short(walk, SIZE_ICMP);
        if (!is_error(v6, icmp[0]))
                return walk_end(walk, PACKET_ICMP);
        walk->icmp = icmp;
        walk->icmp_ip = walk->ip;
        walk_over(walk, SIZE_ICMP);
        limit_to_quoted(walk, v6, icmp);
        return v6 ? LAYER_IPV6 : LAYER_IPV4;
}

/* What is missing of the header is zeros; at least the ports are there. */
static void fill_part(struct walk *walk, uint32_t n, struct segment *segment)
{
        uint8_t tcp[SEGMENT_SIZE_TCP] = {};
        uint32_t n_wire = walk->n_wire > SEGMENT_SIZE_TCP ? walk->n_wire : SEGMENT_SIZE_TCP;
        uint32_t n_header = SEGMENT_SIZE_TCP;

        memcpy(tcp, walk->at, n < SEGMENT_SIZE_TCP ? n : SEGMENT_SIZE_TCP);
        if (n > 12 && (tcp[12] >> 4) * 4u >= SEGMENT_SIZE_TCP && (tcp[12] >> 4) * 4u <= n_wire)
                n_header = (tcp[12] >> 4) * 4u;
        tcp[12] = (uint8_t)((tcp[12] & 0x0f) | SEGMENT_SIZE_TCP / 4 << 4);
        segment_fill_tcp(tcp, SEGMENT_SIZE_TCP, n_wire, segment);
        if (n < 16)
                segment->options |= SEGMENT_HAS_NO_WINDOW;
        segment->n_header = (uint8_t)n;
        segment->n_payload = n_wire - n_header;
        segment->n_captured = 0;
        segment->payload = walk->at + n;
}

enum layer walk_quoted_tcp(struct walk *walk)
{
        struct packet *packet = walk->packet;
        struct segment *segment = &packet->segment;
        bool v6 = walk->icmp_ip[0] >> 4 == 6;
        struct icmp_about about = {
                .family = v6 ? AF_INET6 : AF_INET, .type = walk->icmp[0], .code = walk->icmp[1],
        };
        uint32_t n = walk->n_held;

        if (n < SIZE_PORTS)
                return walk_end(walk, PACKET_ICMP);
        walk_fill_ip(walk);
        if (segment_check_tcp(walk->at, n, walk->n_wire, SEGMENT_SIZE_TCP) == 0) {
                segment_fill_tcp(walk->at, n, walk->n_wire, segment);
                n = segment->n_header;
        } else {
                n = n < SEGMENT_SIZE_TCP ? n : SEGMENT_SIZE_TCP;
                fill_part(walk, n, segment);
        }
        packet->n_quoted = (uint8_t)(n < SIZE_TCP_MAX ? n : SIZE_TCP_MAX);
        packet->icmp = icmp_about_error(&about);
        memset(packet->icmp_from, 0, sizeof(packet->icmp_from));
        memcpy(packet->icmp_from, walk->icmp_ip + (v6 ? 8 : 12), v6 ? 16 : 4);
        return walk_end(walk, PACKET_ICMP_ERROR);
}
