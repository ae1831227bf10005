/* What the counts of an orphan's kernel show of its end; and what they leave open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "closed_socket.h"
#include "trace/orphan.h"

#define MS INT64_C(1000000)

/* Closed with 1000 bytes on their way, which nobody acknowledged; it is gone 300 ms later. Of what came and went since
 * then there is nothing but its FIN. */
static struct traced_socket orphan(void)
{
        struct look before = { .state = TCP_STATE_ESTABLISHED, .whole = true, .info = true,
                               .outq = 1000, .bytes_sent = 1500, .bytes_acked = 501, .bytes_received = 20,
                               .segments = { .in = 7, .data_in = 1, .out = 9, .data_out = 3 } };
        struct traced_socket s = { .role_known = true, .client = true, .established_ns = 1, .alive = before,
                                   .last = before, .ended = true,
                                   .act = { .known = true, .how = ACT_CLOSE, .alone = true, .before = before } };

        s.end = (struct ended_socket){ .tuple.remote_port = 80, .heard_ns = 300 * MS, .wqueue = 1001, .info = true,
                                       .bytes_sent = 1500, .bytes_acked = 501, .bytes_received = 20,
                                       .segments = { .in = 7, .data_in = 1, .out = 10, .data_out = 3 } };
        return s;
}

static void what_is_gone_at_once_and_all_acknowledged_is_none(void **state)
{
        struct traced_socket s = orphan();

        (void)state;
        s.end.wqueue = 0;
        s.end.bytes_acked = 1502;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_NONE);
        s = orphan();
        s.act.before.unread = s.end.rqueue = 5;
        s.end.wqueue = 1000;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_NONE);
}

static void a_segment_without_data_came_and_it_sent_no_rst(void **state)
{
        struct traced_socket s = orphan();

        (void)state;
        s.end.segments.in++;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_RESET);
        /* It sent another segment without data, perhaps a RST. */
        s.end.segments.out++;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_RESET_BY_EITHER);
}

static void data_that_it_neither_took_nor_acknowledged_resets_it(void **state)
{
        struct traced_socket s = orphan();

        (void)state;
        s.end.segments.in++;
        s.end.segments.data_in++;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_MET_DATA);
        /* Acknowledged, it was taken, or had been before. */
        s.end.segments.out++;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_RESET_BY_EITHER);
        /* Behind the other's FIN there is no data to take. */
        s.end.segments.out--;
        s.act.before.state = TCP_STATE_CLOSE_WAIT;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_RESET_BY_EITHER);
}

static void where_nothing_came_the_other_did_not_reset_it(void **state)
{
        struct traced_socket s = orphan();

        (void)state;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_UNKNOWN);
        s.end.segments.out++;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_DESTROYED);
        /* tcp_need_reset() */
        s.act.before.state = TCP_STATE_LAST_ACK;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_UNKNOWN);
}

static void who_asked_often_enough_gave_up(void **state)
{
        struct traced_socket s = orphan();

        (void)state;
        s.end.heard_ns = 50000 * MS;
        s.end.retransmits = 9;
        s.end.segments.out += 9;
        s.end.segments.data_out += 9;
        s.end.segments.again += 9;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_GAVE_UP);
        /* Repeats of a FIN alone are no other segments without data. */
        s.end.segments.data_out -= 9;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_GAVE_UP);
        s.end.segments.out++;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_DESTROYED);
        s.end.segments.out--;
        s.end.segments.in++;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_UNKNOWN);
}

static void a_user_timeout_may_have_run_out(void **state)
{
        struct traced_socket s = orphan();

        (void)state;
        s.end.retransmits = s.end.segments.again = 1;
        s.end.segments.out++;
        s.end.segments.data_out++;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_UNKNOWN);
        s.act.before.user_timeout_ms = 250;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_GAVE_UP);
        s.end.segments.in++;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_UNKNOWN);
        s.act.before.user_timeout_ms = 400;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_RESET);
        /* Its time had begun before. */
        s.act.before.retransmits = 1;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_UNKNOWN);
        s.act.before.whole = false;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_UNKNOWN);
}

/* Its FIN waits behind data, and is not sent. */
static void more_than_its_probes_can_draw_is_a_reset(void **state)
{
        struct traced_socket s = orphan();

        (void)state;
        s.act.before.unsent = 400;
        s.end.unsent = 401;
        s.end.segments.out = 9 + 3;
        s.end.segments.in = 7 + 3;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_RESET_BY_EITHER);
        s.end.segments.in++;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_RESET);
        /* An acknowledgement of data is one more. */
        s.end.bytes_acked++;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_RESET_BY_EITHER);
}

static void a_negative_linger2_resets_where_its_fin_is_acknowledged(void **state)
{
        struct traced_socket s = orphan();

        (void)state;
        s.act.before.linger2_negative = true;
        s.end.wqueue = 0;
        s.end.bytes_acked = 1502;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_LINGER2);
        /* Without the FIN, or with the other's before it. */
        s.end.bytes_acked--;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_NONE);
        s.end.bytes_acked++;
        s.end.bytes_received++;
        assert_int_equal(socket_orphan_end(&s), ORPHAN_NONE);
}

/* shutdown() of both ways, and data came with the acknowledgement or after it: before the close that ends it, too. */
static void what_was_shut_both_ways_may_have_met_data(void **state)
{
        struct traced_socket s = orphan();
        struct record r;

        (void)state;
        s.act.before.linger2_negative = true;
        s.end.wqueue = 0;
        s.end.bytes_acked = 1502;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.cause, CAUSE_LINGER2);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        s.shut_read = true;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        s.end.segments.in++;
        s.end.segments.data_in++;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.ended_by, SIDE_CLIENT);
        assert_int_not_equal(r.certainty, CERTAINTY_CERTAIN);
        assert_int_equal(r.n_causes, 2);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_gone_at_once_and_all_acknowledged_is_none),
                cmocka_unit_test(a_segment_without_data_came_and_it_sent_no_rst),
                cmocka_unit_test(data_that_it_neither_took_nor_acknowledged_resets_it),
                cmocka_unit_test(where_nothing_came_the_other_did_not_reset_it),
                cmocka_unit_test(who_asked_often_enough_gave_up),
                cmocka_unit_test(a_user_timeout_may_have_run_out),
                cmocka_unit_test(more_than_its_probes_can_draw_is_a_reset),
                cmocka_unit_test(a_negative_linger2_resets_where_its_fin_is_acknowledged),
                cmocka_unit_test(what_was_shut_both_ways_may_have_met_data),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
