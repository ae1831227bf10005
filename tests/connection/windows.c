/* Windows, and the probes and keepalives that ask whether they are open and anybody is there. */
#include "story.h"

static void what_is_sent_beyond_the_window_is_no_bytes(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = ".", .at = 0, .n = 100, .ack = 0 },
                { .t = 0.2, .by = 's', .f = ".", .at = 0, .ack = 100, .window = 10 },
                { .t = 0.3, .by = 'c', .f = "P.", .at = 70000, .n = 10, .ack = 0 },
                { .t = 0.4, .by = 's', .f = ".", .at = 0, .ack = 100, .window = 10 },
        };
        /* … unless the receiver takes it: then the window was another, and what is between was not seen. */
        static const struct row taken[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = ".", .at = 0, .n = 100, .ack = 0 },
                { .t = 0.3, .by = 'c', .f = "P.", .at = 70000, .n = 10, .ack = 0 },
                { .t = 0.4, .by = 's', .f = ".", .at = 0, .ack = 70010 },
        };

        TOLD(rows);
        is_known(f->from[0].bytes, 100);
        is_known(f->from[0].missing, 0);
        TELL(&story, taken);
        is_known(f->from[0].bytes, 70010);
        is_known(f->from[0].missing, 69900);
        is_known(f->from[0].fin, false);
}

static void keepalives_are_no_data(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = "P.", .at = 0, .n = 100, .ack = 0 },
                { .t = 0.2, .by = 's', .f = ".", .at = 0, .ack = 100 },
                { .t = 60.2, .by = 'c', .f = ".", .at = 99, .ack = 0 },
                { .t = 60.3, .by = 's', .f = ".", .at = 0, .ack = 100 },
                /* With a byte of rubbish, as others send it. */
                { .t = 120.3, .by = 'c', .f = ".", .at = 99, .n = 1, .ack = 0 },
                { .t = 130.3, .by = 'c', .f = ".", .at = 99, .n = 1, .ack = 0 },
        };

        TOLD(rows);
        is_known(f->from[0].bytes, 100);
        is_known(f->from[0].retransmitted, 0);
        is_known(f->from[0].payload_seen, 102);
        is_known(f->end[0].keepalives_unanswered, 2);
        is_known(f->end[0].keepalives, 3);
        is_known(f->end[0].last_keepalive, STORY_TIME(130.3));
        is_known(f->end[0].keepalive_gap, 10000000000);
        is_known(f->end[0].unanswered_since, STORY_TIME(120.3));
        is_known(f->end[0].before_unanswered, STORY_TIME(60.3));
        is_known(f->end[0].unanswered_last, STORY_TIME(130.3));
        assert_int_equal(story.segments[5].kind, SEGMENT_KIND_KEEPALIVE);
}

static void a_last_byte_sent_again_is_no_keepalive(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = "P.", .at = 0, .n = 1, .ack = 0 },
                { .t = 0.3, .by = 'c', .f = "P.", .at = 0, .n = 1, .ack = 0 },
        };

        TOLD(rows);
        is_known(f->from[0].retransmitted, 1);
        is_known(f->end[0].keepalives_unanswered, 0);
        is_known(f->end[0].repeats_unanswered, 1);
        is_known(f->end[0].repeated, SEGMENT_KIND_DATA);
}

static void a_shut_window_is_probed(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = "P.", .at = 0, .n = 100, .ack = 0 },
                { .t = 0.2, .by = 's', .f = ".", .at = 0, .ack = 100, .window = -1 },
                { .t = 0.5, .by = 'c', .f = ".", .at = 99, .ack = 0 },
                { .t = 0.6, .by = 's', .f = ".", .at = 0, .ack = 100, .window = -1 },
                /* As others do it: with a byte, which is sent again. */
                { .t = 1.0, .by = 'c', .f = ".", .at = 100, .n = 1, .ack = 0 },
                { .t = 2.0, .by = 'c', .f = ".", .at = 100, .n = 1, .ack = 0 },
        };

        TOLD(rows);
        is_known(f->from[0].bytes, 101);
        is_known(f->from[0].retransmitted, 0);
        is_known(f->from[0].window_shut, true);
        is_known(f->from[0].window_shut_at, STORY_TIME(0.2));
        is_known(f->from[0].window, 0);
        is_known(f->end[0].probes_unanswered, 2);
        assert_int_equal(story.segments[5].kind, SEGMENT_KIND_WINDOW_PROBE);
        assert_int_equal(story.segments[7].kind, SEGMENT_KIND_WINDOW_PROBE);
}

static void the_window_is_scaled_if_both_agreed(void **state)
{
        static const struct row rows[] = { HANDSHAKE, { .t = 1, .by = 's', .f = ".", .ack = 0, .window = 10 } };
        static const struct row plain[] = {
                { .t = 0, .by = 'c', .f = "S" },
                { .t = 0.02, .by = 's', .f = "S.", .ack = 0, .plain = true },
                { .t = 0.03, .by = 'c', .f = ".", .ack = 0 },
                { .t = 1, .by = 's', .f = ".", .ack = 0, .window = 10 },
        };
        struct story story;

        (void)state;
        TELL(&story, rows);
        is_known(story.given[0].facts.from[0].window, 1280);
        TELL(&story, plain);
        is_known(story.given[0].facts.from[0].window, 10);
        is_known(story.given[0].facts.end[1].os, OS_OTHER);
}

static void the_window_of_a_syn_is_not_scaled_but_the_next_is(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                /* 500 of the SYN-ACK, then 500 << 7: only the first segment behind the hole is beyond the former. */
                { .t = 0.1, .by = 's', .f = ".", .at = 0, .ack = 0, .window = 500 },
                { .t = 0.2, .by = 'c', .f = ".", .at = 1000, .n = 1000, .ack = 0 },
        };
        struct story story;

        (void)state;
        TELL(&story, rows);
        assert_false(story.segments[4].stray);
        is_known(story.given[0].facts.from[0].bytes, 2000);
        is_known(story.given[0].facts.from[0].missing, 1000);
}

/* tcp_options_write() with tcp_timestamps off: two NOPs stand before SACK permitted. */
static void a_syn_of_linux_without_timestamps_is_known(void **state)
{
        static const uint8_t linux_row[] = { 2, 4, 5, 180, 1, 1, 4, 2, 1, 3, 3, 7 };
        static const uint8_t other_row[] = { 2, 4, 5, 180, 1, 3, 3, 7, 1, 1, 4, 2 };
        static const struct row rows[] = { { .t = 0, .by = 'c', .f = "S", .plain = true } };
        struct story story = { 0 };
        struct tracker_hooks hooks = { .give = story_give, .context = &story };
        const struct facts *f = &story.given[0].facts;

        (void)state;
        for (unsigned i = 0; i < 3; i++) {
                struct tracker_input input = story_input(&rows[0], 0);
                struct segment *s = &input.packet.segment;
                const uint8_t *options = i == 1 ? other_row : linux_row;
                struct tracker *tracker;

                s->n_header = 32;
                s->payload = options + sizeof(linux_row);
                s->options = SEGMENT_HAS_MSS | SEGMENT_HAS_WINDOW_SCALE | SEGMENT_HAS_SACK_PERMITTED;
                s->ttl = i == 2 ? 128 : 64;
                story.n = 0;
                assert_int_equal(tracker_new(NULL, &hooks, &tracker), 0);
                assert_int_equal(tracker_add(tracker, &input, 1), 0);
                tracker_finish(tracker, false);
                tracker_free(tracker);
                if (i == 0)
                        is_known(f->end[0].os, OS_LINUX);
                else if (i == 1)
                        is_known(f->end[0].os, OS_OTHER);
                else
                        is_unknown(f->end[0].os);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_sent_beyond_the_window_is_no_bytes),
                cmocka_unit_test(keepalives_are_no_data),
                cmocka_unit_test(a_last_byte_sent_again_is_no_keepalive),
                cmocka_unit_test(a_shut_window_is_probed),
                cmocka_unit_test(the_window_is_scaled_if_both_agreed),
                cmocka_unit_test(the_window_of_a_syn_is_not_scaled_but_the_next_is),
                cmocka_unit_test(a_syn_of_linux_without_timestamps_is_known),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
