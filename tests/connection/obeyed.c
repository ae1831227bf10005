/* Whether a RST was obeyed: taken, challenged, ignored, or sent by somebody on the way. */
#include "story.h"

/* The server asks three times after TALK whether anybody is there, and resets. */
#define KEEPALIVE_GIVES_UP                                                                         \
        { .t = 60, .by = 's', .f = ".", .at = 299, .ack = 100 },                                   \
        { .t = 70, .by = 's', .f = ".", .at = 299, .ack = 100 },                                   \
        { .t = 80, .by = 's', .f = ".", .at = 299, .ack = 100 },                                   \
        { .t = 90, .by = 's', .f = "R.", .at = 300, .ack = 100, .window = 502 }

static void a_forged_reset_is_told_by_what_follows(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.0205, .by = 'c', .f = "P.", .at = 0, .n = 120, .ack = 0 },
                { .t = 0.0250, .by = 's', .f = "R.", .at = 0, .ack = 120, .window = -1, .ttl = 41, .ip_id = 5 },
                { .t = 0.0410, .by = 's', .f = ".", .at = 0, .ack = 120 },
                { .t = 0.04105, .by = 'c', .f = "R", .at = 120, .bare = true },
                { .t = 0.0420, .by = 's', .f = "P.", .at = 0, .n = 500, .ack = 120 },
                { .t = 0.04205, .by = 'c', .f = "R", .at = 120, .bare = true },
        };

        TOLD(rows);
        assert_int_equal(f->n_resets, 2);
        assert_int_equal(f->n_resets_in_all, 3);
        is_known(f->resets[0].ttl_differs, true);
        is_known(f->resets[0].obeyed, true);
        assert_int_equal(f->resets[0].obeyed.how, HOW_SEEN);
        is_known(f->resets[0].went_on, true);
        is_known(f->resets[1].went_on, false);
        is_known(f->end[1].went_on, true);
        is_known(f->end[0].went_on, false);
        is_known(f->end[1].os, OS_LINUX);
        is_known(f->resets[1].repeats, 1);
        is_known(f->resets[1].drew_data, true);
        is_known(f->from[1].bytes, 500);
        is_known(f->from[0].acked, 120);
}

/* However soon it comes: who acknowledges data did not answer it with a RST. */
static void a_forged_answer_is_told_by_the_true_one(void **state)
{
        static const struct row rows[] = {
                TALK,
                { .t = 1.0, .by = 's', .f = "P.", .at = 300, .n = 100, .ack = 100 },
                { .t = 1.0003, .by = 'c', .f = "R", .at = 100, .bare = true },
                { .t = 1.002, .by = 'c', .f = ".", .at = 100, .ack = 400 },
                { .t = 1.0021, .by = 's', .f = "R", .at = 400, .bare = true },
        };
        static const struct row less[] = {
                TALK,
                { .t = 1.0, .by = 's', .f = "P.", .at = 300, .n = 100, .ack = 100 },
                { .t = 1.0003, .by = 'c', .f = "R", .at = 100, .bare = true },
                { .t = 1.002, .by = 'c', .f = ".", .at = 100, .ack = 399 },
        };
        static const struct row again[] = {
                TALK,
                { .t = 1.0, .by = 's', .f = "P.", .at = 300, .n = 100, .ack = 100 },
                { .t = 1.4, .by = 's', .f = "P.", .at = 300, .n = 100, .ack = 100 },
                { .t = 1.4003, .by = 'c', .f = "R", .at = 100, .bare = true },
                { .t = 1.402, .by = 'c', .f = ".", .at = 100, .ack = 400 },
        };

        static const struct row syn_ack[] = {
                { .t = 0.000, .by = 'c', .f = "S" },
                { .t = 0.0001, .by = 's', .f = "S.", .ack = 0 },
                { .t = 0.0021, .by = 'c', .f = "R", .at = 0, .bare = true },
                { .t = 0.0036, .by = 'c', .f = ".", .at = 0, .ack = 0 },
                { .t = 0.0037, .by = 's', .f = "R", .at = 0, .bare = true },
        };

        {
                TOLD(rows);
                is_known(f->resets[0].obeyed, true);
                is_known(f->resets[0].went_on, true);
                is_known(f->end[0].went_on, true);
        }
        {
                TOLD(syn_ack);
                is_known(f->resets[0].answers, SEGMENT_KIND_SYN_ACK);
                is_known(f->resets[0].went_on, true);
        }
        {
                TOLD(less);
                is_known(f->resets[0].went_on, false);
        }
        {
                TOLD(again);
                is_known(f->resets[0].went_on, false);
        }
}

/* Acknowledgements never go back: what acknowledges less than its sender had was sent before. */
static void what_is_older_than_what_came_before_shows_nobody_alive(void **state)
{
        static const struct row reset_by_client[] = {
                TALK,
                { .t = 1.0, .by = 'c', .f = "P.", .at = 100, .n = 900, .ack = 300 },
                { .t = 1.02, .by = 's', .f = "P.", .at = 300, .n = 50, .ack = 1000 },
                { .t = 1.0201, .by = 'c', .f = ".", .at = 1000, .ack = 350 },
                { .t = 1.5, .by = 'c', .f = "R.", .at = 1000, .ack = 350, .window = 92 },
                { .t = 3.3, .by = 's', .f = "P.", .at = 300, .n = 50, .ack = 100 },
        };
        static const struct row reset_by_server[] = {
                TALK,
                { .t = 1.0, .by = 'c', .f = "P.", .at = 100, .n = 900, .ack = 300 },
                { .t = 1.02, .by = 's', .f = ".", .at = 300, .ack = 1000 },
                { .t = 1.5, .by = 'c', .f = "P.", .at = 1000, .n = 10, .ack = 300 },
                { .t = 1.52, .by = 's', .f = "R", .at = 300, .bare = true },
                { .t = 3.3, .by = 's', .f = ".", .at = 300, .ack = 500 },
        };

        {
                TOLD(reset_by_client);
                is_known(f->resets[0].obeyed, true);
        }
        {
                TOLD(reset_by_server);
                is_known(f->resets[0].went_on, false);
                is_known(f->end[1].went_on, false);
        }
}

static void a_reset_that_the_receiver_ignores_is_not_obeyed(void **state)
{
        static const struct row rows[] = {
                TALK,
                { .t = 1.0, .by = 's', .f = "R", .at = 5000, .bare = true, .ttl = 200 },
                /* A challenge ACK. */
                { .t = 1.0001, .by = 'c', .f = ".", .at = 100, .ack = 300 },
                { .t = 1.2, .by = 's', .f = "P.", .at = 300, .n = 20, .ack = 100 },
                { .t = 1.2001, .by = 'c', .f = ".", .at = 100, .ack = 320 },
                { .t = 1.3, .by = 'c', .f = "F.", .at = 100, .ack = 320 },
                { .t = 1.4, .by = 's', .f = "F.", .at = 320, .ack = 101 },
                { .t = 1.4001, .by = 'c', .f = ".", .at = 101, .ack = 321 },
        };

        TOLD(rows);
        is_known(f->resets[0].validity, RESET_VALIDITY_IN_WINDOW);
        is_known(f->resets[0].obeyed, false);
        is_known(f->resets[0].ttl_differs, true);
        is_known(f->end[0].challenge_acks, 1);
        is_known(f->end[1].went_on, true);
        is_known(f->both_acked, true);
}

/* Each that was lost on the way is drawn again; the last one ends it. */
static void a_reset_that_was_ignored_may_be_taken_the_next_time(void **state)
{
        static const struct row rows[] = {
                TALK,
                { .t = 1.0, .by = 'c', .f = "F.", .at = 100, .ack = 300 },
                { .t = 1.1, .by = 's', .f = "P.", .at = 300, .n = 10, .ack = 101 },
                { .t = 1.1001, .by = 'c', .f = "R", .at = 101, .bare = true },
                { .t = 1.3, .by = 's', .f = "P.", .at = 310, .n = 10, .ack = 101 },
                { .t = 1.3001, .by = 'c', .f = "R", .at = 101, .bare = true },
                { .t = 1.5, .by = 's', .f = "P.", .at = 320, .n = 10, .ack = 101 },
                { .t = 1.5001, .by = 'c', .f = "R", .at = 101, .bare = true },
                { .t = 1.7, .by = 's', .f = "P.", .at = 330, .n = 10, .ack = 101 },
                { .t = 1.7001, .by = 'c', .f = "R", .at = 101, .bare = true },
                { .t = 1.9, .by = 's', .f = "P.", .at = 340, .n = 10, .ack = 101 },
                { .t = 1.9001, .by = 'c', .f = "R", .at = 101, .bare = true },
        };

        TOLD(rows);
        assert_int_equal(f->n_resets, FACTS_RESETS_MAX);
        assert_int_equal(f->n_resets_in_all, 5);
        for (unsigned i = 0; i + 1 < FACTS_RESETS_MAX; i++)
                is_known(f->resets[i].obeyed, false);
        is_known(f->resets[FACTS_RESETS_MAX - 1].obeyed, true);
        is_known(f->resets[FACTS_RESETS_MAX - 1].at, STORY_TIME(1.9001));
}

/* What was sent before the RST met it, and is seen long after, says nothing of it; what is sent again does. */
static void what_was_held_up_does_not_tell_that_a_reset_was_ignored(void **state)
{
        static const struct row late_ack[] = {
                TALK,
                { .t = 1.0, .by = 'c', .f = "P.", .at = 100, .n = 50, .ack = 300 },
                { .t = 1.025, .by = 's', .f = "R.", .at = 300, .ack = 150, .window = 502 },
                { .t = 1.5, .by = 'c', .f = ".", .at = 100, .ack = 300 },
        };
        static const struct row late_piece[] = {
                TALK,
                { .t = 1.0, .by = 'c', .f = "P.", .at = 150, .n = 50, .ack = 300 },
                { .t = 1.025, .by = 's', .f = "R.", .at = 300, .ack = 200, .window = 502 },
                { .t = 1.5, .by = 'c', .f = "P.", .at = 100, .n = 50, .ack = 300 },
        };
        static const struct row repeat[] = {
                TALK,
                { .t = 1.0, .by = 'c', .f = "P.", .at = 100, .n = 50, .ack = 300 },
                { .t = 1.025, .by = 's', .f = "R.", .at = 300, .ack = 150, .window = 502 },
                { .t = 1.5, .by = 'c', .f = "P.", .at = 100, .n = 50, .ack = 300 },
        };

        {
                TOLD(late_ack);
                is_known(f->resets[0].obeyed, true);
        }
        static const struct row late_last[] = {
                TALK,
                { .t = 1.025, .by = 's', .f = "R.", .at = 300, .ack = 150, .window = 502 },
                { .t = 1.5, .by = 'c', .f = "P.", .at = 100, .n = 50, .ack = 300 },
        };

        {
                TOLD(late_piece);
                is_known(f->resets[0].obeyed, true);
        }
        {
                TOLD(late_last);
                is_known(f->resets[0].obeyed, true);
        }
        {
                TOLD(repeat);
                is_known(f->resets[0].obeyed, false);
                assert_int_equal(f->resets[0].obeyed.how, HOW_INFERRED);
        }
}

static void a_challenge_ack_alone_does_not_tell_whether_it_was_obeyed(void **state)
{
        static const struct row rows[] = {
                TALK,
                { .t = 1.0, .by = 's', .f = "R", .at = 5000, .bare = true },
                { .t = 1.0001, .by = 'c', .f = ".", .at = 100, .ack = 300 },
        };

        TOLD(rows);
        is_unknown(f->resets[0].obeyed);
        is_known(f->end[0].challenge_acks, 1);
        is_known(f->end[1].went_on, false);
}

static void who_takes_what_was_sent_after_it_has_ignored_it(void **state)
{
        static const struct row rows[] = {
                TALK,
                { .t = 1.000, .by = 's', .f = "R", .at = 40000, .bare = true, .ttl = 200 },
                { .t = 1.001, .by = 's', .f = "P.", .at = 300, .n = 20, .ack = 100 },
                { .t = 1.002, .by = 'c', .f = ".", .at = 100, .ack = 320 },
        };
        /* Of what was sent before the RST, by its number, this may be the first sight. */
        static const struct row unseen[] = {
                TALK,
                { .t = 1.000, .by = 's', .f = "R", .at = 340, .bare = true },
                { .t = 1.002, .by = 'c', .f = ".", .at = 100, .ack = 340 },
        };
        static const struct row more[] = {
                TALK,
                { .t = 1.000, .by = 's', .f = "R", .at = 340, .bare = true },
                { .t = 1.001, .by = 's', .f = "P.", .at = 300, .n = 41, .ack = 100 },
                { .t = 1.002, .by = 'c', .f = ".", .at = 100, .ack = 341 },
        };
        struct story story;

        (void)state;
        TELL(&story, rows);
        is_known(story.given[0].facts.resets[0].obeyed, false);
        TELL(&story, unseen);
        assert_int_equal(story.given[0].facts.resets[0].obeyed.how, HOW_INFERRED);
        TELL(&story, more);
        is_known(story.given[0].facts.resets[0].obeyed, false);
        assert_int_equal(story.given[0].facts.resets[0].obeyed.how, HOW_SEEN);
}

/* Then it is no forger's guess. */
static void what_a_reset_acknowledges_may_be_seen_behind_it(void **state)
{
        static const struct row rows[] = {
                TALK,
                { .t = 1.025, .by = 's', .f = "R.", .at = 300, .ack = 150, .window = 502 },
                { .t = 1.026, .by = 'c', .f = "P.", .at = 100, .n = 50, .ack = 300 },
        };
        static const struct row guessed[] = {
                TALK,
                { .t = 1.025, .by = 's', .f = "R.", .at = 300, .ack = 150, .window = 502 },
                { .t = 1.026, .by = 'c', .f = "P.", .at = 100, .n = 60, .ack = 300 },
        };
        struct story story;

        (void)state;
        TELL(&story, rows);
        is_known(story.given[0].facts.resets[0].ack_impossible, false);
        is_known(story.given[0].facts.resets[0].ack_position, 150);
        TELL(&story, guessed);
        is_known(story.given[0].facts.resets[0].ack_impossible, true);
}

/* A FIN that ends where the RST stands, however late it is seen. */
static void what_may_have_been_sent_before_a_reset_is_no_talk_after_it(void **state)
{
        static const struct row rows[] = {
                TALK,
                { .t = 1.0, .by = 's', .f = "P.", .at = 300, .n = 20, .ack = 101 },
                { .t = 1.0001, .by = 'c', .f = "R", .at = 101, .bare = true },
                { .t = 1.02, .by = 'c', .f = "F.", .at = 100, .ack = 300 },
        };

        /* What the RST's sender had acknowledged, or got, it had not yet. */
        static const struct row less[] = {
                TALK,
                { .t = 1.0, .by = 'c', .f = "P.", .at = 100, .n = 20, .ack = 300 },
                { .t = 1.02, .by = 's', .f = "R.", .at = 300, .ack = 120, .window = 502 },
                { .t = 1.05, .by = 's', .f = ".", .at = 300, .ack = 119 },
        };
        static const struct row drew[] = {
                TALK,
                { .t = 1.0, .by = 'c', .f = "P.", .at = 100, .n = 20, .ack = 300 },
                { .t = 1.02, .by = 's', .f = "R", .at = 300, .bare = true },
                { .t = 1.05, .by = 's', .f = "F.", .at = 300, .ack = 100 },
        };
        static const struct row talks[] = {
                TALK,
                { .t = 1.0, .by = 'c', .f = "P.", .at = 100, .n = 20, .ack = 300 },
                { .t = 1.02, .by = 's', .f = "R", .at = 300, .bare = true },
                { .t = 1.05, .by = 's', .f = ".", .at = 300, .ack = 120 },
        };

        {
                TOLD(rows);
                is_known(f->resets[0].went_on, false);
                is_known(f->end[0].went_on, false);
                is_known(f->from[0].fin, true);
        }
        {
                TOLD(less);
                is_known(f->resets[0].went_on, false);
        }
        {
                TOLD(drew);
                is_known(f->resets[0].went_on, false);
        }
        {
                TOLD(talks);
                is_known(f->resets[0].went_on, true);
        }
}

static void a_forged_refusal_does_not_hide_the_true_answer(void **state)
{
        static const struct row rows[] = {
                { .t = 0.000, .by = 'c', .f = "S" },
                { .t = 0.010, .by = 's', .f = "R.", .ack = 0, .bare = true, .ttl = 9 },
                { .t = 0.011, .by = 's', .f = "F.", .at = 1000, .ack = 0, .ttl = 9 },
                { .t = 0.0111, .by = 'c', .f = "R", .at = 0, .bare = true },
                { .t = 0.020, .by = 's', .f = "S.", .ack = 0 },
                { .t = 0.0201, .by = 'c', .f = ".", .ack = 0 },
                { .t = 0.0205, .by = 'c', .f = "P.", .at = 0, .n = 50, .ack = 0 },
                { .t = 0.0405, .by = 's', .f = "P.", .at = 0, .n = 70, .ack = 50 },
                { .t = 0.0406, .by = 'c', .f = ".", .at = 50, .ack = 70 },
        };

        TOLD(rows);
        assert_int_equal(story.n, 1);
        is_known(f->resets[0].validity, RESET_VALIDITY_EXACT);
        is_known(f->resets[0].obeyed, false);
        is_known(f->established, true);
        is_known(f->from[1].bytes, 70);
        is_known(f->from[1].acked, 70);
        is_known(f->from[1].fin, false);
}

static void fins_before_the_true_answer_end_nothing(void **state)
{
        static const struct row rows[] = {
                { .t = 0.000, .by = 'c', .f = "S" },
                { .t = 0.010, .by = 's', .f = "F.", .at = 1000, .ack = 0, .ttl = 9 },
                { .t = 0.011, .by = 'c', .f = "F.", .at = 0, .ack = 1001 },
                { .t = 0.012, .by = 's', .f = ".", .at = 1001, .ack = 1, .ttl = 9 },
                { .t = 0.020, .by = 's', .f = "S.", .ack = 0 },
        };

        TOLD(rows);
        assert_int_equal(story.n, 1);
        is_known(f->from[1].fin, false);
        is_known(f->both_acked, false);
}

static void a_number_outside_the_window_is_told(void **state)
{
        static const struct row rows[] = {
                TALK,
                { .t = 1.0, .by = 's', .f = "R", .at = 500 * 128 + 301, .bare = true },
                { .t = 1.1, .by = 's', .f = "R", .at = 299, .bare = true },
        };

        TOLD(rows);
        is_known(f->resets[0].validity, RESET_VALIDITY_OUTSIDE);
        is_known(f->resets[1].validity, RESET_VALIDITY_OUTSIDE);
        is_known(f->resets[1].behind, true);
        is_unknown(f->resets[0].obeyed);
}

static void the_edge_of_a_sack_block_is_taken(void **state)
{
        static const struct row rows[] = {
                TALK,
                /* 300 to 400 are lost behind the capture. */
                { .t = 1.0, .by = 's', .f = ".", .at = 300, .n = 100, .ack = 100 },
                { .t = 1.0001, .by = 's', .f = ".", .at = 400, .n = 100, .ack = 100 },
                { .t = 1.02, .by = 'c', .f = ".", .at = 100, .ack = 300, .sack = { 400, 500 } },
                { .t = 1.03, .by = 's', .f = "R.", .at = 500, .ack = 100 },
        };

        TOLD(rows);
        is_known(f->resets[0].validity, RESET_VALIDITY_SACK_EDGE);
        is_known(f->from[1].sacked, 100);
}

static void after_both_fins_it_changes_nothing(void **state)
{
        static const struct row rows[] = {
                TALK,
                { .t = 1.0, .by = 'c', .f = "F.", .at = 100, .ack = 300 },
                { .t = 1.02, .by = 's', .f = "F.", .at = 300, .ack = 101 },
                { .t = 1.0201, .by = 'c', .f = ".", .at = 101, .ack = 301 },
                { .t = 1.04, .by = 's', .f = "R.", .at = 301, .ack = 101, .window = -1 },
        };

        TOLD(rows);
        is_known(f->both_acked, true);
        is_known(f->crossed, false);
        is_known(f->resets[0].after_both_acked, true);
        is_unknown(f->resets[0].obeyed);
        is_known(f->from[0].acked_by_reset, 100);
        is_known(f->from[0].fin_frame, 7);
        is_known(f->from[0].before_fin, STORY_TIME(0.0411));
        is_known(f->from[1].fin_acked_at, STORY_TIME(1.0201));
        is_known(f->end[1].os, OS_OTHER);
}

static void of_a_silent_peer_it_is_not_known_whether_it_obeyed(void **state)
{
        static const struct row rows[] = {
                TALK,
                KEEPALIVE_GIVES_UP,
        };

        TOLD(rows);
        is_known(f->end[1].keepalives_unanswered, 3);
        is_known(f->end[1].unanswered_since, STORY_TIME(60));
        is_known(f->end[1].unanswered_gap, 10000000000);
        is_unknown(f->resets[0].obeyed);
        is_known(f->resets[0].validity, RESET_VALIDITY_EXACT);
}

static void an_answer_after_keepalives_reset_is_none(void **state)
{
        static const struct row rows[] = {
                TALK,
                KEEPALIVE_GIVES_UP,
                { .t = 92, .by = 'c', .f = "F.", .at = 100, .ack = 300 },
                { .t = 92.02, .by = 's', .f = "R", .at = 300, .bare = true },
        };

        TOLD(rows);
        assert_int_equal(story.n, 1);
        is_known(f->end[1].keepalives_unanswered, 3);
        is_known(f->end[1].unanswered_last, STORY_TIME(80));
        is_known(f->from[0].fin, true);
}

/* The network is away for half a minute; who repeats his data gives up, and his kernel does not know the connection
 * when the other end's FIN comes through. */
static void who_answers_by_a_reset_had_given_up(void **state)
{
#define REPEATS                                                                                    \
        TALK,                                                                                      \
        { .t = 1.0, .by = 'c', .f = "P.", .at = 100, .n = 60, .ack = 300 },                        \
        { .t = 1.2, .by = 'c', .f = "P.", .at = 100, .n = 60, .ack = 300 },                        \
        { .t = 1.6, .by = 'c', .f = "P.", .at = 100, .n = 60, .ack = 300 },                        \
        { .t = 2.4, .by = 'c', .f = "P.", .at = 100, .n = 60, .ack = 300 },                        \
        { .t = 30.0, .by = 's', .f = "F.", .at = 300, .ack = 100 }
        static const struct row gone[] = { REPEATS, { .t = 30.0001, .by = 'c', .f = "R", .at = 100, .bare = true } };
        static const struct row there[] = {
                REPEATS,
                { .t = 30.0001, .by = 'c', .f = ".", .at = 160, .ack = 301 },
                { .t = 30.02, .by = 's', .f = "R", .at = 301, .bare = true },
        };
#undef REPEATS
        struct story story;
        const struct facts *f = &story.given[0].facts;

        (void)state;
        TELL(&story, gone);
        is_known(f->end[0].repeats_unanswered, 3);
        is_known(f->end[0].unanswered_last, STORY_TIME(2.4));
        is_known(f->resets[0].answers, SEGMENT_KIND_FIN);
        TELL(&story, there);
        is_known(f->end[0].repeats_unanswered, 0);
}

static void where_a_piece_was_not_seen_the_number_expected_is_not_known(void **state)
{
        static const struct row rows[] = {
                TALK,
                { .t = 1.0, .by = 's', .f = ".", .at = 400, .n = 100, .ack = 100 },
                { .t = 1.1, .by = 's', .f = "R.", .at = 500, .ack = 100 },
        };
        struct story story;

        (void)state;
        TELL(&story, rows);
        is_unknown(story.given[0].facts.resets[0].validity);
}

/* A box that forgot the connection, and makes its RSTs from the numbers of the beginning: nobody takes them. */
static void a_reset_that_is_dropped_answers_nothing(void **state)
{
        static const struct row rows[] = {
                TALK,
                { .t = 400.0, .by = 'c', .f = "P.", .at = 100, .n = 80, .ack = 300 },
                { .t = 400.001, .by = 's', .f = "R", .at = -1, .bare = true },
                { .t = 400.2, .by = 'c', .f = "P.", .at = 100, .n = 80, .ack = 300 },
                { .t = 400.201, .by = 's', .f = "R", .at = -1, .bare = true },
                { .t = 400.6, .by = 'c', .f = "P.", .at = 100, .n = 80, .ack = 300 },
                { .t = 400.601, .by = 's', .f = "R", .at = -1, .bare = true },
                { .t = 401.4, .by = 'c', .f = "P.", .at = 100, .n = 80, .ack = 300 },
                { .t = 401.401, .by = 's', .f = "R", .at = -1, .bare = true },
        };

        TOLD(rows);
        is_known(f->resets[0].validity, RESET_VALIDITY_OUTSIDE);
        is_known(f->end[0].repeats_unanswered, 3);
        is_known(f->end[0].unanswered_since, STORY_TIME(400));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_forged_reset_is_told_by_what_follows),
                cmocka_unit_test(a_forged_answer_is_told_by_the_true_one),
                cmocka_unit_test(what_is_older_than_what_came_before_shows_nobody_alive),
                cmocka_unit_test(a_reset_that_the_receiver_ignores_is_not_obeyed),
                cmocka_unit_test(a_reset_that_was_ignored_may_be_taken_the_next_time),
                cmocka_unit_test(what_was_held_up_does_not_tell_that_a_reset_was_ignored),
                cmocka_unit_test(a_challenge_ack_alone_does_not_tell_whether_it_was_obeyed),
                cmocka_unit_test(who_takes_what_was_sent_after_it_has_ignored_it),
                cmocka_unit_test(what_may_have_been_sent_before_a_reset_is_no_talk_after_it),
                cmocka_unit_test(what_a_reset_acknowledges_may_be_seen_behind_it),
                cmocka_unit_test(a_forged_refusal_does_not_hide_the_true_answer),
                cmocka_unit_test(fins_before_the_true_answer_end_nothing),
                cmocka_unit_test(a_number_outside_the_window_is_told),
                cmocka_unit_test(the_edge_of_a_sack_block_is_taken),
                cmocka_unit_test(after_both_fins_it_changes_nothing),
                cmocka_unit_test(of_a_silent_peer_it_is_not_known_whether_it_obeyed),
                cmocka_unit_test(an_answer_after_keepalives_reset_is_none),
                cmocka_unit_test(who_answers_by_a_reset_had_given_up),
                cmocka_unit_test(where_a_piece_was_not_seen_the_number_expected_is_not_known),
                cmocka_unit_test(a_reset_that_is_dropped_answers_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
