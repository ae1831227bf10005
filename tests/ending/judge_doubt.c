/* Doubt: what was not seen, and what may be forged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "by_hand.h"

static void missing_segments_make_fates_unknown_and_causes_possible(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        late_data(&f, 80 * MS, 100 * MS);
        f.seen.gaps = true;
        judge_facts(&f, &r);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        assert_int_equal(r.to_server.fate, FATE_UNKNOWN);
        assert_false(r.client_next.known);
}

static void one_doubt_is_no_proof_of_forgery_and_two_are(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 0);
        reset = add_reset(&f, SIDE_SERVER, false, 50 * MS);
        KNOW(reset->ttl, 41);
        KNOW(reset->ttl_differs, true);
        judge_facts(&f, &r);
        assert_int_equal(r.reset.by, SIDE_SERVER);
        assert_true(lists(&r, CAUSE_FORGED));
        assert_int_equal(r.cause, CAUSE_NONE);
        KNOW(f.end[SIDE_SERVER].went_on, true);
        KNOW(reset->went_on, true);
        judge_facts(&f, &r);
        assert_int_equal(r.reset.by, SIDE_NETWORK);
        assert_int_equal(r.ended_by, SIDE_NETWORK);
        assert_int_equal(r.cause, CAUSE_FORGED);
        assert_int_equal(r.certainty, CERTAINTY_LIKELY);
        assert_int_equal(r.to_client.closed, CLOSED_NO);
        /* Another one from the same distance is its fellow; one from the server's own is the server's. */
        KNOW(f.from[SIDE_SERVER].packets, 12);
        reset = add_reset(&f, SIDE_SERVER, false, 51 * MS);
        KNOW(reset->ttl, 40);
        KNOW(reset->ttl_differs, true);
        judge_facts(&f, &r);
        assert_int_equal(r.to_client.closed, CLOSED_NO);
        assert_int_equal(r.to_client.packets.value, 10);
        KNOW(reset->ttl, 57);
        KNOW(reset->ttl_differs, false);
        judge_facts(&f, &r);
        assert_int_equal(r.to_client.closed, CLOSED_RESET);
        assert_int_equal(r.to_client.packets.value, 11);
        /* A route that changed by a hop is no doubt. */
        exchange(&f, 0);
        reset = add_reset(&f, SIDE_SERVER, false, 50 * MS);
        KNOW(reset->ttl, 58);
        KNOW(reset->ttl_differs, true);
        judge_facts(&f, &r);
        assert_false(lists(&r, CAUSE_FORGED));
        /* But in a rack the NAT that forgot may be one hop nearer than the server. */
        exchange(&f, 0);
        reset = add_reset(&f, SIDE_SERVER, true, 50 * MS);
        KNOW(reset->answers, SEGMENT_KIND_DATA);
        judge_facts(&f, &r);
        assert_false(lists(&r, CAUSE_STATE_LOST));
        KNOW(reset->ttl, 58);
        KNOW(reset->ttl_differs, true);
        judge_facts(&f, &r);
        assert_true(lists(&r, CAUSE_STATE_LOST));
        assert_false(lists(&r, CAUSE_FORGED));
}

static void who_went_on_after_an_earlier_reset_may_have_sent_the_last(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 0);
        reset = add_reset(&f, SIDE_SERVER, false, 50 * MS);
        KNOW(reset->obeyed, false);
        KNOW(reset->went_on, true);
        KNOW(f.end[SIDE_SERVER].went_on, true);
        reset = add_reset(&f, SIDE_SERVER, false, 90 * MS);
        KNOW(reset->ack_impossible, true);
        judge_facts(&f, &r);
        assert_int_equal(r.reset.by, SIDE_SERVER);
        assert_int_equal(r.ended_by, SIDE_SERVER);
        assert_true(lists(&r, CAUSE_FORGED));
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
}

/* A balancer that forgets an idle connection tells both ends so, in each other's name. */
static void two_resets_that_nothing_drew_come_from_between(void **state)
{
        struct facts_of_reset *first, *second;
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        first = add_reset(&f, SIDE_SERVER, true, 350000 * MS);
        second = add_reset(&f, SIDE_CLIENT, true, 350000 * MS + 20000);
        first->answers.how = second->answers.how = HOW_UNKNOWN;
        KNOW(first->before, 1000 * MS);
        KNOW(first->unasked, true);
        judge_facts(&f, &r);
        assert_int_equal(r.reset.by, SIDE_SERVER);
        assert_true(lists(&r, CAUSE_STATE_LOST));
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        KNOW(second->unasked, true);
        judge_facts(&f, &r);
        assert_int_equal(r.reset.by, SIDE_NETWORK);
        assert_int_equal(r.ended_by, SIDE_NETWORK);
        assert_int_equal(r.causes[0], CAUSE_STATE_LOST);
        assert_int_equal(r.to_server.closed, CLOSED_NO);
        assert_int_equal(r.to_client.closed, CLOSED_NO);
        KNOW(second->at, 360000 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.reset.by, SIDE_SERVER);
}

static void a_client_may_take_its_syn_back_before_the_answer_comes(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        facts_init(&f, SOURCE_CAPTURE);
        KNOW(f.syns, 1);
        KNOW(f.syn_acks, 1);
        KNOW(f.established, false);
        KNOW(f.first, 1000 * MS);
        KNOW(f.last, 1020 * MS);
        reset = add_reset(&f, SIDE_CLIENT, true, 1010 * MS);
        reset->validity.how = HOW_UNKNOWN;
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_RESET);
        assert_int_equal(r.causes[0], CAUSE_ABANDONED);
        /* One that could be taken came after the answer. */
        KNOW(reset->validity, RESET_VALIDITY_EXACT);
        judge_facts(&f, &r);
        assert_false(lists(&r, CAUSE_ABANDONED));
}

/* What speaks against a RST's window is that it was never shut. */
static void a_reset_of_a_shut_window_is_of_its_own_accord(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        reset = add_reset(&f, SIDE_CLIENT, false, 2000 * MS);
        KNOW(reset->window, 0);
        KNOW(reset->options, false);
        KNOW(f.end[SIDE_CLIENT].os, OS_LINUX);
        KNOW(f.from[SIDE_SERVER].window_shut, true);
        judge_facts(&f, &r);
        assert_int_equal(r.reset.kind, RESET_KIND_UNKNOWN);
        /* With timestamps it would bear them. */
        KNOW(f.end[SIDE_CLIENT].timestamps, false);
        judge_facts(&f, &r);
        assert_int_equal(r.reset.kind, RESET_KIND_ACTIVE);
        assert_true(lists(&r, CAUSE_SOCK_DESTROYED));
        assert_false(lists(&r, CAUSE_FORGED));
        /* Who closes shuts no window, so this is none of his making, whatever lay unread. */
        KNOW(f.end[SIDE_CLIENT].act, ACT_CLOSE);
        KNOW(f.end[SIDE_CLIENT].unread, 5);
        KNOW(f.mptcp, false);
        judge_facts(&f, &r);
        assert_int_equal(r.reset.kind, RESET_KIND_UNKNOWN);
        assert_int_not_equal(r.certainty, CERTAINTY_CERTAIN);
        f.end[SIDE_CLIENT].act.how = HOW_UNKNOWN;
        KNOW(f.from[SIDE_SERVER].window_shut, false);
        judge_facts(&f, &r);
        assert_int_equal(r.reset.kind, RESET_KIND_UNKNOWN);
}

static void a_fin_may_have_been_lost_before_it_was_captured(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        reset = late_data(&f, 80 * MS, 100 * MS);
        KNOW(f.from[SIDE_SERVER].fin, false);
        KNOW(f.from[SIDE_SERVER].fin_acked, false);
        KNOW(reset->before_answers, 79 * MS);
        judge_facts(&f, &r);
        assert_true(lists(&r, CAUSE_DATA_AFTER_CLOSE) && lists(&r, CAUSE_NO_CONNECTION));
        /* Who never sent the RST has nothing to do with it. */
        KNOW(reset->not_sent, true);
        judge_facts(&f, &r);
        assert_false(lists(&r, CAUSE_DATA_AFTER_CLOSE));
        reset->not_sent.how = HOW_UNKNOWN;
        /* In a minute it would have been repeated. */
        KNOW(reset->at, 60100 * MS);
        KNOW(reset->answers_at, 60080 * MS);
        judge_facts(&f, &r);
        assert_false(lists(&r, CAUSE_DATA_AFTER_CLOSE));
}

static void an_answer_after_a_reset_of_unknown_shape_says_little(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        for (int overtakes = 0; overtakes < 2; overtakes++) {
                reset_and_reply(&f, overtakes);
                judge_facts(&f, &r);
                assert_int_equal(r.reset.kind, RESET_KIND_ACTIVE);
                f.resets[overtakes].window.how = HOW_UNKNOWN;
                judge_facts(&f, &r);
                assert_int_equal(r.reset.kind, RESET_KIND_REPLY);
                assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
                /* One whose numbers cannot be right is another's, and says nothing. */
                KNOW(f.resets[overtakes].validity, RESET_VALIDITY_OUTSIDE);
                judge_facts(&f, &r);
                assert_int_equal(r.certainty, CERTAINTY_LIKELY);
        }
        /* One that came much later has drawn nothing. */
        f.resets[1].validity.how = HOW_UNKNOWN;
        KNOW(f.resets[1].at, 200 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.certainty, CERTAINTY_LIKELY);
        f.resets[1].at.how = HOW_UNKNOWN;
        judge_facts(&f, &r);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
}

/* Who forges a RST waits for a segment, and lets it pass. */
static void what_drew_a_reset_that_may_be_forged_may_have_arrived(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        reset = late_data(&f, 80 * MS, 100 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.to_server.fate, FATE_LOST);
        KNOW(reset->ttl, 41);
        KNOW(reset->ttl_differs, true);
        judge_facts(&f, &r);
        assert_true(lists(&r, CAUSE_FORGED));
        assert_int_equal(r.to_server.fate, FATE_UNCERTAIN);
}

/* An answer's numbers are those that what it answers asked for: a snaplen that ends before the window
 * makes it no forgery. */
static void a_reset_that_was_cut_is_excused_what_an_answer_is(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 0);
        for (int i = 0; i < 2; i++) {
                reset = add_reset(&f, SIDE_SERVER, true, (50 + i) * MS);
                KNOW(reset->position, i);
                KNOW(reset->behind, true);
                reset->window.how = reset->options.how = HOW_UNKNOWN;
        }
        judge_facts(&f, &r);
        assert_int_equal(r.reset.kind, RESET_KIND_UNKNOWN);
        assert_int_equal(r.reset.by, SIDE_SERVER);
        assert_false(lists(&r, CAUSE_FORGED));
        /* The capture ends behind the window, and not behind the options. */
        KNOW(f.resets[0].window, 0);
        judge_facts(&f, &r);
        assert_int_equal(r.reset.kind, RESET_KIND_UNKNOWN);
        assert_int_equal(r.reset.by, SIDE_SERVER);
        /* With a window it is none. */
        for (int i = 0; i < 2; i++)
                KNOW(f.resets[i].window, 500);
        judge_facts(&f, &r);
        assert_int_equal(r.reset.by, SIDE_NETWORK);
}

/* The server had shut one way only, and took all that came then: so no data drew it. */
static void a_fin_behind_late_data_that_was_acknowledged_met_no_closed_socket(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        reset = late_data(&f, 80 * MS, 100 * MS);
        KNOW(reset->answers, SEGMENT_KIND_FIN);
        KNOW(f.from[SIDE_CLIENT].fin, true);
        KNOW(f.from[SIDE_CLIENT].fin_at, 80 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_DATA_AFTER_CLOSE);
        KNOW(f.from[SIDE_CLIENT].acked, 200);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_RESET);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        assert_true(lists(&r, CAUSE_NO_CONNECTION));
}

/* Of two captures that are one the server's holds a FIN that never came. */
static void a_fin_that_may_not_have_come_is_not_told(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        KNOW(f.from[SIDE_SERVER].fin, true);
        KNOW(f.from[SIDE_SERVER].fin_at, 50 * MS);
        KNOW(f.from[SIDE_SERVER].fin_repeats, 0);
        KNOW(f.end[SIDE_SERVER].unanswered_last, f.seen.until);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_HALF_CLOSED);
        assert_true(r.client_next.known);
        f.seen.both_ends = true;
        judge_facts(&f, &r);
        assert_false(r.client_next.known);
        KNOW(f.from[SIDE_SERVER].fin_acked, true);
        judge_facts(&f, &r);
        assert_true(r.client_next.known);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(missing_segments_make_fates_unknown_and_causes_possible),
                cmocka_unit_test(one_doubt_is_no_proof_of_forgery_and_two_are),
                cmocka_unit_test(who_went_on_after_an_earlier_reset_may_have_sent_the_last),
                cmocka_unit_test(two_resets_that_nothing_drew_come_from_between),
                cmocka_unit_test(a_client_may_take_its_syn_back_before_the_answer_comes),
                cmocka_unit_test(a_reset_of_a_shut_window_is_of_its_own_accord),
                cmocka_unit_test(a_fin_may_have_been_lost_before_it_was_captured),
                cmocka_unit_test(an_answer_after_a_reset_of_unknown_shape_says_little),
                cmocka_unit_test(a_reset_that_was_cut_is_excused_what_an_answer_is),
                cmocka_unit_test(what_drew_a_reset_that_may_be_forged_may_have_arrived),
                cmocka_unit_test(a_fin_behind_late_data_that_was_acknowledged_met_no_closed_socket),
                cmocka_unit_test(a_fin_that_may_not_have_come_is_not_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
