/* What arrives, and what it makes of an end: RST in every state, FIN, data, acknowledgements, timers. */
#include <sys/socket.h>

#include "model.h"

static void a_reset_sets_the_error_of_its_state(void **state)
{
        static const struct {
                enum tcp_state in;
                int error;
        } rows[] = {
                { TCP_STATE_SYN_SENT, ECONNREFUSED },  { TCP_STATE_CLOSE_WAIT, EPIPE },
                { TCP_STATE_ESTABLISHED, ECONNRESET }, { TCP_STATE_SYN_RECV, ECONNRESET },
                { TCP_STATE_FIN_WAIT1, ECONNRESET },   { TCP_STATE_FIN_WAIT2, ECONNRESET },
                { TCP_STATE_CLOSING, ECONNRESET },     { TCP_STATE_LAST_ACK, ECONNRESET },
        };

        (void)state;
        for (size_t i = 0; i < LENGTH(rows); i++) {
                struct endpoint e = in_state(rows[i].in);
                struct outcome o = step(&e, RST);

                assert_int_equal(e.error, rows[i].error);
                assert_int_equal(e.state, TCP_STATE_CLOSE);
                assert_int_equal(e.holder, HOLDER_NOBODY);
                assert_true(e.shut_rd && e.shut_wr);
                assert_int_equal(o.emission, EMIT_NOTHING);
        }
}

static void a_reset_of_what_is_closed_or_listens_changes_nothing(void **state)
{
        static const enum tcp_state states[] = { TCP_STATE_CLOSE, TCP_STATE_LISTEN };

        (void)state;
        for (size_t i = 0; i < LENGTH(states); i++) {
                struct endpoint e = in_state(states[i]), before = e;

                assert_int_equal(step(&e, RST).emission, EMIT_NOTHING);
                assert_int_equal(e.state, before.state);
                assert_int_equal(e.error, 0);
        }
}

static void a_reset_that_does_not_fit_is_not_obeyed(void **state)
{
        static const enum tcp_state states[] = {
                TCP_STATE_ESTABLISHED, TCP_STATE_CLOSE_WAIT, TCP_STATE_FIN_WAIT1,
                TCP_STATE_FIN_WAIT2,   TCP_STATE_CLOSING,    TCP_STATE_LAST_ACK,
        };

        (void)state;
        for (size_t i = 0; i < LENGTH(states); i++) {
                struct endpoint e = in_state(states[i]);

                assert_int_equal(step(&e, EVENT(.kind = EVENT_RST, .fit = RST_IN_WINDOW)).emission, EMIT_CHALLENGE);
                assert_int_equal(step(&e, EVENT(.kind = EVENT_RST, .fit = RST_OUTSIDE)).emission, EMIT_NOTHING);
                assert_int_equal(e.state, states[i]);
                assert_int_equal(e.error, 0);
        }
}

static void a_reset_without_ack_does_not_refuse_a_syn(void **state)
{
        struct endpoint e = in_state(TCP_STATE_SYN_SENT);

        (void)state;
        step(&e, EVENT(.kind = EVENT_RST, .fit = RST_EXACT));
        assert_int_equal(e.state, TCP_STATE_SYN_SENT);
}

static void time_wait_dies_of_a_reset_unless_rfc1337_forbids(void **state)
{
        struct endpoint e = in_state(TCP_STATE_FIN_WAIT2), kept;

        (void)state;
        step(&e, FIN_AT(0));
        assert_int_equal(e.holder, HOLDER_TIME_WAIT);
        assert_int_equal(e.state, TCP_STATE_CLOSE);
        kept = e;
        kept.rfc1337 = true;
        step(&kept, RST);
        assert_int_equal(kept.holder, HOLDER_TIME_WAIT);
        step(&e, EVENT(.kind = EVENT_RST, .fit = RST_OUTSIDE));
        assert_int_equal(e.holder, HOLDER_TIME_WAIT);
        step(&e, RST);
        assert_int_equal(e.holder, HOLDER_NOBODY);
        assert_int_equal(e.error, 0); /* nobody is told */
}

static void a_fin_moves_each_state_to_its_next(void **state)
{
        static const struct {
                enum tcp_state in, out;
                enum holder holder;
        } rows[] = {
                { TCP_STATE_ESTABLISHED, TCP_STATE_CLOSE_WAIT, HOLDER_SOCKET },
                { TCP_STATE_FIN_WAIT1, TCP_STATE_CLOSING, HOLDER_SOCKET },
                { TCP_STATE_FIN_WAIT2, TCP_STATE_CLOSE, HOLDER_TIME_WAIT },
                { TCP_STATE_CLOSE_WAIT, TCP_STATE_CLOSE_WAIT, HOLDER_SOCKET },
                { TCP_STATE_CLOSING, TCP_STATE_CLOSING, HOLDER_SOCKET },
                { TCP_STATE_LAST_ACK, TCP_STATE_LAST_ACK, HOLDER_SOCKET },
        };

        (void)state;
        for (size_t i = 0; i < LENGTH(rows); i++) {
                struct endpoint e = in_state(rows[i].in);

                assert_int_equal(step(&e, FIN_AT(0)).emission, EMIT_ACK);
                assert_int_equal(e.state, rows[i].out);
                assert_int_equal(e.holder, rows[i].holder);
                assert_true(endpoint_saw_fin(&e));
        }
}

static void the_ack_of_the_fin_moves_each_state_to_its_next(void **state)
{
        static const struct {
                enum tcp_state in, out;
                enum holder holder;
        } rows[] = {
                { TCP_STATE_FIN_WAIT1, TCP_STATE_FIN_WAIT2, HOLDER_SOCKET },
                { TCP_STATE_CLOSING, TCP_STATE_CLOSE, HOLDER_TIME_WAIT },
                { TCP_STATE_LAST_ACK, TCP_STATE_CLOSE, HOLDER_NOBODY },
        };

        (void)state;
        for (size_t i = 0; i < LENGTH(rows); i++) {
                struct endpoint e = in_state(rows[i].in);

                assert_int_equal(step(&e, ACK_OF_FIN(0)).emission, EMIT_NOTHING);
                assert_int_equal(e.state, rows[i].out);
                assert_int_equal(e.holder, rows[i].holder);
                assert_int_equal(endpoint_outq(&e), 0);
        }
}

static void an_orphan_waits_for_the_peers_fin_as_a_minisocket(void **state)
{
        struct endpoint e = connected();

        (void)state;
        step(&e, CLOSES);
        e.fin_sent = true;
        assert_int_equal(e.state, TCP_STATE_FIN_WAIT1);
        step(&e, ACK_OF_FIN(0));
        assert_int_equal(e.holder, HOLDER_FIN_WAIT2);
        assert_int_equal(step(&e, FIN_AT(0)).emission, EMIT_ACK);
        assert_int_equal(e.holder, HOLDER_TIME_WAIT);
        step(&e, TIMER(TIMER_TIME_WAIT));
        assert_int_equal(e.holder, HOLDER_NOBODY);
}

static void data_after_a_close_is_answered_by_a_reset(void **state)
{
        struct endpoint e = connected();

        (void)state;
        step(&e, CLOSES);
        e.fin_sent = true;
        step(&e, ACK_OF_FIN(0));
        assert_int_equal(step(&e, DATA_AT(0, 10)).emission, EMIT_RST_REPLY);
        assert_int_equal(e.holder, HOLDER_NOBODY);
        assert_int_equal(step(&e, DATA_AT(10, 10)).emission, EMIT_RST_REPLY);
}

static void data_after_shutdown_of_both_ways_resets_the_own_program_too(void **state)
{
        static const enum tcp_state states[] = { TCP_STATE_FIN_WAIT1, TCP_STATE_FIN_WAIT2 };

        (void)state;
        for (size_t i = 0; i < LENGTH(states); i++) {
                struct endpoint e = in_state(states[i]);

                step(&e, SHUTS_RD);
                is_count(step(&e, RECVS(1)), 0);
                assert_int_equal(step(&e, DATA_AT(0, 10)).emission, EMIT_RST_REPLY);
                assert_int_equal(e.state, TCP_STATE_CLOSE);
                is_error(step(&e, RECVS(1)), ECONNRESET, false);
                is_count(step(&e, RECVS(1)), 0);
        }
}

static void data_after_shutdown_of_reading_alone_is_taken(void **state)
{
        struct endpoint e = connected();

        (void)state;
        step(&e, SHUTS_RD);
        is_count(step(&e, RECVS(100)), 0);
        assert_int_equal(step(&e, DATA_AT(0, 10)).emission, EMIT_ACK);
        is_count(step(&e, RECVS(100)), 10);
        is_count(step(&e, RECVS(100)), 0);
}

static void data_beyond_a_gap_is_not_readable_until_the_gap_is_filled(void **state)
{
        struct endpoint e = connected(), cut;

        (void)state;
        step(&e, DATA_AT(10, 10));
        assert_int_equal(endpoint_inq(&e), 0);
        is_error(step(&e, RECVS(100)), EAGAIN, false);
        cut = e;
        step(&cut, RST); /* what lies beyond the gap is lost */
        is_error(step(&cut, RECVS(100)), ECONNRESET, false);
        step(&e, DATA_AT(0, 10));
        is_count(step(&e, RECVS(100)), 20);
}

static void a_fin_beyond_a_gap_does_not_count_yet(void **state)
{
        struct endpoint e = connected();

        (void)state;
        step(&e, FIN_AT(10));
        assert_int_equal(e.state, TCP_STATE_ESTABLISHED);
        assert_false(endpoint_saw_fin(&e));
}

static void what_finds_nobody_is_answered_by_a_reset_but_not_a_reset(void **state)
{
        const struct event events[] = {
                EVENT(.kind = EVENT_SYN), EVENT(.kind = EVENT_SYN_ACK), ACK_OF(0), DATA_AT(0, 1), FIN_AT(0),
        };
        struct endpoint e = in_state(TCP_STATE_CLOSE);

        (void)state;
        for (size_t i = 0; i < LENGTH(events); i++)
                assert_int_equal(step(&e, events[i]).emission, EMIT_RST_REPLY);
        assert_int_equal(step(&e, RST).emission, EMIT_NOTHING);
}

static void a_syn_in_a_connection_is_challenged(void **state)
{
        struct endpoint e = connected();

        (void)state;
        assert_int_equal(step(&e, EVENT(.kind = EVENT_SYN)).emission, EMIT_CHALLENGE);
        assert_int_equal(step(&e, EVENT(.kind = EVENT_SYN_ACK)).emission, EMIT_CHALLENGE);
        assert_int_equal(e.state, TCP_STATE_ESTABLISHED);
}

static void only_keepalive_tells_the_peer_that_it_gave_up(void **state)
{
        static const struct {
                enum timer_kind timer;
                enum emission emission;
        } rows[] = {
                { TIMER_RETRANSMISSION, EMIT_NOTHING },
                { TIMER_PROBE, EMIT_NOTHING },
                { TIMER_USER, EMIT_NOTHING },
                { TIMER_KEEPALIVE, EMIT_RST },
        };

        (void)state;
        for (size_t i = 0; i < LENGTH(rows); i++) {
                struct endpoint e = connected();

                assert_int_equal(step(&e, TIMER(rows[i].timer)).emission, rows[i].emission);
                assert_int_equal(e.state, TCP_STATE_CLOSE);
                is_error(step(&e, SENDS(1)), ETIMEDOUT, false);
                is_error(step(&e, SENDS(1)), EPIPE, true);
        }
}

static void a_timer_that_nothing_waits_for_does_nothing(void **state)
{
        static const enum timer_kind timers[] = { TIMER_FIN_WAIT2, TIMER_TIME_WAIT, TIMER_LINGER };

        (void)state;
        for (size_t i = 0; i < LENGTH(timers); i++) {
                struct endpoint e = connected();

                assert_int_equal(step(&e, TIMER(timers[i])).emission, EMIT_NOTHING);
                assert_int_equal(e.state, TCP_STATE_ESTABLISHED);
        }
}

static void an_open_descriptor_in_fin_wait2_has_no_time_limit(void **state)
{
        struct endpoint e = in_state(TCP_STATE_FIN_WAIT2);

        (void)state;
        step(&e, TIMER(TIMER_FIN_WAIT2));
        assert_int_equal(e.state, TCP_STATE_FIN_WAIT2);
        step(&e, DATA_AT(0, 5));
        is_count(step(&e, RECVS(9)), 5);
}

static void an_icmp_error_ends_an_attempt_at_once(void **state)
{
        struct endpoint e = in_state(TCP_STATE_SYN_SENT);

        (void)state;
        step(&e, EVENT(.kind = EVENT_ICMP, .icmp_errno = EHOSTUNREACH));
        assert_int_equal(e.state, TCP_STATE_CLOSE);
        is_error(step(&e, CONNECTS), EHOSTUNREACH, false);
}

static void icmp_becomes_the_errno_of_its_family(void **state)
{
        static const struct {
                enum icmp_error icmp;
                int v4, v6;
        } rows[] = {
                { ICMP_ERROR_HOST_UNREACHABLE, EHOSTUNREACH, EHOSTUNREACH },
                { ICMP_ERROR_NET_UNREACHABLE, ENETUNREACH, ENETUNREACH },
                { ICMP_ERROR_PORT_UNREACHABLE, ECONNREFUSED, ECONNREFUSED },
                { ICMP_ERROR_PROTOCOL_UNREACHABLE, ENOPROTOOPT, EPROTO },
                { ICMP_ERROR_ADMIN_PROHIBITED, EHOSTUNREACH, EACCES },
        };

        (void)state;
        for (size_t i = 0; i < LENGTH(rows); i++) {
                assert_int_equal(icmp_error_errno(rows[i].icmp, AF_INET), rows[i].v4);
                assert_int_equal(icmp_error_errno(rows[i].icmp, AF_INET6), rows[i].v6);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_reset_sets_the_error_of_its_state),
                cmocka_unit_test(a_reset_of_what_is_closed_or_listens_changes_nothing),
                cmocka_unit_test(a_reset_that_does_not_fit_is_not_obeyed),
                cmocka_unit_test(a_reset_without_ack_does_not_refuse_a_syn),
                cmocka_unit_test(time_wait_dies_of_a_reset_unless_rfc1337_forbids),
                cmocka_unit_test(a_fin_moves_each_state_to_its_next),
                cmocka_unit_test(the_ack_of_the_fin_moves_each_state_to_its_next),
                cmocka_unit_test(an_orphan_waits_for_the_peers_fin_as_a_minisocket),
                cmocka_unit_test(data_after_a_close_is_answered_by_a_reset),
                cmocka_unit_test(data_after_shutdown_of_both_ways_resets_the_own_program_too),
                cmocka_unit_test(data_after_shutdown_of_reading_alone_is_taken),
                cmocka_unit_test(data_beyond_a_gap_is_not_readable_until_the_gap_is_filled),
                cmocka_unit_test(a_fin_beyond_a_gap_does_not_count_yet),
                cmocka_unit_test(what_finds_nobody_is_answered_by_a_reset_but_not_a_reset),
                cmocka_unit_test(a_syn_in_a_connection_is_challenged),
                cmocka_unit_test(only_keepalive_tells_the_peer_that_it_gave_up),
                cmocka_unit_test(a_timer_that_nothing_waits_for_does_nothing),
                cmocka_unit_test(an_open_descriptor_in_fin_wait2_has_no_time_limit),
                cmocka_unit_test(an_icmp_error_ends_an_attempt_at_once),
                cmocka_unit_test(icmp_becomes_the_errno_of_its_family),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
