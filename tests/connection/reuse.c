/* Which segments make one connection, and which begin another of the same ends. */
#include "story.h"

#define CLOSED                                                                                     \
        HANDSHAKE,                                                                                 \
        { .t = 0.1, .by = 'c', .f = "P.", .at = 0, .n = 100, .ack = 0 },                           \
        { .t = 0.2, .by = 's', .f = "FP.", .at = 0, .n = 300, .ack = 100 },                        \
        { .t = 0.3, .by = 'c', .f = "F.", .at = 100, .ack = 301 },                                 \
        { .t = 0.4, .by = 's', .f = ".", .at = 301, .ack = 101 }

enum { NEW_CLIENT = 90000, NEW_SERVER = 3000000 };

static void a_syn_sent_again_is_the_same_connection(void **state)
{
        static const struct row rows[] = {
                { .t = 0, .by = 'c', .f = "S" },
                { .t = 1, .by = 'c', .f = "S" },
                { .t = 3, .by = 'c', .f = "S" },
                { .t = 3.02, .by = 's', .f = "S.", .ack = 0 },
                { .t = 3.03, .by = 'c', .f = ".", .ack = 0 },
                { .t = 3.04, .by = 'c', .f = "S" },
        };

        TOLD(rows);
        assert_int_equal(story.n, 1);
        is_known(f->syns, 4);
        is_known(f->established, true);
}

static void time_wait_is_used_again(void **state)
{
        static const struct row rows[] = {
                CLOSED,
                { .t = 2, .by = 'c', .f = "S", .isn = NEW_CLIENT },
                { .t = 2.02, .by = 's', .f = "S.", .ack = 0, .isn = NEW_SERVER, .of = NEW_CLIENT },
                { .t = 2.03, .by = 'c', .f = ".", .at = 0, .ack = 0, .isn = NEW_CLIENT, .of = NEW_SERVER },
        };
        struct story story;

        (void)state;
        TELL(&story, rows);
        assert_int_equal(story.n, 2);
        assert_int_equal(story.given[0].first_frame, 1);
        assert_int_equal(story.given[0].last_frame, 7);
        is_known(story.given[0].facts.reused, true);
        is_known(story.given[0].facts.both_acked, true);
        is_known(story.given[0].facts.from[0].bytes, 100);
        assert_int_equal(story.given[1].first_frame, 8);
        is_known(story.given[1].facts.established, true);
        is_known(story.given[1].facts.from[0].bytes, 0);
}

static void after_a_reset_a_new_syn_begins_anew(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 's', .f = "R.", .at = 0, .ack = 0 },
                { .t = 0.2, .by = 'c', .f = "S", .isn = NEW_CLIENT },
                { .t = 0.22, .by = 's', .f = "R.", .ack = 0, .of = NEW_CLIENT, .bare = true },
        };
        struct story story;

        (void)state;
        TELL(&story, rows);
        assert_int_equal(story.n, 2);
        assert_int_equal(story.given[0].facts.n_resets_in_all, 1);
        is_known(story.given[1].facts.resets[0].answers, SEGMENT_KIND_SYN);
        is_known(story.given[1].facts.resets[0].validity, RESET_VALIDITY_EXACT);
}

static void a_reset_before_the_syn_is_of_it_if_its_number_is(void **state)
{
        static const struct row rows[] = {
                { .t = 0.00, .by = 'c', .f = "R", .at = 0 },
                { .t = 0.01, .by = 'c', .f = "S" },
                { .t = 0.02, .by = 's', .f = "S.", .ack = 0 },
                { .t = 0.03, .by = 'c', .f = ".", .ack = 0 },
                { .t = 9.00, .by = 'c', .f = "S", .port = 1 },
        };
        static const struct row older[] = {
                { .t = 0.00, .by = 'c', .f = "R", .at = 1500000000 },
                { .t = 0.01, .by = 'c', .f = "S" },
        };
        struct story story;

        (void)state;
        TELL(&story, rows);
        assert_int_equal(story.n, 2);
        assert_int_equal(story.given[0].first_frame, 1);
        is_known(story.given[0].facts.established, true);
        is_known(story.given[0].facts.resets[0].obeyed, false);
        is_known(story.given[0].facts.end[0].went_on, false);
        TELL(&story, older);
        assert_int_equal(story.n, 2);
        assert_int_equal(story.given[1].first_frame, 2);
}

static void stragglers_after_a_reset_are_of_the_same_connection(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = "R.", .at = 0, .ack = 0 },
                { .t = 0.11, .by = 's', .f = "P.", .at = 0, .n = 100, .ack = 0 },
                { .t = 0.12, .by = 's', .f = "F.", .at = 100, .ack = 0 },
        };
        struct story story;

        (void)state;
        TELL(&story, rows);
        assert_int_equal(story.n, 1);
        is_known(story.given[0].facts.from[1].bytes, 100);
        is_known(story.given[0].facts.resets[0].obeyed, true);
        assert_true(story.segments[4].stray);
}

static void a_syn_that_draws_a_challenge_leaves_the_old_connection(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = "P.", .at = 0, .n = 100, .ack = 0 },
                { .t = 1.0, .by = 'c', .f = "S", .isn = NEW_CLIENT },
                { .t = 1.02, .by = 's', .f = ".", .at = 0, .ack = 100 },
                /* The old client still lives: the SYN was another's. */
                { .t = 1.5, .by = 'c', .f = "P.", .at = 100, .n = 50, .ack = 0 },
                { .t = 1.52, .by = 's', .f = ".", .at = 0, .ack = 150 },
        };

        TOLD(rows);
        assert_int_equal(story.n, 1);
        is_known(f->from[0].bytes, 150);
        is_known(f->from[0].packets, 5);
        is_known(f->syns, 1);
}

static void a_challenge_is_enough_to_keep_a_syn_with_the_old_connection(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = "P.", .at = 0, .n = 100, .ack = 0 },
                { .t = 1.0, .by = 's', .f = "S", .isn = NEW_SERVER },
                { .t = 1.02, .by = 'c', .f = ".", .at = 100, .ack = 0 },
                { .t = 1.03, .by = 's', .f = "R", .at = 0, .bare = true },
        };
        struct story story;

        (void)state;
        TELL(&story, rows);
        assert_int_equal(story.n, 1);
        is_known(story.given[0].facts.from[1].packets, 3);
        is_known(story.given[0].facts.from[1].bytes, 0);
        is_known(story.given[0].facts.resets[0].validity, RESET_VALIDITY_EXACT);
}

static void a_client_that_lost_its_memory_begins_anew(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = "P.", .at = 0, .n = 100, .ack = 0 },
                { .t = 0.12, .by = 's', .f = ".", .at = 0, .ack = 100 },
                { .t = 60.0, .by = 'c', .f = "S", .isn = NEW_CLIENT },
                { .t = 60.02, .by = 's', .f = ".", .at = 0, .ack = 100 },
                /* It knows nothing of what was acknowledged, and so ends the old connection. */
                { .t = 60.021, .by = 'c', .f = "R", .at = 100, .bare = true },
                { .t = 61.0, .by = 'c', .f = "S", .isn = NEW_CLIENT },
                { .t = 61.02, .by = 's', .f = "S.", .ack = 0, .isn = NEW_SERVER, .of = NEW_CLIENT },
        };
        struct story story;

        (void)state;
        TELL(&story, rows);
        assert_int_equal(story.n, 2);
        assert_int_equal(story.given[0].facts.n_resets_in_all, 1);
        is_known(story.given[0].facts.resets[0].by, SIDE_CLIENT);
        is_known(story.given[0].facts.resets[0].validity, RESET_VALIDITY_EXACT);
        is_known(story.given[0].facts.reused, true);
        is_known(story.given[0].facts.end[0].restarted, true);
        assert_int_equal(story.given[1].first_frame, 6);
        is_known(story.given[1].facts.syns, 2);
        is_known(story.given[1].facts.syn_acks, 1);
}

static void an_unanswered_syn_on_an_open_connection_is_an_attempt_of_its_own(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = "P.", .at = 0, .n = 100, .ack = 0 },
                { .t = 0.12, .by = 's', .f = ".", .at = 0, .ack = 100 },
                { .t = 60.0, .by = 'c', .f = "S", .isn = NEW_CLIENT },
                { .t = 61.0, .by = 'c', .f = "S", .isn = NEW_CLIENT },
        };
        struct story story;
        unsigned attempt;

        (void)state;
        TELL(&story, rows);
        assert_int_equal(story.n, 2);
        attempt = story.given[0].first_frame == 6 ? 0 : 1;
        assert_int_equal(story.given[attempt].first_frame, 6);
        is_known(story.given[attempt].facts.syns, 2);
        is_known(story.given[!attempt].facts.from[0].packets, 3);
}

static void a_syn_that_is_refused_on_an_open_connection_is_a_new_one(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = "P.", .at = 0, .n = 100, .ack = 0 },
                { .t = 0.12, .by = 's', .f = ".", .at = 0, .ack = 100 },
                { .t = 60.0, .by = 'c', .f = "S", .isn = NEW_CLIENT },
                { .t = 60.02, .by = 's', .f = "R.", .ack = 0, .of = NEW_CLIENT, .bare = true },
        };
        struct story story;

        (void)state;
        TELL(&story, rows);
        assert_int_equal(story.n, 2);
        assert_int_equal(story.given[0].facts.n_resets_in_all, 0);
        assert_int_equal(story.given[1].facts.n_resets_in_all, 1);
        is_known(story.given[1].facts.resets[0].answers, SEGMENT_KIND_SYN);
}

static void another_attempt_with_another_number_is_another_connection(void **state)
{
        static const struct row rows[] = {
                { .t = 0, .by = 'c', .f = "S" },
                { .t = 1, .by = 'c', .f = "S" },
                { .t = 9, .by = 'c', .f = "S", .isn = NEW_CLIENT },
        };
        struct story story;

        (void)state;
        TELL(&story, rows);
        assert_int_equal(story.n, 2);
        is_known(story.given[0].facts.syns, 2);
        is_known(story.given[1].facts.syns, 1);
}

/* The answer stands for the SYN before, and the other began nothing. */
static void of_two_syns_that_nobody_answered_yet_the_answer_chooses(void **state)
{
        static const struct row first[] = {
                { .t = 0, .by = 'c', .f = "S" },
                { .t = 0.001, .by = 'c', .f = "S", .isn = NEW_CLIENT },
                { .t = 0.02, .by = 's', .f = "S.", .ack = 0 },
                { .t = 0.03, .by = 'c', .f = ".", .at = 0, .ack = 0 },
                { .t = 0.04, .by = 'c', .f = "P.", .at = 0, .n = 100, .ack = 0 },
        };
        static const struct row second[] = {
                { .t = 0, .by = 'c', .f = "S" },
                { .t = 0.001, .by = 'c', .f = "S", .isn = NEW_CLIENT },
                { .t = 0.02, .by = 's', .f = "S.", .ack = 0, .of = NEW_CLIENT },
                { .t = 0.03, .by = 'c', .f = ".", .at = 0, .ack = 0, .isn = NEW_CLIENT },
        };
        struct story story;

        (void)state;
        TELL(&story, first);
        assert_int_equal(story.n, 1);
        is_known(story.given[0].facts.established, true);
        is_known(story.given[0].facts.from[0].bytes, 100);
        is_known(story.given[0].facts.from[0].packets, 4);
        TELL(&story, second);
        assert_int_equal(story.n, 2);
        is_known(story.given[0].facts.syn_acks, 0);
        assert_int_equal(story.given[1].first_frame, 2);
        is_known(story.given[1].facts.established, true);
}

static void what_lies_behind_both_fins_is_of_another_connection(void **state)
{
        static const struct row rows[] = {
                CLOSED,
                { .t = 3, .by = 'c', .f = ".", .at = 5101, .ack = 9301 },
                { .t = 3.1, .by = 'c', .f = "P.", .at = 5101, .n = 50, .ack = 9301 },
                { .t = 3.2, .by = 's', .f = ".", .at = 9301, .ack = 5151 },
        };
        struct story story;

        (void)state;
        TELL(&story, rows);
        assert_int_equal(story.n, 2);
        is_known(story.given[0].facts.from[0].bytes, 100);
        is_known(story.given[0].facts.from[1].bytes, 300);
        assert_int_equal(story.given[1].first_frame, 8);
        is_known(story.given[1].facts.from[0].bytes, 50);
}

static void a_straggler_that_changes_the_verdict_gives_it_again(void **state)
{
        static const struct row rows[] = {
                CLOSED,
                /* Another connection, so that time passes. */
                { .t = 7.0, .by = 'c', .f = "S", .port = 40000 },
                { .t = 8.0, .by = 'c', .f = "P.", .at = 0, .n = 100, .ack = 0 },
                { .t = 20.0, .by = 'c', .f = "S", .port = 40001 },
                { .t = 21.0, .by = 's', .f = "R", .at = 301, .bare = true },
                { .t = 40.0, .by = 'c', .f = "S", .port = 40002 },
        };
        struct story story;

        (void)state;
        TELL(&story, rows);
        assert_int_equal(story.n, 5);
        assert_int_equal(story.given[0].first_frame, 1);
        assert_int_equal(story.given[0].rev, 1);
        assert_int_equal(story.given[0].last_frame, 7);
        /* The repeat of frame 9 changes nothing; the RST does. */
        assert_int_equal(story.given[1].first_frame, 1);
        assert_int_equal(story.given[1].rev, 2);
        assert_int_equal(story.given[1].facts.n_resets_in_all, 1);
        assert_int_equal(story.given[1].last_frame, 11);
}

static void a_straggler_of_a_forgotten_connection_is_none_of_its_own(void **state)
{
        struct tracker_options options = { .max_connections = 1 };
        static const struct row rows[] = {
                CLOSED,
                { .t = 7.0, .by = 'c', .f = "S", .port = 40000 },
                { .t = 8.0, .by = 's', .f = "R", .at = 301, .bare = true },
                { .t = 8.1, .by = 'c', .f = "P.", .at = 0, .n = 100, .ack = 0 },
                /* Far from everything it is another's. */
                { .t = 8.2, .by = 'c', .f = "P.", .at = 1500000000, .n = 100, .ack = 1500000000 },
        };
        struct story story;

        (void)state;
        story_play(&story, rows, sizeof(rows) / sizeof(*rows), &options, 3);
        assert_int_equal(story.n, 3);
        assert_int_equal(story.given[0].first_frame, 1);
        assert_int_equal(story.given[1].first_frame, 8);
        assert_int_equal(story.given[2].first_frame, 11);
        assert_true(story.segments[8].stray);
        assert_int_equal(story.segments[8].first_frame, 1);
}

static void data_of_an_unseen_beginning_is_another_connection(void **state)
{
        static const struct row rows[] = {
                CLOSED,
                { .t = 3.0, .by = 'c', .f = "P.", .at = 1500000000, .n = 100, .ack = 1500000000 },
                { .t = 3.1, .by = 's', .f = ".", .at = 1500000000, .ack = 1500000100 },
        };
        struct story story;

        (void)state;
        TELL(&story, rows);
        assert_int_equal(story.n, 2);
        is_known(story.given[0].facts.both_acked, true);
        is_known(story.given[1].facts.from[0].acked, 100);
}

static void both_sides_of_a_firewall_that_changes_numbers(void **state)
{
        /* Before it and behind it: each packet twice, the client's numbers changed by a million. */
        static const struct row rows[] = {
                { .t = 0.000, .by = 'c', .f = "S", .ip_id = 5 },
                { .t = 0.001, .by = 'c', .f = "S", .ip_id = 5, .isn = 1000000000, .ttl = 63 },
                { .t = 0.020, .by = 's', .f = "S.", .ack = 0, .of = 1000000000, .ip_id = -1 },
                { .t = 0.021, .by = 's', .f = "S.", .ack = 0, .ip_id = -1, .ttl = 56 },
                { .t = 0.022, .by = 'c', .f = ".", .ack = 0, .ip_id = 6 },
                { .t = 0.023, .by = 'c', .f = ".", .ack = 0, .ip_id = 6, .isn = 1000000000, .ttl = 63 },
                { .t = 0.030, .by = 'c', .f = "P.", .at = 0, .n = 100, .ack = 0, .ip_id = 7 },
                { .t = 0.031, .by = 'c', .f = "P.", .at = 0, .n = 100,
                  .ack = 0, .ip_id = 7, .isn = 1000000000, .ttl = 63 },
                { .t = 0.040, .by = 's', .f = "P.", .at = 0, .n = 50, .ack = 100, .of = 1000000000, .ip_id = 8 },
                { .t = 0.041, .by = 's', .f = "P.", .at = 0, .n = 50, .ack = 100, .ip_id = 8, .ttl = 56 },
                { .t = 0.050, .by = 'c', .f = "F.", .at = 100, .ack = 50, .ip_id = 9 },
                { .t = 0.051, .by = 'c', .f = "F.", .at = 100, .ack = 50, .ip_id = 9, .isn = 1000000000, .ttl = 63 },
        };

        TOLD(rows);
        assert_int_equal(story.n, 1);
        is_known(f->from[0].bytes, 100);
        is_known(f->from[0].acked, 100);
        is_known(f->from[0].missing, 0);
        is_known(f->from[0].fin_position, 100);
        is_known(f->from[1].bytes, 50);
        is_known(f->from[1].retransmitted, 0);
        is_known(f->established, true);
}

static void siblings_reset_at_once_are_noted(void **state)
{
        static const struct row rows[] = {
                { .t = 0, .by = 'c', .f = "S", .port = 1001 },
                { .t = 0.1, .by = 's', .f = "S.", .ack = 0, .port = 1001 },
                { .t = 0.2, .by = 'c', .f = "S", .port = 1002 },
                { .t = 0.3, .by = 's', .f = "S.", .ack = 0, .port = 1002 },
                { .t = 1.0000, .by = 's', .f = "R.", .at = 0, .ack = 0, .port = 1001 },
                { .t = 1.0001, .by = 's', .f = "R.", .at = 0, .ack = 0, .port = 1002 },
                { .t = 2.0, .by = 'c', .f = "S", .port = 1003 },
                { .t = 2.1, .by = 's', .f = "R.", .ack = 0, .port = 1003, .bare = true },
        };
        struct story story;

        (void)state;
        TELL(&story, rows);
        assert_int_equal(story.n, 3);
        for (size_t i = 0; i < 3; i++)
                assert_int_equal(fact_is(story.given[i].facts.siblings_reset),
                                 story.given[i].port[SIDE_CLIENT] != 1003);
}

static void memory_is_bounded_and_the_longest_silent_goes_first(void **state)
{
        struct tracker_options options = { .max_connections = 3 };
        static const struct row rows[] = {
                { .t = 0, .by = 'c', .f = "S", .port = 1001 },
                { .t = 2, .by = 'c', .f = "S", .port = 1002 },
                { .t = 4, .by = 'c', .f = "S", .port = 1003 },
                { .t = 6, .by = 's', .f = "S.", .ack = 0, .port = 1001 },
                { .t = 8, .by = 'c', .f = "S", .port = 1004 },
        };
        struct story story;

        (void)state;
        story_play(&story, rows, 5, &options, 2);
        assert_int_equal(story.n, 4);
        assert_int_equal(story.given[0].port[SIDE_CLIENT], 1002);
        assert_true(story.given[0].facts.seen.evicted);
        assert_false(story.given[1].facts.seen.evicted);
}

static void an_icmp_error_is_joined_by_what_it_quotes(void **state)
{
        static const struct row rows[] = {
                { .t = 0, .by = 'c', .f = "S" },
                { .t = 0.01, .by = 'c', .f = "S", .icmp = true, .error = ICMP_ERROR_HOST_UNREACHABLE },
                /* This one quotes what was never sent. */
                { .t = 0.02, .by = 'c', .f = "S", .icmp = true, .error = ICMP_ERROR_OTHER, .isn = 1 },
        };

        TOLD(rows);
        assert_int_equal(story.n, 1);
        is_known(f->icmp, ICMP_ERROR_HOST_UNREACHABLE);
        is_known(f->icmp_at, STORY_TIME(0.01));
        is_known(f->icmp_to, SIDE_CLIENT);
        is_known(f->icmp_from_end, false);
        is_known(f->icmp_quoted, SEGMENT_KIND_SYN);
        is_known(f->icmp_frame, 2);
        is_known(f->from[0].packets, 1);
        assert_false(f->seen.gaps);
}

/* The answer to its first SYN was seen, but not that SYN: one with another number is no answer to the answer. */
static void a_syn_behind_the_answer_to_another_waits(void **state)
{
        static const struct row rows[] = {
                { .t = 0.00, .by = 's', .f = "S.", .ack = 0 },
                { .t = 0.01, .by = 'c', .f = "S", .isn = NEW_CLIENT },
                { .t = 0.02, .by = 's', .f = ".", .at = 0, .ack = 0 },
                { .t = 0.03, .by = 's', .f = "P.", .at = 0, .n = 6, .ack = 23 },
                { .t = 0.04, .by = 'c', .f = "F.", .at = 23, .ack = 6 },
                { .t = 0.06, .by = 's', .f = "F.", .at = 6, .ack = 24 },
                { .t = 0.07, .by = 'c', .f = ".", .at = 24, .ack = 7 },
        };

        TOLD(rows);
        assert_int_equal(story.given[0].first_frame, 1);
        is_known(f->from[0].bytes, 23);
        is_known(f->both_acked, true);
}

/* Its SYN-ACK was missed, and its numbers lie within reach of the old one, whose FIN was missed, too. */
static void of_two_that_fit_the_one_is_taken_that_leaves_out_less(void **state)
{
        enum { FURTHER = 970096 };
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = "P.", .at = 0, .n = 100, .ack = 0 },
                { .t = 0.2, .by = 's', .f = "F.", .at = 0, .ack = 100 },
                { .t = 0.3, .by = 'c', .f = ".", .at = 100, .ack = 1 },
                { .t = 0.4, .by = 's', .f = ".", .at = 1, .ack = 577 },
                { .t = 4.0, .by = 'c', .f = "S", .isn = (uint32_t)(CLIENT_ISN + FURTHER) },
                { .t = 4.1, .by = 'c', .f = ".", .at = 0, .ack = 0, .isn = (uint32_t)(CLIENT_ISN + FURTHER),
                  .of = NEW_SERVER },
                { .t = 4.2, .by = 'c', .f = "P.", .at = 0, .n = 9, .ack = 0, .isn = (uint32_t)(CLIENT_ISN + FURTHER),
                  .of = NEW_SERVER },
        };
        /* Nor was the ACK seen, but only what the other end sent then. */
        static const struct row answered[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = "P.", .at = 0, .n = 100, .ack = 0 },
                { .t = 0.2, .by = 's', .f = ".", .at = 0, .ack = 100 },
                { .t = 4.0, .by = 'c', .f = "S", .isn = (uint32_t)(CLIENT_ISN + FURTHER) },
                { .t = 4.2, .by = 's', .f = "P.", .at = 0, .n = 9, .ack = 0, .isn = NEW_SERVER,
                  .of = (uint32_t)(CLIENT_ISN + FURTHER) },
        };

        TOLD(rows);
        assert_int_equal(story.n, 2);
        is_known(f->from[0].bytes, 576);
        assert_int_equal(story.given[1].first_frame, 8);
        is_known(story.given[1].facts.from[0].bytes, 9);
        TELL(&story, answered);
        assert_int_equal(story.n, 2);
        is_known(f->from[0].bytes, 100);
        is_known(story.given[1].facts.from[1].bytes, 9);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_syn_sent_again_is_the_same_connection),
                cmocka_unit_test(time_wait_is_used_again),
                cmocka_unit_test(after_a_reset_a_new_syn_begins_anew),
                cmocka_unit_test(a_reset_before_the_syn_is_of_it_if_its_number_is),
                cmocka_unit_test(stragglers_after_a_reset_are_of_the_same_connection),
                cmocka_unit_test(a_syn_that_draws_a_challenge_leaves_the_old_connection),
                cmocka_unit_test(a_challenge_is_enough_to_keep_a_syn_with_the_old_connection),
                cmocka_unit_test(a_client_that_lost_its_memory_begins_anew),
                cmocka_unit_test(an_unanswered_syn_on_an_open_connection_is_an_attempt_of_its_own),
                cmocka_unit_test(a_syn_that_is_refused_on_an_open_connection_is_a_new_one),
                cmocka_unit_test(another_attempt_with_another_number_is_another_connection),
                cmocka_unit_test(of_two_syns_that_nobody_answered_yet_the_answer_chooses),
                cmocka_unit_test(what_lies_behind_both_fins_is_of_another_connection),
                cmocka_unit_test(a_straggler_that_changes_the_verdict_gives_it_again),
                cmocka_unit_test(a_straggler_of_a_forgotten_connection_is_none_of_its_own),
                cmocka_unit_test(data_of_an_unseen_beginning_is_another_connection),
                cmocka_unit_test(both_sides_of_a_firewall_that_changes_numbers),
                cmocka_unit_test(siblings_reset_at_once_are_noted),
                cmocka_unit_test(memory_is_bounded_and_the_longest_silent_goes_first),
                cmocka_unit_test(an_icmp_error_is_joined_by_what_it_quotes),
                cmocka_unit_test(a_syn_behind_the_answer_to_another_waits),
                cmocka_unit_test(of_two_that_fit_the_one_is_taken_that_leaves_out_less),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
