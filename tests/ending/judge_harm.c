/* What was lost, and how bad that is: fates, retry and severity. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "by_hand.h"

static void a_server_that_resets_after_a_good_bye_harms_nobody(void **state)
{
        struct facts_of_direction *client;
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        client = &f.from[SIDE_CLIENT];
        add_reset(&f, SIDE_SERVER, true, 50 * MS);
        KNOW(client->last_answered, false);
        KNOW(client->last_is_goodbye, true);
        KNOW(client->last_run, 12);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_RESET);
        assert_int_equal(r.to_server.fate, FATE_ACKED);
        assert_int_equal(r.severity, SEVERITY_FINE);
        /* A request may stand before it. */
        KNOW(client->last_run, 90);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_NOTABLE);
        KNOW(client->goodbye_bytes, 90);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_FINE);
        /* Who said nothing of the kind waits for his answer. */
        KNOW(client->last_is_goodbye, false);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_BAD);
}

static void data_after_close_is_likely_and_its_bytes_are_lost(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        late_data(&f, 80 * MS, 100 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_DATA_AFTER_CLOSE);
        assert_int_equal(r.certainty, CERTAINTY_LIKELY);
        assert_int_equal(r.to_server.fate, FATE_LOST);
        assert_int_equal(r.retry, RETRY_SAFE);
        assert_int_equal(r.severity, SEVERITY_BAD);
        /* Long after the FIN the host may simply have forgotten. */
        late_data(&f, 80 * MS, 70 * 1000 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.causes[0], CAUSE_NO_CONNECTION);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
}

static void a_repeat_that_draws_a_reset_may_have_arrived_before(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        late_data(&f, 80 * MS, 100 * MS);
        KNOW(f.resets[0].answers_repeat, true);
        judge_facts(&f, &r);
        assert_int_equal(r.to_server.fate, FATE_UNCERTAIN);
        assert_int_equal(r.retry, RETRY_MAYBE_PROCESSED);
}

static void what_is_under_way_when_the_capture_ends_is_no_loss(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        KNOW(f.from[SIDE_SERVER].acked, 200);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_OPEN);
        assert_int_equal(r.to_client.fate, FATE_UNKNOWN);
        assert_int_equal(r.severity, SEVERITY_FINE);

        /* A SYN with data (TCP Fast Open) is the last thing that was seen. */
        facts_init(&f, SOURCE_CAPTURE);
        KNOW(f.syns, 1);
        KNOW(f.syn_acks, 0);
        KNOW(f.syn_data, true);
        KNOW(f.established, false);
        KNOW(f.last_syn, 1000 * MS);
        KNOW(f.first, 1000 * MS);
        KNOW(f.last, 1000 * MS);
        KNOW(f.from[SIDE_CLIENT].bytes, 100);
        KNOW(f.from[SIDE_CLIENT].acked, 0);
        KNOW(f.from[SIDE_SERVER].bytes, 0);
        KNOW(f.from[SIDE_SERVER].packets, 0);
        f.seen.until = 1001 * MS;
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_UNANSWERED);
        assert_true(r.ongoing);
        assert_int_equal(r.to_server.fate, FATE_UNKNOWN);
        assert_int_equal(r.severity, SEVERITY_NOTABLE);
}

/* Fewer repeats than a time-out takes; but the next one was due long before the capture ends. */
static void who_stopped_asking_did_not_get_his_bytes_acknowledged(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        KNOW(f.from[SIDE_CLIENT].acked, 40);
        KNOW(f.end[SIDE_CLIENT].repeats_unanswered, 2);
        KNOW(f.end[SIDE_CLIENT].repeated, SEGMENT_KIND_DATA);
        KNOW(f.end[SIDE_CLIENT].unanswered_since, 100 * MS);
        KNOW(f.end[SIDE_CLIENT].unanswered_last, 700 * MS);
        KNOW(f.end[SIDE_CLIENT].unanswered_gap, 400 * MS);
        f.seen.until = 1499 * MS;
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_OPEN);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        assert_int_equal(r.to_server.fate, FATE_UNKNOWN);
        assert_int_equal(r.severity, SEVERITY_FINE);
        assert_true(r.client_next.known);
        f.seen.until = 1500 * MS;
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_OPEN);
        assert_true(r.ongoing);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        assert_int_equal(r.to_server.fate, FATE_UNCERTAIN);
        assert_int_equal(r.severity, SEVERITY_BAD);
        assert_false(r.client_next.known);
        /* Half-closed it is no other. */
        KNOW(f.from[SIDE_CLIENT].fin, true);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_HALF_CLOSED);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        assert_int_equal(r.to_server.fate, FATE_UNCERTAIN);
        KNOW(f.from[SIDE_CLIENT].fin, false);
        /* What was sent just once may have been acknowledged; the answer is what is missing. */
        KNOW(f.end[SIDE_CLIENT].repeats_unanswered, 0);
        f.end[SIDE_CLIENT].unanswered_gap.how = HOW_UNKNOWN;
        f.seen.until = 6600 * MS;
        judge_facts(&f, &r);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        f.seen.until = 6700 * MS;
        judge_facts(&f, &r);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        assert_int_equal(r.to_server.fate, FATE_UNKNOWN);
}

static void a_reset_before_a_shut_window_cuts_the_answer(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        add_reset(&f, SIDE_SERVER, false, 2000 * MS);
        KNOW(f.from[SIDE_SERVER].window_shut, false);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_NOTABLE);
        KNOW(f.from[SIDE_SERVER].window_shut, true);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_BAD);
        /* A client that does not want the rest is free to go; but it had not read what it got. */
        exchange(&f, 300);
        add_reset(&f, SIDE_CLIENT, false, 2000 * MS);
        KNOW(f.from[SIDE_SERVER].window_shut, true);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_NOTABLE);
        KNOW(f.from[SIDE_SERVER].window_shut, false);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_FINE);
}

/* The handshake was never completed: nothing was lost, and nobody waits. */
static void a_server_that_gives_up_a_handshake_by_a_reset_is_notable(void **state)
{
        struct facts_of_end *server;
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 0);
        add_reset(&f, SIDE_SERVER, false, 60000 * MS);
        server = &f.end[SIDE_SERVER];
        KNOW(server->repeats_unanswered, 5);
        KNOW(server->repeated, SEGMENT_KIND_SYN_ACK);
        KNOW(server->unanswered_last, 30000 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_TIMED_OUT);
        assert_int_equal(r.severity, SEVERITY_BAD);
        KNOW(f.established, false);
        KNOW(f.from[SIDE_CLIENT].bytes, 0);
        KNOW(f.from[SIDE_CLIENT].acked, 0);
        KNOW(f.from[SIDE_CLIENT].payloads, 0);
        KNOW(f.from[SIDE_SERVER].bytes, 0);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_TIMED_OUT);
        assert_int_equal(r.severity, SEVERITY_NOTABLE);
}

/* TCP Fast Open at a closed port: the RST acknowledges SYN and data, and nobody has them. */
static void data_of_a_refused_syn_is_lost_though_the_reset_acknowledges_it(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 0);
        KNOW(f.established, false);
        KNOW(f.syn_data, true);
        KNOW(f.syn_acks, 0);
        KNOW(f.from[SIDE_CLIENT].acked, 0);
        KNOW(f.from[SIDE_CLIENT].acked_by_reset, 100);
        reset = add_reset(&f, SIDE_SERVER, true, 50 * MS);
        KNOW(reset->has_ack, true);
        KNOW(reset->answers, SEGMENT_KIND_SYN);
        KNOW(reset->answers_repeat, false);
        KNOW(reset->ack_position, 100);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_REFUSED);
        assert_int_equal(r.to_server.fate, FATE_LOST);
        assert_int_equal(r.to_server.uncertain.value, 100);
        assert_int_equal(r.to_server.acked_by_reset.value, 0);
        assert_int_equal(r.retry, RETRY_SAFE);
        /* Another's RST: then it may have come to the server after all. */
        KNOW(reset->not_sent, true);
        judge_facts(&f, &r);
        assert_int_equal(r.to_server.fate, FATE_UNCERTAIN);
        /* The first SYN may have been taken if its repeat is refused. */
        reset->not_sent.how = HOW_UNKNOWN;
        KNOW(reset->answers_repeat, true);
        judge_facts(&f, &r);
        assert_int_equal(r.to_server.fate, FATE_UNCERTAIN);
}

static void a_request_that_meets_a_closed_server_is_bad_however_short(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        late_data(&f, 80 * MS, 100 * MS);
        KNOW(f.from[SIDE_CLIENT].bytes, 106);
        KNOW(f.from[SIDE_CLIENT].after_peer_fin, 6);
        KNOW(f.from[SIDE_CLIENT].last_is_goodbye, false);
        judge_facts(&f, &r);
        assert_int_equal(r.to_server.fate, FATE_LOST);
        assert_int_equal(r.severity, SEVERITY_BAD);
        f.from[SIDE_CLIENT].last_is_goodbye.how = HOW_UNKNOWN;
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_BAD);
        KNOW(f.from[SIDE_CLIENT].last_is_goodbye, true);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_FINE);
        /* A long one may be all that is lost, or not. */
        KNOW(f.from[SIDE_CLIENT].bytes, 175);
        KNOW(f.from[SIDE_CLIENT].after_peer_fin, 75);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_BAD);
        KNOW(f.from[SIDE_CLIENT].goodbye_bytes, 75);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_FINE);
        KNOW(f.from[SIDE_CLIENT].bytes, 176);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_BAD);
        /* That of SSH is encrypted; what was sent before the server's FIN was none. */
        KNOW(f.from[SIDE_CLIENT].last_is_goodbye, false);
        KNOW(f.from[SIDE_CLIENT].bytes, 196);
        KNOW(f.from[SIDE_CLIENT].after_peer_fin, 96);
        KNOW(f.ssh, true);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_FINE);
        KNOW(f.from[SIDE_CLIENT].after_peer_fin, 60);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_BAD);
}

static void requests_that_only_the_reset_acknowledges_are_cut_even_before_a_fin(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        KNOW(f.from[SIDE_CLIENT].bytes, 1080);
        KNOW(f.from[SIDE_CLIENT].acked, 720);
        KNOW(f.from[SIDE_CLIENT].acked_by_reset, 1080);
        KNOW(f.from[SIDE_CLIENT].last_answered, false);
        KNOW(f.from[SIDE_CLIENT].fin, true);
        add_reset(&f, SIDE_SERVER, false, 2000 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_BAD);
        /* An answer may have been missed. */
        f.seen.gaps = true;
        KNOW(f.from[SIDE_SERVER].missing, 20);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_NOTABLE);
        KNOW(f.from[SIDE_SERVER].missing, 0);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_BAD);
        f.seen.gaps = false;
        /* So many bytes may be an encrypted good-bye. */
        KNOW(f.from[SIDE_CLIENT].acked, 1000);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_NOTABLE);
}

static void a_server_that_resets_in_place_of_its_fin_owed_nothing(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        KNOW(f.from[SIDE_CLIENT].fin, true);
        KNOW(f.from[SIDE_CLIENT].fin_acked, true);
        add_reset(&f, SIDE_SERVER, false, 2000 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_RESET);
        assert_int_equal(r.severity, SEVERITY_FINE);
        /* It was sending still. */
        KNOW(f.from[SIDE_SERVER].after_peer_fin, 100);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_NOTABLE);
        /* The client may have wanted more. */
        KNOW(f.from[SIDE_SERVER].after_peer_fin, 0);
        KNOW(f.from[SIDE_CLIENT].fin, false);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_NOTABLE);
}

static void a_request_may_be_in_a_piece_that_was_not_seen(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 0);
        KNOW(f.from[SIDE_CLIENT].bytes, 0);
        KNOW(f.from[SIDE_CLIENT].acked, 0);
        KNOW(f.from[SIDE_CLIENT].payloads, 0);
        add_reset(&f, SIDE_SERVER, false, 50 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.retry, RETRY_SAFE);
        /* One more than what was sent is acknowledged: a FIN, or a byte. */
        f.seen.gaps = true;
        f.from[SIDE_CLIENT].fin.how = HOW_UNKNOWN;
        judge_facts(&f, &r);
        assert_int_equal(r.retry, RETRY_UNKNOWN);
        /* What is missing came the other way. */
        KNOW(f.from[SIDE_CLIENT].fin, false);
        judge_facts(&f, &r);
        assert_int_equal(r.retry, RETRY_SAFE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_server_that_resets_after_a_good_bye_harms_nobody),
                cmocka_unit_test(data_after_close_is_likely_and_its_bytes_are_lost),
                cmocka_unit_test(a_repeat_that_draws_a_reset_may_have_arrived_before),
                cmocka_unit_test(what_is_under_way_when_the_capture_ends_is_no_loss),
                cmocka_unit_test(who_stopped_asking_did_not_get_his_bytes_acknowledged),
                cmocka_unit_test(a_reset_before_a_shut_window_cuts_the_answer),
                cmocka_unit_test(a_server_that_gives_up_a_handshake_by_a_reset_is_notable),
                cmocka_unit_test(data_of_a_refused_syn_is_lost_though_the_reset_acknowledges_it),
                cmocka_unit_test(a_request_that_meets_a_closed_server_is_bad_however_short),
                cmocka_unit_test(requests_that_only_the_reset_acknowledges_are_cut_even_before_a_fin),
                cmocka_unit_test(a_request_may_be_in_a_piece_that_was_not_seen),
                cmocka_unit_test(a_server_that_resets_in_place_of_its_fin_owed_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
