/* What stands behind an address where no program holds a socket: listeners, requests, orphans, minisockets. */
#include <poll.h>

#include "model.h"

static struct endpoint listener(void)
{
        struct endpoint e;

        endpoint_init_fresh(&e);
        e.n_refs = 0;
        e.holder = HOLDER_LISTENER;
        return e;
}

static struct endpoint request(void)
{
        struct endpoint e = listener();

        assert_int_equal(step(&e, EVENT(.kind = EVENT_SYN)).emission, EMIT_SYN_ACK);
        assert_int_equal(e.holder, HOLDER_REQUEST);
        return e;
}

static struct endpoint orphan(void)
{
        struct endpoint e = connected();

        assert_int_equal(step(&e, CLOSES).emission, EMIT_FIN);
        e.fin_sent = true;
        return e;
}

static struct endpoint minisocket(void)
{
        struct endpoint e = orphan();

        step(&e, ACK_OF_FIN(0));
        assert_int_equal(e.holder, HOLDER_FIN_WAIT2);
        return e;
}

static struct endpoint time_wait(void)
{
        struct endpoint e = minisocket();

        step(&e, FIN_AT(0));
        assert_int_equal(e.holder, HOLDER_TIME_WAIT);
        return e;
}

#define RST_OF(_fit) EVENT(.kind = EVENT_RST, .fit = (_fit), .has_ack = true)

/* Holder, what comes, what is answered, who holds the address afterwards. */
static const struct {
        struct endpoint (*make)(void);
        struct event event;
        enum emission emission;
        enum holder holder;
} rows[] = {
        { listener, EVENT(.kind = EVENT_SYN), EMIT_SYN_ACK, HOLDER_REQUEST },
        { listener, ACK_OF(0), EMIT_RST_REPLY, HOLDER_LISTENER },
        { listener, EVENT(.kind = EVENT_SYN_ACK), EMIT_RST_REPLY, HOLDER_LISTENER },
        { listener, RST_OF(RST_EXACT), EMIT_NOTHING, HOLDER_LISTENER },
        { listener, EVENT(.kind = EVENT_LISTENER_CLOSED), EMIT_NOTHING, HOLDER_NOBODY },
        { request, EVENT(.kind = EVENT_SYN), EMIT_SYN_ACK, HOLDER_REQUEST },
        { request, ACK_OF(0), EMIT_NOTHING, HOLDER_SOCKET },
        { request, RST_OF(RST_EXACT), EMIT_NOTHING, HOLDER_LISTENER },
        { request, RST_OF(RST_IN_WINDOW), EMIT_CHALLENGE, HOLDER_REQUEST },
        { request, RST_OF(RST_OUTSIDE), EMIT_NOTHING, HOLDER_REQUEST },
        { request, EVENT(.kind = EVENT_LISTENER_CLOSED), EMIT_NOTHING, HOLDER_NOBODY },
        { minisocket, ACK_OF(0), EMIT_NOTHING, HOLDER_FIN_WAIT2 },
        { minisocket, DATA_AT(0, 5), EMIT_RST_REPLY, HOLDER_NOBODY },
        { minisocket, DATA_AT(9, 5), EMIT_RST_REPLY, HOLDER_NOBODY },
        { minisocket, FIN_AT(0), EMIT_ACK, HOLDER_TIME_WAIT },
        { minisocket, RST_OF(RST_EXACT), EMIT_NOTHING, HOLDER_NOBODY },
        { minisocket, RST_OF(RST_IN_WINDOW), EMIT_NOTHING, HOLDER_NOBODY },
        { minisocket, RST_OF(RST_OUTSIDE), EMIT_ACK, HOLDER_FIN_WAIT2 },
        { minisocket, TIMER(TIMER_FIN_WAIT2), EMIT_NOTHING, HOLDER_NOBODY },
        { minisocket, TIMER(TIMER_TIME_WAIT), EMIT_NOTHING, HOLDER_FIN_WAIT2 },
        { minisocket, EVENT(.kind = EVENT_DESTROY), EMIT_NOTHING, HOLDER_NOBODY },
        { time_wait, ACK_OF(0), EMIT_NOTHING, HOLDER_TIME_WAIT },
        { time_wait, DATA_AT(0, 5), EMIT_ACK, HOLDER_TIME_WAIT },
        { time_wait, FIN_AT(0), EMIT_ACK, HOLDER_TIME_WAIT },
        { time_wait, RST_OF(RST_EXACT), EMIT_NOTHING, HOLDER_NOBODY },
        { time_wait, RST_OF(RST_OUTSIDE), EMIT_NOTHING, HOLDER_TIME_WAIT },
        { time_wait, TIMER(TIMER_TIME_WAIT), EMIT_NOTHING, HOLDER_NOBODY },
        { time_wait, TIMER(TIMER_FIN_WAIT2), EMIT_NOTHING, HOLDER_TIME_WAIT },
        { time_wait, EVENT(.kind = EVENT_DESTROY), EMIT_NOTHING, HOLDER_NOBODY },
        { orphan, ACK_OF_FIN(0), EMIT_NOTHING, HOLDER_FIN_WAIT2 },
        { orphan, FIN_AT(0), EMIT_ACK, HOLDER_SOCKET },
        { orphan, DATA_AT(0, 5), EMIT_RST_REPLY, HOLDER_NOBODY },
        { orphan, DATA_AT(9, 5), EMIT_RST_REPLY, HOLDER_NOBODY },
        { orphan, RST_OF(RST_EXACT), EMIT_NOTHING, HOLDER_NOBODY },
        { orphan, TIMER(TIMER_RETRANSMISSION), EMIT_NOTHING, HOLDER_NOBODY },
        { orphan, EVENT(.kind = EVENT_DESTROY), EMIT_RST, HOLDER_NOBODY },
};

static void each_holder_answers_what_comes(void **state)
{
        (void)state;
        for (size_t i = 0; i < LENGTH(rows); i++) {
                struct endpoint e = rows[i].make();
                struct outcome o = step(&e, rows[i].event);

                if (o.emission != rows[i].emission || e.holder != rows[i].holder)
                        fail_msg("row %zu: emission %d, holder %d, by rule %s", i, o.emission, e.holder,
                                 o.rule->name);
                assert_int_equal(o.result, RESULT_NONE);
        }
}

static void a_handshake_ends_in_the_accept_queue(void **state)
{
        struct endpoint e = request();

        (void)state;
        step(&e, ACK_OF(0));
        assert_int_equal(e.state, TCP_STATE_ESTABLISHED);
        assert_true(e.queued && e.n_refs == 0);
        step(&e, DATA_AT(0, 5));
        is_count(step(&e, EVENT(.kind = EVENT_ACCEPT)), 0);
        is_count(step(&e, RECVS(9)), 5);
}

static void a_full_accept_queue_drops_or_resets_the_last_ack(void **state)
{
        struct endpoint e = request(), aborts = e;

        (void)state;
        e.queue_full = aborts.queue_full = aborts.abort_on_overflow = true;
        assert_int_equal(step(&e, ACK_OF(0)).emission, EMIT_NOTHING);
        assert_int_equal(e.holder, HOLDER_REQUEST);
        assert_int_equal(step(&aborts, ACK_OF(0)).emission, EMIT_RST_REPLY);
        assert_int_equal(aborts.holder, HOLDER_LISTENER);
        e = listener();
        e.queue_full = true;
        assert_int_equal(step(&e, EVENT(.kind = EVENT_SYN)).emission, EMIT_NOTHING);
        assert_int_equal(e.holder, HOLDER_LISTENER);
}

static void an_orphan_with_linger2_below_zero_answers_the_ack_of_its_fin_with_a_reset(void **state)
{
        struct endpoint e = orphan();

        (void)state;
        e.linger2 = -1;
        assert_int_equal(step(&e, ACK_OF_FIN(0)).emission, EMIT_RST_REPLY);
        assert_int_equal(e.state, TCP_STATE_CLOSE);
}

static void an_orphan_that_waits_long_stays_a_socket_and_resets_when_its_time_is_over(void **state)
{
        struct endpoint e = orphan();

        (void)state;
        e.long_fin_wait2 = true;
        assert_int_equal(step(&e, ACK_OF_FIN(0)).emission, EMIT_NOTHING);
        assert_int_equal(e.state, TCP_STATE_FIN_WAIT2);
        assert_int_equal(e.holder, HOLDER_SOCKET);
        assert_int_equal(step(&e, TIMER(TIMER_FIN_WAIT2)).emission, EMIT_RST);
        assert_int_equal(e.state, TCP_STATE_CLOSE);
}

static void a_simultaneous_open_is_one_connection(void **state)
{
        struct endpoint e = in_state(TCP_STATE_SYN_SENT), by_ack;

        (void)state;
        assert_int_equal(step(&e, EVENT(.kind = EVENT_SYN)).emission, EMIT_SYN_ACK);
        by_ack = e;
        assert_int_equal(step(&e, EVENT(.kind = EVENT_SYN_ACK)).emission, EMIT_ACK);
        assert_int_equal(e.state, TCP_STATE_ESTABLISHED);
        assert_int_equal(step(&by_ack, ACK_OF(0)).emission, EMIT_NOTHING);
        assert_int_equal(by_ack.state, TCP_STATE_ESTABLISHED);
}

static void what_is_not_taken_is_acknowledged_again(void **state)
{
        struct endpoint e = in_state(TCP_STATE_CLOSE_WAIT), gap = connected();

        (void)state;
        /* Behind the FIN, which takes a number; what begins before it and goes on behind it is reset. */
        assert_int_equal(step(&e, DATA_AT(1, 5)).emission, EMIT_ACK);
        assert_int_equal(e.received, 0);
        assert_int_equal(step(&e, DATA_AT(0, 5)).emission, EMIT_RST_REPLY);
        assert_int_equal(e.error, EPIPE);
        assert_int_equal(step(&gap, DATA_AT(10, 5)).emission, EMIT_ACK);
        assert_int_equal(step(&gap, FIN_AT(20)).emission, EMIT_ACK);
        assert_int_equal(gap.state, TCP_STATE_ESTABLISHED);
}

static void disconnect_is_silent_under_repair_and_resets_for_an_unsent_fin(void **state)
{
        struct endpoint repair = connected(), last = in_state(TCP_STATE_LAST_ACK);

        (void)state;
        repair.repair = true;
        assert_int_equal(step(&repair, DISCONNECTS).emission, EMIT_NOTHING);
        assert_int_equal(repair.error, ECONNABORTED);
        assert_int_equal(repair.state, TCP_STATE_CLOSE);
        assert_true(repair.voided);
        last.fin_sent = false;
        assert_int_equal(step(&last, DISCONNECTS).emission, EMIT_RST);
        assert_int_equal(last.error, ECONNRESET);
        assert_int_equal(last.state, TCP_STATE_CLOSE);
        assert_true(last.voided);
}

static void shutdown_of_an_attempt_leaves_econnreset(void **state)
{
        struct endpoint e = in_state(TCP_STATE_SYN_SENT);

        (void)state;
        is_count(step(&e, SHUTS_WR), 0);
        assert_int_equal(e.error, ECONNRESET);
        assert_true(e.voided);
}

static void a_shutdown_that_failed_still_marks_the_socket(void **state)
{
        struct endpoint e;

        (void)state;
        endpoint_init_fresh(&e);
        is_error(step(&e, SHUTS_WR), ENOTCONN, false);
        step(&e, CONNECTS);
        step(&e, EVENT(.kind = EVENT_SYN_ACK));
        is_error(step(&e, SENDS(1)), EPIPE, true);
}

static void every_end_shuts_both_ways(void **state)
{
        static const enum timer_kind timers[] = { TIMER_RETRANSMISSION, TIMER_PROBE, TIMER_KEEPALIVE, TIMER_USER };
        struct endpoint e;
        short ignored;

        (void)state;
        for (size_t i = 0; i < LENGTH(timers); i++) {
                e = connected();
                step(&e, TIMER(timers[i]));
                assert_int_equal(endpoint_poll(&e, &ignored), POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
        }
        e = in_state(TCP_STATE_FIN_WAIT2);
        step(&e, SHUTS_RD);
        step(&e, DATA_AT(9, 1));
        assert_int_equal(e.error, ECONNRESET);
        assert_int_equal(endpoint_poll(&e, &ignored), POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
        e = in_state(TCP_STATE_LAST_ACK);
        step(&e, ACK_OF_FIN(0));
        assert_int_equal(endpoint_poll(&e, &ignored), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
        e = in_state(TCP_STATE_SYN_SENT);
        step(&e, EVENT(.kind = EVENT_ICMP, .icmp_errno = EHOSTUNREACH));
        assert_int_equal(endpoint_poll(&e, &ignored), POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
        e = connected();
        step(&e, EVENT(.kind = EVENT_DESTROY));
        assert_int_equal(endpoint_poll(&e, &ignored), POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
}

static void poll_shows_data_and_messages(void **state)
{
        struct endpoint e = connected();
        short ignored;

        (void)state;
        step(&e, DATA_AT(0, 1));
        assert_int_equal(endpoint_poll(&e, &ignored), POLLIN | POLLOUT);
        e = connected();
        e.error_queued = true;
        assert_int_equal(endpoint_poll(&e, &ignored), POLLOUT | POLLERR);
}

static void an_acknowledgement_clears_the_soft_error(void **state)
{
        struct endpoint e = connected();

        (void)state;
        step(&e, SENDS(10));
        e.sent = 10;
        step(&e, EVENT(.kind = EVENT_ICMP, .icmp_errno = EHOSTUNREACH));
        step(&e, ACK_OF(10));
        is_count(step(&e, ASKS_SO_ERROR), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_holder_answers_what_comes),
                cmocka_unit_test(a_handshake_ends_in_the_accept_queue),
                cmocka_unit_test(a_full_accept_queue_drops_or_resets_the_last_ack),
                cmocka_unit_test(an_orphan_with_linger2_below_zero_answers_the_ack_of_its_fin_with_a_reset),
                cmocka_unit_test(an_orphan_that_waits_long_stays_a_socket_and_resets_when_its_time_is_over),
                cmocka_unit_test(a_simultaneous_open_is_one_connection),
                cmocka_unit_test(what_is_not_taken_is_acknowledged_again),
                cmocka_unit_test(disconnect_is_silent_under_repair_and_resets_for_an_unsent_fin),
                cmocka_unit_test(shutdown_of_an_attempt_leaves_econnreset),
                cmocka_unit_test(a_shutdown_that_failed_still_marks_the_socket),
                cmocka_unit_test(every_end_shuts_both_ways),
                cmocka_unit_test(poll_shows_data_and_messages),
                cmocka_unit_test(an_acknowledgement_clears_the_soft_error),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
