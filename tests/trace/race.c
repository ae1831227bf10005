/* Both ends act in one moment: what came between the look and the act shows whose RST there was, or leaves it open. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "closed_socket.h"
#include "trace/deduce.h"

/* Closed with seven of 20 bytes unread, which sent a RST; nothing had come since the look. */
static struct traced_socket reset(bool client)
{
        struct look before = { .state = TCP_STATE_ESTABLISHED, .whole = true, .info = true, .cookie = 1, .unread = 7,
                               .bytes_sent = 20, .bytes_acked = client ? 21 : 20, .bytes_received = 20,
                               .segments = { .in = 4, .data_in = 1, .out = 4, .data_out = 1 } };
        struct traced_socket s = closed_socket(&before, client);

        s.end = (struct ended_socket){ .tuple.remote_port = 80, .heard_ns = 2000, .info = true, .rqueue = 7,
                                       .bytes_sent = 20, .bytes_acked = before.bytes_acked, .bytes_received = 20,
                                       .segments = { .in = 4, .data_in = 1, .out = 5, .data_out = 1 } };
        return s;
}

static void two_that_surely_reset_are_both_told(void **state)
{
        struct traced_socket client = reset(true), server = reset(false);
        struct record r;

        (void)state;
        judge_sockets(&client, &server, &r);
        assert_int_equal(r.ending, ENDING_RESET);
        assert_int_equal(r.ended_by, SIDE_UNKNOWN);
        assert_int_equal(r.cause, CAUSE_UNREAD_DATA);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        assert_int_equal(r.reset.count, 2);
        /* The server asked for zero linger, and had nothing unread. */
        server.act.before.unread = 0;
        server.act.before.linger_on = true;
        server.end = (struct ended_socket){ .info = true };
        judge_sockets(&client, &server, &r);
        assert_int_equal(r.ended_by, SIDE_UNKNOWN);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        assert_int_equal(r.n_causes, 2);
}

static void a_rst_may_have_come_before_the_act(void **state)
{
        struct traced_socket s = reset(true), server = reset(false);
        struct record r;

        (void)state;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        s.end.segments.in++;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.ended_by, SIDE_CLIENT);
        assert_int_equal(r.cause, CAUSE_UNREAD_DATA);
        assert_int_equal(r.certainty, CERTAINTY_LIKELY);
        /* It acknowledged, as no RST does. */
        s.act.before.bytes_sent += 5;
        s.act.before.outq += 5;
        s.end.bytes_sent += 5;
        s.end.bytes_acked += 5;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        /* But another came, too. */
        s.end.segments.in++;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.certainty, CERTAINTY_LIKELY);
        /* Each was answered, and there is one more: no RST draws an answer. */
        s.end.segments.out += 2;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        s.end.segments.out -= 2;
        /* The other end was told of a RST: then there was one of this end. */
        server.last.state = server.act.before.state = TCP_STATE_CLOSE;
        server.error = ECONNRESET;
        judge_sockets(&s, &server, &r);
        assert_int_equal(r.ended_by, SIDE_CLIENT);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
}

static void without_the_kernels_last_word_it_is_likely(void **state)
{
        struct traced_socket s = reset(true);
        struct record r;

        (void)state;
        s.ended = false;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.cause, CAUSE_UNREAD_DATA);
        assert_int_equal(r.certainty, CERTAINTY_LIKELY);
}

/* It would have reset by itself, and sent nothing: the other's had come before. */
static void who_sent_nothing_was_reset_by_the_other(void **state)
{
        struct traced_socket s = reset(true);
        struct record r;

        (void)state;
        s.end.segments.in++;
        s.end.segments.out--;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.ending, ENDING_RESET);
        assert_int_equal(r.ended_by, SIDE_SERVER);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        /* A negative TCP_LINGER2 in FIN_WAIT2 asks for one: what an orphan's FIN makes of that is another story. */
        s.shut = s.act;
        s.shut.how = ACT_SHUTDOWN;
        s.act.before.state = s.alive.state = s.last.state = TCP_STATE_FIN_WAIT2;
        s.act.before.linger2_negative = true;
        s.act.before.unread = s.end.rqueue = 0;
        s.act.before.bytes_acked++;
        s.end.bytes_acked++;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.ended_by, SIDE_SERVER);
        assert_int_not_equal(r.certainty, CERTAINTY_CERTAIN);
}

/* Shut before, and the other's FIN came between the look and the close: a TIME_WAIT is left, and nothing to reset. */
static void what_both_fins_had_ended_is_not_reset(void **state)
{
        struct traced_socket s = reset(true);

        (void)state;
        s.shut = s.act;
        s.act.before.state = s.alive.state = s.last.state = TCP_STATE_FIN_WAIT2;
        assert_true(socket_act_resets(&s));
        s.end.segments.in++;
        s.end.bytes_received++;
        assert_false(socket_act_resets(&s));
}

static void who_was_told_of_sock_destroy_sent_the_rst(void **state)
{
        struct traced_socket client = reset(true), server = reset(false);
        struct record r;

        (void)state;
        client.last.state = client.act.before.state = server.last.state = server.act.before.state = TCP_STATE_CLOSE;
        for (int destroyed = SIDE_CLIENT; destroyed <= SIDE_SERVER; destroyed++) {
                client.error = destroyed == SIDE_CLIENT ? ECONNABORTED : 0;
                server.error = destroyed == SIDE_SERVER ? ECONNABORTED : 0;
                judge_sockets(&client, &server, &r);
                assert_int_equal(r.ending, ENDING_RESET);
                assert_int_equal(r.ended_by, destroyed);
                assert_int_equal(r.cause, CAUSE_SOCK_DESTROYED);
                assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        }
}

static void of_two_that_died_unheard_either_may_have_been_destroyed(void **state)
{
        struct traced_socket client = reset(true), server = reset(false);
        struct record r;

        (void)state;
        client.last.state = client.act.before.state = server.last.state = server.act.before.state = TCP_STATE_CLOSE;
        judge_sockets(&client, &server, &r);
        assert_int_equal(r.ending, ENDING_RESET);
        assert_int_equal(r.ended_by, SIDE_UNKNOWN);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        assert_int_equal(r.reset.count, 1);
        assert_int_equal(r.to_server.closed, CLOSED_UNKNOWN);
        assert_int_equal(r.to_client.closed, CLOSED_UNKNOWN);
}

/* As where its TCP_USER_TIMEOUT was over: nobody was told, and the RST of the other's close met nobody. */
static void what_had_died_before_was_not_reset_by_the_close(void **state)
{
        struct traced_socket client = reset(true), server = reset(false);
        struct record r;

        (void)state;
        server.last.state = server.act.before.state = TCP_STATE_CLOSE;
        server.died_ns = client.act.at_ns + 1;
        judge_sockets(&client, &server, &r);
        assert_int_equal(r.ended_by, SIDE_CLIENT);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        server.died_ns = client.act.at_ns - 1;
        judge_sockets(&client, &server, &r);
        assert_int_not_equal(r.certainty, CERTAINTY_CERTAIN);
}

/* Dead already, it has no FIN in its queue; a FIN is a number more. */
static void a_shutdown_that_came_too_late_has_failed(void **state)
{
        struct traced_socket s = reset(true);

        (void)state;
        s.shut = s.act;
        s.act.before.state = s.last.state = TCP_STATE_CLOSE;
        assert_true(socket_shutdown_failed(&s));
        s.act.before.outq = 1;
        assert_false(socket_shutdown_failed(&s));
        s.act.before.outq = 0;
        s.act.before.bytes_acked++;
        assert_false(socket_shutdown_failed(&s));
        /* What was in the queue was acknowledged meanwhile. */
        s.shut.before.outq = 5;
        s.act.before.bytes_acked += 4;
        assert_true(socket_shutdown_failed(&s));
        /* It is not known to be dead. */
        s.act.before.state = TCP_STATE_FIN_WAIT1;
        assert_false(socket_shutdown_failed(&s));
}

/* One more than was seen is a byte, or the other's FIN: no FIN has come where data has, and nothing else. */
static void one_more_unread_is_a_fin_only_if_no_data_came(void **state)
{
        struct traced_socket s = reset(true);
        struct record r;

        (void)state;
        s.act.alone = false;
        s.end.unsent = s.end.wqueue = 5;
        s.end.rqueue++;
        s.end.bytes_received++;
        s.end.segments.in++;
        assert_int_equal(socket_how_exact_is_unread(&s), UNREAD_EXACT);
        s.end.segments.data_in++;
        assert_int_equal(socket_how_exact_is_unread(&s), UNREAD_LEAST);
        judge_sockets(&s, NULL, &r);
        assert_false(r.to_client.unread.known);
        /* It had come before. */
        s.act.before.state = TCP_STATE_CLOSE_WAIT;
        assert_int_equal(socket_how_exact_is_unread(&s), UNREAD_EXACT);
}

/* What went after the look is no more unsent. */
static void what_was_never_sent_is_counted_at_the_end(void **state)
{
        struct traced_socket s = reset(true);
        struct record r;

        (void)state;
        s.act.before.unsent = s.act.before.outq = 9;
        s.end.unsent = s.end.wqueue = 4;
        s.end.bytes_sent += 5;
        s.end.bytes_acked += 5;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.to_server.unsent.value, 4);
        assert_int_equal(r.to_server.bytes.value, 25);
}

/* Dead when it was closed, and no call had been told: the other's FIN may have come before its RST. */
static void of_a_rst_that_nobody_saw_no_fin_before_it_is_ruled_out(void **state)
{
        struct traced_socket s = reset(true);
        struct record r;

        (void)state;
        s.last.state = s.act.before.state = TCP_STATE_CLOSE;
        s.last.bytes_received = s.act.before.bytes_received = s.end.bytes_received = 21;
        s.last.error_pending = s.act.before.error_pending = true;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.ending, ENDING_RESET);
        assert_int_equal(r.ended_by, SIDE_SERVER);
        assert_int_equal(r.to_client.closed, CLOSED_UNKNOWN);
        /* In ESTABLISHED it is another error than after a FIN. */
        s.error = ECONNRESET;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.to_client.closed, CLOSED_RESET);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(two_that_surely_reset_are_both_told),
                cmocka_unit_test(a_rst_may_have_come_before_the_act),
                cmocka_unit_test(without_the_kernels_last_word_it_is_likely),
                cmocka_unit_test(who_sent_nothing_was_reset_by_the_other),
                cmocka_unit_test(what_both_fins_had_ended_is_not_reset),
                cmocka_unit_test(who_was_told_of_sock_destroy_sent_the_rst),
                cmocka_unit_test(what_had_died_before_was_not_reset_by_the_close),
                cmocka_unit_test(of_two_that_died_unheard_either_may_have_been_destroyed),
                cmocka_unit_test(a_shutdown_that_came_too_late_has_failed),
                cmocka_unit_test(one_more_unread_is_a_fin_only_if_no_data_came),
                cmocka_unit_test(what_was_never_sent_is_counted_at_the_end),
                cmocka_unit_test(of_a_rst_that_nobody_saw_no_fin_before_it_is_ruled_out),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
