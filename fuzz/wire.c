/* Frames of any bytes. Two bytes of link type, little-endian, then the frame; with the highest bit of the
 * link type, frames that each have two bytes of length before them, so that fragments can meet. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../tests/wire/same.h"
#include "wire/packet_plain.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check(int holds)
{
        if (!holds)
                abort();
}

static void check_segment(const struct segment *s)
{
        volatile uint8_t sum = 0;

        check(s->n_captured <= s->n_payload);
        check(s->n_sack <= SEGMENT_N_SACK);
        check(s->n_header <= 60);
        /* All that it points to can be read. */
        for (uint32_t i = 0; i < s->n_captured; ++i)
                sum = (uint8_t)(sum ^ s->payload[i]);
        for (uint32_t i = 1; i <= s->n_header; ++i)
                sum = (uint8_t)(sum ^ s->payload[-(int)i]);
}

/* There is a straight way for most frames: what it finds must be what the way layer by layer finds. */
static void check_both_ways(struct packet_reader *reader, uint32_t link_type, const uint8_t *bytes, uint32_t n,
                            uint32_t n_frame)
{
        struct packet straight, walked;

        if (plain_read(link_type, bytes, n, n_frame, &straight)) {
                check(packet_walk(reader, link_type, bytes, n, n_frame, 0, &walked) == PACKET_TCP);
                check(same_packet(&straight, &walked));
        }
}

static void read_frame(struct packet_reader *reader, uint32_t link_type, const uint8_t *bytes, uint32_t n,
                       int64_t time_ns)
{
        for (uint32_t n_more = 0; n_more <= 1500; n_more += 1500) {
                struct packet packet;
                enum packet_kind kind;

                check_both_ways(reader, link_type, bytes, n, n + n_more);
                kind = packet_read(reader, link_type, bytes, n, n + n_more, time_ns, &packet);
                check(kind < N_PACKET_KINDS && packet_kind_name(kind));
                if (kind != PACKET_TCP && kind != PACKET_ICMP_ERROR)
                        continue;
                check_segment(&packet.segment);
                packet_check(&packet);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        struct packet_reader *reader = NULL;
        uint32_t link_type;
        int64_t time_ns = 0;

        if (n < 2 || n > UINT16_MAX)
                return 0;
        link_type = bytes[0] | (uint32_t)(bytes[1] & 0x7f) << 8;
        check(packet_reader_new(&reader) == 0);
        if (!(bytes[1] & 0x80)) {
                read_frame(reader, link_type, bytes + 2, (uint32_t)n - 2, 0);
        } else {
                for (size_t at = 2; at + 2 <= n; time_ns += 1000000000) {
                        size_t n_frame = bytes[at] | (size_t)bytes[at + 1] << 8;
                        uint8_t *frame;

                        at += 2;
                        if (n_frame > n - at)
                                n_frame = n - at;
                        frame = malloc(n_frame + 1);
                        check(frame != NULL);
                        memcpy(frame, bytes + at, n_frame);
                        read_frame(reader, link_type, frame, (uint32_t)n_frame, time_ns);
                        free(frame);
                        at += n_frame;
                }
        }
        packet_reader_free(reader);
        return 0;
}
