/* What close(), shutdown(), connect(AF_UNSPEC) and SOCK_DESTROY send, and in which state they leave the end. */
#include "model.h"

enum setup {
        PLAIN = 0,
        UNREAD = 1 << 0,    /* ten bytes in order were not read */
        HELD = 1 << 1,      /* ten bytes beyond a gap */
        LINGER0 = 1 << 2,
        UNSENT_FIN = 1 << 3,
        SHARED = 1 << 4,    /* another descriptor refers to it */
        REPAIR = 1 << 5,
        LINGER2_NONE = 1 << 6,
        LONG_FIN_WAIT2 = 1 << 7,
        WAS_RESET = 1 << 8,
};

static struct endpoint set_up(enum tcp_state in, unsigned setup)
{
        struct endpoint e = in_state(in);

        if (setup & UNREAD)
                e.received += 10;
        if (setup & HELD) {
                e.disordered = 10;
                e.disordered_at = e.received + 10;
        }
        if (setup & LINGER0)
                e.linger = true;
        if (setup & UNSENT_FIN)
                e.fin_sent = false;
        if (setup & SHARED)
                e.n_refs = 2;
        e.repair = setup & REPAIR;
        e.linger2 = setup & LINGER2_NONE ? -1 : 0;
        e.long_fin_wait2 = setup & LONG_FIN_WAIT2;
        if (setup & WAS_RESET)
                step(&e, RST);
        return e;
}

/* __tcp_close, row by row. */
static const struct {
        enum tcp_state in;
        unsigned setup;
        enum emission emission;
        enum tcp_state out;
        enum holder holder;
} closes[] = {
        /* all was read */
        { TCP_STATE_ESTABLISHED, PLAIN, EMIT_FIN, TCP_STATE_FIN_WAIT1, HOLDER_SOCKET },
        { TCP_STATE_CLOSE_WAIT, PLAIN, EMIT_FIN, TCP_STATE_LAST_ACK, HOLDER_SOCKET },
        { TCP_STATE_FIN_WAIT1, PLAIN, EMIT_NOTHING, TCP_STATE_FIN_WAIT1, HOLDER_SOCKET },
        { TCP_STATE_FIN_WAIT2, PLAIN, EMIT_NOTHING, TCP_STATE_FIN_WAIT2, HOLDER_FIN_WAIT2 },
        { TCP_STATE_FIN_WAIT2, LONG_FIN_WAIT2, EMIT_NOTHING, TCP_STATE_FIN_WAIT2, HOLDER_SOCKET },
        { TCP_STATE_FIN_WAIT2, LINGER2_NONE, EMIT_RST, TCP_STATE_CLOSE, HOLDER_NOBODY },
        { TCP_STATE_CLOSING, PLAIN, EMIT_NOTHING, TCP_STATE_CLOSING, HOLDER_SOCKET },
        { TCP_STATE_LAST_ACK, PLAIN, EMIT_NOTHING, TCP_STATE_LAST_ACK, HOLDER_SOCKET },
        { TCP_STATE_SYN_SENT, PLAIN, EMIT_NOTHING, TCP_STATE_CLOSE, HOLDER_NOBODY },
        { TCP_STATE_CLOSE, PLAIN, EMIT_NOTHING, TCP_STATE_CLOSE, HOLDER_NOBODY },
        /* unread data: RST at once, before zero linger is looked at */
        { TCP_STATE_ESTABLISHED, UNREAD, EMIT_RST, TCP_STATE_CLOSE, HOLDER_NOBODY },
        { TCP_STATE_CLOSE_WAIT, UNREAD, EMIT_RST, TCP_STATE_CLOSE, HOLDER_NOBODY },
        { TCP_STATE_FIN_WAIT1, UNREAD, EMIT_RST, TCP_STATE_CLOSE, HOLDER_NOBODY },
        { TCP_STATE_FIN_WAIT2, UNREAD, EMIT_RST, TCP_STATE_CLOSE, HOLDER_NOBODY },
        { TCP_STATE_LAST_ACK, UNREAD, EMIT_RST, TCP_STATE_CLOSE, HOLDER_NOBODY },
        { TCP_STATE_CLOSING, UNREAD, EMIT_RST, TCP_STATE_CLOSE, HOLDER_NOBODY },
        { TCP_STATE_ESTABLISHED, UNREAD | LINGER0, EMIT_RST, TCP_STATE_CLOSE, HOLDER_NOBODY },
        { TCP_STATE_LAST_ACK, UNREAD | LINGER0, EMIT_RST, TCP_STATE_CLOSE, HOLDER_NOBODY },
        /* what lies beyond a gap is not unread */
        { TCP_STATE_ESTABLISHED, HELD, EMIT_FIN, TCP_STATE_FIN_WAIT1, HOLDER_SOCKET },
        /* SO_LINGER with 0 s */
        { TCP_STATE_ESTABLISHED, LINGER0, EMIT_RST, TCP_STATE_CLOSE, HOLDER_NOBODY },
        { TCP_STATE_CLOSE_WAIT, LINGER0, EMIT_RST, TCP_STATE_CLOSE, HOLDER_NOBODY },
        { TCP_STATE_FIN_WAIT1, LINGER0, EMIT_RST, TCP_STATE_CLOSE, HOLDER_NOBODY },
        { TCP_STATE_FIN_WAIT2, LINGER0, EMIT_RST, TCP_STATE_CLOSE, HOLDER_NOBODY },
        { TCP_STATE_SYN_RECV, LINGER0, EMIT_RST, TCP_STATE_CLOSE, HOLDER_NOBODY },
        { TCP_STATE_LAST_ACK, LINGER0, EMIT_NOTHING, TCP_STATE_CLOSE, HOLDER_NOBODY },
        { TCP_STATE_LAST_ACK, LINGER0 | UNSENT_FIN, EMIT_RST, TCP_STATE_CLOSE, HOLDER_NOBODY },
        { TCP_STATE_CLOSING, LINGER0, EMIT_NOTHING, TCP_STATE_CLOSE, HOLDER_NOBODY },
        { TCP_STATE_CLOSING, LINGER0 | UNSENT_FIN, EMIT_RST, TCP_STATE_CLOSE, HOLDER_NOBODY },
        { TCP_STATE_SYN_SENT, LINGER0, EMIT_NOTHING, TCP_STATE_CLOSE, HOLDER_NOBODY },
        /* reset already: no segment, whatever lies there */
        { TCP_STATE_ESTABLISHED, WAS_RESET, EMIT_NOTHING, TCP_STATE_CLOSE, HOLDER_NOBODY },
        { TCP_STATE_ESTABLISHED, WAS_RESET | UNREAD, EMIT_NOTHING, TCP_STATE_CLOSE, HOLDER_NOBODY },
        { TCP_STATE_ESTABLISHED, WAS_RESET | LINGER0, EMIT_NOTHING, TCP_STATE_CLOSE, HOLDER_NOBODY },
        /* TCP_REPAIR: silence, unread data or not */
        { TCP_STATE_ESTABLISHED, REPAIR, EMIT_NOTHING, TCP_STATE_CLOSE, HOLDER_NOBODY },
        { TCP_STATE_ESTABLISHED, REPAIR | UNREAD | LINGER0, EMIT_NOTHING, TCP_STATE_CLOSE, HOLDER_NOBODY },
        /* another descriptor: nothing at all */
        { TCP_STATE_ESTABLISHED, SHARED, EMIT_NOTHING, TCP_STATE_ESTABLISHED, HOLDER_SOCKET },
        { TCP_STATE_ESTABLISHED, SHARED | UNREAD, EMIT_NOTHING, TCP_STATE_ESTABLISHED, HOLDER_SOCKET },
        { TCP_STATE_ESTABLISHED, SHARED | LINGER0, EMIT_NOTHING, TCP_STATE_ESTABLISHED, HOLDER_SOCKET },
};

static void close_sends_what_the_table_says(void **state)
{
        (void)state;
        for (size_t i = 0; i < LENGTH(closes); i++) {
                struct endpoint e = set_up(closes[i].in, closes[i].setup);
                int refs = e.n_refs;
                struct outcome o = step(&e, CLOSES);

                if (o.emission != closes[i].emission || e.state != closes[i].out || e.holder != closes[i].holder)
                        fail_msg("row %zu, from %s: sends %d, leaves %s, holder %d, by rule %s", i,
                                 tcp_state_name(closes[i].in), o.emission, tcp_state_name(e.state), e.holder,
                                 o.rule->name);
                is_count(o, 0);
                assert_int_equal(e.n_refs, refs - 1);
        }
}

static void of_many_descriptors_only_the_last_close_acts(void **state)
{
        struct endpoint e = connected();

        (void)state;
        e.n_refs = 3;
        e.linger = true;
        assert_int_equal(step(&e, CLOSES).emission, EMIT_NOTHING);
        assert_int_equal(step(&e, CLOSES).emission, EMIT_NOTHING);
        assert_int_equal(step(&e, CLOSES).emission, EMIT_RST);
}

static void a_close_that_lingers_waits_for_the_ack_of_the_fin_even_nonblocking(void **state)
{
        static const struct {
                enum tcp_state in, out;
                enum emission emission;
        } rows[] = {
                { TCP_STATE_ESTABLISHED, TCP_STATE_FIN_WAIT1, EMIT_FIN },
                { TCP_STATE_CLOSE_WAIT, TCP_STATE_LAST_ACK, EMIT_FIN },
                { TCP_STATE_FIN_WAIT1, TCP_STATE_FIN_WAIT1, EMIT_NOTHING },
                { TCP_STATE_CLOSING, TCP_STATE_CLOSING, EMIT_NOTHING },
                { TCP_STATE_LAST_ACK, TCP_STATE_LAST_ACK, EMIT_NOTHING },
        };

        (void)state;
        for (size_t i = 0; i < LENGTH(rows); i++) {
                struct endpoint e = in_state(rows[i].in);
                struct outcome o;

                e.linger = true;
                e.linger_s = 5;
                o = step(&e, EVENT(.kind = EVENT_CLOSE, .nonblock = true));
                assert_int_equal(o.result, RESULT_BLOCKS);
                assert_int_equal(o.emission, rows[i].emission);
                assert_int_equal(e.state, rows[i].out);
                assert_false(endpoint_resume(&e, NULL, &o));
                e.fin_sent = true;
                step(&e, ACK_OF_FIN(0));
                assert_true(endpoint_resume(&e, NULL, &o));
                is_count(o, 0);
        }
}

static void a_close_that_lingers_ends_with_zero_whatever_ends_it(void **state)
{
        const struct event signal = EVENT(.signalled = true);
        struct endpoint e = connected(), reset;
        struct outcome o;

        (void)state;
        e.linger = true;
        e.linger_s = 5;
        step(&e, CLOSES);
        e.fin_sent = true;
        reset = e;
        assert_true(endpoint_resume(&e, &signal, &o)); /* a signal, or the time: FIN_WAIT1 goes on alone */
        is_count(o, 0);
        assert_int_equal(o.emission, EMIT_NOTHING);
        assert_int_equal(e.state, TCP_STATE_FIN_WAIT1);
        assert_int_equal(e.n_refs, 0);
        step(&reset, RST);
        assert_true(endpoint_resume(&reset, NULL, &o));
        is_count(o, 0);
}

static void a_process_that_dies_does_not_linger_but_does_reset(void **state)
{
        struct endpoint e = connected(), zero;
        const struct event dies = EVENT(.kind = EVENT_CLOSE, .exiting = true);
        struct outcome o;

        (void)state;
        zero = e;
        e.linger = zero.linger = true;
        e.linger_s = 5;
        o = step(&e, dies);
        is_count(o, 0);
        assert_int_equal(o.emission, EMIT_FIN);
        assert_int_equal(step(&zero, dies).emission, EMIT_RST);
}

static void a_close_in_fin_wait2_does_not_linger(void **state)
{
        struct endpoint e = in_state(TCP_STATE_FIN_WAIT2);

        (void)state;
        e.linger = true;
        e.linger_s = 5;
        is_count(step(&e, CLOSES), 0);
}

static void shutdown_does_what_the_table_says(void **state)
{
        static const struct {
                enum tcp_state in;
                bool rd, wr;
                int error;
                enum emission emission;
                enum tcp_state out;
        } rows[] = {
                { TCP_STATE_ESTABLISHED, false, true, 0, EMIT_FIN, TCP_STATE_FIN_WAIT1 },
                { TCP_STATE_ESTABLISHED, true, true, 0, EMIT_FIN, TCP_STATE_FIN_WAIT1 },
                { TCP_STATE_ESTABLISHED, true, false, 0, EMIT_NOTHING, TCP_STATE_ESTABLISHED },
                { TCP_STATE_CLOSE_WAIT, false, true, 0, EMIT_FIN, TCP_STATE_LAST_ACK },
                { TCP_STATE_FIN_WAIT1, false, true, 0, EMIT_NOTHING, TCP_STATE_FIN_WAIT1 },
                { TCP_STATE_FIN_WAIT2, true, true, 0, EMIT_NOTHING, TCP_STATE_FIN_WAIT2 },
                { TCP_STATE_LAST_ACK, false, true, 0, EMIT_NOTHING, TCP_STATE_LAST_ACK },
                { TCP_STATE_CLOSING, true, true, 0, EMIT_NOTHING, TCP_STATE_CLOSING },
                { TCP_STATE_SYN_SENT, false, true, 0, EMIT_NOTHING, TCP_STATE_CLOSE },
                { TCP_STATE_CLOSE, false, true, ENOTCONN, EMIT_NOTHING, TCP_STATE_CLOSE },
                { TCP_STATE_CLOSE, true, false, ENOTCONN, EMIT_NOTHING, TCP_STATE_CLOSE },
                { TCP_STATE_LISTEN, true, false, 0, EMIT_NOTHING, TCP_STATE_CLOSE },
                { TCP_STATE_LISTEN, false, true, 0, EMIT_NOTHING, TCP_STATE_LISTEN },
        };

        (void)state;
        for (size_t i = 0; i < LENGTH(rows); i++) {
                struct endpoint e = in_state(rows[i].in);
                struct outcome o =
                        step(&e, EVENT(.kind = EVENT_SHUTDOWN, .shut_rd = rows[i].rd, .shut_wr = rows[i].wr));

                if (rows[i].error)
                        is_error(o, rows[i].error, false);
                else
                        is_count(o, 0);
                assert_int_equal(o.emission, rows[i].emission);
                assert_int_equal(e.state, rows[i].out);
        }
}

static void shutdown_never_lingers(void **state)
{
        struct endpoint e = connected();

        (void)state;
        e.linger = true;
        e.linger_s = 5;
        is_count(step(&e, SHUTS_WR), 0);
}

static void disconnect_resets_where_a_reset_is_owed(void **state)
{
        static const struct {
                enum tcp_state in;
                enum emission emission;
                int error;
        } rows[] = {
                { TCP_STATE_ESTABLISHED, EMIT_RST, ECONNRESET }, { TCP_STATE_CLOSE_WAIT, EMIT_RST, ECONNRESET },
                { TCP_STATE_FIN_WAIT1, EMIT_RST, ECONNRESET },   { TCP_STATE_FIN_WAIT2, EMIT_RST, ECONNRESET },
                { TCP_STATE_SYN_SENT, EMIT_NOTHING, ECONNRESET }, { TCP_STATE_LAST_ACK, EMIT_NOTHING, 0 },
                { TCP_STATE_CLOSING, EMIT_NOTHING, 0 },          { TCP_STATE_CLOSE, EMIT_NOTHING, 0 },
        };

        (void)state;
        for (size_t i = 0; i < LENGTH(rows); i++) {
                struct endpoint e = in_state(rows[i].in);
                struct outcome o = step(&e, DISCONNECTS);

                is_count(o, 0);
                assert_int_equal(o.emission, rows[i].emission);
                assert_int_equal(e.error, rows[i].error);
                assert_int_equal(e.state, TCP_STATE_CLOSE);
                assert_true(e.voided);
                assert_false(e.shut_rd || e.shut_wr);
        }
}

static void a_disconnected_socket_can_connect_again(void **state)
{
        struct endpoint e = connected();

        (void)state;
        step(&e, DISCONNECTS);
        is_count(step(&e, ASKS_SO_ERROR), ECONNRESET);
        is_error(step(&e, CONNECTS), EINPROGRESS, false);
        assert_int_equal(e.state, TCP_STATE_SYN_SENT);
}

static void sock_destroy_is_econnaborted_once_then_epipe(void **state)
{
        struct endpoint e = connected();

        (void)state;
        assert_int_equal(step(&e, EVENT(.kind = EVENT_DESTROY)).emission, EMIT_RST);
        is_error(step(&e, SENDS(1)), ECONNABORTED, false);
        is_error(step(&e, SENDS(1)), EPIPE, true);
        is_count(step(&e, RECVS(1)), 0);
}

static void sock_destroy_is_silent_where_no_reset_is_owed(void **state)
{
        static const enum tcp_state states[] = { TCP_STATE_SYN_SENT, TCP_STATE_LAST_ACK, TCP_STATE_CLOSING };

        (void)state;
        for (size_t i = 0; i < LENGTH(states); i++) {
                struct endpoint e = in_state(states[i]);

                assert_int_equal(step(&e, EVENT(.kind = EVENT_DESTROY)).emission, EMIT_NOTHING);
                assert_int_equal(e.state, TCP_STATE_CLOSE);
                assert_int_equal(e.error, ECONNABORTED);
        }
}

static void a_listener_that_closes_resets_only_what_was_not_accepted(void **state)
{
        struct endpoint queued = connected(), accepted = connected();

        (void)state;
        queued.n_refs = 0;
        queued.queued = true;
        queued.received = 10; /* unread or not */
        assert_int_equal(step(&queued, EVENT(.kind = EVENT_LISTENER_CLOSED)).emission, EMIT_RST);
        assert_int_equal(step(&accepted, EVENT(.kind = EVENT_LISTENER_CLOSED)).emission, EMIT_NOTHING);
        assert_int_equal(accepted.state, TCP_STATE_ESTABLISHED);
}

static void accept_gives_a_connection_that_was_reset_meanwhile(void **state)
{
        struct endpoint e = connected();

        (void)state;
        e.n_refs = 0;
        e.queued = true;
        e.was_connected = false;
        step(&e, DATA_AT(0, 5));
        step(&e, RST);
        is_count(step(&e, EVENT(.kind = EVENT_ACCEPT)), 0);
        assert_int_equal(e.n_refs, 1);
        is_count(step(&e, RECVS(9)), 5);
        is_error(step(&e, RECVS(9)), ECONNRESET, false);
        is_error(step(&e, EVENT(.kind = EVENT_ACCEPT)), EINVAL, false);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(close_sends_what_the_table_says),
                cmocka_unit_test(of_many_descriptors_only_the_last_close_acts),
                cmocka_unit_test(a_close_that_lingers_waits_for_the_ack_of_the_fin_even_nonblocking),
                cmocka_unit_test(a_close_that_lingers_ends_with_zero_whatever_ends_it),
                cmocka_unit_test(a_process_that_dies_does_not_linger_but_does_reset),
                cmocka_unit_test(a_close_in_fin_wait2_does_not_linger),
                cmocka_unit_test(shutdown_does_what_the_table_says),
                cmocka_unit_test(shutdown_never_lingers),
                cmocka_unit_test(disconnect_resets_where_a_reset_is_owed),
                cmocka_unit_test(a_disconnected_socket_can_connect_again),
                cmocka_unit_test(sock_destroy_is_econnaborted_once_then_epipe),
                cmocka_unit_test(sock_destroy_is_silent_where_no_reset_is_owed),
                cmocka_unit_test(a_listener_that_closes_resets_only_what_was_not_accepted),
                cmocka_unit_test(accept_gives_a_connection_that_was_reset_meanwhile),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
