/* A segment -> a packet with right lengths and checksums. Options are written in the order and
 * with the padding that Linux uses, so that a built SYN looks like a real one. */
#include "wire/segment.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "wire/bytes.h"
#include "wire/checksum.h"

enum {
        SIZE_IPV4 = 20,
        SIZE_IPV6 = 40,
        SIZE_TCP = 20,
        SIZE_OPTIONS_MAX = 40,
};

/* A growing row of bytes; what does not fit is counted, not written. */
struct row {
        uint8_t bytes[SIZE_OPTIONS_MAX];
        size_t n;
};

static void put(struct row *row, const void *bytes, size_t n)
{
        if (row->n + n <= sizeof(row->bytes))
                memcpy(row->bytes + row->n, bytes, n);
        row->n += n;
}

static void put8(struct row *row, uint8_t v)
{
        put(row, &v, 1);
}

static void put32(struct row *row, uint32_t v)
{
        uint8_t bytes[4];

        bytes_put32(bytes, v);
        put(row, bytes, sizeof(bytes));
}

static void put_kind(struct row *row, uint8_t kind, uint8_t size)
{
        put8(row, kind);
        put8(row, size);
}

static void put_nops(struct row *row, unsigned n)
{
        while (n--)
                put8(row, 1);
}

/* The order of tcp_options_write(): MSS, SACK permitted with timestamps, window scale, SACK. */
static void write_options(const struct segment *segment, struct row *row)
{
        if (segment->options & SEGMENT_HAS_MSS) {
                put_kind(row, 2, 4);
                put8(row, (uint8_t)(segment->mss >> 8));
                put8(row, (uint8_t)segment->mss);
        }
        if (segment->options & SEGMENT_HAS_SACK_PERMITTED) {
                if (!(segment->options & SEGMENT_HAS_TIMESTAMPS))
                        put_nops(row, 2);
                put_kind(row, 4, 2);
        }
        if (segment->options & SEGMENT_HAS_TIMESTAMPS) {
                if (!(segment->options & SEGMENT_HAS_SACK_PERMITTED))
                        put_nops(row, 2);
                put_kind(row, 8, 10);
                put32(row, segment->ts_value);
                put32(row, segment->ts_echo);
        }
        if (segment->options & SEGMENT_HAS_WINDOW_SCALE) {
                put_nops(row, 1);
                put_kind(row, 3, 3);
                put8(row, segment->window_scale);
        }
        if ((segment->options & SEGMENT_HAS_SACK) && segment->n_sack > 0) {
                put_nops(row, 2);
                put_kind(row, 5, (uint8_t)(2 + 8 * segment->n_sack));
                for (unsigned i = 0; i < segment->n_sack; ++i) {
                        put32(row, segment->sack[i].start);
                        put32(row, segment->sack[i].end);
                }
        }
}

static void write_ip(uint8_t *ip, size_t n_packet, const struct segment *segment)
{
        if (segment->family == AF_INET6) {
                bytes_put32(ip, 6u << 28 | (uint32_t)segment->tos << 20 | (segment->flow_label & 0xfffff));
                bytes_put16(ip + 4, (uint16_t)(n_packet - SIZE_IPV6));
                ip[6] = IPPROTO_TCP;
                ip[7] = segment->ttl;
                memcpy(ip + 8, segment->source, 16);
                memcpy(ip + 24, segment->destination, 16);
                return;
        }
        ip[0] = 0x45;
        ip[1] = segment->tos;
        bytes_put16(ip + 2, (uint16_t)n_packet);
        bytes_put16(ip + 4, segment->ip_id);
        bytes_put16(ip + 6, segment->dont_fragment ? 0x4000 : 0);
        ip[8] = segment->ttl;
        ip[9] = IPPROTO_TCP;
        bytes_put16(ip + 10, 0);
        memcpy(ip + 12, segment->source, 4);
        memcpy(ip + 16, segment->destination, 4);
        bytes_put16(ip + 10, checksum_fold(checksum_add(0, ip, SIZE_IPV4)));
}

static void write_tcp(uint8_t *tcp, size_t n_tcp, const struct row *options, const struct segment *segment)
{
        uint64_t sum;

        bytes_put16(tcp, segment->source_port);
        bytes_put16(tcp + 2, segment->destination_port);
        bytes_put32(tcp + 4, segment->seq);
        bytes_put32(tcp + 8, segment->ack);
        tcp[12] = (uint8_t)((SIZE_TCP + options->n) / 4 << 4 | (segment->flags >> 8 & 1u));
        tcp[13] = (uint8_t)segment->flags;
        bytes_put16(tcp + 14, segment->window);
        bytes_put16(tcp + 16, 0);
        bytes_put16(tcp + 18, segment->urgent);
        memcpy(tcp + SIZE_TCP, options->bytes, options->n);
        if (segment->n_payload > 0)
                memcpy(tcp + SIZE_TCP + options->n, segment->payload, segment->n_payload);

        sum = checksum_pseudo(segment->family, segment->source, segment->destination, IPPROTO_TCP, n_tcp);
        bytes_put16(tcp + 16, checksum_fold(checksum_add(sum, tcp, n_tcp)));
}

int segment_write(void *packet, size_t size, const struct segment *segment)
{
        size_t n_ip = segment->family == AF_INET6 ? SIZE_IPV6 : SIZE_IPV4;
        struct row options = {};
        size_t n_packet;

        if (segment->family != AF_INET && segment->family != AF_INET6)
                return -EINVAL;
        if (segment->n_payload > 0 && !segment->payload)
                return -EINVAL;
        if (segment->n_sack > SEGMENT_N_SACK)
                return -EINVAL;
        write_options(segment, &options);
        while (options.n % 4)
                put8(&options, 0);
        if (options.n > SIZE_OPTIONS_MAX)
                return -EINVAL;
        n_packet = n_ip + SIZE_TCP + options.n + segment->n_payload;
        if (n_packet > size || n_packet > UINT16_MAX)
                return -ENOBUFS;

        write_ip(packet, n_packet, segment);
        write_tcp((uint8_t *)packet + n_ip, n_packet - n_ip, &options, segment);
        return (int)n_packet;
}
