/* Frames of any bytes. Two bytes of link type, little-endian, then the frame; with the highest bit of the
 * link type, frames that each have two bytes of length before them, so that fragments can meet. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check(int holds) {
        if (!holds)
                abort();
}

static void check_segment(const struct segment *s) {
        volatile uint8_t sum = 0;

        check(s->n_captured <= s->n_payload);
        check(s->n_sack <= SEGMENT_N_SACK);
        check(s->n_header <= 60);
        /* All that it points to can be read. */
        for (uint32_t i = 0; i < s->n_captured; ++i)
                sum = (uint8_t) (sum ^ s->payload[i]);
        for (uint32_t i = 1; i <= s->n_header; ++i)
                sum = (uint8_t) (sum ^ s->payload[-(int) i]);
}

/* Ethernet has a straight way of its own: what it finds must be what the other way finds. */
static void check_both_ways(struct packet_reader *reader, const uint8_t *bytes, uint32_t n, uint32_t n_frame,
                            const struct packet *packet) {
        const struct segment *s = &packet->segment;
        struct packet other;

        check(packet_read(reader, 101, bytes + 14, n - 14, n_frame - 14, 0, &other) == PACKET_TCP);
        check(other.segment.seq == s->seq && other.segment.ack == s->ack && other.segment.flags == s->flags);
        check(other.segment.n_payload == s->n_payload && other.segment.n_captured == s->n_captured);
        check(other.segment.options == s->options && other.segment.ts_value == s->ts_value);
        check(other.segment.window == s->window && other.segment.ttl == s->ttl && other.segment.tos == s->tos);
        check(memcmp(other.segment.source, s->source, 16) == 0);
        check(memcmp(other.segment.destination, s->destination, 16) == 0);
}

static void read_frame(struct packet_reader *reader, uint32_t link_type, const uint8_t *bytes, uint32_t n,
                       int64_t time_ns) {
        for (uint32_t n_more = 0; n_more <= 1500; n_more += 1500) {
                struct packet packet;
                enum packet_kind kind;

                kind = packet_read(reader, link_type, bytes, n, n + n_more, time_ns, &packet);
                check(kind < N_PACKET_KINDS && packet_kind_name(kind));
                if (kind != PACKET_TCP && kind != PACKET_ICMP_ERROR)
                        continue;
                check_segment(&packet.segment);
                packet_check(&packet);
                if (kind == PACKET_TCP && link_type == 1 && packet.depth == 0 && n >= 14 &&
                    ((bytes[12] == 0x08 && bytes[13] == 0x00 && !((bytes[20] & 0x3f) | bytes[21])) ||
                     (bytes[12] == 0x86 && bytes[13] == 0xdd && bytes[20] == 6)))
                        check_both_ways(reader, bytes, n, n + n_more, &packet);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
        struct packet_reader *reader = NULL;
        uint32_t link_type;
        int64_t time_ns = 0;

        if (n < 2 || n > UINT16_MAX)
                return 0;
        link_type = bytes[0] | (uint32_t) (bytes[1] & 0x7f) << 8;
        check(packet_reader_new(&reader) == 0);
        if (!(bytes[1] & 0x80)) {
                read_frame(reader, link_type, bytes + 2, (uint32_t) n - 2, 0);
        } else {
                for (size_t at = 2; at + 2 <= n; time_ns += 1000000000) {
                        size_t n_frame = bytes[at] | (size_t) bytes[at + 1] << 8;
                        uint8_t *frame;

                        at += 2;
                        if (n_frame > n - at)
                                n_frame = n - at;
                        frame = malloc(n_frame + 1);
                        check(frame != NULL);
                        memcpy(frame, bytes + at, n_frame);
                        read_frame(reader, link_type, frame, (uint32_t) n_frame, time_ns);
                        free(frame);
                        at += n_frame;
                }
        }
        packet_reader_free(reader);
        return 0;
}
