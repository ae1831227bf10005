/* The bytes of a direction: counted once, whatever order and number of segments brought them. */
#include "story.h"

static void an_exchange_is_counted_each_way(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.0205, .by = 'c', .f = "P.", .at = 0, .n = 2000, .ack = 0 },
                { .t = 0.041, .by = 's', .f = "P.", .at = 0, .n = 300, .ack = 2000 },
                { .t = 0.0411, .by = 'c', .f = ".", .at = 2000, .ack = 300 },
        };

        TOLD(rows);
        assert_int_equal(story.n, 1);
        is_known(f->from[0].bytes, 2000);
        is_known(f->from[0].acked, 2000);
        is_known(f->from[0].packets, 4);
        is_known(f->from[0].payloads, 1);
        is_known(f->from[0].missing, 0);
        is_known(f->from[0].retransmitted, 0);
        is_known(f->from[0].fin, false);
        is_known(f->from[0].last_answered, true);
        is_known(f->from[0].last_run, 2000);
        is_known(f->from[1].bytes, 300);
        is_known(f->from[1].acked, 300);
        is_known(f->from[1].last_answered, false);
        is_known(f->established, true);
        is_known(f->syns, 1);
        is_known(f->syn_acks, 1);
        is_known(f->both_acked, false);
        is_known(f->end[0].os, OS_LINUX);
        is_known(f->end[0].repeats_unanswered, 0);
        is_known(f->end[1].repeats_unanswered, 0);
        assert_int_equal(f->seen.roles, ROLES_SYN);
        assert_int_equal(f->seen.sides, SIDES_SEEN_BOTH);
        assert_false(f->seen.midstream);
        assert_false(f->seen.gaps);
        assert_true(story.given[0].isn_known[0]);
        assert_int_equal(story.given[0].isn[0], CLIENT_ISN);
        assert_int_equal(story.given[0].first_seq[1], SERVER_ISN + 1);
        assert_int_equal(story.given[0].first_frame, 1);
        assert_int_equal(story.given[0].last_frame, 6);
}

/* The capture dropped the data, and sees one side alone: only the numbers of later segments tell. */
static void what_a_sender_itself_passed_over_is_missing(void **state)
{
        static const struct row rows[] = {
                { .t = 0.0, .by = 'c', .f = "S" },
                { .t = 0.02, .by = 'c', .f = ".", .at = 0, .ack = 0 },
                { .t = 0.06, .by = 'c', .f = ".", .at = 73, .ack = 300 },
        }, both[] = {
                HANDSHAKE,
                { .t = 0.06, .by = 'c', .f = ".", .at = 73, .ack = 0 },
                { .t = 0.08, .by = 's', .f = "P.", .at = 0, .n = 10, .ack = 0 },
        }, overtaken[] = {
                HANDSHAKE,
                { .t = 0.06, .by = 'c', .f = ".", .at = 73, .ack = 0 },
                { .t = 0.0600001, .by = 'c', .f = "P.", .at = 0, .n = 73, .ack = 0 },
        }, elsewhere[] = {
                HANDSHAKE,
                { .t = 0.06, .by = 'c', .f = ".", .at = 3000000000, .ack = 0 },
                { .t = 0.07, .by = 'c', .f = ".", .at = 3000000000, .ack = 0 },
        }, garbage[] = {
                HANDSHAKE,
                { .t = 0.06, .by = 'c', .f = "F.", .at = 0, .ack = 0 },
                { .t = 0.07, .by = 'c', .f = ".", .at = 73, .ack = 0 },
        };

        TOLD(rows);
        /* The last place may have been a FIN's. */
        is_known(f->from[0].bytes, 72);
        is_unknown(f->from[0].fin);
        assert_true(f->seen.gaps);
        TELL(&story, both);
        is_known(f->from[0].bytes, 72);
        is_known(f->from[0].missing, 72);
        is_known(f->from[0].acked, 0);
        is_unknown(f->from[0].fin);
        assert_true(f->seen.gaps);
        TELL(&story, overtaken);
        is_known(f->from[0].bytes, 73);
        is_known(f->from[0].missing, 0);
        is_known(f->from[0].fin, false);
        assert_false(f->seen.gaps);
        /* So far away it is another stream's, though it came twice. */
        TELL(&story, elsewhere);
        is_known(f->from[0].bytes, 0);
        is_known(f->from[0].missing, 0);
        /* Behind a FIN there is nothing. */
        TELL(&story, garbage);
        is_known(f->from[0].bytes, 0);
        is_known(f->from[0].missing, 0);
        assert_false(f->seen.gaps);
}

static void what_is_sent_again_is_counted_apart(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = "P.", .at = 0, .n = 100, .ack = 0 },
                { .t = 0.3, .by = 'c', .f = "P.", .at = 0, .n = 100, .ack = 0 },
                /* More than before in one piece. */
                { .t = 0.7, .by = 'c', .f = "P.", .at = 50, .n = 100, .ack = 0 },
                { .t = 0.8, .by = 's', .f = ".", .at = 0, .ack = 150 },
        };

        TOLD(rows);
        is_known(f->from[0].bytes, 150);
        is_known(f->from[0].retransmitted, 150);
        is_known(f->from[0].payload_seen, 300);
        is_known(f->from[0].payloads, 2);
        is_known(f->end[0].repeats_unanswered, 0);
        assert_true(story.segments[4].repeated);
        assert_false(story.segments[5].repeated);
}

static void what_comes_out_of_order_is_not_sent_again(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = ".", .at = 200, .n = 100, .ack = 0 },
                { .t = 0.101, .by = 'c', .f = ".", .at = 100, .n = 100, .ack = 0 },
                { .t = 0.102, .by = 'c', .f = ".", .at = 0, .n = 100, .ack = 0 },
                { .t = 0.2, .by = 's', .f = ".", .at = 0, .ack = 300 },
        };

        TOLD(rows);
        is_known(f->from[0].bytes, 300);
        is_known(f->from[0].missing, 0);
        is_known(f->from[0].retransmitted, 0);
        assert_false(f->seen.gaps);
        assert_true(story.segments[4].out_of_order);
        assert_int_equal(story.segments[4].position, 100);
}

static void what_was_passed_over_is_missing(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = ".", .at = 0, .n = 100, .ack = 0 },
                { .t = 0.2, .by = 'c', .f = ".", .at = 1100, .n = 100, .ack = 0 },
                { .t = 0.3, .by = 's', .f = ".", .at = 0, .ack = 1200 },
        };

        TOLD(rows);
        assert_int_not_equal(f->from[0].bytes.how, HOW_SEEN);
        is_known(f->from[0].bytes, 1200);
        is_known(f->from[0].missing, 1000);
        is_known(f->from[0].acked, 1200);
        /* A hole in the middle holds no FIN. */
        is_known(f->from[0].fin, false);
        assert_int_equal(f->from[0].fin.how, HOW_INFERRED);
        assert_true(f->seen.gaps);
}

static void what_was_acknowledged_but_not_seen_is_missing(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = ".", .at = 0, .n = 100, .ack = 0 },
                { .t = 0.3, .by = 's', .f = ".", .at = 0, .ack = 601 },
        };

        TOLD(rows);
        /* The last of it may be a FIN. */
        is_known(f->from[0].acked, 600);
        is_known(f->from[0].bytes, 600);
        is_known(f->from[0].missing, 500);
        is_unknown(f->from[0].fin);
        assert_true(f->seen.gaps);
}

static void an_ack_before_its_data_is_made_good(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 's', .f = ".", .at = 0, .ack = 500 },
                { .t = 0.1001, .by = 'c', .f = ".", .at = 0, .n = 500, .ack = 0 },
        };

        TOLD(rows);
        is_known(f->from[0].bytes, 500);
        assert_int_equal(f->from[0].bytes.how, HOW_SEEN);
        is_known(f->from[0].missing, 0);
        is_known(f->from[0].retransmitted, 0);
        is_known(f->from[0].fin, false);
}

static void more_than_four_gigabytes_are_counted(void **state)
{
        enum { PIECES = 100 };
        struct row rows[4 + PIECES] = { HANDSHAKE };
        const int64_t step = 64000000;
        struct story story;
        const struct facts *f = &story.given[0].facts;

        (void)state;
        /* Two segments at each place, since one alone would not be believed so far from the last. */
        for (int64_t i = 0; i < PIECES; i++)
                rows[3 + i] = (struct row){ .t = 1.0 + (double)i / 100, .by = 'c', .f = ".",
                                            .at = i / 2 * 2 * step + i % 2 * 1000, .n = 1000, .ack = 0 };
        rows[3 + PIECES] = (struct row){ .t = 9, .by = 's', .f = ".", .at = 0, .ack = (PIECES - 2) * step + 2000 };
        story_play(&story, rows, 4 + PIECES, NULL, 32);
        assert_int_equal(story.n, 1);
        is_known(f->from[0].bytes, (uint64_t)(PIECES - 2) * step + 2000);
        is_known(f->from[0].acked, (uint64_t)(PIECES - 2) * step + 2000);
}

static void a_number_out_of_all_reach_is_no_bytes(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = ".", .at = 0, .n = 100, .ack = 0 },
                { .t = 0.2, .by = 'c', .f = ".", .at = 1500000000, .n = 100, .ack = 0 },
                { .t = 0.3, .by = 'c', .f = ".", .at = 100, .n = 100, .ack = 0 },
                { .t = 0.4, .by = 's', .f = ".", .at = 0, .ack = 200 },
                { .t = 0.5, .by = 's', .f = ".", .at = 0, .ack = 1900000000 },
                { .t = 0.6, .by = 's', .f = "P.", .at = 0, .n = 5, .ack = 200 },
        };

        TOLD(rows);
        is_known(f->from[0].bytes, 200);
        is_known(f->from[0].acked, 200);
        is_known(f->from[0].payload_seen, 300);
        is_known(f->from[1].bytes, 5);
        assert_true(story.segments[4].stray);
        assert_true(f->seen.gaps);
}

static void what_has_no_ack_flag_is_not_taken(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = "F", .at = 0 },
                { .t = 0.2, .by = 'c', .f = "P", .at = 0, .n = 5 },
        };

        TOLD(rows);
        is_known(f->from[0].fin, false);
        is_known(f->from[0].bytes, 0);
        is_known(f->from[0].packets, 4);
        is_known(f->from[0].payload_seen, 5);
}

static void a_great_hole_is_believed_when_the_stream_goes_on_behind_it(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = ".", .at = 0, .n = 100, .ack = 0 },
                { .t = 0.2, .by = 'c', .f = ".", .at = 800000000, .n = 100, .ack = 0 },
                { .t = 0.3, .by = 'c', .f = ".", .at = 800000100, .n = 100, .ack = 0 },
                { .t = 0.4, .by = 's', .f = ".", .at = 0, .ack = 800000200 },
        };

        TOLD(rows);
        is_known(f->from[0].bytes, 800000200);
        is_known(f->from[0].acked, 800000200);
        assert_true(f->seen.gaps);
}

static void a_hole_below_holds_the_base_fast(void **state)
{
        static const struct row rows[] = {
                { .t = 0.0, .by = 'c', .f = ".", .at = 900, .ack = 0 },
                { .t = 0.1, .by = 'c', .f = ".", .at = 800000000, .n = 100, .ack = 0 },
                { .t = 0.2, .by = 'c', .f = ".", .at = 800000100, .n = 100, .ack = 0 },
                { .t = 0.3, .by = 'c', .f = ".", .at = 1000, .n = 100, .ack = 0 },
                { .t = 0.4, .by = 's', .f = ".", .at = 0, .ack = 900 },
        };

        TOLD(rows);
        is_known(f->from[0].bytes, 800000200 - 900);
        is_known(f->from[0].missing, 800000000 - 900 - 100);
        is_known(f->from[0].retransmitted, 0);
}

static void data_in_the_syn_is_data(void **state)
{
        static const struct row rows[] = {
                { .t = 0, .by = 'c', .f = "S", .n = 50 },
                { .t = 0.02, .by = 's', .f = "S.", .ack = 0, .n = 7 },
                { .t = 0.03, .by = 'c', .f = ".", .at = 0, .n = 50, .ack = 7 },
                { .t = 0.05, .by = 's', .f = ".", .at = 7, .ack = 50 },
        };

        TOLD(rows);
        assert_int_equal(story.n, 1);
        is_known(f->syn_data, true);
        is_known(f->from[0].bytes, 50);
        is_known(f->from[0].retransmitted, 50);
        is_known(f->from[0].acked, 50);
        is_known(f->from[1].bytes, 7);
        is_known(f->from[1].acked, 7);
}

static void a_packet_seen_twice_is_one_segment(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = "P.", .at = 0, .n = 100, .ack = 0, .ip_id = 77 },
                { .t = 0.1001, .by = 'c', .f = "P.", .at = 0, .n = 100, .ack = 0, .ip_id = 77, .ttl = 63 },
                /* Later it is TCP that sends it again. */
                { .t = 0.4, .by = 'c', .f = "P.", .at = 0, .n = 100, .ack = 0, .ip_id = 78 },
        };

        TOLD(rows);
        is_known(f->from[0].bytes, 100);
        is_known(f->from[0].retransmitted, 100);
        is_known(f->from[0].packets, 5);
        is_known(f->from[0].payload_seen, 300);
        is_known(f->end[0].repeats_unanswered, 1);
        assert_true(story.segments[4].twin);
        assert_false(story.segments[5].twin);
}

static void an_ack_once_more_is_an_answer_and_no_twin(void **state)
{
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1000, .by = 'c', .f = ".", .at = 0, .ack = 0, .v6 = true, .ts = true, .ts_value = 9 },
                { .t = 0.1001, .by = 's', .f = "R", .at = 1, .bare = true, .v6 = true },
                { .t = 0.1002, .by = 'c', .f = ".", .at = 0, .ack = 0, .v6 = true, .ts = true, .ts_value = 9 },
        };
        static struct row all[6];
        struct story story;

        (void)state;
        memcpy(all, rows, sizeof(all));
        for (unsigned i = 0; i < 6; i++)
                all[i].v6 = true;
        TELL(&story, all);
        assert_int_equal(story.n, 1);
        assert_false(story.segments[5].twin);
        is_known(story.given[0].facts.end[0].challenge_acks, 1);
        is_known(story.given[0].facts.resets[0].validity, RESET_VALIDITY_IN_WINDOW);
}

static void clocks_that_go_back_change_no_order(void **state)
{
        static const struct row rows[] = {
                { .t = 5.000, .by = 'c', .f = "S" },
                { .t = 4.020, .by = 's', .f = "S.", .ack = 0 },
                { .t = 5.001, .by = 'c', .f = ".", .ack = 0 },
                { .t = 3.0, .by = 'c', .f = "P.", .at = 0, .n = 10, .ack = 0 },
                { .t = 5.1, .by = 's', .f = ".", .at = 0, .ack = 10 },
        };

        TOLD(rows);
        assert_int_equal(story.n, 1);
        is_known(f->established, true);
        is_known(f->from[0].bytes, 10);
        is_known(f->last, STORY_TIME(5.1));
}

static void an_alert_is_known_by_its_bytes(void **state)
{
        static const uint8_t alert[] = { 21, 3, 3, 0, 19 }, hidden[] = { 23, 3, 3, 0, 19 };
        static const struct row rows[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = "P.", .at = 0, .n = 24, .ack = 0, .bytes = alert, .n_bytes = 5 },
                { .t = 0.2, .by = 's', .f = "P.", .at = 0, .n = 24, .ack = 24 },
        };
        /* TLS 1.3 hides it. */
        static const struct row rows13[] = {
                HANDSHAKE,
                { .t = 0.1, .by = 'c', .f = "P.", .at = 0, .n = 24, .ack = 0, .bytes = hidden, .n_bytes = 5 },
                { .t = 0.2, .by = 's', .f = "P.", .at = 0, .n = 25, .ack = 24, .bytes = hidden, .n_bytes = 5 },
        };
        struct story story;

        (void)state;
        TELL(&story, rows);
        is_known(story.given[0].facts.from[0].last_is_goodbye, true);
        is_unknown(story.given[0].facts.from[1].last_is_goodbye);
        TELL(&story, rows13);
        is_known(story.given[0].facts.from[0].last_is_goodbye, true);
        is_unknown(story.given[0].facts.from[1].last_is_goodbye);
}

static void a_syn_seen_again_behind_a_burst_is_a_twin(void **state)
{
        static const struct row rows[] = {
                { .t = 0, .by = 'c', .f = "S", .ip_id = 4000 },
                { .t = 0.001, .by = 's', .f = "S.", .ack = 0 },
                { .t = 0.0011, .by = 'c', .f = ".", .at = 0, .ack = 0, .ip_id = 4001 },
                { .t = 0.0012, .by = 'c', .f = ".", .at = 0, .n = 900, .ack = 0, .ip_id = 4002 },
                { .t = 0.0013, .by = 'c', .f = ".", .at = 900, .n = 900, .ack = 0, .ip_id = 4003 },
                { .t = 0.0014, .by = 'c', .f = ".", .at = 1800, .n = 900, .ack = 0, .ip_id = 4004 },
                { .t = 0.0015, .by = 'c', .f = "P.", .at = 2700, .n = 900, .ack = 0, .ip_id = 4005 },
                { .t = 0.0016, .by = 'c', .f = "S", .ip_id = 4000 },
                { .t = 0.0017, .by = 'c', .f = ".", .at = 0, .ack = 0, .ip_id = 4001 },
                { .t = 0.0018, .by = 'c', .f = ".", .at = 0, .n = 900, .ack = 0, .ip_id = 4002 },
                { .t = 0.0019, .by = 'c', .f = ".", .at = 900, .n = 900, .ack = 0, .ip_id = 4003 },
                { .t = 1, .by = 'c', .f = ".", .at = 900, .n = 900, .ack = 0, .ip_id = 4006 },
        };

        TOLD(rows);
        assert_int_equal(story.n, 1);
        is_known(f->syns, 1);
        is_known(f->from[0].bytes, 3600);
        is_known(f->from[0].packets, 11);
        is_known(f->from[0].retransmitted, 900);
        for (unsigned i = 7; i < 11; i++)
                assert_true(story.segments[i].twin);
        assert_false(story.segments[11].twin);
}

/* Frames out of order at the beginning: what was seen before the SYN-ACK counts. */
static void data_before_the_syn_ack_is_no_hole_behind_it(void **state)
{
        static const struct row rows[] = {
                { .t = 0.000, .by = 'c', .f = "S" },
                { .t = 0.021, .by = 's', .f = ".", .at = 1000, .n = 1000, .ack = 0 },
                { .t = 0.0101, .by = 'c', .f = ".", .at = 0, .ack = 0 },
                { .t = 0.010, .by = 's', .f = "S.", .ack = 0 },
                { .t = 0.031, .by = 's', .f = ".", .at = 2000, .n = 500, .ack = 0 },
                { .t = 0.030, .by = 's', .f = ".", .at = 0, .n = 1000, .ack = 0 },
                { .t = 0.032, .by = 'c', .f = ".", .at = 0, .ack = 2500 },
        };

        TOLD(rows);
        assert_int_equal(story.n, 1);
        is_known(f->from[1].bytes, 2500);
        is_known(f->from[1].missing, 0);
        is_known(f->from[1].retransmitted, 0);
        is_known(f->established, true);
}

/* Without an IP ID and timestamps a segment that is sent again looks like a copy that comes late; but of each packet
 * there is one copy. */
static void a_packet_seen_a_third_time_was_sent_again(void **state)
{
#define TWICE(at_ms, ...) \
        { .t = (at_ms) / 1e3, .v6 = true, __VA_ARGS__ }, { .t = (at_ms) / 1e3 + 3e-6, .v6 = true, __VA_ARGS__ }
        static const struct row rows[] = {
                TWICE(0, .by = 'c', .f = "S"),
                TWICE(5, .by = 's', .f = "S.", .ack = 0),
                TWICE(6, .by = 'c', .f = ".", .ack = 0),
                TWICE(11, .by = 's', .f = ".", .at = 0, .n = 1000, .ack = 0),
                TWICE(12, .by = 's', .f = ".", .at = 1000, .n = 1000, .ack = 0),
                TWICE(18, .by = 's', .f = ".", .at = 0, .n = 1000, .ack = 0),
                TWICE(23, .by = 'c', .f = ".", .at = 0, .ack = 2000),
        };
#undef TWICE

        TOLD(rows);
        is_known(f->from[1].bytes, 2000);
        is_known(f->from[1].retransmitted, 1000);
}

/* Known of all that are left at the end, be it the last of them that shows it. */
static void what_one_misses_makes_a_capture_that_lost(void **state)
{
        static const struct row rows[] = {
                TALK,
                { .t = 0.100, .by = 'c', .f = "S", .port = 50001 },
                { .t = 0.120, .by = 's', .f = "S.", .ack = 0, .port = 50001 },
                { .t = 0.121, .by = 'c', .f = ".", .at = 0, .ack = 0, .port = 50001 },
                { .t = 0.200, .by = 's', .f = ".", .at = 0, .ack = 72, .port = 50001 },
        };
        struct story story;

        (void)state;
        TELL(&story, rows);
        assert_int_equal(story.n, 2);
        assert_false(story.given[0].facts.seen.gaps);
        assert_true(story.given[1].facts.seen.gaps);
        assert_true(story.given[0].facts.seen.losses);
        assert_true(story.given[1].facts.seen.losses);
        story_play(&story, rows, sizeof(rows) / sizeof(*rows) - 1, NULL, 7);
        assert_int_equal(story.n, 2);
        assert_false(story.given[0].facts.seen.losses);
        assert_false(story.given[1].facts.seen.losses);
}

/* An answer to more than a SYN had a SYN-ACK before it; one to the SYN alone may be a challenge ACK. */
static void a_syn_ack_that_was_not_seen_is_missing(void **state)
{
        static const struct row rows[] = {
                { .t = 0.000, .by = 'c', .f = "S" },
                { .t = 0.020, .by = 's', .f = ".", .at = 0, .ack = 0 },
                { .t = 0.021, .by = 'c', .f = ".", .at = 0, .n = 100, .ack = 0 },
                { .t = 0.040, .by = 's', .f = ".", .at = 0, .ack = 100 },
        };
        struct story story;

        (void)state;
        TELL(&story, rows);
        assert_int_equal(story.n, 1);
        assert_true(story.given[0].facts.seen.gaps);
        story_play(&story, rows, sizeof(rows) / sizeof(*rows) - 1, NULL, 7);
        assert_int_equal(story.n, 1);
        assert_false(story.given[0].facts.seen.gaps);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_one_misses_makes_a_capture_that_lost),
                cmocka_unit_test(a_syn_ack_that_was_not_seen_is_missing),
                cmocka_unit_test(a_syn_seen_again_behind_a_burst_is_a_twin),
                cmocka_unit_test(an_exchange_is_counted_each_way),
                cmocka_unit_test(what_is_sent_again_is_counted_apart),
                cmocka_unit_test(what_comes_out_of_order_is_not_sent_again),
                cmocka_unit_test(what_was_passed_over_is_missing),
                cmocka_unit_test(what_a_sender_itself_passed_over_is_missing),
                cmocka_unit_test(what_was_acknowledged_but_not_seen_is_missing),
                cmocka_unit_test(an_ack_before_its_data_is_made_good),
                cmocka_unit_test(more_than_four_gigabytes_are_counted),
                cmocka_unit_test(a_number_out_of_all_reach_is_no_bytes),
                cmocka_unit_test(what_has_no_ack_flag_is_not_taken),
                cmocka_unit_test(a_great_hole_is_believed_when_the_stream_goes_on_behind_it),
                cmocka_unit_test(a_hole_below_holds_the_base_fast),
                cmocka_unit_test(data_in_the_syn_is_data),
                cmocka_unit_test(a_packet_seen_twice_is_one_segment),
                cmocka_unit_test(an_ack_once_more_is_an_answer_and_no_twin),
                cmocka_unit_test(clocks_that_go_back_change_no_order),
                cmocka_unit_test(an_alert_is_known_by_its_bytes),
                cmocka_unit_test(data_before_the_syn_ack_is_no_hole_behind_it),
                cmocka_unit_test(a_packet_seen_a_third_time_was_sent_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
