/* What was not seen from its beginning, or from one side alone. */
#include "story.h"

static void one_side_alone_tells_the_least_of_the_other(void **state)
{
        static const struct row rows[] = {
                { .t = 0.00, .by = 's', .f = "S.", .ack = 0 },
                { .t = 0.04, .by = 's', .f = ".", .at = 0, .ack = 100 },
                { .t = 0.05, .by = 's', .f = "P.", .at = 0, .n = 300, .ack = 100 },
                { .t = 0.0501, .by = 's', .f = "F.", .at = 300, .ack = 100 },
                { .t = 0.09, .by = 's', .f = ".", .at = 301, .ack = 101 },
        };

        TOLD(rows);
        assert_int_equal(f->seen.sides, SIDES_SEEN_SERVER);
        assert_int_equal(f->seen.roles, ROLES_SYN_ACK);
        is_unknown(f->from[0].bytes);
        is_known(f->from[0].acked, 100);
        assert_int_equal(f->from[0].acked.how, HOW_INFERRED);
        is_known(f->from[0].missing, 100);
        is_unknown(f->from[0].fin);
        is_known(f->from[1].bytes, 300);
        is_unknown(f->from[1].acked);
        is_known(f->from[1].fin, true);
        is_unknown(f->from[1].fin_acked);
        is_unknown(f->end[1].repeats_unanswered);
}

static void in_the_middle_the_first_byte_seen_is_the_first(void **state)
{
        static const struct row rows[] = {
                { .t = 0.0, .by = 's', .f = ".", .at = 5000, .ack = 900 },
                { .t = 0.1, .by = 'c', .f = "P.", .at = 900, .n = 100, .ack = 5000 },
                { .t = 0.2, .by = 's', .f = "P.", .at = 5000, .n = 50, .ack = 1000 },
        };

        TOLD(rows);
        is_known(f->from[0].bytes, 100);
        is_known(f->from[0].acked, 100);
        is_known(f->from[1].bytes, 50);
        assert_true(f->seen.midstream);
        assert_int_equal(f->seen.roles, ROLES_PORTS);
        assert_int_equal(story.given[0].port[SIDE_SERVER], 443);
        is_unknown(f->syns);
        is_known(f->established, true);
        assert_int_equal(f->established.how, HOW_INFERRED);
}

/* The client has sent up to 4000, and the server acknowledges none of it. */
static void a_number_of_its_own_says_nothing_of_what_was_acknowledged(void **state)
{
        static const struct row rows[] = {
                { .t = 0.00, .by = 'c', .f = ".", .at = 4000, .ack = 50 },
                { .t = 0.01, .by = 's', .f = ".", .at = 50, .ack = 0 },
                { .t = 0.20, .by = 'c', .f = "P.", .at = 0, .n = 700, .ack = 50 },
        };
        static const struct row reset[] = {
                { .t = 0.00, .by = 'c', .f = ".", .at = 4000, .ack = 50 },
                { .t = 0.01, .by = 's', .f = "R", .at = 50, .bare = true },
                { .t = 0.20, .by = 'c', .f = "P.", .at = 0, .n = 700, .ack = 50 },
                { .t = 0.21, .by = 's', .f = "R", .at = 50, .bare = true },
        };

        TOLD(rows);
        is_known(f->from[0].bytes, 4000);
        is_known(f->from[0].acked, 0);
        TELL(&story, reset);
        is_known(f->from[0].bytes, 4000);
        is_known(f->from[0].acked, 0);
}

static void what_was_on_its_way_when_the_capture_began_is_not_missing(void **state)
{
        static const struct row rows[] = {
                { .t = 0.0, .by = 'c', .f = ".", .at = 900, .ack = 5000 },
                { .t = 0.1, .by = 's', .f = ".", .at = 8000, .n = 1000, .ack = 900 },
                { .t = 0.2, .by = 'c', .f = ".", .at = 900, .ack = 9000 },
        };
        /* An acknowledgement that has nothing to do with what its receiver sends. */
        static const struct row nonsense[] = {
                { .t = 0.0, .by = 'c', .f = "P.", .at = 900, .n = 100, .ack = 1500000000 },
                { .t = 0.1, .by = 's', .f = "P.", .at = 0, .n = 300, .ack = 1000 },
                { .t = 0.2, .by = 'c', .f = ".", .at = 1000, .ack = 300 },
        };

        TOLD(rows);
        is_known(f->from[1].bytes, 1000);
        is_known(f->from[1].missing, 0);
        is_known(f->from[1].acked, 1000);
        TELL(&story, nonsense);
        is_known(f->from[1].bytes, 300);
        is_known(f->from[1].acked, 300);
        is_known(f->from[0].acked, 100);
}

static void a_keepalive_first_does_not_make_a_hole(void **state)
{
        static const struct row rows[] = {
                { .t = 0.0, .by = 'c', .f = ".", .at = 899, .ack = 5000 },
                { .t = 0.02, .by = 's', .f = ".", .at = 5000, .ack = 900 },
                { .t = 1.0, .by = 'c', .f = "P.", .at = 900, .n = 100, .ack = 5000 },
                { .t = 1.02, .by = 's', .f = ".", .at = 5000, .ack = 1000 },
        };

        TOLD(rows);
        is_known(f->from[0].bytes, 100);
        is_known(f->from[0].missing, 0);
        is_known(f->from[0].acked, 100);
        assert_false(f->seen.gaps);
}

static void a_first_piece_behind_the_second_is_the_first_all_the_same(void **state)
{
        static const struct row rows[] = {
                { .t = 0.0, .by = 'c', .f = "P.", .at = 900, .n = 100, .ack = 5000 },
                { .t = 0.1, .by = 's', .f = ".", .at = 5010, .n = 50, .ack = 1000 },
                { .t = 0.0999, .by = 's', .f = "P.", .at = 5000, .n = 10, .ack = 1000 },
                { .t = 0.2, .by = 'c', .f = ".", .at = 1000, .ack = 5060 },
        };
        /* So much later it is another matter: it was sent before the capture began, and again. */
        static const struct row again[] = {
                { .t = 0.0, .by = 'c', .f = "P.", .at = 900, .n = 100, .ack = 5000 },
                { .t = 0.1, .by = 's', .f = ".", .at = 5010, .n = 50, .ack = 1000 },
                { .t = 0.4, .by = 's', .f = "P.", .at = 5000, .n = 10, .ack = 1000 },
        };
        struct story story;

        (void)state;
        TELL(&story, rows);
        assert_int_equal(story.n, 1);
        is_known(story.given[0].facts.from[1].bytes, 60);
        is_known(story.given[0].facts.from[1].acked, 60);
        is_known(story.given[0].facts.from[1].retransmitted, 0);
        is_known(story.given[0].facts.from[1].missing, 0);
        assert_int_equal(story.given[0].first_seq[1], SERVER_ISN + 1 + 5000);
        TELL(&story, again);
        is_known(story.given[0].facts.from[1].bytes, 50);
}

/* All that was seen begins behind it: the ACK of a FIN looks like any other. */
static void a_fin_may_have_come_before_the_first_segment(void **state)
{
        static const struct row rows[] = {
                { .t = 0.0, .by = 'c', .f = "F.", .at = 900, .ack = 5001 },
                { .t = 0.1, .by = 's', .f = ".", .at = 5001, .ack = 901 },
        };
        static const struct row talks[] = {
                { .t = 0.0, .by = 'c', .f = "F.", .at = 900, .ack = 5000 },
                { .t = 0.1, .by = 's', .f = "P.", .at = 5000, .n = 10, .ack = 901 },
        };

        TOLD(rows);
        is_known(f->from[0].fin, true);
        is_unknown(f->from[1].fin);
        TELL(&story, talks);
        is_known(f->from[1].fin, false);
}

/* It is late, or the first was not seen and this one repeats it: what was sent meanwhile stands. */
static void a_syn_ack_behind_all_that_was_acknowledged_takes_nothing_back(void **state)
{
        static const struct row rows[] = {
                { .t = 0.00, .by = 'c', .f = "S" },
                { .t = 0.01, .by = 'c', .f = "P.", .at = 0, .n = 10, .ack = 0 },
                { .t = 0.02, .by = 's', .f = "P.", .at = 900, .n = 50, .ack = 10 },
                { .t = 0.03, .by = 'c', .f = "F.", .at = 10, .ack = 950 },
                { .t = 0.04, .by = 's', .f = "F.", .at = 950, .ack = 11 },
                { .t = 0.05, .by = 'c', .f = ".", .at = 11, .ack = 951 },
                { .t = 0.90, .by = 's', .f = "S.", .ack = 0 },
        };

        TOLD(rows);
        is_known(f->from[1].bytes, 50);
        is_known(f->from[1].fin, true);
        is_known(f->both_acked, true);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_first_piece_behind_the_second_is_the_first_all_the_same),
                cmocka_unit_test(one_side_alone_tells_the_least_of_the_other),
                cmocka_unit_test(in_the_middle_the_first_byte_seen_is_the_first),
                cmocka_unit_test(a_number_of_its_own_says_nothing_of_what_was_acknowledged),
                cmocka_unit_test(what_was_on_its_way_when_the_capture_began_is_not_missing),
                cmocka_unit_test(a_keepalive_first_does_not_make_a_hole),
                cmocka_unit_test(a_fin_may_have_come_before_the_first_segment),
                cmocka_unit_test(a_syn_ack_behind_all_that_was_acknowledged_takes_nothing_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
