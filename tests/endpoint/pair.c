/* Stories of two ends: the claims of manuals and forums, as the kernel was seen to answer them. */
#include <poll.h>
#include <sys/socket.h>

#include "model.h"

static struct pair connected_pair(void)
{
        struct pair p;

        pair_init_connected(&p, AF_INET);
        return p;
}

static size_t count_of(const struct pair *p, int from, enum emission what)
{
        size_t n = 0;

        for (size_t i = 0; i < p->n_emitted; i++)
                n += p->emitted[i].from == from && !p->emitted[i].data && p->emitted[i].what == what;
        return n;
}

static void a_peer_that_read_all_and_closed_makes_the_second_write_epipe(void **state)
{
        struct pair p = connected_pair();

        (void)state;
        is_count(play(&p, CLIENT, SENDS(10)), 10);
        is_count(play(&p, SERVER, RECVS(100)), 10);
        is_count(play(&p, SERVER, CLOSES), 0);
        assert_int_equal(p.end[CLIENT].state, TCP_STATE_CLOSE_WAIT);
        is_count(play(&p, CLIENT, SENDS(1)), 1);
        is_error(play(&p, CLIENT, SENDS(1)), EPIPE, true);
        is_error(play(&p, CLIENT, SENDS(1)), EPIPE, true);
        is_count(play(&p, CLIENT, RECVS(10)), 0);
        assert_int_equal(count_of(&p, SERVER, EMIT_RST_REPLY), 1);
        assert_int_equal(count_of(&p, SERVER, EMIT_RST), 0);
}

static void a_peer_that_left_a_byte_unread_makes_the_first_write_econnreset(void **state)
{
        struct pair p = connected_pair();

        (void)state;
        play(&p, CLIENT, SENDS(10));
        is_count(play(&p, SERVER, RECVS(9)), 9);
        play(&p, SERVER, CLOSES);
        is_error(play(&p, CLIENT, SENDS(1)), ECONNRESET, false);
        is_error(play(&p, CLIENT, SENDS(1)), EPIPE, true);
        assert_int_equal(count_of(&p, SERVER, EMIT_RST), 1);
        assert_int_equal(count_of(&p, SERVER, EMIT_FIN), 0);
}

static void a_half_close_then_unread_close_is_epipe_never_econnreset(void **state)
{
        struct pair p = connected_pair();

        (void)state;
        play(&p, SERVER, SHUTS_WR);
        play(&p, CLIENT, SENDS(10));
        play(&p, SERVER, CLOSES);
        is_error(play(&p, CLIENT, SENDS(1)), EPIPE, true);
        is_count(play(&p, CLIENT, RECVS(1)), 0);
}

static void all_acknowledged_and_read_then_reset_is_still_econnreset(void **state)
{
        struct pair p = connected_pair();

        (void)state;
        play(&p, CLIENT, SENDS(10));
        play(&p, SERVER, RECVS(10));
        assert_int_equal(endpoint_outq(&p.end[CLIENT]), 0);
        p.end[SERVER].linger = true;
        play(&p, SERVER, CLOSES);
        is_error(play(&p, CLIENT, SENDS(1)), ECONNRESET, false);
}

static void acknowledged_is_not_read(void **state)
{
        struct pair p = connected_pair();

        (void)state;
        play(&p, CLIENT, SENDS(5000));
        assert_int_equal(endpoint_account(&p.end[CLIENT]).acked, 5000);
        assert_int_equal(p.end[SERVER].taken, 0);
}

static void after_a_half_close_the_other_way_goes_on(void **state)
{
        struct pair p = connected_pair();

        (void)state;
        play(&p, CLIENT, SHUTS_WR);
        assert_int_equal(p.end[CLIENT].state, TCP_STATE_FIN_WAIT2);
        is_count(play(&p, SERVER, RECVS(1)), 0);
        for (int i = 0; i < 3; i++) {
                is_count(play(&p, SERVER, SENDS(100)), 100);
                is_count(play(&p, CLIENT, RECVS(200)), 100);
        }
        play(&p, SERVER, CLOSES);
        is_count(play(&p, CLIENT, RECVS(1)), 0);
        assert_true(endpoint_saw_fin(&p.end[CLIENT]));
        assert_int_equal(p.end[CLIENT].holder, HOLDER_TIME_WAIT);
        assert_int_equal(p.end[SERVER].holder, HOLDER_NOBODY);
        assert_int_equal(count_of(&p, CLIENT, EMIT_RST) + count_of(&p, SERVER, EMIT_RST), 0);
}

static void unread_input_destroys_the_own_unsent_output(void **state)
{
        struct pair p = connected_pair();

        (void)state;
        p.by_hand[SERVER] = true;
        p.window[SERVER] = 100;
        play(&p, CLIENT, SENDS(1000));
        assert_int_equal(p.end[CLIENT].sent, 100);
        play(&p, CLIENT, DATA_AT(0, 1)); /* comes in, is not read */
        assert_int_equal(play(&p, CLIENT, CLOSES).emission, EMIT_RST);
        assert_int_equal(endpoint_account(&p.end[CLIENT]).unsent, 900);
        assert_int_equal(p.end[CLIENT].sent, 100);
}

static void a_window_of_zero_keeps_the_fin_back(void **state)
{
        struct pair p = connected_pair();

        (void)state;
        p.by_hand[SERVER] = true;
        p.window[SERVER] = 0;
        play(&p, CLIENT, SENDS(10));
        play(&p, CLIENT, CLOSES);
        assert_true(p.end[CLIENT].fin_queued && !p.end[CLIENT].fin_sent);
        assert_int_equal(p.end[CLIENT].state, TCP_STATE_FIN_WAIT1);
        assert_int_equal(count_of(&p, CLIENT, EMIT_FIN), 0);
}

static void simultaneous_resets_need_no_answer(void **state)
{
        struct pair p = connected_pair();

        (void)state;
        p.end[CLIENT].linger = p.end[SERVER].linger = true;
        play(&p, CLIENT, CLOSES);
        play(&p, SERVER, CLOSES);
        assert_int_equal(count_of(&p, CLIENT, EMIT_RST), 1);
        assert_int_equal(p.n_emitted, 1);
}

static void a_reset_unread_behind_both_fins_is_seen_by_nobody(void **state)
{
        struct pair p = connected_pair();

        (void)state;
        play(&p, SERVER, SHUTS_WR);
        play(&p, CLIENT, SENDS(100));
        play(&p, CLIENT, SHUTS_WR);
        play(&p, SERVER, CLOSES); /* a hundred bytes unread, but both FINs are done: no segment */
        assert_int_equal(count_of(&p, SERVER, EMIT_RST), 0);
        is_count(play(&p, CLIENT, RECVS(1)), 0);
        assert_int_equal(p.end[CLIENT].error, 0);
        assert_int_equal(endpoint_outq(&p.end[CLIENT]), 0);
}

static void connect_meets_a_listener_or_is_refused(void **state)
{
        struct pair p;

        (void)state;
        pair_init_unconnected(&p, AF_INET6);
        is_error(play(&p, CLIENT, CONNECTS), EINPROGRESS, false);
        is_error(play(&p, CLIENT, CONNECTS), ECONNREFUSED, false);

        pair_init_unconnected(&p, AF_INET);
        pair_listen(&p);
        play(&p, CLIENT, CONNECTS);
        assert_int_equal(p.end[CLIENT].state, TCP_STATE_ESTABLISHED);
        is_count(play(&p, CLIENT, SENDS(5)), 5);
        is_count(play(&p, SERVER, EVENT(.kind = EVENT_ACCEPT)), 0);
        is_count(play(&p, SERVER, RECVS(9)), 5);

        pair_init_unconnected(&p, AF_INET);
        pair_listen(&p);
        p.end[SERVER].queue_full = true;
        play(&p, CLIENT, CONNECTS);
        assert_int_equal(p.end[CLIENT].state, TCP_STATE_SYN_SENT);
}

static void a_listener_that_stops_resets_who_waits(void **state)
{
        static const struct event stops[] = {
                { .kind = EVENT_CLOSE, .observed = -1 },
                { .kind = EVENT_SHUTDOWN, .shut_rd = true, .observed = -1 },
                { .kind = EVENT_DISCONNECT, .observed = -1 },
                { .kind = EVENT_DESTROY, .observed = -1 },
        };
        struct outcome o;

        (void)state;
        for (size_t i = 0; i < LENGTH(stops); i++) {
                struct pair p;

                pair_init_unconnected(&p, AF_INET);
                pair_listen(&p);
                assert_int_equal(pair_listener_poll(&p), 0);
                play(&p, CLIENT, CONNECTS);
                assert_int_equal(pair_listener_poll(&p), POLLIN);
                pair_listener_step(&p, &stops[i], &o);
                assert_int_equal(p.listener.state, TCP_STATE_CLOSE);
                assert_int_equal(p.end[CLIENT].error, ECONNRESET);
                pair_listener_step(&p, &EVENT(.kind = EVENT_ACCEPT), &o);
                is_error(o, EINVAL, false);
        }
}

static void calls_on_a_listener_say_that_it_has_no_stream(void **state)
{
        struct pair p;
        struct outcome o;

        (void)state;
        pair_init_unconnected(&p, AF_INET);
        pair_listen(&p);
        pair_listener_step(&p, &RECVS(9), &o);
        is_error(o, ENOTCONN, false);
        pair_listener_step(&p, &SENDS(1), &o);
        is_error(o, EPIPE, true);
        pair_listener_step(&p, &CONNECTS, &o);
        is_error(o, EISCONN, false);
        pair_listener_step(&p, &EVENT(.kind = EVENT_SHUTDOWN, .shut_wr = true), &o);
        is_count(o, 0);
        pair_listener_step(&p, &EVENT(.kind = EVENT_ACCEPT), &o);
        is_error(o, EAGAIN, false);
        assert_int_equal(p.listener.state, TCP_STATE_LISTEN);
        assert_int_equal(pair_listener_poll(&p), 0);
        play(&p, CLIENT, CONNECTS);
        pair_listener_step(&p, &EVENT(.kind = EVENT_ACCEPT), &o);
        is_count(o, 0);
        is_count(play(&p, SERVER, SENDS(1)), 1);
}

static void a_call_that_waits_returns_when_the_other_end_acts(void **state)
{
        struct pair p = connected_pair();

        (void)state;
        play(&p, CLIENT, EVENT(.kind = EVENT_RECV, .n = 10));
        assert_false(p.returned[CLIENT]);
        play(&p, SERVER, SENDS(3));
        assert_true(p.returned[CLIENT]);
        is_count(p.outcome[CLIENT], 3);
}

static void what_the_queues_say_is_taken_only_if_lawful(void **state)
{
        struct pair p = connected_pair(), again;
        struct event fills = SENDS(1000000);

        (void)state;
        fills.observed = 400000;
        play(&p, CLIENT, fills);
        again = p;
        assert_true(pair_learn(&again, CLIENT, 300000, 200000));
        assert_int_equal(again.end[CLIENT].acked, 100000);
        assert_int_equal(again.end[CLIENT].sent, 200000);
        assert_int_equal(again.end[SERVER].received, 100000);
        assert_false(pair_learn(&again, CLIENT, 350000, 200000)); /* bytes come back */
        assert_false(pair_learn(&again, CLIENT, 300000, 250000)); /* sent bytes come back */
        assert_false(pair_learn(&p, CLIENT, 400001, 0));          /* more than was written */
        assert_false(pair_learn(&p, CLIENT, 100, 200));           /* more unsent than unacknowledged */
        assert_true(pair_learn_received(&p, SERVER, 5000));
        assert_int_equal(p.end[CLIENT].sent, 5000); /* an acknowledgement may still be on its way */
        assert_false(pair_learn_received(&p, SERVER, 4000));
}

static void draining_lets_all_through(void **state)
{
        struct pair p = connected_pair();
        struct event fills = SENDS(1000000);

        (void)state;
        fills.observed = 400000;
        play(&p, CLIENT, fills);
        play(&p, CLIENT, CLOSES);
        assert_int_equal(pair_drain(&p, SERVER), 400000);
        is_count(play(&p, SERVER, RECVS(1)), 0);
        assert_true(endpoint_saw_fin(&p.end[SERVER]));
}

static void the_rules_that_answered_are_kept_once_each(void **state)
{
        struct pair p = connected_pair();
        bool sends = false, arrives = false;

        (void)state;
        for (int i = 0; i < 3; i++)
                play(&p, CLIENT, SENDS(1));
        for (size_t i = 0; i < p.n_fired; i++) {
                sends = sends || p.fired[i]->on == EVENT_SEND;
                arrives = arrives || p.fired[i]->on == EVENT_DATA;
                for (size_t k = 0; k < i; k++)
                        assert_ptr_not_equal(p.fired[i], p.fired[k]);
        }
        assert_true(sends && arrives);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_peer_that_read_all_and_closed_makes_the_second_write_epipe),
                cmocka_unit_test(a_peer_that_left_a_byte_unread_makes_the_first_write_econnreset),
                cmocka_unit_test(a_half_close_then_unread_close_is_epipe_never_econnreset),
                cmocka_unit_test(all_acknowledged_and_read_then_reset_is_still_econnreset),
                cmocka_unit_test(acknowledged_is_not_read),
                cmocka_unit_test(after_a_half_close_the_other_way_goes_on),
                cmocka_unit_test(unread_input_destroys_the_own_unsent_output),
                cmocka_unit_test(a_window_of_zero_keeps_the_fin_back),
                cmocka_unit_test(simultaneous_resets_need_no_answer),
                cmocka_unit_test(a_reset_unread_behind_both_fins_is_seen_by_nobody),
                cmocka_unit_test(connect_meets_a_listener_or_is_refused),
                cmocka_unit_test(a_listener_that_stops_resets_who_waits),
                cmocka_unit_test(calls_on_a_listener_say_that_it_has_no_stream),
                cmocka_unit_test(a_call_that_waits_returns_when_the_other_end_acts),
                cmocka_unit_test(what_the_queues_say_is_taken_only_if_lawful),
                cmocka_unit_test(draining_lets_all_through),
                cmocka_unit_test(the_rules_that_answered_are_kept_once_each),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
