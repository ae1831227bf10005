/* What a close did, where more came between the look at the socket and the close itself than the look showed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "closed_socket.h"
#include "trace/deduce.h"

/* Who asked, and closed with all acknowledged and nothing seen unread; its kernel counted no FIN. */
static struct traced_socket closed(uint32_t rqueue)
{
        struct look before = { .state = TCP_STATE_ESTABLISHED, .whole = true, .info = true, .cookie = 1,
                               .bytes_sent = 100, .bytes_acked = 101, .bytes_received = 20 };
        struct traced_socket s = closed_socket(&before, true);

        s.end = (struct ended_socket){ .tuple.remote_port = 80, .heard_ns = 2000, .info = true, .rqueue = rqueue,
                                       .bytes_sent = 100, .bytes_acked = 101, .bytes_received = 20 + rqueue,
                                       .segments = { .out = 1 } };
        return s;
}

/* It may be a FIN by its count alone; but then a FIN of its own would have gone, too. */
static void a_byte_that_came_just_before_the_close_resets(void **state)
{
        struct traced_socket s = closed(1);
        struct record r;

        (void)state;
        assert_true(socket_act_resets(&s));
        assert_int_equal(socket_how_exact_is_unread(&s), UNREAD_UNKNOWN);
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.ending, ENDING_RESET);
        assert_int_equal(r.ended_by, SIDE_CLIENT);
        assert_false(r.to_client.unread.known);
        assert_int_equal(r.causes[0], CAUSE_UNREAD_DATA);
        assert_int_not_equal(r.certainty, CERTAINTY_CERTAIN);
        /* Zero linger would have forgotten the address. */
        s.act.before.linger_on = true;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.causes[0], CAUSE_UNREAD_DATA);
        assert_int_not_equal(r.certainty, CERTAINTY_CERTAIN);
}

static void a_fin_that_came_just_before_the_close_is_no_byte(void **state)
{
        struct traced_socket s = closed(1);
        struct record r;

        (void)state;
        s.end.bytes_acked++;
        assert_false(socket_act_resets(&s));
        assert_int_equal(socket_how_exact_is_unread(&s), UNREAD_EXACT);
        judge_sockets(&s, NULL, &r);
        assert_int_not_equal(r.ending, ENDING_RESET);
        assert_int_equal(r.to_client.unread.value, 0);
        /* It had come before the look. */
        s = closed(1);
        s.act.before.state = s.alive.state = s.last.state = TCP_STATE_CLOSE_WAIT;
        assert_int_equal(socket_how_exact_is_unread(&s), UNREAD_EXACT);
}

static void more_than_was_seen_unread_is_not_counted_as_a_fin(void **state)
{
        struct traced_socket s = closed(6);
        struct record r;

        (void)state;
        s.act.before.unread = 5;
        assert_int_equal(socket_how_exact_is_unread(&s), UNREAD_LEAST);
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.cause, CAUSE_UNREAD_DATA);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        assert_false(r.to_client.unread.known);
}

/* tcp_disconnect() zeroes the counters, and leaves what was not acknowledged: no FIN, of many threads or of one. */
static void what_a_zero_linger_leaves_is_no_fin(void **state)
{
        struct traced_socket s = closed(0);
        struct record r;

        (void)state;
        s.act.alone = false;
        s.act.before.linger_on = true;
        s.end.tuple.remote_port = 0;
        s.end.bytes_sent = s.end.bytes_acked = s.end.bytes_received = 0;
        s.end.wqueue = 90000;
        s.end.unsent = 70000;
        assert_true(socket_act_resets(&s));
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.ending, ENDING_RESET);
        assert_int_equal(r.cause, CAUSE_ZERO_LINGER);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
}

/* Both ends were seen before either FIN had come: the calls' times are no order. */
static void who_closed_first_of_two_at_once_is_not_known(void **state)
{
        struct traced_socket client = closed(0), server = closed(0);
        struct record r;

        (void)state;
        client.end.bytes_acked++;
        server.client = false;
        server.end.bytes_acked = server.act.before.bytes_acked = 20;
        server.end.bytes_sent = server.act.before.bytes_sent = 20;
        server.end.bytes_acked++;
        server.end.bytes_received = server.act.before.bytes_received = 100;
        server.act.at_ns = 1200;
        client.end.bytes_received++;
        server.end.bytes_received++;
        client.end.segments.in = server.end.segments.in = 2;
        judge_sockets(&client, &server, &r);
        assert_int_equal(r.ending, ENDING_ORDERLY);
        assert_int_equal(r.ended_by, SIDE_UNKNOWN);
        /* The client's FIN had come by then. */
        server.act.before.state = server.alive.state = TCP_STATE_CLOSE_WAIT;
        judge_sockets(&client, &server, &r);
        assert_int_equal(r.ending, ENDING_ORDERLY);
        assert_int_equal(r.ended_by, SIDE_CLIENT);
}

/* Both closed with data unread: whose RST came first is shown by who sent none. */
static void who_sent_nothing_since_did_not_reset(void **state)
{
        struct traced_socket client = closed(6), server = closed(21);
        struct record r;

        (void)state;
        client.act.before.unread = 6;
        server.act.before.unread = 21;
        server.client = false;
        server.end.bytes_sent = server.act.before.bytes_sent = server.act.before.bytes_acked = 6;
        server.end.bytes_acked = 6;
        client.end.segments.out = 0;
        judge_sockets(&client, &server, &r);
        assert_int_equal(r.ending, ENDING_RESET);
        assert_int_equal(r.ended_by, SIDE_SERVER);
        assert_int_equal(r.cause, CAUSE_UNREAD_DATA);
        assert_int_equal(r.to_server.closed, CLOSED_NO);
        client.end.segments.out = 1;
        server.end.segments.out = 0;
        judge_sockets(&client, &server, &r);
        assert_int_equal(r.ended_by, SIDE_CLIENT);
        assert_int_equal(r.to_client.closed, CLOSED_NO);
}

/* Both were dead before they were closed. */
static void who_was_told_of_a_reset_did_not_send_it(void **state)
{
        struct traced_socket client = closed(0), server = closed(0);
        struct record r;

        (void)state;
        server.client = false;
        client.last.state = client.act.before.state = server.last.state = server.act.before.state = TCP_STATE_CLOSE;
        for (int told = SIDE_CLIENT; told <= SIDE_SERVER; told++) {
                client.error = told == SIDE_CLIENT ? ECONNRESET : 0;
                server.error = told == SIDE_SERVER ? ECONNRESET : 0;
                judge_sockets(&client, &server, &r);
                assert_int_equal(r.ending, ENDING_RESET);
                assert_int_equal(r.ended_by, told == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT);
                assert_int_not_equal(r.certainty, CERTAINTY_CERTAIN);
        }
}

/* The other answers each probe, so that none is counted when the time is up; before that it can only be a reset. */
static void what_outlived_its_user_timeout_may_have_been_given_up(void **state)
{
        static const struct {
                uint32_t queued, unsent, data_out_ms;
                uint64_t again;
                int64_t died_ms;
                bool reset;
        } rows[] = {
                { 90, 90, 299, 0, 900, true },
                { 90, 90, 300, 0, 900, false },
                { 90, 90, 399, 0, 800, true }, /* it had died a hundred before it was looked at */
                { 90, 90, 400, 0, 800, false },
                { 90, 50, 10, 0, 900, true },
                { 90, 50, 10, 40, 900, false },
                { 90, 50, 10, 40, 299, true },
                { 0, 0, 800, 40, 900, true },
        };
        struct traced_socket s = closed(0);

        (void)state;
        s.ended = s.act.known = false;
        s.last.state = TCP_STATE_CLOSE;
        s.last.at_ns = 900 * INT64_C(1000000) + s.established_ns;
        s.last.user_timeout_ms = 300;
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                s.last.outq = rows[i].queued;
                s.last.unsent = rows[i].unsent;
                s.last.data_out_ms = rows[i].data_out_ms;
                s.last.bytes_again = rows[i].again;
                s.died_ns = rows[i].died_ms * INT64_C(1000000) + s.established_ns;
                assert_int_equal(socket_was_reset(&s), rows[i].reset);
                assert_int_equal(socket_end_is_unseen(&s), !rows[i].reset);
        }
}

/* shutdown() has queued a FIN behind what a shut window held back; the close with data unread throws both away. */
static void a_fin_that_was_thrown_away_was_not_sent(void **state)
{
        struct traced_socket s = closed(6);
        struct facts f;
        struct record r;

        (void)state;
        s.shut = s.act;
        s.shut.how = ACT_SHUTDOWN;
        s.act.before.state = s.alive.state = s.last.state = TCP_STATE_FIN_WAIT1;
        s.act.before.unread = 6;
        s.act.before.outq = s.act.before.unsent = s.end.wqueue = s.end.unsent = 901;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.to_server.closed, CLOSED_RESET);
        /* All went through in the last moment but the FIN's acknowledgement. */
        s.end.bytes_sent = 1000;
        s.end.bytes_acked = 1001;
        s.end.wqueue = 1;
        s.end.unsent = 0;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.to_server.closed, CLOSED_FIN);
        /* A zero linger leaves no counts to tell by, of the FIN or of what came for it. */
        s.act.before.unread = 0;
        s.act.before.linger_on = true;
        s.end = (struct ended_socket){ .info = true };
        facts_of_sockets(&s, NULL, 5000, &f);
        assert_false(fact_known(f.from[SIDE_CLIENT].fin.how));
        s.act.before.outq = 1;
        s.act.before.unsent = 0;
        facts_of_sockets(&s, NULL, 5000, &f);
        assert_true(fact_is(f.from[SIDE_CLIENT].fin));
        assert_false(fact_known(f.from[SIDE_CLIENT].fin_acked.how));
}

/* A client that had the other's FIN, and then was reset with 100 bytes on their way. */
static void late_data_is_told_where_no_shut_window_held_more_back(void **state)
{
        struct look waits = { .state = TCP_STATE_CLOSE_WAIT, .whole = true, .info = true, .cookie = 1,
                              .bytes_sent = 300, .bytes_acked = 201, .bytes_received = 21, .outq = 100 };
        struct look dead = waits;
        struct traced_socket s;
        struct record r;

        (void)state;
        dead.state = TCP_STATE_CLOSE;
        dead.at_ns = 900;
        s = closed_socket(&dead, true);
        s.alive = waits;
        s.error = EPIPE;
        s.end = (struct ended_socket){ .tuple.remote_port = 80, .heard_ns = 2000, .info = true, .wqueue = 100,
                                       .bytes_sent = 300, .bytes_acked = 201, .bytes_received = 21 };
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.ended_by, SIDE_SERVER);
        assert_int_equal(r.cause, CAUSE_DATA_AFTER_CLOSE);
        /* That of a server that had shut one way, and read no more. */
        s.end.wqueue = 150;
        s.end.unsent = 50;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.ending, ENDING_RESET);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        /* One who had closed never acknowledged anything of it. */
        s.end.bytes_acked = 1;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.cause, CAUSE_DATA_AFTER_CLOSE);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_byte_that_came_just_before_the_close_resets),
                cmocka_unit_test(a_fin_that_came_just_before_the_close_is_no_byte),
                cmocka_unit_test(more_than_was_seen_unread_is_not_counted_as_a_fin),
                cmocka_unit_test(what_a_zero_linger_leaves_is_no_fin),
                cmocka_unit_test(who_sent_nothing_since_did_not_reset),
                cmocka_unit_test(who_was_told_of_a_reset_did_not_send_it),
                cmocka_unit_test(who_closed_first_of_two_at_once_is_not_known),
                cmocka_unit_test(what_outlived_its_user_timeout_may_have_been_given_up),
                cmocka_unit_test(a_fin_that_was_thrown_away_was_not_sent),
                cmocka_unit_test(late_data_is_told_where_no_shut_window_held_more_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
