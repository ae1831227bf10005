/* What a row wants of a segment is the same whether it is read from the bytes of a frame or from the whole segment; so
 * it is with a SYN and its options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "connection/orderly_take.h"
#include "dice.h"

enum {
        ROUNDS = 200000,
        FRAME_MAX = 1600,
        PAYLOAD_MAX = 1460,
        LINK_RAW_IP = 101,
        SIZE_SAID = offsetof(struct row, ttl) + 1,      /* behind it stands a byte that means nothing */
};

static struct segment make(void)
{
        static const uint8_t payload[PAYLOAD_MAX];
        struct segment s = {
                .family = below(3) ? AF_INET : AF_INET6, .source = { 10, 1 }, .destination = { 10, 2 },
                .source_port = 50000,
                .destination_port = 80, .ttl = (uint8_t)below(256), .tos = (uint8_t)below(256),
                .flags = (uint16_t)below(512), .window = (uint16_t)below(1 << 16), .seq = below(UINT32_MAX),
                .ack = below(UINT32_MAX), .payload = payload, .n_payload = below(2) ? below(PAYLOAD_MAX + 1) : 0,
        };

        s.ip_id = s.family == AF_INET ? (uint16_t)below(1 << 16) : 0;
        if (below(2)) {
                s.options = SEGMENT_HAS_TIMESTAMPS;
                s.ts_value = below(UINT32_MAX);
                s.ts_echo = below(UINT32_MAX);
        } else if (below(3) == 0) {
                s.options = SEGMENT_HAS_SACK;
                s.n_sack = 1 + below(3) % SEGMENT_N_SACK;
        }
        return s;
}

static void a_frame_says_what_its_segment_does(void **state)
{
        unsigned n_usual = 0, n_cut = 0;

        (void)state;
        for (unsigned i = 0; i < ROUNDS; i++) {
                uint8_t bytes[FRAME_MAX];
                struct tracker_frame frame = { .time_ns = below(UINT32_MAX), .frame = below(UINT32_MAX) };
                struct tracker_input input = { .file = 7, .time_ns = frame.time_ns, .frame = frame.frame };
                const struct segment s = make();
                int n = segment_write(bytes, sizeof(bytes), &s);
                uint32_t n_frame, n_bytes;
                struct tracker_frame of_segment;
                struct row one, other;

                assert_true(n > 0);
                n_bytes = n_frame = (uint32_t)n;
                if (n_bytes > 100 && below(4) == 0)
                        n_bytes = 100 + below(n_bytes - 100);
                input.cut = n_bytes < n_frame;
                assert_true(plain_find(LINK_RAW_IP, bytes, n_bytes, n_frame, &frame.plain));
                assert_true(plain_read(LINK_RAW_IP, bytes, n_bytes, n_frame, &input.packet));
                of_segment = orderly_frame_of(&input);
                assert_ptr_equal(frame.plain.tcp + frame.plain.n_header,
                                 of_segment.plain.tcp + of_segment.plain.n_header);
                assert_true(frame.time_ns == of_segment.time_ns);
                assert_int_equal(frame.plain.seq, of_segment.plain.seq);
                assert_int_equal(frame.plain.n_captured, of_segment.plain.n_captured);
                assert_int_equal(!(frame.plain.has & PLAIN_OPTIONS), !(of_segment.plain.has & PLAIN_OPTIONS));
                n_usual += !(frame.plain.has & PLAIN_OPTIONS);
                n_cut += input.cut;
                if (frame.plain.has & PLAIN_OPTIONS)
                        continue;
                assert_int_equal(frame.plain.has & ~(unsigned)PLAIN_IPV6, of_segment.plain.has);
                orderly_write_row(&one, &frame, i & 1, i, ROW_GOODBYE);
                orderly_write_row(&other, &of_segment, i & 1, i, ROW_GOODBYE);
                assert_memory_equal(&one, &other, SIZE_SAID);
        }
        assert_true(n_usual > ROUNDS / 2 && n_usual < ROUNDS && n_cut > ROUNDS / 20);
}

/* A SYN of Linux, or one that looks another way; @back: to this one. */
static struct segment make_syn(const struct segment *back)
{
        const unsigned usual = SEGMENT_HAS_MSS | SEGMENT_HAS_SACK_PERMITTED | SEGMENT_HAS_WINDOW_SCALE;
        const unsigned kinds[] = { 0, usual, usual | SEGMENT_HAS_TIMESTAMPS, SEGMENT_HAS_TIMESTAMPS, SEGMENT_HAS_MSS };
        struct segment s = make();

        s.flags = SEGMENT_SYN | (s.flags & (below(8) ? SEGMENT_ECE | SEGMENT_CWR : 0x1ff)) | (back ? SEGMENT_ACK : 0);
        s.window = below(8) ? s.window : 0;
        s.n_payload = below(8) ? 0 : s.n_payload;
        s.options = (uint16_t)kinds[below(5)];
        s.mss = (uint16_t)below(1 << 16);
        s.window_scale = (uint8_t)below(17);
        if (!back)
                return s;
        s.family = back->family;
        s.ack = back->seq + (below(8) != 0);
        return s;
}

/* Of the one that was read from frames and the one that was made of whole segments, the rows are the same. */
static void same_row(const struct table *table, const struct orderly *one, const struct orderly *other, unsigned i)
{
        assert_memory_equal(table_row(table, one, i), table_row(table, other, i), SIZE_SAID);
        assert_memory_equal(one, other, offsetof(struct orderly, piece));
}

static void a_frame_begins_what_its_segment_does(void **state)
{
        unsigned n_begun = 0, n_answered = 0;
        struct table table;
        size_t max;

        (void)state;
        assert_int_equal(table_init(&table, 1000, false, &max), 0);
        for (unsigned round = 0; round < ROUNDS; round++) {
                struct orderly one = { 0 }, other = { 0 };
                struct segment syn, s;

                for (unsigned i = 0; i < 2; i++) {
                        uint8_t bytes[FRAME_MAX];
                        struct tracker_frame frame = { .time_ns = 1000 * (i + 1), .frame = 1 + below(1000) };
                        struct tracker_input input = { .file = 7, .time_ns = frame.time_ns, .frame = frame.frame };
                        struct orderly_syn read;
                        uint32_t n;

                        s = make_syn(i ? &syn : NULL);
                        syn = s;
                        n = (uint32_t)segment_write(bytes, sizeof(bytes), &s);
                        assert_true(plain_find(LINK_RAW_IP, bytes, n, n, &frame.plain));
                        assert_true(plain_read(LINK_RAW_IP, bytes, n, n, &input.packet));
                        if (!orderly_read_syn(&frame, &read)) {
                                /* With such options it was something else. */
                                if (s.options == 0 || s.options & SEGMENT_HAS_WINDOW_SCALE)
                                        assert_false(orderly_take(&table, &other, i, &input));
                                break;
                        }
                        if (!(s.flags & SEGMENT_ACK) != !i)
                                break;
                        if (i == 0) {
                                assert_true(orderly_may_begin(&input));
                                assert_true(orderly_begin(&table, &one, &frame, 7, read));
                                assert_true(orderly_take(&table, &other, 0, &input));
                                n_begun++;
                        } else {
                                bool answered = orderly_answer(&table, &one, &frame, 7, read);

                                assert_int_equal(orderly_take(&table, &other, 1, &input), answered);
                                n_answered += answered;
                                if (!answered)
                                        break;
                        }
                        same_row(&table, &one, &other, i);
                }
                row_pieces_free(&table.pieces, &one);
                row_pieces_free(&table.pieces, &other);
        }
        table_deinit(&table);
        assert_true(n_begun > ROUNDS / 8 && n_answered > ROUNDS / 40);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_frame_says_what_its_segment_does),
                cmocka_unit_test(a_frame_begins_what_its_segment_does),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
