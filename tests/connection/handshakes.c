/* The handshake: its repeats, its crossings, and whom the answer is of. */
#include "story.h"

enum { NEW_SERVER = 3000000 };

static void unanswered_syns_are_repeats(void **state)
{
        static const struct row rows[] = {
                { .t = 0, .by = 'c', .f = "S" },
                { .t = 1, .by = 'c', .f = "S" },
                { .t = 3, .by = 'c', .f = "S" },
        };

        TOLD(rows);
        assert_int_equal(story.n, 1);
        is_known(f->syns, 3);
        is_known(f->syn_gap, 2000000000);
        is_known(f->last_syn, STORY_TIME(3));
        is_known(f->syn_acks, 0);
        is_known(f->end[0].repeats_unanswered, 2);
        is_known(f->end[0].repeated, SEGMENT_KIND_SYN);
        is_known(f->end[0].unanswered_since, STORY_TIME(0));
        is_known(f->established, false);
        /* It acknowledged nothing, so the server was silent, not only unseen. */
        assert_int_equal(f->seen.sides, SIDES_SEEN_BOTH);
        is_known(f->from[1].bytes, 0);
        is_known(f->from[1].fin, false);
        is_known(f->from[0].acked, 0);
}

static void a_syn_ack_before_its_syn_joins(void **state)
{
        static const struct row rows[] = {
                { .t = 0.02, .by = 's', .f = "S.", .ack = 0 },
                { .t = 0.00, .by = 'c', .f = "S" },
                { .t = 0.03, .by = 'c', .f = ".", .ack = 0 },
        };

        TOLD(rows);
        assert_int_equal(story.n, 1);
        assert_int_equal(f->seen.roles, ROLES_SYN);
        is_known(f->established, true);
        is_known(f->syns, 1);
        is_known(f->from[0].acked, 0);
}

static void of_two_syn_acks_the_client_chooses(void **state)
{
        static const struct row rows[] = {
                { .t = 0.00, .by = 'c', .f = "S" },
                { .t = 0.02, .by = 's', .f = "S.", .ack = 0 },
                { .t = 0.0205, .by = 's', .f = "S.", .ack = 0, .isn = NEW_SERVER },
                { .t = 0.03, .by = 'c', .f = ".", .ack = 0, .of = NEW_SERVER },
                { .t = 0.04, .by = 's', .f = "P.", .at = 0, .n = 300, .ack = 0, .isn = NEW_SERVER },
                { .t = 0.05, .by = 'c', .f = ".", .ack = 300, .of = NEW_SERVER },
        };
        static const struct row first[] = {
                HANDSHAKE,
                { .t = 0.0203, .by = 's', .f = "S.", .ack = 0, .isn = NEW_SERVER },
                { .t = 0.0204, .by = 'c', .f = ".", .ack = 0 },
                { .t = 0.04, .by = 's', .f = "P.", .at = 0, .n = 300, .ack = 0 },
                { .t = 0.05, .by = 'c', .f = ".", .ack = 300 },
        };
        struct story story;

        (void)state;
        TELL(&story, rows);
        assert_int_equal(story.n, 1);
        is_known(story.given[0].facts.two_isns, true);
        is_known(story.given[0].facts.from[1].bytes, 300);
        is_known(story.given[0].facts.from[1].acked, 300);
        is_known(story.given[0].facts.from[1].missing, 0);
        assert_int_equal(story.given[0].isn[1], NEW_SERVER);
        TELL(&story, first);
        assert_int_equal(story.n, 1);
        is_known(story.given[0].facts.two_isns, true);
        is_known(story.given[0].facts.from[1].bytes, 300);
        assert_int_equal(story.given[0].isn[1], SERVER_ISN);
}

static void of_several_syn_acks_alone_the_data_choose(void **state)
{
        static const struct row rows[] = {
                { .t = 0.00, .by = 's', .f = "S.", .ack = 0 },
                { .t = 0.01, .by = 's', .f = "S.", .ack = 0, .isn = 2000000000 },
                { .t = 0.02, .by = 's', .f = "S.", .ack = 0, .isn = 1000000000 },
                { .t = 0.04, .by = 's', .f = "P.", .at = 0, .n = 300, .ack = 10, .isn = 1000000000 },
        };
        struct story story;

        (void)state;
        TELL(&story, rows);
        assert_int_equal(story.n, 1);
        is_known(story.given[0].facts.from[1].bytes, 300);
        assert_false(story.segments[3].stray);
}

static void both_may_begin_at_once(void **state)
{
        static const struct row rows[] = {
                { .t = 0.00, .by = 'c', .f = "S" },
                { .t = 0.01, .by = 's', .f = "S" },
                { .t = 0.02, .by = 'c', .f = "S.", .ack = 0 },
                { .t = 0.03, .by = 's', .f = "S.", .ack = 0 },
                { .t = 0.04, .by = 'c', .f = ".", .ack = 0 },
                { .t = 0.05, .by = 'c', .f = "P.", .at = 0, .n = 10, .ack = 0 },
                { .t = 0.06, .by = 's', .f = ".", .at = 0, .ack = 10 },
        };

        TOLD(rows);
        assert_int_equal(story.n, 1);
        is_known(f->established, true);
        is_known(f->from[0].bytes, 10);
        is_known(f->from[0].acked, 10);
}

/* Of a split handshake the server sends the halves of its SYN-ACK one after the other. */
static void a_syn_behind_an_ack_is_the_rest_of_the_handshake(void **state)
{
        static const struct row rows[] = {
                { .t = 0.00, .by = 'c', .f = "S" },
                { .t = 0.01, .by = 's', .f = ".", .at = -2, .ack = 0 },
                { .t = 0.02, .by = 's', .f = "S" },
                { .t = 0.03, .by = 'c', .f = ".", .ack = 0 },
                { .t = 0.04, .by = 'c', .f = "P.", .at = 0, .n = 10, .ack = 0 },
                { .t = 0.05, .by = 's', .f = "P.", .at = 0, .n = 20, .ack = 10 },
                { .t = 0.06, .by = 'c', .f = ".", .at = 10, .ack = 20 },
        };

        TOLD(rows);
        assert_int_equal(story.n, 1);
        is_known(f->established, true);
        is_known(f->from[0].acked, 10);
        is_known(f->from[1].bytes, 20);
        is_known(f->from[1].acked, 20);
        assert_false(f->seen.gaps);
        for (size_t i = 0; i < story.n_segments; i++)
                assert_false(story.segments[i].stray);
}

/* The server still holds an older connection (TIME_WAIT, say), acknowledges that one, and is told that it is gone. */
static void an_acknowledgement_of_an_older_connection_is_no_hole(void **state)
{
        static const struct row rows[] = {
                { .t = 0, .by = 'c', .f = "S" },
                { .t = 0.02, .by = 's', .f = ".", .at = 900000, .ack = 500000000 },
                { .t = 0.0201, .by = 'c', .f = "R", .at = 500000000, .bare = true },
                { .t = 1, .by = 'c', .f = "S" },
                { .t = 1.02, .by = 's', .f = "S.", .ack = 0 },
                { .t = 1.0201, .by = 'c', .f = ".", .at = 0, .ack = 0 },
                { .t = 1.03, .by = 'c', .f = "P.", .at = 0, .n = 100, .ack = 0 },
                { .t = 1.05, .by = 's', .f = ".", .at = 0, .ack = 100 },
        };

        TOLD(rows);
        assert_int_equal(story.n, 1);
        assert_false(f->seen.gaps);
        is_known(f->established, true);
        is_known(f->from[0].bytes, 100);
        is_known(f->from[0].acked, 100);
        is_known(f->from[0].missing, 0);
        is_known(f->resets[0].answers, SEGMENT_KIND_ACK);
        is_known(f->resets[0].obeyed, false);
}

/* The number may lie as near as a piece that was lost would: the RST tells what it was. */
static void a_reset_tells_that_an_acknowledgement_was_of_an_older_connection(void **state)
{
        static const struct row rows[] = {
                { .t = 0, .by = 'c', .f = "S" },
                { .t = 0.02, .by = 's', .f = ".", .at = 900000, .ack = 50000 },
                { .t = 0.0201, .by = 'c', .f = "R", .at = 50000, .bare = true },
                { .t = 1, .by = 'c', .f = "S" },
                { .t = 1.02, .by = 's', .f = "S.", .ack = 0 },
                { .t = 1.0201, .by = 'c', .f = ".", .at = 0, .ack = 0 },
                { .t = 1.03, .by = 'c', .f = "P.", .at = 0, .n = 100, .ack = 0 },
                { .t = 1.05, .by = 's', .f = ".", .at = 0, .ack = 100 },
        };

        TOLD(rows);
        assert_int_equal(story.n, 1);
        assert_false(f->seen.gaps);
        is_known(f->established, true);
        is_known(f->from[0].bytes, 100);
        is_known(f->from[0].acked, 100);
        is_known(f->from[0].missing, 0);
        is_known(f->from[1].bytes, 0);
        is_known(f->resets[0].obeyed, false);
        for (size_t i = 3; i < story.n_segments; i++)
                assert_false(story.segments[i].stray);
}

/* As where the answers are lost on their way to the client; each SYN draws one. */
static void syns_after_an_answer_are_counted(void **state)
{
        static const struct row rows[] = {
                { .t = 0.00, .by = 'c', .f = "S" },
                { .t = 1.00, .by = 'c', .f = "S" },
                { .t = 1.02, .by = 's', .f = "S.", .ack = 0 },
                { .t = 3.00, .by = 'c', .f = "S" },
                { .t = 3.02, .by = 's', .f = "S.", .ack = 0 },
                { .t = 7.00, .by = 'c', .f = "S" },
                { .t = 7.02, .by = 's', .f = "S.", .ack = 0 },
        };
        static const struct row silent[] = {
                { .t = 0.00, .by = 'c', .f = "S" },
                { .t = 0.02, .by = 's', .f = "S.", .ack = 0 },
                { .t = 1.02, .by = 's', .f = "S.", .ack = 0 },
        };

        TOLD(rows);
        is_known(f->syns, 4);
        is_known(f->answered_syns, 2);
        TELL(&story, silent);
        is_known(f->answered_syns, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_acknowledgement_of_an_older_connection_is_no_hole),
                cmocka_unit_test(a_reset_tells_that_an_acknowledgement_was_of_an_older_connection),
                cmocka_unit_test(unanswered_syns_are_repeats),
                cmocka_unit_test(a_syn_ack_before_its_syn_joins),
                cmocka_unit_test(of_two_syn_acks_the_client_chooses),
                cmocka_unit_test(of_several_syn_acks_alone_the_data_choose),
                cmocka_unit_test(a_syn_behind_an_ack_is_the_rest_of_the_handshake),
                cmocka_unit_test(both_may_begin_at_once),
                cmocka_unit_test(syns_after_an_answer_are_counted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
