/* FINs: crossed, alone, sent again, beyond a hole. */
#include "story.h"

static void crossed_fins_are_told_by_what_they_acknowledge(void **state)
{
        static const struct row crossed[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = "F.", .at = 0, .ack = 0 },
                { .t = 0.105, .by = 's', .f = "F.", .at = 0, .ack = 0 },
                { .t = 0.1051, .by = 'c', .f = ".", .at = 1, .ack = 1 },
                { .t = 0.12, .by = 's', .f = ".", .at = 1, .ack = 1 },
        };
        struct story story;
        const struct facts *f = &story.given[0].facts;

        (void)state;
        TELL(&story, crossed);
        is_known(f->crossed, true);
        is_known(f->both_acked, true);
        is_known(f->from[0].fin_position, 0);
        is_known(f->from[0].bytes, 0);
}

/* The client's FIN was held up on its way; its repeat, sent when the server's had come, is seen first. */
static void of_a_fin_and_its_repeats_the_one_that_knew_least_was_first(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 's', .f = "F.", .at = 0, .ack = 0 },
                { .t = 0.3, .by = 'c', .f = "F.", .at = 0, .ack = 1 },
                { .t = 0.301, .by = 's', .f = ".", .at = 1, .ack = 1 },
                { .t = 0.35, .by = 'c', .f = "F.", .at = 0, .ack = 0 },
                { .t = 0.351, .by = 's', .f = ".", .at = 1, .ack = 1 },
        };

        TOLD(rows);
        is_known(f->crossed, true);
        is_unknown(f->first_fin);
        is_known(f->both_acked, true);
        is_known(f->from[0].fin_repeats, 1);
}

/* The client's ACK of the server's FIN stands behind its own, which was lost: only its repeat was seen. */
static void a_fin_that_had_been_sent_before_it_was_seen_may_have_crossed(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 's', .f = "F.", .at = 0, .ack = 0 },
                { .t = 0.12, .by = 'c', .f = ".", .at = 1, .ack = 1 },
                { .t = 0.3, .by = 'c', .f = "F.", .at = 0, .ack = 1 },
                { .t = 0.301, .by = 's', .f = ".", .at = 1, .ack = 1 },
        };

        TOLD(rows);
        is_unknown(f->crossed);
        is_unknown(f->first_fin);
        is_known(f->both_acked, true);
}

/* The same, but the server's shows that the client's had come. */
static void a_fin_that_had_come_was_sent_first_however_late_it_is_seen(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 's', .f = "F.", .at = 0, .ack = 1 },
                { .t = 0.12, .by = 'c', .f = ".", .at = 1, .ack = 1 },
                { .t = 0.3, .by = 'c', .f = "F.", .at = 0, .ack = 1 },
                { .t = 0.301, .by = 's', .f = ".", .at = 1, .ack = 1 },
        };

        TOLD(rows);
        is_known(f->crossed, false);
        is_known(f->first_fin, SIDE_CLIENT);
}

static void a_half_closed_connection_goes_on(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = "F.", .at = 0, .ack = 0 },
                { .t = 0.12, .by = 's', .f = ".", .at = 0, .ack = 1 },
                { .t = 100, .by = 's', .f = "P.", .at = 0, .n = 1400, .ack = 1 },
                { .t = 100.1, .by = 'c', .f = ".", .at = 1, .ack = 1400 },
        };

        TOLD(rows);
        assert_int_equal(story.n, 1);
        is_known(f->from[0].fin, true);
        is_known(f->from[0].fin_acked, true);
        is_known(f->from[1].fin, false);
        is_known(f->from[1].after_peer_fin, 1400);
        is_known(f->both_acked, false);
}

static void a_fin_sent_again_is_counted(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = "FP.", .at = 0, .n = 10, .ack = 0 },
                { .t = 0.3, .by = 'c', .f = "FP.", .at = 0, .n = 10, .ack = 0 },
                { .t = 0.7, .by = 'c', .f = "F.", .at = 10, .ack = 0 },
        };

        TOLD(rows);
        is_known(f->from[0].fin_repeats, 2);
        is_known(f->from[0].fin_position, 10);
        is_known(f->from[0].fin_at, STORY_TIME(0.1));
        is_known(f->from[0].bytes, 10);
        is_known(f->from[0].retransmitted, 10);
        is_known(f->end[0].repeated, SEGMENT_KIND_FIN);
}

static void a_fin_beyond_a_hole_tells_the_length(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = "P.", .at = 0, .n = 10, .ack = 0 },
                { .t = 0.3, .by = 'c', .f = "F.", .at = 5010, .ack = 0 },
                { .t = 0.4, .by = 's', .f = ".", .at = 0, .ack = 5011 },
        };

        TOLD(rows);
        is_known(f->from[0].bytes, 5010);
        is_known(f->from[0].acked, 5010);
        is_known(f->from[0].missing, 5000);
        is_known(f->from[0].fin_acked, true);
}

/* Each segment is its own answer, and the FIN is both ends'. */
static void a_socket_connected_to_itself_closes_with_itself(void **state)
{
        static const struct row rows[] = {
                { .t = 0.0000, .by = 'c', .f = "S" },
                { .t = 0.0001, .by = 'c', .f = "S.", .ack = 0, .of = CLIENT_ISN },
                { .t = 0.0002, .by = 'c', .f = ".", .at = 0, .ack = 0, .of = CLIENT_ISN },
                { .t = 0.0003, .by = 'c', .f = "P.", .at = 0, .n = 5, .ack = 0, .of = CLIENT_ISN },
                { .t = 0.0004, .by = 'c', .f = ".", .at = 5, .ack = 5, .of = CLIENT_ISN },
                { .t = 0.0005, .by = 'c', .f = "F.", .at = 5, .ack = 5, .of = CLIENT_ISN },
                { .t = 0.0006, .by = 'c', .f = ".", .at = 6, .ack = 6, .of = CLIENT_ISN },
        };
        enum { N = sizeof(rows) / sizeof(rows[0]) };
        struct story story = { 0 };
        struct tracker_hooks hooks = { .give = story_give, .context = &story };
        const struct facts *f = &story.given[0].facts;
        struct tracker *tracker;

        (void)state;
        for (size_t n = N - 1; n <= N; n++) {
                story.n = 0;
                assert_int_equal(tracker_new(NULL, &hooks, &tracker), 0);
                for (size_t i = 0; i < n; i++) {
                        struct tracker_input input = story_input(&rows[i], i);

                        memcpy(input.packet.segment.destination, input.packet.segment.source, 16);
                        input.packet.segment.destination_port = input.packet.segment.source_port;
                        assert_int_equal(tracker_add(tracker, &input, 1), 0);
                }
                tracker_finish(tracker, false);
                tracker_free(tracker);
                assert_int_equal(story.n, 1);
                is_known(f->from[0].bytes, 5);
                is_known(f->from[0].fin, true);
                is_known(f->from[1].fin, true);
                is_known(f->both_acked, n == N);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(crossed_fins_are_told_by_what_they_acknowledge),
                cmocka_unit_test(of_a_fin_and_its_repeats_the_one_that_knew_least_was_first),
                cmocka_unit_test(a_fin_that_had_been_sent_before_it_was_seen_may_have_crossed),
                cmocka_unit_test(a_fin_that_had_come_was_sent_first_however_late_it_is_seen),
                cmocka_unit_test(a_half_closed_connection_goes_on),
                cmocka_unit_test(a_fin_sent_again_is_counted),
                cmocka_unit_test(a_fin_beyond_a_hole_tells_the_length),
                cmocka_unit_test(a_socket_connected_to_itself_closes_with_itself),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
