/* RSTs: what they were, what they answered, and what they acknowledged. */
#include "story.h"

static void an_active_reset_acknowledges_more_than_was_known(void **state)
{
        static const struct row rows[] = {
                TALK,
                { .t = 1.0, .by = 'c', .f = "P.", .at = 100, .n = 900, .ack = 300 },
                { .t = 1.02, .by = 's', .f = "R.", .at = 300, .ack = 1000, .window = 92 },
        };

        TOLD(rows);
        assert_int_equal(f->n_resets, 1);
        is_known(f->resets[0].by, SIDE_SERVER);
        is_known(f->resets[0].validity, RESET_VALIDITY_EXACT);
        is_known(f->resets[0].obeyed, true);
        is_known(f->resets[0].has_ack, true);
        is_known(f->resets[0].window, 92);
        is_known(f->resets[0].ack_position, 1000);
        is_known(f->resets[0].ack_impossible, false);
        is_known(f->resets[0].position, 300);
        is_known(f->resets[0].behind, false);
        is_known(f->resets[0].ttl_differs, false);
        is_known(f->resets[0].after_both_acked, false);
        is_known(f->resets[0].frame, 8);
        is_known(f->resets[0].before, STORY_TIME(1.0));
        is_unknown(f->resets[0].answers);
        is_known(f->from[0].acked, 100);
        is_known(f->from[0].acked_by_reset, 1000);
        is_unknown(f->from[1].acked_by_reset);
        is_known(f->from[1].fin, false);
}

static void a_reply_names_the_segment_that_it_answers(void **state)
{
        static const struct row rows[] = {
                TALK,
                { .t = 9.0, .by = 'c', .f = "P.", .at = 100, .n = 50, .ack = 300 },
                { .t = 9.02, .by = 's', .f = "R", .at = 300, .bare = true },
        };

        TOLD(rows);
        is_known(f->resets[0].answers, SEGMENT_KIND_DATA);
        is_known(f->resets[0].answers_at, STORY_TIME(9.0));
        is_known(f->resets[0].answers_frame, 7);
        is_known(f->resets[0].answers_repeat, false);
        is_known(f->resets[0].before_answers, STORY_TIME(0.0411));
        is_known(f->resets[0].validity, RESET_VALIDITY_EXACT);
        is_known(f->resets[0].obeyed, true);
        is_known(f->resets[0].has_ack, false);
        is_unknown(f->resets[0].ack_position);
        is_known(f->end[1].repeats_unanswered, 0);
        is_known(f->end[0].repeats_unanswered, 0);
}

/* What a short snaplen leaves of a reset says neither that its window was 0, nor that it had no options. */
static void what_was_cut_of_a_reset_is_not_known(void **state)
{
        static const struct row rows[] = {
                TALK,
                { .t = 9.0, .by = 'c', .f = "P.", .at = 100, .n = 50, .ack = 300 },
                { .t = 9.02, .by = 's', .f = "R", .at = 300, .bare = true, .n_header = 14 },
        }, longer[] = {
                TALK,
                { .t = 9.0, .by = 'c', .f = "P.", .at = 100, .n = 50, .ack = 300 },
                { .t = 9.02, .by = 's', .f = "R", .at = 300, .bare = true, .n_header = 18 },
        };

        TOLD(rows);
        is_known(f->resets[0].answers, SEGMENT_KIND_DATA);
        is_unknown(f->resets[0].window);
        is_unknown(f->resets[0].options);
        TELL(&story, longer);
        is_known(f->resets[0].window, 0);
        is_unknown(f->resets[0].options);
}

/* No host waits so long: what was sent before the silence did not draw it. */
static void a_reset_after_a_long_silence_answers_nothing(void **state)
{
        static const struct row rows[] = {
                TALK,
                { .t = 350.0, .by = 's', .f = "R", .at = 300, .bare = true },
        }, both[] = {
                TALK,
                { .t = 350.0, .by = 's', .f = "R", .at = 300, .bare = true },
                { .t = 350.00001, .by = 'c', .f = "R", .at = 100, .bare = true },
        }, soon[] = {
                TALK,
                { .t = 9.0, .by = 's', .f = "R", .at = 300, .bare = true },
        };

        TOLD(rows);
        is_unknown(f->resets[0].answers);
        is_known(f->resets[0].unasked, true);
        TELL(&story, both);
        assert_int_equal(f->n_resets, 2);
        is_known(f->resets[0].unasked, true);
        is_known(f->resets[1].unasked, true);
        TELL(&story, soon);
        is_known(f->resets[0].answers, SEGMENT_KIND_ACK);
        is_unknown(f->resets[0].unasked);
}

static void the_second_of_two_replies_answers_the_second_segment(void **state)
{
        static const struct row rows[] = {
                TALK,
                { .t = 5.030, .by = 'c', .f = "P.", .at = 100, .n = 100, .ack = 300 },
                { .t = 5.035, .by = 's', .f = "F.", .at = 300, .ack = 100 },
                { .t = 5.0351, .by = 'c', .f = ".", .at = 200, .ack = 301 },
                { .t = 5.050, .by = 's', .f = "R", .at = 300, .bare = true },
                { .t = 5.055, .by = 's', .f = "R", .at = 301, .bare = true },
        };

        TOLD(rows);
        assert_int_equal(f->n_resets, 2);
        is_known(f->resets[0].validity, RESET_VALIDITY_BEFORE_FIN);
        is_known(f->resets[0].answers, SEGMENT_KIND_DATA);
        is_known(f->resets[1].answers, SEGMENT_KIND_ACK);
        is_known(f->resets[1].validity, RESET_VALIDITY_EXACT);
        is_known(f->from[1].fin_acked, true);
        is_known(f->both_acked, false);
        is_known(f->resets[0].behind, true);
}

static void replies_answer_in_the_order_of_what_draws_them(void **state)
{
        static const struct row rows[] = {
                TALK,
                { .t = 1.000, .by = 's', .f = "F.", .at = 300, .ack = 100 },
                { .t = 1.001, .by = 'c', .f = ".", .at = 100, .ack = 301 },
                { .t = 1.010, .by = 'c', .f = "P.", .at = 100, .n = 24, .ack = 301 },
                { .t = 1.011, .by = 'c', .f = "F.", .at = 124, .ack = 301 },
                { .t = 1.030, .by = 's', .f = "R", .at = 301, .bare = true },
                /* Alike to the last bit, and no twin. */
                { .t = 1.0301, .by = 's', .f = "R", .at = 301, .bare = true },
        };
        static const struct row taken[] = {
                TALK,
                { .t = 1.0, .by = 'c', .f = "P.", .at = 100, .n = 50, .ack = 300 },
                { .t = 1.1, .by = 's', .f = ".", .at = 300, .ack = 150 },
                { .t = 2.0, .by = 'c', .f = "P.", .at = 150, .n = 50, .ack = 300 },
                { .t = 2.1, .by = 's', .f = "R", .at = 300, .bare = true },
        };

        TOLD(rows);
        assert_int_equal(f->n_resets, 1);
        assert_int_equal(f->n_resets_in_all, 2);
        is_known(f->resets[0].answers, SEGMENT_KIND_DATA);
        is_known(f->resets[0].answers_at, STORY_TIME(1.010));
        is_known(f->resets[0].drew_data, true);
        TELL(&story, taken);
        is_known(f->resets[0].answers_at, STORY_TIME(2.0));
}

/* What drew nothing in seconds draws nothing any more; but what is on its way for too short a time has drawn nothing
 * yet. */
static void a_reply_answers_the_later_segment_if_the_earlier_had_its_time(void **state)
{
        static const struct row in_order[] = {
                TALK,
                { .t = 1.0, .by = 'c', .f = "P.", .at = 100, .n = 50, .ack = 300 },
                { .t = 5.0, .by = 'c', .f = "F.", .at = 150, .ack = 300 },
                { .t = 5.02, .by = 's', .f = "R", .at = 300, .bare = true },
        }, soon[] = {
                TALK,
                { .t = 1.0, .by = 'c', .f = "P.", .at = 100, .n = 50, .ack = 300 },
                { .t = 1.5, .by = 'c', .f = "F.", .at = 150, .ack = 300 },
                { .t = 1.52, .by = 's', .f = "R", .at = 300, .bare = true },
        }, too_soon[] = {
                TALK,
                { .t = 1.0, .by = 'c', .f = "P.", .at = 100, .n = 50, .ack = 300 },
                { .t = 5.0, .by = 'c', .f = "F.", .at = 150, .ack = 300 },
                { .t = 5.005, .by = 's', .f = "R", .at = 300, .bare = true },
        }, out_of_order[] = {
                TALK,
                { .t = 1.0, .by = 's', .f = "F.", .at = 300, .ack = 100 },
                { .t = 1.001, .by = 'c', .f = "P.", .at = 100, .n = 50, .ack = 300 },
                { .t = 8.0, .by = 'c', .f = "F.", .at = 200, .ack = 300 },
                { .t = 12.0, .by = 'c', .f = "P.", .at = 150, .n = 50, .ack = 300 },
                { .t = 12.02, .by = 's', .f = "R", .at = 300, .bare = true },
        };

        TOLD(in_order);
        is_known(f->resets[0].answers, SEGMENT_KIND_FIN);
        is_known(f->resets[0].answers_at, STORY_TIME(5.0));
        is_known(f->resets[0].drew_data, false);
        TELL(&story, soon);
        is_known(f->resets[0].answers, SEGMENT_KIND_DATA);
        TELL(&story, too_soon);
        is_known(f->resets[0].answers, SEGMENT_KIND_DATA);
        TELL(&story, out_of_order);
        is_known(f->resets[0].answers, SEGMENT_KIND_DATA);
        is_known(f->resets[0].answers_at, STORY_TIME(12.0));
        is_known(f->resets[0].drew_data, true);
}

static void a_refusal_answers_the_syn(void **state)
{
        static const struct row rows[] = {
                { .t = 0, .by = 'c', .f = "S" },
                { .t = 0.001, .by = 's', .f = "R.", .ack = 0, .bare = true, .ttl = 64 },
        };

        TOLD(rows);
        is_known(f->resets[0].validity, RESET_VALIDITY_EXACT);
        is_known(f->resets[0].answers, SEGMENT_KIND_SYN);
        is_known(f->resets[0].ack_position, 0);
        is_unknown(f->resets[0].ttl_differs);
        is_known(f->established, false);
        is_known(f->from[0].acked_by_reset, 0);
        is_known(f->from[0].acked, 0);
        is_known(f->end[0].repeats_unanswered, 0);
        is_unknown(f->end[1].os);
}

static void a_bare_reset_does_not_refuse_a_syn(void **state)
{
        static const struct row rows[] = {
                { .t = 0, .by = 'c', .f = "S" },
                { .t = 0.001, .by = 's', .f = "R", .bare = true },
                { .t = 0.020, .by = 's', .f = "S.", .ack = 0 },
                { .t = 0.0201, .by = 'c', .f = ".", .ack = 0 },
        };

        TOLD(rows);
        assert_int_equal(story.n, 1);
        is_known(f->resets[0].validity, RESET_VALIDITY_OUTSIDE);
        is_known(f->established, true);
}

static void an_abandoned_attempt_answers_the_syn_ack(void **state)
{
        static const struct row rows[] = {
                { .t = 0, .by = 'c', .f = "S" },
                { .t = 0.3, .by = 's', .f = "S.", .ack = 0 },
                { .t = 0.30005, .by = 'c', .f = "R", .at = 0, .bare = true },
        };

        TOLD(rows);
        is_known(f->resets[0].by, SIDE_CLIENT);
        is_known(f->resets[0].answers, SEGMENT_KIND_SYN_ACK);
        is_known(f->resets[0].validity, RESET_VALIDITY_EXACT);
        is_known(f->resets[0].before_answers, STORY_TIME(0));
        is_known(f->established, false);
}

static void text_in_a_reset_is_not_of_the_stream(void **state)
{
        static const struct row rows[] = {
                TALK,
                { .t = 1.0, .by = 's', .f = "R.", .at = 300, .n = 24, .ack = 100, .window = -1 },
        };

        TOLD(rows);
        is_known(f->from[1].bytes, 300);
        is_known(f->from[1].payload_seen, 324);
        is_known(f->resets[0].payload, 24);
        is_known(f->end[1].os, OS_OTHER);
}

static void a_lone_reset_tells_little(void **state)
{
        static const struct row rows[] = { { .t = 0, .by = 's', .f = "R.", .window = -1, .bare = false } };

        TOLD(rows);
        assert_int_equal(f->n_resets, 1);
        assert_int_equal(story.given[0].port[SIDE_SERVER], 443);
        assert_int_equal(f->seen.roles, ROLES_PORTS);
        is_unknown(f->resets[0].validity);
        is_unknown(f->resets[0].obeyed);
        is_unknown(f->resets[0].ttl_differs);
        is_unknown(f->resets[0].answers);
        is_unknown(f->established);
}

static void a_reply_may_answer_what_is_left_of_a_large_segment(void **state)
{
        /* The server's card cuts the 400 bytes in two; the client has the first half, closes, and gets the second. */
        static const struct row rows[] = {
                TALK,
                { .t = 1.0, .by = 'c', .f = "P.", .at = 100, .n = 50, .ack = 300 },
                { .t = 1.0001, .by = 's', .f = ".", .at = 300, .ack = 150 },
                { .t = 1.0002, .by = 's', .f = "P.", .at = 300, .n = 400, .ack = 150 },
                { .t = 1.0010, .by = 'c', .f = ".", .at = 150, .ack = 500 },
                { .t = 1.0011, .by = 'c', .f = "F.", .at = 150, .ack = 500 },
                { .t = 1.0012, .by = 's', .f = "F.", .at = 700, .ack = 151 },
                { .t = 1.0013, .by = 'c', .f = "R", .at = 150, .bare = true },
                { .t = 1.0014, .by = 'c', .f = "R", .at = 151, .bare = true },
        };

        TOLD(rows);
        is_known(f->from[1].acked, 500);
        is_known(f->resets[0].answers, SEGMENT_KIND_DATA);
        is_known(f->resets[0].answers_at, STORY_TIME(1.0002));
        is_known(f->resets[0].drew_data, true);
        is_known(f->resets[1].answers, SEGMENT_KIND_FIN);
}

static void a_counter_of_the_whole_host_goes_on_in_the_meantime(void **state)
{
#define NUMBERED                                                                                   \
        { .t = 0.0, .by = 'c', .f = "S", .ip_id = 100 }, { .t = 0.02, .by = 's', .f = "S.", .ack = 0 },  \
        { .t = 0.0201, .by = 'c', .f = ".", .at = 0, .ack = 0, .ip_id = 101 },                     \
        { .t = 0.0205, .by = 'c', .f = "P.", .at = 0, .n = 100, .ack = 0, .ip_id = 102 },          \
        { .t = 0.041, .by = 's', .f = "P.", .at = 0, .n = 300, .ack = 100 },                       \
        { .t = 0.0411, .by = 'c', .f = ".", .at = 100, .ack = 300, .ip_id = 103 }
        static const struct row late[] = {
                NUMBERED,
                { .t = 1.0, .by = 'c', .f = "R.", .at = 100, .ack = 300, .ip_id = 900 },
        };
        static const struct row soon[] = {
                NUMBERED,
                { .t = 0.0415, .by = 'c', .f = "R.", .at = 100, .ack = 300, .ip_id = 900 },
        };
#undef NUMBERED
        struct story story;

        (void)state;
        TELL(&story, late);
        is_known(story.given[0].facts.resets[0].ip_id_jumps, false);
        TELL(&story, soon);
        is_known(story.given[0].facts.resets[0].ip_id_jumps, true);
}

static void a_reset_acknowledges_what_was_not_seen(void **state)
{
        static const struct row rows[] = {
                { .t = 0.0, .by = 'c', .f = "S" },
                { .t = 0.02, .by = 'c', .f = ".", .at = 0, .ack = 0 },
                { .t = 0.03, .by = 'c', .f = "P.", .at = 0, .n = 100, .ack = 0 },
                { .t = 0.06, .by = 'c', .f = ".", .at = 100, .ack = 300 },
                { .t = 5.0, .by = 'c', .f = "R.", .at = 100, .ack = 300 },
        };

        TOLD(rows);
        is_known(f->from[1].acked, 299);
        is_known(f->from[1].acked_by_reset, 299);
}

static void a_mirrored_reset_is_told(void **state)
{
        static const struct row rows[] = {
                TALK,
                { .t = 1.0, .by = 'c', .f = "P.", .at = 100, .n = 50, .ack = 300, .window = 77, .ip_id = 4000 },
                { .t = 1.001, .by = 's', .f = "R", .at = 300, .window = 77, .ip_id = 4000, .ttl = 64 },
        };
        static const struct row zero[] = {
                TALK,
                { .t = 1.0, .by = 'c', .f = "P.", .at = 100, .n = 50, .ack = 300, .window = -1, .ip_id = 4000 },
                { .t = 1.001, .by = 's', .f = "R", .at = 300, .window = -1, .ip_id = 4000, .ttl = 64 },
        };

        TOLD(rows);
        /* No shape of a reply, so nothing says what it answers. */
        is_unknown(f->resets[0].answers);
        TELL(&story, zero);
        is_known(f->resets[0].mirrors, true);
        is_known(f->resets[0].ttl_differs, true);
}

static void the_reason_of_mptcp_is_kept(void **state)
{
        static const struct row rows[] = {
                { .t = 0.000, .by = 'c', .f = "S", .mptcp = 0xff },
                { .t = 0.020, .by = 's', .f = "S.", .ack = 0, .mptcp = 0xff },
                { .t = 0.0201, .by = 'c', .f = ".", .ack = 0 },
                { .t = 0.1, .by = 's', .f = "R.", .at = 0, .ack = 0, .mptcp = 8, .reason = 3 },
        };

        TOLD(rows);
        is_known(f->mptcp, true);
        is_known(f->resets[0].mptcp_reason, 3);
        is_known(f->resets[0].options, true);
}

static void a_storm_of_resets_is_counted(void **state)
{
        struct row rows[40] = { TALK };
        struct story story;
        const struct facts *f = &story.given[0].facts;

        (void)state;
        for (int i = 6; i < 40; i++)
                rows[i] = (struct row){ .t = 1 + i, .by = 's', .f = "R", .at = 300 + i % 8 * 1460, .bare = true };
        story_play(&story, rows, 40, NULL, 32);
        assert_int_equal(story.n, 1);
        assert_int_equal(f->n_resets, FACTS_RESETS_MAX);
        assert_int_equal(f->n_resets_in_all, 34);
}

static void a_scan_without_ack_is_answered_by_what_it_took(void **state)
{
        static const struct row rows[] = {
                { .t = 0, .by = 'c', .f = "FPU", .at = 0 },
                { .t = 0.001, .by = 's', .f = "R.", .ack = 1, .bare = true },
        };
        static const struct row other[] = {
                { .t = 0, .by = 'c', .f = "FPU", .at = 0 },
                { .t = 0.001, .by = 's', .f = "R.", .ack = 7, .bare = true },
        };
        struct story story;

        (void)state;
        TELL(&story, rows);
        is_known(story.given[0].facts.resets[0].answers, SEGMENT_KIND_FIN);
        is_known(story.given[0].facts.resets[0].answers_frame, 1);
        TELL(&story, other);
        is_unknown(story.given[0].facts.resets[0].answers);
}

/* The first copies may have arrived: what draws a RST is the repeat then. */
static void a_reply_that_may_answer_a_repeat_shows_no_loss(void **state)
{
        static const struct row rows[] = {
                TALK,
                { .t = 1.000, .by = 'c', .f = "P.", .at = 100, .n = 50, .ack = 300 },
                { .t = 1.001, .by = 'c', .f = "P.", .at = 150, .n = 50, .ack = 300 },
                { .t = 1.250, .by = 'c', .f = "P.", .at = 100, .n = 50, .ack = 300 },
                { .t = 1.270, .by = 's', .f = "R", .at = 300, .bare = true },
        };

        TOLD(rows);
        is_known(f->resets[0].answers, SEGMENT_KIND_DATA);
        is_known(f->resets[0].answers_repeat, true);
        is_known(f->resets[0].drew_data, false);
}

/* The server is gone, and answers each ACK that was under way; of its RSTs only the last has the number that the
 * client expects. */
static void of_many_resets_those_that_may_be_taken_are_kept(void **state)
{
        static const struct row rows[] = {
                TALK,
                { .t = 1.00, .by = 's', .f = ".", .at = 300, .n = 100, .ack = 100 },
                { .t = 1.01, .by = 's', .f = ".", .at = 400, .n = 100, .ack = 100 },
                { .t = 1.02, .by = 's', .f = ".", .at = 500, .n = 100, .ack = 100 },
                { .t = 1.03, .by = 's', .f = ".", .at = 600, .n = 100, .ack = 100 },
                { .t = 1.04, .by = 's', .f = ".", .at = 700, .n = 100, .ack = 100 },
                { .t = 1.05, .by = 's', .f = ".", .at = 800, .n = 100, .ack = 100 },
                { .t = 1.050, .by = 'c', .f = ".", .at = 100, .ack = 400 },
                { .t = 1.051, .by = 'c', .f = ".", .at = 100, .ack = 500 },
                { .t = 1.052, .by = 'c', .f = ".", .at = 100, .ack = 600 },
                { .t = 1.053, .by = 'c', .f = ".", .at = 100, .ack = 700 },
                { .t = 1.054, .by = 'c', .f = ".", .at = 100, .ack = 800 },
                { .t = 1.055, .by = 'c', .f = ".", .at = 100, .ack = 900 },
                { .t = 1.070, .by = 's', .f = "R", .at = 400, .bare = true },
                { .t = 1.071, .by = 's', .f = "R", .at = 500, .bare = true },
                { .t = 1.072, .by = 's', .f = "R", .at = 600, .bare = true },
                { .t = 1.073, .by = 's', .f = "R", .at = 700, .bare = true },
                { .t = 1.074, .by = 's', .f = "R", .at = 800, .bare = true },
                { .t = 1.075, .by = 's', .f = "R", .at = 900, .bare = true },
        };

        TOLD(rows);
        assert_int_equal(f->n_resets, FACTS_RESETS_MAX);
        assert_int_equal(f->n_resets_in_all, 6);
        is_known(f->resets[0].position, 400);
        is_known(f->resets[0].validity, RESET_VALIDITY_OUTSIDE);
        is_known(f->resets[2].position, 600);
        is_known(f->resets[3].position, 900);
        is_known(f->resets[3].validity, RESET_VALIDITY_EXACT);
        is_known(f->resets[3].obeyed, true);
        is_known(f->resets[3].answers, SEGMENT_KIND_ACK);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_scan_without_ack_is_answered_by_what_it_took),
                cmocka_unit_test(an_active_reset_acknowledges_more_than_was_known),
                cmocka_unit_test(a_reply_names_the_segment_that_it_answers),
                cmocka_unit_test(what_was_cut_of_a_reset_is_not_known),
                cmocka_unit_test(a_reset_after_a_long_silence_answers_nothing),
                cmocka_unit_test(the_second_of_two_replies_answers_the_second_segment),
                cmocka_unit_test(replies_answer_in_the_order_of_what_draws_them),
                cmocka_unit_test(a_reply_answers_the_later_segment_if_the_earlier_had_its_time),
                cmocka_unit_test(a_refusal_answers_the_syn),
                cmocka_unit_test(a_bare_reset_does_not_refuse_a_syn),
                cmocka_unit_test(an_abandoned_attempt_answers_the_syn_ack),
                cmocka_unit_test(text_in_a_reset_is_not_of_the_stream),
                cmocka_unit_test(a_lone_reset_tells_little),
                cmocka_unit_test(a_mirrored_reset_is_told),
                cmocka_unit_test(a_reply_may_answer_what_is_left_of_a_large_segment),
                cmocka_unit_test(a_counter_of_the_whole_host_goes_on_in_the_meantime),
                cmocka_unit_test(a_reset_acknowledges_what_was_not_seen),
                cmocka_unit_test(the_reason_of_mptcp_is_kept),
                cmocka_unit_test(a_storm_of_resets_is_counted),
                cmocka_unit_test(of_many_resets_those_that_may_be_taken_are_kept),
                cmocka_unit_test(a_reply_that_may_answer_a_repeat_shows_no_loss),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
