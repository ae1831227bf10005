/* The socket's error is one slot: who asks first takes it, and nobody is told a second time. */
#include "model.h"

/* Every call that asks, and what it is told of a reset that came while all was open. */
static const struct {
        const char *name;
        struct event call;
        bool as_value; /* SO_ERROR: the error is the option's value */
} askers[] = {
        { "send", EVENT(.kind = EVENT_SEND, .way = SEND_SEND, .n = 10, .nonblock = true), false },
        { "send of nothing", EVENT(.kind = EVENT_SEND, .way = SEND_SEND, .n = 0, .nonblock = true), false },
        { "send with MSG_NOSIGNAL", EVENT(.kind = EVENT_SEND, .n = 10, .nonblock = true, .nosignal = true), false },
        { "send that may wait", EVENT(.kind = EVENT_SEND, .n = 10), false },
        { "write", EVENT(.kind = EVENT_SEND, .way = SEND_WRITE, .n = 10, .nonblock = true), false },
        { "writev", EVENT(.kind = EVENT_SEND, .way = SEND_WRITEV, .n = 10, .nonblock = true), false },
        { "sendto", EVENT(.kind = EVENT_SEND, .way = SEND_SENDTO, .n = 10, .nonblock = true), false },
        { "sendmsg", EVENT(.kind = EVENT_SEND, .way = SEND_SENDMSG, .n = 10, .nonblock = true), false },
        { "sendmmsg", EVENT(.kind = EVENT_SEND, .way = SEND_SENDMMSG, .n = 10, .nonblock = true), false },
        { "sendfile", EVENT(.kind = EVENT_SEND, .way = SEND_SENDFILE, .n = 10, .nonblock = true), false },
        { "splice in", EVENT(.kind = EVENT_SEND, .way = SEND_SPLICE, .n = 10, .nonblock = true), false },
        { "recv", EVENT(.kind = EVENT_RECV, .way = RECV_RECV, .n = 10, .nonblock = true), false },
        { "recv that may wait", EVENT(.kind = EVENT_RECV, .way = RECV_RECV, .n = 10), false },
        { "peek", EVENT(.kind = EVENT_RECV, .n = 10, .nonblock = true, .peek = true), false },
        { "recv with MSG_WAITALL", EVENT(.kind = EVENT_RECV, .n = 10, .waitall = true), false },
        { "read", EVENT(.kind = EVENT_RECV, .way = RECV_READ, .n = 10, .nonblock = true), false },
        { "readv", EVENT(.kind = EVENT_RECV, .way = RECV_READV, .n = 10, .nonblock = true), false },
        { "recvmsg", EVENT(.kind = EVENT_RECV, .way = RECV_RECVMSG, .n = 10, .nonblock = true), false },
        { "recvmmsg", EVENT(.kind = EVENT_RECV, .way = RECV_RECVMMSG, .n = 10, .nonblock = true), false },
        { "splice out", EVENT(.kind = EVENT_RECV, .way = RECV_SPLICE, .n = 10, .nonblock = true), false },
        { "SO_ERROR", EVENT(.kind = EVENT_GET_ERROR), true },
};

static struct endpoint reset_while_open(void)
{
        struct endpoint e = connected();

        step(&e, RST);
        assert_int_equal(e.error, ECONNRESET);
        return e;
}

static void whoever_asks_first_is_told(void **state)
{
        (void)state;
        for (size_t i = 0; i < LENGTH(askers); i++) {
                struct endpoint e = reset_while_open();
                struct outcome o = step(&e, askers[i].call);

                if (askers[i].as_value)
                        is_count(o, ECONNRESET);
                else
                        is_error(o, ECONNRESET, false);
                assert_int_equal(e.error, 0);
        }
}

static void whoever_asks_second_is_not(void **state)
{
        (void)state;
        for (size_t i = 0; i < LENGTH(askers); i++) {
                struct endpoint e = reset_while_open(), again;

                step(&e, askers[i].call);
                again = e;
                is_error(step(&again, SENDS(10)), EPIPE, true);
                again = e;
                is_error(step(&again, EVENT(.kind = EVENT_SEND, .n = 10, .nosignal = true)), EPIPE, false);
                again = e;
                is_count(step(&again, RECVS(10)), 0);
                again = e;
                is_count(step(&again, ASKS_SO_ERROR), 0);
        }
}

static void what_comes_after_repeats_for_ever(void **state)
{
        struct endpoint e = reset_while_open();

        (void)state;
        is_error(step(&e, RECVS(10)), ECONNRESET, false);
        for (int i = 0; i < 5; i++) {
                is_count(step(&e, RECVS(10)), 0);
                is_error(step(&e, SENDS(10)), EPIPE, true);
        }
}

static void data_that_was_queued_comes_before_the_error(void **state)
{
        struct endpoint e = connected();

        (void)state;
        step(&e, DATA_AT(0, 1000));
        step(&e, RST);
        is_count(step(&e, RECVS(600)), 600);
        is_count(step(&e, RECVS(600)), 400);
        is_error(step(&e, RECVS(600)), ECONNRESET, false);
        is_count(step(&e, RECVS(600)), 0);
}

static void a_send_takes_the_error_from_the_receiver(void **state)
{
        struct endpoint e = connected();

        (void)state;
        step(&e, DATA_AT(0, 1000));
        step(&e, RST);
        is_error(step(&e, SENDS(1)), ECONNRESET, false);
        is_error(step(&e, SENDS(1)), EPIPE, true);
        is_count(step(&e, RECVS(2000)), 1000);
        is_count(step(&e, RECVS(2000)), 0);
        assert_false(endpoint_saw_fin(&e));
}

static void recvmmsg_asks_for_the_error_before_the_data(void **state)
{
        struct endpoint e = connected();

        (void)state;
        step(&e, DATA_AT(0, 100));
        step(&e, RST);
        is_error(step(&e, EVENT(.kind = EVENT_RECV, .way = RECV_RECVMMSG, .n = 500)), ECONNRESET, false);
        is_count(step(&e, RECVS(500)), 100);
        is_count(step(&e, RECVS(500)), 0);
}

static void a_peek_at_data_takes_nothing(void **state)
{
        struct endpoint e = connected();

        (void)state;
        step(&e, DATA_AT(0, 100));
        step(&e, RST);
        is_count(step(&e, PEEKS(500)), 100);
        is_count(step(&e, PEEKS(500)), 100);
        is_count(step(&e, RECVS(500)), 100);
        is_error(step(&e, PEEKS(500)), ECONNRESET, false);
        is_count(step(&e, RECVS(500)), 0);
}

static void sigpipe_goes_with_epipe_alone_and_not_with_nosignal(void **state)
{
        static const int errors[] = { ECONNRESET, ETIMEDOUT, ECONNABORTED, EHOSTUNREACH, ECONNREFUSED, EPIPE };

        (void)state;
        for (size_t i = 0; i < LENGTH(errors); i++)
                for (int way = 0; way < N_SEND_WAYS; way++)
                        for (int nosignal = 0; nosignal < 2; nosignal++) {
                                struct endpoint e = reset_while_open();
                                bool flags_reach = way != SEND_SENDFILE && way != SEND_SPLICE;

                                e.error = errors[i];
                                is_error(step(&e, EVENT(.kind = EVENT_SEND, .way = way, .n = 5,
                                                        .nosignal = nosignal)),
                                         errors[i], errors[i] == EPIPE && !(nosignal && flags_reach));
                        }
}

static void shutdown_leaves_the_error_where_it_is(void **state)
{
        struct endpoint e = reset_while_open();

        (void)state;
        is_error(step(&e, SHUTS_WR), ENOTCONN, false);
        is_error(step(&e, RECVS(1)), ECONNRESET, false);
}

static void connect_after_a_reset_is_eisconn_and_leaves_the_error(void **state)
{
        struct endpoint e = reset_while_open();

        (void)state;
        is_error(step(&e, CONNECTS), EISCONN, false);
        is_error(step(&e, SENDS(1)), ECONNRESET, false);
}

static void a_soft_error_is_read_once_and_proves_no_death(void **state)
{
        struct endpoint e = connected();

        (void)state;
        step(&e, EVENT(.kind = EVENT_ICMP, .icmp_errno = EHOSTUNREACH));
        assert_int_equal(e.state, TCP_STATE_ESTABLISHED);
        is_count(step(&e, SENDS(1)), 1);
        is_count(step(&e, ASKS_SO_ERROR), EHOSTUNREACH);
        is_count(step(&e, ASKS_SO_ERROR), 0);
        assert_int_equal(e.state, TCP_STATE_ESTABLISHED);
}

static void the_hard_error_comes_before_the_soft_one(void **state)
{
        struct endpoint e = connected();

        (void)state;
        step(&e, EVENT(.kind = EVENT_ICMP, .icmp_errno = EHOSTUNREACH));
        step(&e, RST);
        is_count(step(&e, ASKS_SO_ERROR), ECONNRESET);
        is_count(step(&e, ASKS_SO_ERROR), EHOSTUNREACH);
        is_count(step(&e, ASKS_SO_ERROR), 0);
}

static void with_recverr_an_icmp_error_is_told_once_and_life_goes_on(void **state)
{
        struct endpoint e = connected();

        (void)state;
        e.recverr = true;
        step(&e, EVENT(.kind = EVENT_ICMP, .icmp_errno = EHOSTUNREACH));
        is_error(step(&e, SENDS(5)), EHOSTUNREACH, false);
        is_count(step(&e, SENDS(5)), 5);
        assert_int_equal(e.state, TCP_STATE_ESTABLISHED);
}

static void a_timeout_says_what_icmp_had_said(void **state)
{
        struct endpoint e = connected(), told = e;

        (void)state;
        step(&e, TIMER(TIMER_RETRANSMISSION));
        is_error(step(&e, RECVS(1)), ETIMEDOUT, false);
        is_error(step(&e, SENDS(1)), EPIPE, true);

        step(&told, EVENT(.kind = EVENT_ICMP, .icmp_errno = EHOSTUNREACH));
        step(&told, TIMER(TIMER_RETRANSMISSION));
        is_error(step(&told, RECVS(1)), EHOSTUNREACH, false);

        told = connected();
        step(&told, EVENT(.kind = EVENT_ICMP, .icmp_errno = EHOSTUNREACH));
        step(&told, ASKS_SO_ERROR);
        step(&told, TIMER(TIMER_RETRANSMISSION));
        is_error(step(&told, RECVS(1)), ETIMEDOUT, false);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(whoever_asks_first_is_told),
                cmocka_unit_test(whoever_asks_second_is_not),
                cmocka_unit_test(what_comes_after_repeats_for_ever),
                cmocka_unit_test(data_that_was_queued_comes_before_the_error),
                cmocka_unit_test(a_send_takes_the_error_from_the_receiver),
                cmocka_unit_test(recvmmsg_asks_for_the_error_before_the_data),
                cmocka_unit_test(a_peek_at_data_takes_nothing),
                cmocka_unit_test(sigpipe_goes_with_epipe_alone_and_not_with_nosignal),
                cmocka_unit_test(shutdown_leaves_the_error_where_it_is),
                cmocka_unit_test(connect_after_a_reset_is_eisconn_and_leaves_the_error),
                cmocka_unit_test(a_soft_error_is_read_once_and_proves_no_death),
                cmocka_unit_test(the_hard_error_comes_before_the_soft_one),
                cmocka_unit_test(with_recverr_an_icmp_error_is_told_once_and_life_goes_on),
                cmocka_unit_test(a_timeout_says_what_icmp_had_said),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
