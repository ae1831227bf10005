/* What send, recv and connect give, apart from the error slot: counts, waits, swallowed errors. */
#include "model.h"

static const struct event signalled = EVENT(.signalled = true);

static void a_send_where_nothing_can_be_sent_is_epipe(void **state)
{
        static const enum tcp_state states[] = {
                TCP_STATE_CLOSE,     TCP_STATE_FIN_WAIT1, TCP_STATE_FIN_WAIT2,
                TCP_STATE_CLOSING,   TCP_STATE_LAST_ACK,  TCP_STATE_LISTEN,
        };

        (void)state;
        for (size_t i = 0; i < LENGTH(states); i++)
                for (int n = 0; n < 2; n++) {
                        struct endpoint e = in_state(states[i]);

                        is_error(step(&e, SENDS(n)), EPIPE, true);
                        is_error(step(&e, EVENT(.kind = EVENT_SEND, .n = n, .nosignal = true)), EPIPE, false);
                }
}

static void a_send_in_close_wait_goes_on_working(void **state)
{
        struct endpoint e = in_state(TCP_STATE_CLOSE_WAIT);

        (void)state;
        for (int i = 0; i < 5; i++)
                is_count(step(&e, SENDS(10)), 10);
        is_count(step(&e, SENDS(0)), 0);
}

static void a_send_of_nothing_is_a_probe(void **state)
{
        struct endpoint e = connected();

        (void)state;
        is_count(step(&e, SENDS(0)), 0);
        assert_int_equal(e.written, 0);
        step(&e, RST);
        is_error(step(&e, SENDS(0)), ECONNRESET, false);
        is_error(step(&e, SENDS(0)), EPIPE, true);
}

static void sendfile_of_nothing_does_not_look_at_the_socket(void **state)
{
        static const int ways[] = { SEND_SENDFILE, SEND_SPLICE };

        (void)state;
        for (size_t i = 0; i < LENGTH(ways); i++) {
                struct endpoint e = connected();

                step(&e, RST);
                is_count(step(&e, EVENT(.kind = EVENT_SEND, .way = ways[i], .n = 0)), 0);
                assert_int_equal(e.error, ECONNRESET);
        }
}

/* A send that waits for room when the reset comes. */
static struct endpoint waits_in_send(int way)
{
        struct endpoint e = connected();

        assert_int_equal(step(&e, EVENT(.kind = EVENT_SEND, .way = way, .n = 8000000)).result, RESULT_BLOCKS);
        assert_true(e.pending);
        return e;
}

static void a_send_cut_by_a_reset_gives_its_count_and_leaves_the_error(void **state)
{
        static const int ways[] = { SEND_SEND, SEND_WRITE, SEND_WRITEV, SEND_SENDTO, SEND_SENDMSG };

        (void)state;
        for (size_t i = 0; i < LENGTH(ways); i++) {
                struct endpoint e = waits_in_send(ways[i]);
                struct outcome o;

                step(&e, RST);
                assert_true(endpoint_resume(&e, NULL, &o));
                assert_int_equal(o.result, RESULT_COUNT);
                assert_true(o.min >= 1 && o.max == 8000000 && !o.sigpipe);
                is_error(step(&e, SENDS(1)), ECONNRESET, false);
                is_error(step(&e, SENDS(1)), EPIPE, true);
        }
}

static void sendfile_cut_by_a_reset_swallows_the_error(void **state)
{
        static const int ways[] = { SEND_SENDFILE, SEND_SPLICE };

        (void)state;
        for (size_t i = 0; i < LENGTH(ways); i++) {
                struct endpoint e = waits_in_send(ways[i]);
                struct outcome o;

                step(&e, RST);
                assert_true(endpoint_resume(&e, NULL, &o));
                assert_int_equal(o.result, RESULT_COUNT);
                assert_true(o.min >= 1 && !o.sigpipe); /* ECONNRESET was taken inside: no signal */
                is_error(step(&e, SENDS(1)), EPIPE, true);
        }
}

static void sendfile_cut_after_the_peers_fin_raises_sigpipe_with_its_count(void **state)
{
        struct endpoint e = in_state(TCP_STATE_CLOSE_WAIT);
        struct outcome o;

        (void)state;
        assert_int_equal(step(&e, EVENT(.kind = EVENT_SEND, .way = SEND_SENDFILE, .n = 8000000)).result,
                         RESULT_BLOCKS);
        step(&e, RST);
        assert_true(endpoint_resume(&e, NULL, &o));
        assert_int_equal(o.result, RESULT_COUNT);
        assert_true(o.sigpipe);
}

static void a_signal_ends_a_send_that_waits_with_its_count(void **state)
{
        struct endpoint e = waits_in_send(SEND_SEND);
        struct outcome o;

        (void)state;
        assert_false(endpoint_resume(&e, NULL, &o));
        assert_true(endpoint_resume(&e, &signalled, &o));
        assert_int_equal(o.result, RESULT_COUNT);
        assert_true(o.min >= 1 && o.max == 8000000);
}

static void a_full_send_buffer_is_the_kernels_choice_of_count_or_eagain(void **state)
{
        struct endpoint e = connected();
        struct event fills = SENDS(1000000);
        struct outcome o;

        (void)state;
        fills.observed = 300000;
        o = step(&e, fills);
        assert_int_equal(o.result, RESULT_COUNT_OR_AGAIN);
        assert_true(o.min == 1 && o.max == 1000000);
        assert_int_equal(e.written, 300000);
        assert_true(e.crowded);
        o = step(&e, SENDS(1));
        assert_int_equal(o.result, RESULT_COUNT_OR_AGAIN);
}

static void a_send_during_the_handshake_waits_or_is_eagain(void **state)
{
        static const enum tcp_state states[] = { TCP_STATE_SYN_SENT, TCP_STATE_SYN_RECV };

        (void)state;
        for (size_t i = 0; i < LENGTH(states); i++) {
                struct endpoint e = in_state(states[i]), waits = e;
                struct outcome o;

                is_error(step(&e, SENDS(5)), EAGAIN, false);
                assert_int_equal(step(&waits, EVENT(.kind = EVENT_SEND, .n = 5)).result, RESULT_BLOCKS);
                e = waits;
                assert_true(endpoint_resume(&e, &signalled, &o));
                is_error(o, EINTR, false);
                step(&waits, EVENT(.kind = EVENT_SYN_ACK));
                assert_true(endpoint_resume(&waits, NULL, &o));
                is_count(o, 5);
        }
}

static void recv_by_situation(void **state)
{
        struct endpoint e = connected();

        (void)state;
        is_error(step(&e, RECVS(10)), EAGAIN, false);
        step(&e, DATA_AT(0, 15));
        is_count(step(&e, RECVS(10)), 10);
        step(&e, FIN_AT(15));
        is_count(step(&e, RECVS(10)), 5);
        for (int i = 0; i < 3; i++)
                is_count(step(&e, RECVS(10)), 0);
        step(&e, RST); /* FIN, then RST: never an error for the receiver */
        for (int i = 0; i < 3; i++)
                is_count(step(&e, RECVS(10)), 0);
        assert_int_equal(e.error, EPIPE);

        e = in_state(TCP_STATE_CLOSE);
        is_error(step(&e, RECVS(10)), ENOTCONN, false);
        e = in_state(TCP_STATE_LISTEN);
        is_error(step(&e, RECVS(10)), ENOTCONN, false);
}

static void a_recv_that_waits_ends_with_data_end_error_or_signal(void **state)
{
        struct endpoint waits = connected(), e;
        struct outcome o;

        (void)state;
        assert_int_equal(step(&waits, EVENT(.kind = EVENT_RECV, .n = 10)).result, RESULT_BLOCKS);
        e = waits;
        assert_false(endpoint_resume(&e, NULL, &o));
        step(&e, DATA_AT(0, 3));
        assert_true(endpoint_resume(&e, NULL, &o));
        is_count(o, 3);
        assert_false(e.pending);
        e = waits;
        step(&e, FIN_AT(0));
        assert_true(endpoint_resume(&e, NULL, &o));
        is_count(o, 0);
        e = waits;
        step(&e, RST);
        assert_true(endpoint_resume(&e, NULL, &o));
        is_error(o, ECONNRESET, false);
        e = waits;
        assert_true(endpoint_resume(&e, &signalled, &o));
        is_error(o, EINTR, false);
}

static void waitall_waits_for_all_of_it_or_the_end(void **state)
{
        const struct event all = EVENT(.kind = EVENT_RECV, .n = 1000, .waitall = true);
        struct endpoint waits = connected(), e;
        struct outcome o;

        (void)state;
        step(&waits, DATA_AT(0, 100));
        assert_int_equal(step(&waits, all).result, RESULT_BLOCKS);
        e = waits;
        step(&e, DATA_AT(100, 500));
        assert_false(endpoint_resume(&e, NULL, &o));
        step(&e, DATA_AT(600, 500));
        assert_true(endpoint_resume(&e, NULL, &o));
        is_count(o, 1000);
        assert_int_equal(endpoint_inq(&e), 100);

        e = waits; /* RST: the hundred, then the error, then 0 */
        step(&e, RST);
        assert_true(endpoint_resume(&e, NULL, &o));
        is_count(o, 100);
        is_error(step(&e, RECVS(10)), ECONNRESET, false);
        is_count(step(&e, RECVS(10)), 0);

        e = waits;
        step(&e, FIN_AT(100));
        assert_true(endpoint_resume(&e, NULL, &o));
        is_count(o, 100);

        e = waits;
        assert_true(endpoint_resume(&e, &signalled, &o));
        is_count(o, 100);

        e = connected();
        step(&e, DATA_AT(0, 100));
        is_count(step(&e, EVENT(.kind = EVENT_RECV, .n = 1000, .waitall = true, .nonblock = true)), 100);
}

static void connect_by_situation(void **state)
{
        struct endpoint e;

        (void)state;
        endpoint_init_fresh(&e);
        is_error(step(&e, CONNECTS), EINPROGRESS, false);
        is_error(step(&e, CONNECTS), EALREADY, false);
        assert_int_equal(step(&e, EVENT(.kind = EVENT_SYN_ACK)).emission, EMIT_ACK);
        is_count(step(&e, CONNECTS), 0);
        is_error(step(&e, CONNECTS), EISCONN, false);

        endpoint_init_fresh(&e);
        assert_int_equal(step(&e, EVENT(.kind = EVENT_CONNECT)).result, RESULT_BLOCKS);
}

static void a_refused_connect_is_told_once_then_starts_anew(void **state)
{
        struct endpoint e;

        (void)state;
        endpoint_init_fresh(&e);
        step(&e, CONNECTS);
        step(&e, RST);
        is_error(step(&e, CONNECTS), ECONNREFUSED, false);
        is_error(step(&e, RECVS(1)), ENOTCONN, false);
        is_error(step(&e, CONNECTS), EINPROGRESS, false);

        endpoint_init_fresh(&e); /* the error taken by SO_ERROR: recv says 0, connect says ECONNABORTED */
        step(&e, CONNECTS);
        step(&e, RST);
        is_count(step(&e, ASKS_SO_ERROR), ECONNREFUSED);
        is_count(step(&e, RECVS(1)), 0);
        is_error(step(&e, CONNECTS), ECONNABORTED, false);
}

static void the_error_queue_gives_its_message_once(void **state)
{
        const struct event asks = EVENT(.kind = EVENT_ERROR_QUEUE);
        struct endpoint e = in_state(TCP_STATE_SYN_SENT);

        (void)state;
        e.recverr = true;
        is_error(step(&e, asks), EAGAIN, false);
        step(&e, EVENT(.kind = EVENT_ICMP, .icmp_errno = EHOSTUNREACH));
        is_count(step(&e, asks), 0);
        is_error(step(&e, asks), EAGAIN, false);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_send_where_nothing_can_be_sent_is_epipe),
                cmocka_unit_test(a_send_in_close_wait_goes_on_working),
                cmocka_unit_test(a_send_of_nothing_is_a_probe),
                cmocka_unit_test(sendfile_of_nothing_does_not_look_at_the_socket),
                cmocka_unit_test(a_send_cut_by_a_reset_gives_its_count_and_leaves_the_error),
                cmocka_unit_test(sendfile_cut_by_a_reset_swallows_the_error),
                cmocka_unit_test(sendfile_cut_after_the_peers_fin_raises_sigpipe_with_its_count),
                cmocka_unit_test(a_signal_ends_a_send_that_waits_with_its_count),
                cmocka_unit_test(a_full_send_buffer_is_the_kernels_choice_of_count_or_eagain),
                cmocka_unit_test(a_send_during_the_handshake_waits_or_is_eagain),
                cmocka_unit_test(recv_by_situation),
                cmocka_unit_test(a_recv_that_waits_ends_with_data_end_error_or_signal),
                cmocka_unit_test(waitall_waits_for_all_of_it_or_the_end),
                cmocka_unit_test(connect_by_situation),
                cmocka_unit_test(a_refused_connect_is_told_once_then_starts_anew),
                cmocka_unit_test(the_error_queue_gives_its_message_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
