/* ICMP errors: a fixed header and as much of the packet at fault as fits. */
#include "wire/icmp.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "wire/bytes.h"
#include "wire/checksum.h"
#include "wire/segment.h"

enum {
        SIZE_IPV4 = 20,
        SIZE_IPV6 = 40,
        SIZE_ICMP = 8,
        SIZE_IPV4_MAX = 576,         /* RFC 1812, 4.3.2.3 */
        SIZE_IPV6_MAX = 1280,        /* RFC 4443, 2.4 (c) */
        SIZE_TCP_NEEDED = 8,         /* of the quoted TCP header: ports and sequence number */
};

/* The type and code of each error that icmp_write() makes. */
static const struct {
        enum icmp_error error;
        uint8_t type4, code4;
        uint8_t type6, code6;
} errors[] = {
        { ICMP_ERROR_NET_UNREACHABLE,      3, 0,  1, 0 },
        { ICMP_ERROR_HOST_UNREACHABLE,     3, 1,  1, 3 },
        { ICMP_ERROR_PROTOCOL_UNREACHABLE, 3, 2,  4, 1 },    /* v6: next header not recognised */
        { ICMP_ERROR_PORT_UNREACHABLE,     3, 3,  1, 4 },
        { ICMP_ERROR_ADMIN_PROHIBITED,     3, 13, 1, 1 },
};

enum {
        N_ERRORS = sizeof(errors) / sizeof(*errors),
};

static int write_ipv4(uint8_t *packet, size_t size, unsigned i, const uint8_t *about, size_t n_about)
{
        size_t n_quoted = n_about, n;
        uint8_t *icmp = packet + SIZE_IPV4;

        if (n_quoted > SIZE_IPV4_MAX - SIZE_IPV4 - SIZE_ICMP)
                n_quoted = SIZE_IPV4_MAX - SIZE_IPV4 - SIZE_ICMP;
        n = SIZE_IPV4 + SIZE_ICMP + n_quoted;
        if (n > size)
                return -ENOBUFS;

        memset(packet, 0, SIZE_IPV4 + SIZE_ICMP);
        packet[0] = 0x45;
        packet[1] = 0xc0;                    /* internetwork control, as Linux sets it */
        bytes_put16(packet + 2, (uint16_t)n);
        packet[8] = 64;
        packet[9] = IPPROTO_ICMP;
        memcpy(packet + 12, about + 16, 4);
        memcpy(packet + 16, about + 12, 4);
        bytes_put16(packet + 10, checksum_fold(checksum_add(0, packet, SIZE_IPV4)));

        icmp[0] = errors[i].type4;
        icmp[1] = errors[i].code4;
        memcpy(icmp + SIZE_ICMP, about, n_quoted);
        bytes_put16(icmp + 2, checksum_fold(checksum_add(0, icmp, SIZE_ICMP + n_quoted)));
        return (int)n;
}

static int write_ipv6(uint8_t *packet, size_t size, unsigned i, const uint8_t *about, size_t n_about)
{
        size_t n_quoted = n_about, n_icmp;
        uint8_t *icmp = packet + SIZE_IPV6;
        uint64_t sum;

        if (n_quoted > SIZE_IPV6_MAX - SIZE_IPV6 - SIZE_ICMP)
                n_quoted = SIZE_IPV6_MAX - SIZE_IPV6 - SIZE_ICMP;
        n_icmp = SIZE_ICMP + n_quoted;
        if (SIZE_IPV6 + n_icmp > size)
                return -ENOBUFS;

        memset(packet, 0, SIZE_IPV6 + SIZE_ICMP);
        packet[0] = 0x60;
        bytes_put16(packet + 4, (uint16_t)n_icmp);
        packet[6] = IPPROTO_ICMPV6;
        packet[7] = 64;
        memcpy(packet + 8, about + 24, 16);
        memcpy(packet + 24, about + 8, 16);

        icmp[0] = errors[i].type6;
        icmp[1] = errors[i].code6;
        if (icmp[0] == 4)
                bytes_put32(icmp + 4, 6);    /* the fault lies at the next header field */
        memcpy(icmp + SIZE_ICMP, about, n_quoted);
        sum = checksum_pseudo(AF_INET6, packet + 8, packet + 24, IPPROTO_ICMPV6, n_icmp);
        bytes_put16(icmp + 2, checksum_fold(checksum_add(sum, icmp, n_icmp)));
        return (int)(SIZE_IPV6 + n_icmp);
}

int icmp_write(void *packet, size_t size, enum icmp_error error, const void *about, size_t n_about)
{
        const uint8_t *ip = about;

        for (unsigned i = 0; i < N_ERRORS; ++i) {
                if (errors[i].error != error)
                        continue;
                if (n_about >= SIZE_IPV4 && ip[0] >> 4 == 4)
                        return write_ipv4(packet, size, i, about, n_about);
                if (n_about >= SIZE_IPV6 && ip[0] >> 4 == 6)
                        return write_ipv6(packet, size, i, about, n_about);
        }
        return -EINVAL;
}

/* The quoted packet: addresses, and the first eight bytes of its TCP header. */
static int read_quoted(const uint8_t *ip, size_t n, struct icmp_about *about)
{
        size_t n_header;

        if (about->family == AF_INET6) {
                n_header = SIZE_IPV6;
                if (n < n_header + SIZE_TCP_NEEDED || ip[0] >> 4 != 6 || ip[6] != IPPROTO_TCP)
                        return ICMP_NOT;
                memcpy(about->source, ip + 8, 16);
                memcpy(about->destination, ip + 24, 16);
        } else {
                if (n < SIZE_IPV4 || ip[0] >> 4 != 4 || ip[9] != IPPROTO_TCP)
                        return ICMP_NOT;
                /* Only the first piece of a packet begins with its TCP header. */
                if (bytes_get16(ip + 6) & 0x1fff)
                        return ICMP_NOT;
                n_header = (ip[0] & 0x0fu) * 4;
                if (n_header < SIZE_IPV4 || n < n_header + SIZE_TCP_NEEDED)
                        return ICMP_NOT;
                memcpy(about->source, ip + 12, 4);
                memcpy(about->destination, ip + 16, 4);
        }
        about->source_port = bytes_get16(ip + n_header);
        about->destination_port = bytes_get16(ip + n_header + 2);
        about->seq = bytes_get32(ip + n_header + 4);
        return 0;
}

/* Destination unreachable, time exceeded, parameter problem, and what tells of a smaller path. */
static bool is_error(uint8_t family, uint8_t type)
{
        return family == AF_INET6 ? type >= 1 && type <= 4 : type == 3 || type == 11 || type == 12;
}

int icmp_read(const void *packet, size_t n_packet, struct icmp_about *ret_about)
{
        const uint8_t *ip = packet;
        struct icmp_about about = {};
        size_t n_header;

        if (n_packet >= SIZE_IPV4 && ip[0] >> 4 == 4) {
                n_header = (ip[0] & 0x0fu) * 4;
                if (n_header < SIZE_IPV4 || ip[9] != IPPROTO_ICMP || (bytes_get16(ip + 6) & 0x1fff))
                        return ICMP_NOT;
                about.family = AF_INET;
                memcpy(about.from, ip + 12, 4);
        } else if (n_packet >= SIZE_IPV6 && ip[0] >> 4 == 6) {
                n_header = SIZE_IPV6;
                if (ip[6] != IPPROTO_ICMPV6)
                        return ICMP_NOT;
                about.family = AF_INET6;
                memcpy(about.from, ip + 8, 16);
        } else {
                return ICMP_NOT;
        }
        if (n_packet < n_header + SIZE_ICMP)
                return ICMP_NOT;
        about.type = ip[n_header];
        about.code = ip[n_header + 1];
        if (!is_error(about.family, about.type))
                return ICMP_NOT;
        if (read_quoted(ip + n_header + SIZE_ICMP, n_packet - n_header - SIZE_ICMP, &about))
                return ICMP_NOT;
        *ret_about = about;
        return 0;
}

enum icmp_error icmp_about_error(const struct icmp_about *about)
{
        bool v6 = about->family == AF_INET6;
        uint8_t type = about->type, code = about->code;

        if (v6 ? type == 2 : type == 3 && code == 4)
                return ICMP_ERROR_TOO_BIG;
        if (type == (v6 ? 3 : 11))
                return ICMP_ERROR_TIME_EXCEEDED;
        /* A network or host that is prohibited, and filtering, are one thing to a program. */
        if (!v6 && type == 3 && (code == 9 || code == 10))
                return ICMP_ERROR_ADMIN_PROHIBITED;
        for (unsigned i = 0; i < N_ERRORS; ++i)
                if (type == (v6 ? errors[i].type6 : errors[i].type4) &&
                    code == (v6 ? errors[i].code6 : errors[i].code4))
                        return errors[i].error;
        return ICMP_ERROR_OTHER;
}
