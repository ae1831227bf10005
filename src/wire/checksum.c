/* The Internet checksum: a sum in ones' complement, whose carries are folded in at the end. */
#include "wire/checksum.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "wire/bytes.h"
#include "wire/segment.h"

uint64_t checksum_add(uint64_t sum, const void *bytes, size_t n)
{
        const uint8_t *p = bytes;

        for (; n >= 4; p += 4, n -= 4)
                sum += bytes_get32(p);
        if (n >= 2) {
                sum += bytes_get16(p);
                p += 2;
                n -= 2;
        }
        if (n)
                sum += (uint32_t)*p << 8;
        return sum;
}

uint16_t checksum_fold(uint64_t sum)
{
        while (sum >> 16)
                sum = (sum & 0xffff) + (sum >> 16);
        return (uint16_t)~sum;
}

uint64_t checksum_pseudo(uint8_t family, const uint8_t *source, const uint8_t *destination, uint8_t protocol, size_t n)
{
        size_t n_address = family == AF_INET6 ? 16 : 4;
        uint64_t sum = (uint64_t)protocol + n;

        sum = checksum_add(sum, source, n_address);
        return checksum_add(sum, destination, n_address);
}

/* A segment with all its bytes at hand: less has no checksum to speak of. */
static int read_whole(const void *packet, size_t n_packet, struct segment *ret_segment)
{
        size_t n_header;
        int r;

        r = segment_read(packet, n_packet, ret_segment);
        if (r)
                return r;
        n_header = (((const uint8_t *)packet)[ret_segment->offset + 12] >> 4) * 4u;
        return ret_segment->offset + n_header + (size_t)ret_segment->n_payload > n_packet ? SEGMENT_CUT : 0;
}

static uint64_t sum_tcp(const uint8_t *tcp, const struct segment *segment)
{
        size_t n = (size_t)(segment->payload - tcp) + segment->n_payload;

        return checksum_add(checksum_pseudo(segment->family, segment->source, segment->destination,
                                            IPPROTO_TCP, n), tcp, n);
}

int checksum_mend(void *packet, size_t n_packet)
{
        struct segment segment;
        uint8_t *tcp;
        int r;

        r = read_whole(packet, n_packet, &segment);
        if (r)
                return r;
        tcp = (uint8_t *)packet + segment.offset;
        bytes_put16(tcp + 16, 0);
        bytes_put16(tcp + 16, checksum_fold(sum_tcp(tcp, &segment)));
        return 0;
}

int checksum_check(const void *packet, size_t n_packet, bool *ret_holds)
{
        const uint8_t *ip = packet;
        struct segment segment;
        bool holds;
        int r;

        r = read_whole(packet, n_packet, &segment);
        if (r)
                return r;
        holds = checksum_fold(sum_tcp(ip + segment.offset, &segment)) == 0;
        if (segment.family == AF_INET && checksum_fold(checksum_add(0, ip, (ip[0] & 0x0fu) * 4u)) != 0)
                holds = false;
        *ret_holds = holds;
        return 0;
}
