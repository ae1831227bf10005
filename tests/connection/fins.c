/* FINs: crossed, alone, sent again, beyond a hole. */
#include "story.h"

static void
crossed_fins_are_told_by_what_they_acknowledge(void **state)
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

static void
a_half_closed_connection_goes_on(void **state)
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

static void
a_fin_sent_again_is_counted(void **state)
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

static void
a_fin_beyond_a_hole_tells_the_length(void **state)
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

int
main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(crossed_fins_are_told_by_what_they_acknowledge),
                cmocka_unit_test(a_half_closed_connection_goes_on),
                cmocka_unit_test(a_fin_sent_again_is_counted),
                cmocka_unit_test(a_fin_beyond_a_hole_tells_the_length),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
