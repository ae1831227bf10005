/* Writes packets anew that tell as much of a connection as their headers did, and nothing of whose it was. */
#include "cli/anonymize.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "connection/goodbye.h"
#include "wire/bytes.h"

enum {
        SIZE_IPV4 = 20,
        SIZE_IPV6 = 40,
        SIZE_ICMP = 8,
        SIZE_TCP = 20,
        SIZE_TCP_MAX = 60,
        IP_LENGTH_MAX = 65535,
        ICMP_TTL = 64,          /* that of the ICMP packet is not known */

        TCP_CHECKSUM = 16,
        TCP_OFFSET = 12,
};

/* A TCP option and how much of it may be shown, with its kind and length; the rest is made zero. */
struct shown {
        uint8_t kind, n;
};

static const struct shown shown[] = {
        { 2, 4 },       /* maximum segment size */
        { 3, 3 },       /* window scale */
        { 4, 2 },       /* SACK permitted */
        { 5, 34 },      /* SACK */
        { 8, 10 },      /* timestamps */
        { 28, 4 },      /* user timeout */
        { 29, 4 },      /* TCP-AO: its two ids, not its code */
        { 30, 4 },      /* Multipath TCP: subtype, flags, the reason of a reset; no keys, tokens, addresses */
        { 253, 4 },     /* experiments: which one (RFC 6994) */
        { 254, 4 },
};

static size_t n_shown(uint8_t kind)
{
        for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
                if (shown[i].kind == kind)
                        return shown[i].n;
        return 2;
}

/* @n bytes of options. What follows the last that adds up is made zero: it might be anything. */
static void clean_options(uint8_t *p, size_t n)
{
        size_t i = 0;

        while (i < n && p[i] != 0) {
                size_t length;

                if (p[i] == 1) {
                        i++;
                        continue;
                }
                if (i + 1 >= n || p[i + 1] < 2)
                        break;
                length = p[i + 1];
                for (size_t k = n_shown(p[i]); k < length && i + k < n; k++)
                        p[i + k] = 0;
                i += length;
        }
        /* The kind and the length that do not add up stay, for by them it is told that the options are broken. */
        i += i < n && p[i] != 0 ? 2 : 0;
        for (; i < n; i++)
                p[i] = 0;
}

/* The TCP header as far as it is at hand. Returns its length. */
static uint32_t put_tcp(uint8_t *p, const uint8_t *tcp, uint32_t n)
{
        if (n > SIZE_TCP_MAX)
                n = SIZE_TCP_MAX;
        memcpy(p, tcp, n);
        for (uint32_t i = TCP_CHECKSUM; i < n && i < TCP_CHECKSUM + 2; i++)
                p[i] = 0;
        if (n > SIZE_TCP)
                clean_options(p + SIZE_TCP, n - SIZE_TCP);
        return n;
}

/* Of the payload nothing but what shows that it is a good-bye: the header of a TLS alert, QUIT. */
static uint32_t put_payload(uint8_t *p, const struct segment *segment)
{
        uint32_t n = goodbye_bytes(segment->payload, segment->n_captured, segment->n_payload);

        memcpy(p, segment->payload, n);
        return n;
}

struct ip {
        uint8_t family, ttl, tos, protocol;
        bool dont_fragment;
        uint16_t id;
        uint32_t flow_label;
        const uint8_t *source, *destination;    /* as they were */
        uint32_t n_after;                       /* on the wire */
};

/* A length that the header cannot hold is written as 0, as it stands in a segment before it is cut up. */
static uint32_t put_ip(struct anonymizer *a, uint8_t *p, const struct ip *ip)
{
        uint8_t source[16], destination[16];

        anonymize_address(a, ip->family, ip->source, source);
        anonymize_address(a, ip->family, ip->destination, destination);
        if (ip->family == AF_INET6) {
                bytes_put32(p, 6u << 28 | (uint32_t)ip->tos << 20 | ip->flow_label);
                bytes_put16(p + 4, ip->n_after > IP_LENGTH_MAX ? 0 : (uint16_t)ip->n_after);
                p[6] = ip->protocol;
                p[7] = ip->ttl;
                memcpy(p + 8, source, 16);
                memcpy(p + 24, destination, 16);
                return SIZE_IPV6;
        }
        memset(p, 0, SIZE_IPV4);
        p[0] = 0x45;
        p[1] = ip->tos;
        bytes_put16(p + 2, ip->n_after > IP_LENGTH_MAX - SIZE_IPV4 ? 0 : (uint16_t)(ip->n_after + SIZE_IPV4));
        bytes_put16(p + 4, ip->id);
        bytes_put16(p + 6, ip->dont_fragment ? 0x4000 : 0);
        p[8] = ip->ttl;
        p[9] = ip->protocol;
        memcpy(p + 12, source, 4);
        memcpy(p + 16, destination, 4);
        return SIZE_IPV4;
}

/* No MAC addresses; the VLANs stay, for they may tell two connections apart. */
static uint32_t put_ethernet(uint8_t *p, uint32_t vlan, uint8_t family)
{
        uint32_t n = 12;

        memset(p, 0, n);
        for (int shift = 12; shift >= 0; shift -= 12) {
                uint32_t id = vlan >> shift & 0xfff;

                if (vlan >> shift == 0)
                        continue;
                bytes_put16(p + n, 0x8100);
                bytes_put16(p + n + 2, (uint16_t)id);
                n += 4;
        }
        bytes_put16(p + n, family == AF_INET6 ? 0x86dd : 0x0800);
        return n + 2;
}

struct icmp_code {
        uint8_t type4, code4, type6, code6;
};

static const struct icmp_code icmp_codes[N_ICMP_ERRORS] = {
        [ICMP_ERROR_NET_UNREACHABLE] = { 3, 0, 1, 0 },
        [ICMP_ERROR_HOST_UNREACHABLE] = { 3, 1, 1, 3 },
        [ICMP_ERROR_PROTOCOL_UNREACHABLE] = { 3, 2, 4, 1 },
        [ICMP_ERROR_PORT_UNREACHABLE] = { 3, 3, 1, 4 },
        [ICMP_ERROR_ADMIN_PROHIBITED] = { 3, 13, 1, 1 },
        [ICMP_ERROR_TOO_BIG] = { 3, 4, 2, 0 },
        [ICMP_ERROR_TIME_EXCEEDED] = { 11, 0, 3, 0 },
        [ICMP_ERROR_OTHER] = { 3, 5, 4, 0 },
};

static uint32_t put_icmp(uint8_t *p, enum icmp_error error, bool v6)
{
        const struct icmp_code *code = &icmp_codes[error < N_ICMP_ERRORS ? error : ICMP_ERROR_OTHER];

        memset(p, 0, SIZE_ICMP);
        p[0] = v6 ? code->type6 : code->type4;
        p[1] = v6 ? code->code6 : code->code4;
        return SIZE_ICMP;
}

/* How long the TCP header was on the wire; as far as it was quoted or captured at all. */
static uint32_t header_on_wire(const uint8_t *tcp, uint32_t n)
{
        uint32_t n_header = n > TCP_OFFSET ? (tcp[TCP_OFFSET] >> 4) * 4u : SIZE_TCP;

        return n_header < SIZE_TCP ? SIZE_TCP : n_header;
}

void anonymize_packet(struct anonymizer *a, const struct packet *packet, bool icmp, struct anonymized *ret_anonymized)
{
        const struct segment *segment = &packet->segment;
        bool v6 = segment->family == AF_INET6;
        uint32_t n_tcp = icmp ? packet->n_quoted : segment->n_header, n, n_headers;
        const uint8_t *tcp = segment->payload - n_tcp;
        uint8_t *p = ret_anonymized->bytes;
        struct ip ip = {
                .family = segment->family, .ttl = segment->ttl, .tos = segment->tos, .protocol = IPPROTO_TCP,
                .dont_fragment = segment->dont_fragment, .id = segment->ip_id, .flow_label = segment->flow_label,
                .source = segment->source, .destination = segment->destination,
                .n_after = header_on_wire(tcp, n_tcp) + segment->n_payload,
        };

        n = put_ethernet(p, packet->vlan, segment->family);
        if (icmp) {
                struct ip outer = {
                        .family = segment->family, .ttl = ICMP_TTL, .protocol = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP,
                        .source = packet->icmp_from, .destination = segment->source,
                        .n_after = SIZE_ICMP + (v6 ? SIZE_IPV6 : SIZE_IPV4) + (n_tcp < SIZE_TCP ? n_tcp : ip.n_after),
                };

                ret_anonymized->n_frame = n + (v6 ? SIZE_IPV6 : SIZE_IPV4) + outer.n_after;

                n += put_ip(a, p + n, &outer);
                n += put_icmp(p + n, packet->icmp, v6);
                n += put_ip(a, p + n, &ip);
                n += put_tcp(p + n, tcp, n_tcp);
        } else {
                n += put_ip(a, p + n, &ip);
                n_headers = n;
                n += put_tcp(p + n, tcp, n_tcp);
                n += put_payload(p + n, segment);
                ret_anonymized->n_frame = n_headers + ip.n_after;
        }
        ret_anonymized->n_bytes = n;
}
