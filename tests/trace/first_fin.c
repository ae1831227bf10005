/* Who closed first, where one end is traced: told only where the FINs cannot have crossed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "closed_socket.h"

#define SEEN_IN(state) (1U << (state))

/* A client that closed, and its other end: ten bytes each way, all acknowledged. @in: segments that came since the look
 * before the close, the other's FIN with one of them. */
static struct traced_socket closed(uint32_t in)
{
        struct look before = { .state = TCP_STATE_ESTABLISHED, .whole = true, .info = true, .cookie = 1,
                               .bytes_sent = 10, .bytes_acked = 11, .bytes_received = 10,
                               .segments = { .in = 3, .data_in = 1, .out = 4, .data_out = 1 } };
        struct traced_socket s = closed_socket(&before, true);

        s.tuple = (struct diag_tuple){ .family = 2, .local = { 10, 0, 0, 1 }, .remote = { 10, 0, 0, 2 },
                                       .local_port = 50000, .remote_port = 80 };
        s.end = (struct ended_socket){ .tuple = s.tuple, .heard_ns = 2000, .info = true, .bytes_sent = 10,
                                       .bytes_acked = 12, .bytes_received = 11,
                                       .segments = { .in = 3 + in, .data_in = 1, .out = 6, .data_out = 1 } };
        s.after = TCP_STATE_TIME_WAIT;
        s.after_seen = SEEN_IN(TCP_STATE_TIME_WAIT);
        return s;
}

static void closed_first(const struct traced_socket *s, enum side side)
{
        struct record r;

        judge_sockets(s, NULL, &r);
        assert_int_equal(r.ending, ENDING_ORDERLY);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        assert_int_equal(r.ended_by, side);
}

static void one_segment_that_acknowledges_the_fin_and_brings_the_others_shows_who_was_first(void **state)
{
        struct traced_socket s = closed(1);

        (void)state;
        closed_first(&s, SIDE_CLIENT);
        /* Of two the first may be the FIN, and the second the ACK. */
        s = closed(2);
        closed_first(&s, SIDE_UNKNOWN);
}

static void a_fin_that_was_acknowledged_before_the_others_came_was_the_first(void **state)
{
        struct traced_socket s = closed(2);

        (void)state;
        s.end.bytes_received--;
        closed_first(&s, SIDE_CLIENT);
        s = closed(2);
        s.after_seen |= SEEN_IN(TCP_STATE_FIN_WAIT2);
        closed_first(&s, SIDE_CLIENT);
}

static void who_was_found_in_the_state_of_the_second_was_the_second(void **state)
{
        struct traced_socket s = closed(2);

        (void)state;
        s.after = TCP_STATE_LAST_ACK;
        s.after_seen = SEEN_IN(TCP_STATE_LAST_ACK);
        s.nothing_left = true;
        closed_first(&s, SIDE_SERVER);
        s = closed(1);
        s.alive.state = s.last.state = s.act.before.state = TCP_STATE_CLOSE_WAIT;
        s.after = s.after_seen = 0;
        closed_first(&s, SIDE_SERVER);
}

/* By the RST of one that had not had the last ACK, perhaps. */
static void a_time_wait_that_was_dropped_makes_nobody_the_second(void **state)
{
        struct traced_socket s = closed(2);
        struct record r;

        (void)state;
        s.nothing_left = true;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.ending, ENDING_ORDERLY);
        assert_int_equal(r.ended_by, SIDE_UNKNOWN);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        /* Nor was it ever seen: what came without data was a FIN all the same. */
        s.after = s.after_seen = 0;
        s.end.segments.in--;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.ending, ENDING_ORDERLY);
        assert_int_equal(r.ended_by, SIDE_CLIENT);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        assert_false(r.to_client.fin_acked.known);
}

static void fins_that_crossed_leave_two_time_waits(void **state)
{
        struct traced_socket s = closed(2);

        (void)state;
        s.others_asked = true;
        s.others = TCP_STATE_TIME_WAIT;
        closed_first(&s, SIDE_UNKNOWN);
        s.others = TCP_STATE_LAST_ACK;
        closed_first(&s, SIDE_CLIENT);
        /* That there is nothing of it here says something only where it would be here. */
        s.others = 0;
        closed_first(&s, SIDE_UNKNOWN);
        s.tuple.remote[3] = 1;
        closed_first(&s, SIDE_CLIENT);
        s.tuple.remote[3] = 2;
        s.tuple.local[0] = s.tuple.remote[0] = 127;
        closed_first(&s, SIDE_CLIENT);
}

/* Shut down, and dead by the time of the close. */
static void it_is_the_same_where_the_fin_was_that_of_a_shutdown(void **state)
{
        struct traced_socket s = closed(1);

        (void)state;
        s.shut = s.act;
        s.shut.how = ACT_SHUTDOWN;
        s.alive.state = TCP_STATE_FIN_WAIT1;
        s.last.state = TCP_STATE_CLOSE;
        s.last.bytes_acked = 12;
        s.last.bytes_received = 11;
        s.last.segments = s.end.segments;
        s.act.before = s.last;
        s.end_received = true;
        closed_first(&s, SIDE_CLIENT);
        s.end.segments.in++;
        closed_first(&s, SIDE_UNKNOWN);
        s.tuple.remote[3] = 1;
        s.others_asked = true;
        closed_first(&s, SIDE_CLIENT);
        /* Nothing of it, and a TIME_WAIT of the other: the other's FIN came between the look and the shutdown. */
        s.after = s.after_seen = 0;
        s.nothing_left = true;
        s.others = TCP_STATE_TIME_WAIT;
        closed_first(&s, SIDE_SERVER);
        /* That no call received its end is no matter. */
        s.end_received = false;
        closed_first(&s, SIDE_SERVER);
}

/* In FIN_WAIT2 it was looked at; data came then, and a FIN perhaps, and was not read. */
static void what_went_to_time_wait_was_not_reset_by_its_close(void **state)
{
        struct traced_socket s = closed(1);
        struct record r;

        (void)state;
        s.shut = s.act;
        s.shut.how = ACT_SHUTDOWN;
        s.act.before.state = s.alive.state = s.last.state = TCP_STATE_FIN_WAIT2;
        s.act.before.bytes_acked = 12;
        s.end.rqueue = 8;
        s.end.bytes_received = 18;
        s.end.segments = (struct segment_counts){ .in = 4, .data_in = 2, .out = 6, .data_out = 1 };
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.ending, ENDING_ORDERLY);
        assert_int_equal(r.to_client.unread.value, 7);
        assert_int_equal(r.to_client.bytes.value, 17);
        assert_int_equal(r.to_client.fate, FATE_LOST);
        /* Nobody could be asked. */
        s.after = s.after_seen = 0;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.ending, ENDING_RESET);
        assert_int_not_equal(r.certainty, CERTAINTY_CERTAIN);
        /* No TIME_WAIT: what met unread data was alive. */
        s.nothing_left = true;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.cause, CAUSE_UNREAD_DATA);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
}

/* What came between the look and the close, a byte or a FIN, may lie unread, which is asked for first. */
static void a_close_in_fin_wait2_resets_for_unread_data_before_linger2(void **state)
{
        struct traced_socket s = closed(0);
        struct record r;

        (void)state;
        s.shut = s.act;
        s.shut.how = ACT_SHUTDOWN;
        s.act.before.state = s.alive.state = s.last.state = TCP_STATE_FIN_WAIT2;
        s.act.before.linger2_negative = s.last.linger2_negative = true;
        s.act.before.bytes_acked = 12;
        s.end.bytes_received--;
        s.after = s.after_seen = 0;
        s.nothing_left = true;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.cause, CAUSE_LINGER2);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        s.end.rqueue = 1;
        s.end.bytes_received++;
        s.end.segments.in++;
        s.end.segments.data_in++;
        judge_sockets(&s, NULL, &r);
        assert_int_equal(r.ending, ENDING_RESET);
        assert_int_equal(r.ended_by, SIDE_CLIENT);
        assert_false(r.cause == CAUSE_LINGER2 && r.certainty == CERTAINTY_CERTAIN);
        assert_false(r.to_client.unread.known);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(one_segment_that_acknowledges_the_fin_and_brings_the_others_shows_who_was_first),
                cmocka_unit_test(a_fin_that_was_acknowledged_before_the_others_came_was_the_first),
                cmocka_unit_test(who_was_found_in_the_state_of_the_second_was_the_second),
                cmocka_unit_test(a_time_wait_that_was_dropped_makes_nobody_the_second),
                cmocka_unit_test(fins_that_crossed_leave_two_time_waits),
                cmocka_unit_test(it_is_the_same_where_the_fin_was_that_of_a_shutdown),
                cmocka_unit_test(what_went_to_time_wait_was_not_reset_by_its_close),
                cmocka_unit_test(a_close_in_fin_wait2_resets_for_unread_data_before_linger2),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
