/* Verdicts from what the wire shows: the ending, who ended it, and the causes that fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "by_hand.h"

static void what_is_known_of_the_place_orders_the_causes(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 0);
        add_reset(&f, SIDE_SERVER, false, 50 * MS);
        KNOW(f.siblings_reset, true);
        judge_facts(&f, &r);
        assert_int_equal(r.causes[0], CAUSE_LISTENER_CLOSED);
        assert_int_equal(r.cause, CAUSE_NONE);
        exchange(&f, 0);
        KNOW(f.established, false);
        KNOW(f.syn_acks, 0);
        KNOW(f.from[SIDE_CLIENT].bytes, 0);
        KNOW(f.from[SIDE_CLIENT].payloads, 0);
        add_reset(&f, SIDE_SERVER, true, 50 * MS);
        KNOW(f.resets[0].answers, SEGMENT_KIND_SYN);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_REFUSED);
        assert_int_equal(r.causes[0], CAUSE_NOT_LISTENING);
        assert_int_equal(r.cause, CAUSE_NONE);
        assert_int_equal(r.retry, RETRY_SAFE);
        KNOW(f.filter_answers, true);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_FIREWALL);
        assert_int_equal(r.certainty, CERTAINTY_LIKELY);
}

static void who_resets_is_gone_even_if_the_other_goes_on(void **state)
{
        struct facts_of_reset *reply;
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        add_reset(&f, SIDE_SERVER, false, 50 * MS);
        KNOW(f.resets[0].obeyed, false);
        reply = add_reset(&f, SIDE_SERVER, true, 90 * MS);
        KNOW(reply->answers, SEGMENT_KIND_DATA);
        KNOW(reply->frame, 14);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_RESET);
        assert_int_equal(r.reset.kind, RESET_KIND_ACTIVE);
        assert_int_equal(r.reset.frame.value, 10);
        assert_true(lists(&r, CAUSE_ZERO_LINGER));
        assert_false(lists(&r, CAUSE_NO_CONNECTION));
}

static void the_wire_does_not_tell_unread_data_from_zero_linger(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 0);
        add_reset(&f, SIDE_SERVER, false, 50 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_NONE);
        assert_true(lists(&r, CAUSE_UNREAD_DATA) && lists(&r, CAUSE_ZERO_LINGER) && lists(&r, CAUSE_LISTENER_CLOSED));
        assert_int_equal(r.severity, SEVERITY_BAD);
        /* Who has sent something was accepted; who was sent nothing has nothing unread. */
        exchange(&f, 300);
        KNOW(f.from[SIDE_CLIENT].bytes, 0);
        add_reset(&f, SIDE_SERVER, false, 50 * MS);
        judge_facts(&f, &r);
        assert_false(lists(&r, CAUSE_UNREAD_DATA) || lists(&r, CAUSE_LISTENER_CLOSED));
}

static void a_reset_that_nobody_took_ends_nothing(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        add_reset(&f, SIDE_SERVER, false, 50 * MS);
        KNOW(f.resets[0].obeyed, false);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_OPEN);
        assert_int_equal(r.reset.count, 1);
        assert_true(r.reset.obeyed.known && !r.reset.obeyed.value);
        /* A challenged one neither. */
        KNOW(f.resets[0].validity, RESET_VALIDITY_IN_WINDOW);
        f.resets[0].obeyed.how = HOW_UNKNOWN;
        KNOW(f.end[SIDE_CLIENT].challenge_acks, 1);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_OPEN);
}

/* Whether it ends with what was seen hangs on what was not. */
static void what_only_times_tell_or_the_capture_does_not_show_makes_no_open_end_certain(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        KNOW(f.from[SIDE_CLIENT].fin, false);
        KNOW(f.from[SIDE_SERVER].fin, false);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_OPEN);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        f.seen.losses = true;
        judge_facts(&f, &r);
        assert_int_equal(r.certainty, CERTAINTY_LIKELY);
        f.seen.losses = false;
        f.seen.disorder = true;
        judge_facts(&f, &r);
        assert_int_equal(r.certainty, CERTAINTY_LIKELY);
        f.seen.disorder = false;
        f.seen.evicted = true;
        judge_facts(&f, &r);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        KNOW(f.from[SIDE_CLIENT].bytes, 0);
        judge_facts(&f, &r);
        assert_int_equal(r.retry, RETRY_UNKNOWN);       /* a request may have come later */
        f.seen.evicted = false;
        judge_facts(&f, &r);
        assert_int_equal(r.retry, RETRY_SAFE);
        add_reset(&f, SIDE_SERVER, false, 50 * MS);
        KNOW(f.resets[0].after_both_acked, false);
        KNOW(f.resets[0].obeyed, false);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_OPEN);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        f.resets[0].obeyed.how = HOW_INFERRED;
        KNOW(f.resets[0].went_on, true);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_OPEN);
        assert_int_equal(r.certainty, CERTAINTY_LIKELY);
        KNOW(f.resets[0].went_on, false);               /* the time is the only witness */
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_OPEN);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
}

static void a_fin_that_was_often_repeated_in_vain_is_not_certainly_waiting(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        KNOW(f.from[SIDE_CLIENT].fin, true);
        KNOW(f.from[SIDE_CLIENT].fin_acked, false);
        KNOW(f.from[SIDE_CLIENT].fin_repeats, 2);
        KNOW(f.end[SIDE_CLIENT].unanswered_last, f.seen.until);
        KNOW(f.from[SIDE_SERVER].fin, false);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_HALF_CLOSED);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        /* Something came meanwhile that did not acknowledge it, so none of the last repeats is in vain. */
        KNOW(f.from[SIDE_CLIENT].fin_repeats, 3);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_HALF_CLOSED);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        KNOW(f.from[SIDE_CLIENT].fin_acked, true);
        judge_facts(&f, &r);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
}

static void a_time_out_is_over_when_twice_the_last_interval_passed(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        KNOW(f.from[SIDE_CLIENT].bytes, 200);
        KNOW(f.end[SIDE_CLIENT].repeats_unanswered, 3);
        KNOW(f.end[SIDE_CLIENT].repeated, SEGMENT_KIND_DATA);
        KNOW(f.end[SIDE_CLIENT].unanswered_since, 1000 * MS);
        KNOW(f.end[SIDE_CLIENT].unanswered_last, 8000 * MS);
        KNOW(f.end[SIDE_CLIENT].unanswered_gap, 4000 * MS);
        f.seen.until = 15999 * MS;
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_TIMED_OUT);
        assert_true(r.ongoing);
        assert_int_equal(r.ended_by, SIDE_UNKNOWN);
        assert_int_equal(r.silent, SIDE_SERVER);
        f.seen.until = 16000 * MS;
        judge_facts(&f, &r);
        assert_false(r.ongoing);
        assert_int_equal(r.ended_by, SIDE_CLIENT);
        assert_int_equal(r.ended.value, 8000 * MS);
        /* Two repeats are a bad moment. */
        KNOW(f.end[SIDE_CLIENT].repeats_unanswered, 2);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_OPEN);
}

static void what_came_after_keepalive_gave_up_was_not_received(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        KNOW(f.end[SIDE_CLIENT].keepalives_unanswered, 3);
        KNOW(f.end[SIDE_CLIENT].unanswered_since, 10000 * MS);
        KNOW(f.end[SIDE_CLIENT].unanswered_last, 12000 * MS);
        KNOW(f.end[SIDE_CLIENT].unanswered_gap, 1000 * MS);
        reset = add_reset(&f, SIDE_CLIENT, false, 13000 * MS);
        KNOW(reset->obeyed, false);
        KNOW(f.from[SIDE_SERVER].fin, true);
        KNOW(f.from[SIDE_SERVER].fin_at, 15000 * MS);
        /* That is what its kernel answers. */
        add_reset(&f, SIDE_CLIENT, true, 15001 * MS);
        f.seen.until = 15001 * MS;
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_TIMED_OUT);
        assert_false(r.ongoing);
        assert_int_equal(r.ended_by, SIDE_CLIENT);
        assert_int_equal(r.silent, SIDE_SERVER);
        assert_int_equal(r.cause, CAUSE_KEEPALIVE);
        assert_true(r.client_next.known);
        assert_int_equal(r.client_next.if_recv[0].error, ETIMEDOUT);
}

/* The kernel takes the socket away before it sends its RST: what comes in between draws a reply, which may overtake. */
static void a_reply_just_before_the_same_ends_own_reset_is_not_the_one_that_counts(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        reset = add_reset(&f, SIDE_SERVER, true, 2000 * MS);
        KNOW(reset->answers, SEGMENT_KIND_FIN);
        add_reset(&f, SIDE_SERVER, false, 2000 * MS + 2000);
        judge_facts(&f, &r);
        assert_int_equal(r.reset.kind, RESET_KIND_ACTIVE);
        assert_true(lists(&r, CAUSE_UNREAD_DATA) && !lists(&r, CAUSE_NO_CONNECTION));
        /* Much later it is another's. */
        KNOW(f.resets[1].at, 2500 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.reset.kind, RESET_KIND_REPLY);
        assert_true(lists(&r, CAUSE_NO_CONNECTION));
}

static void an_answer_from_elsewhere_after_a_long_silence_is_first_of_all_lost_state(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        reset = late_data(&f, 80 * MS, 351100 * MS);
        KNOW(f.from[SIDE_SERVER].fin, false);
        KNOW(reset->before_answers, 79 * MS);
        KNOW(reset->answers_at, 351080 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.causes[0], CAUSE_NO_CONNECTION);
        KNOW(reset->ttl, 250);
        KNOW(reset->ttl_differs, true);
        judge_facts(&f, &r);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        assert_int_equal(r.causes[0], CAUSE_STATE_LOST);
        assert_true(lists(&r, CAUSE_NO_CONNECTION));
}

static void a_reset_captured_twice_is_still_all_that_was_seen(void **state)
{
        struct facts f;
        struct record r;

        (void)state;
        facts_init(&f, SOURCE_CAPTURE);
        f.seen.sides = SIDES_SEEN_SERVER;
        f.seen.roles = ROLES_PORTS;
        KNOW(f.from[SIDE_CLIENT].packets, 0);
        KNOW(f.from[SIDE_SERVER].packets, 2);
        f.n_resets = f.n_resets_in_all = 1;
        KNOW(f.resets[0].by, SIDE_SERVER);
        KNOW(f.resets[0].has_ack, true);
        KNOW(f.resets[0].window, 0);
        KNOW(f.resets[0].obeyed, true);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_UNSEEN);
        /* An ACK before it has a place in the stream. */
        KNOW(f.from[SIDE_SERVER].payloads, 0);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_RESET);
}

static void a_syn_with_a_fin_that_nobody_answers_closes_nothing(void **state)
{
        struct facts f;
        struct record r;

        (void)state;
        exchange(&f, 0);
        KNOW(f.syn_acks, 0);
        KNOW(f.established, false);
        KNOW(f.from[SIDE_CLIENT].payloads, 0);
        KNOW(f.from[SIDE_CLIENT].bytes, 0);
        KNOW(f.from[SIDE_CLIENT].acked, 0);
        KNOW(f.from[SIDE_CLIENT].packets, 1);
        KNOW(f.from[SIDE_CLIENT].fin, true);
        KNOW(f.from[SIDE_SERVER].packets, 0);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_UNANSWERED);
        /* Whoever got an answer and closed did close. */
        KNOW(f.from[SIDE_SERVER].packets, 1);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_HALF_CLOSED);
}

static void a_reset_to_what_bore_no_ack_is_a_reply(void **state)
{
        struct facts f;
        struct record r;

        (void)state;
        exchange(&f, 0);
        f.n_resets = f.n_resets_in_all = 1;
        KNOW(f.resets[0].by, SIDE_SERVER);
        KNOW(f.resets[0].has_ack, true);
        KNOW(f.resets[0].options, false);
        KNOW(f.resets[0].window, 0);
        KNOW(f.resets[0].obeyed, true);
        judge_facts(&f, &r);
        assert_int_equal(r.reset.kind, RESET_KIND_UNKNOWN);
        KNOW(f.resets[0].answers, SEGMENT_KIND_FIN);
        judge_facts(&f, &r);
        assert_int_equal(r.reset.kind, RESET_KIND_REPLY);
        assert_true(lists(&r, CAUSE_NO_CONNECTION));
        assert_false(lists(&r, CAUSE_ZERO_LINGER));
}

static void a_good_bye_that_lay_unread_harms_nobody(void **state)
{
        struct facts f;
        struct record r;

        (void)state;
        exchange(&f, 24);
        f.n_resets = f.n_resets_in_all = 1;
        KNOW(f.resets[0].by, SIDE_CLIENT);
        KNOW(f.resets[0].has_ack, true);
        KNOW(f.resets[0].window, 500);
        KNOW(f.resets[0].options, true);
        KNOW(f.resets[0].obeyed, true);
        KNOW(f.end[SIDE_CLIENT].unread, 24);
        judge_facts(&f, &r);
        assert_int_equal(r.to_client.fate, FATE_LOST);
        assert_int_equal(r.severity, SEVERITY_BAD);
        KNOW(f.from[SIDE_SERVER].last_is_goodbye, true);
        KNOW(f.from[SIDE_SERVER].goodbye_bytes, 24);
        judge_facts(&f, &r);
        assert_int_equal(r.to_client.fate, FATE_LOST);
        assert_int_equal(r.severity, SEVERITY_FINE);
        /* A byte of something else before it was lost as well. */
        KNOW(f.end[SIDE_CLIENT].unread, 25);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_BAD);
}

/* A RST with the number of the SYN is that of a socket to which nothing was acknowledged. */
static void who_resets_his_own_attempt_had_no_answer(void **state)
{
        struct facts_of_reset *reset;
        struct facts f;
        struct record r;

        (void)state;
        exchange(&f, 0);
        KNOW(f.syns, 7);
        KNOW(f.syn_acks, 0);
        KNOW(f.last_syn, 63000 * MS);
        KNOW(f.established, false);
        KNOW(f.syn_data, false);
        KNOW(f.from[SIDE_CLIENT].payloads, 0);
        KNOW(f.from[SIDE_CLIENT].bytes, 0);
        KNOW(f.from[SIDE_CLIENT].acked, 0);
        KNOW(f.from[SIDE_SERVER].payloads, 0);
        KNOW(f.from[SIDE_SERVER].packets, 0);
        reset = add_reset(&f, SIDE_CLIENT, false, 127000 * MS);
        reset->validity.how = reset->obeyed.how = HOW_UNKNOWN;
        KNOW(reset->behind, true);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_UNANSWERED);
        assert_int_equal(r.severity, SEVERITY_NOTABLE);
        assert_int_equal(r.ended_by, SIDE_CLIENT);
        assert_int_equal(r.silent, SIDE_SERVER);
        assert_false(r.ongoing);
        assert_true(lists(&r, CAUSE_FIREWALL) && !lists(&r, CAUSE_ZERO_LINGER));
        /* Behind it the RST acts on an answer that was not seen, … */
        KNOW(reset->behind, false);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_RESET);
        /* … and so may it be where the SYN bore data, or where one was. */
        KNOW(reset->behind, true);
        KNOW(f.syn_data, true);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_RESET);
        KNOW(f.syn_data, false);
        KNOW(f.from[SIDE_SERVER].packets, 1);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_RESET);
}

/* It goes on asking, so it is not silent; and it has not given up before the answer came. */
static void who_repeats_a_syn_that_was_answered_got_no_answer(void **state)
{
        struct facts f;
        struct record r;

        (void)state;
        exchange(&f, 0);
        KNOW(f.syns, 4);
        KNOW(f.syn_acks, 4);
        KNOW(f.last_syn, 7000 * MS);
        KNOW(f.answered_syns, 0);
        KNOW(f.established, false);
        KNOW(f.from[SIDE_CLIENT].payloads, 0);
        KNOW(f.from[SIDE_CLIENT].bytes, 0);
        KNOW(f.from[SIDE_CLIENT].acked, 0);
        KNOW(f.from[SIDE_SERVER].payloads, 0);
        KNOW(f.from[SIDE_SERVER].packets, 4);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_UNANSWERED);
        assert_int_equal(r.silent, SIDE_CLIENT);
        assert_true(lists(&r, CAUSE_ABANDONED));
        KNOW(f.answered_syns, 3);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_UNANSWERED);
        assert_int_equal(r.silent, SIDE_UNKNOWN);
        assert_int_equal(r.ended_by, SIDE_CLIENT);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        assert_false(lists(&r, CAUSE_ABANDONED));
        assert_false(lists(&r, CAUSE_BACKLOG_FULL));
}

static void an_icmp_error_to_who_asks_in_vain_stands_first(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        KNOW(f.end[SIDE_CLIENT].repeats_unanswered, 5);
        KNOW(f.end[SIDE_CLIENT].repeated, SEGMENT_KIND_DATA);
        KNOW(f.end[SIDE_CLIENT].unanswered_last, 90 * MS);
        KNOW(f.end[SIDE_CLIENT].unanswered_gap, 10 * MS);
        KNOW(f.icmp, ICMP_ERROR_HOST_UNREACHABLE);
        KNOW(f.icmp_at, 80 * MS);
        KNOW(f.icmp_quoted, SEGMENT_KIND_DATA);
        KNOW(f.icmp_to, SIDE_CLIENT);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_TIMED_OUT);
        assert_int_equal(r.causes[0], CAUSE_UNREACHABLE);
        assert_true(lists(&r, CAUSE_RETRANSMISSION_TIMEOUT));
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        /* Told to the other end, or of a packet that was too long, it need not have to do with it. */
        KNOW(f.icmp_to, SIDE_SERVER);
        judge_facts(&f, &r);
        assert_int_equal(r.causes[0], CAUSE_RETRANSMISSION_TIMEOUT);
        assert_true(lists(&r, CAUSE_UNREACHABLE));
        KNOW(f.icmp_to, SIDE_CLIENT);
        KNOW(f.icmp, ICMP_ERROR_TOO_BIG);
        judge_facts(&f, &r);
        assert_int_equal(r.causes[0], CAUSE_RETRANSMISSION_TIMEOUT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_good_bye_that_lay_unread_harms_nobody),
                cmocka_unit_test(a_syn_with_a_fin_that_nobody_answers_closes_nothing),
                cmocka_unit_test(a_reset_to_what_bore_no_ack_is_a_reply),
                cmocka_unit_test(a_reset_captured_twice_is_still_all_that_was_seen),
                cmocka_unit_test(what_is_known_of_the_place_orders_the_causes),
                cmocka_unit_test(who_resets_is_gone_even_if_the_other_goes_on),
                cmocka_unit_test(the_wire_does_not_tell_unread_data_from_zero_linger),
                cmocka_unit_test(a_reset_that_nobody_took_ends_nothing),
                cmocka_unit_test(what_only_times_tell_or_the_capture_does_not_show_makes_no_open_end_certain),
                cmocka_unit_test(a_fin_that_was_often_repeated_in_vain_is_not_certainly_waiting),
                cmocka_unit_test(a_time_out_is_over_when_twice_the_last_interval_passed),
                cmocka_unit_test(what_came_after_keepalive_gave_up_was_not_received),
                cmocka_unit_test(a_reply_just_before_the_same_ends_own_reset_is_not_the_one_that_counts),
                cmocka_unit_test(an_answer_from_elsewhere_after_a_long_silence_is_first_of_all_lost_state),
                cmocka_unit_test(an_icmp_error_to_who_asks_in_vain_stands_first),
                cmocka_unit_test(who_resets_his_own_attempt_had_no_answer),
                cmocka_unit_test(who_repeats_a_syn_that_was_answered_got_no_answer),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
