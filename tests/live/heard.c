/* Messages of the destroy multicast, written by hand: what `finis watch` says without rights. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "live/heard.h"

/* A client that sent 100 bytes and its FIN, all of it acknowledged, and had 40 back, all read. */
static const struct ended_socket all_well = {
        .cookie = 1,
        .tuple = { .family = AF_INET, .local = { 10, 0, 0, 1 }, .remote = { 10, 0, 0, 2 },
                   .local_port = 40000, .remote_port = 80 },
        .heard_ns = 1000000000, .info = true, .bytes_sent = 100, .bytes_acked = 102, .bytes_received = 41,
};

static struct facts facts_of(const struct ended_socket *socket, enum side *ret_side)
{
        struct facts f;

        heard_facts(socket, INT64_MAX, &f, ret_side);
        return f;
}

static void two_more_than_the_stream_are_syn_and_fin(void **state)
{
        enum side side;
        struct facts f = facts_of(&all_well, &side);

        (void)state;
        assert_int_equal(side, SIDE_CLIENT);
        assert_int_equal(f.seen.roles, ROLES_TOLD);
        assert_true(fact_is(f.from[SIDE_CLIENT].fin_acked));
        assert_int_equal(f.from[SIDE_CLIENT].bytes.value, 100);
        assert_int_equal(f.from[SIDE_CLIENT].acked.value, 100);
        assert_false(heard_is_empty(&all_well));
}

static void no_more_than_the_stream_is_who_was_asked(void **state)
{
        struct ended_socket socket = all_well;
        enum side side;
        struct facts f;

        (void)state;
        socket.bytes_acked = 100;
        f = facts_of(&socket, &side);
        assert_int_equal(side, SIDE_SERVER);
        assert_int_equal(f.seen.roles, ROLES_TOLD);
        assert_false(fact_known(f.from[SIDE_SERVER].fin.how));
        /* One more may be either: then the ports decide, and say so. */
        socket.bytes_acked = 101;
        f = facts_of(&socket, &side);
        assert_int_equal(side, SIDE_CLIENT);
        assert_int_equal(f.seen.roles, ROLES_PORTS);
        assert_false(fact_known(f.from[SIDE_CLIENT].fin.how));
        assert_int_equal(f.from[SIDE_CLIENT].acked.value, 100);
}

static void what_a_queue_of_this_host_dropped_is_not_counted_twice(void **state)
{
        struct ended_socket socket = all_well;
        enum side side;
        struct facts f;

        (void)state;
        socket.bytes_sent = 200;
        f = facts_of(&socket, &side);
        assert_false(fact_known(f.from[SIDE_CLIENT].bytes.how));
        assert_false(fact_known(f.from[SIDE_CLIENT].acked.how));
        assert_int_equal(f.seen.roles, ROLES_PORTS);
        /* Sent again by TCP itself they were known as such. */
        socket.bytes_again = 100;
        f = facts_of(&socket, &side);
        assert_int_equal(f.from[SIDE_CLIENT].bytes.value, 100);
        assert_int_equal(f.from[SIDE_CLIENT].retransmitted.value, 100);
        /* And where some are unacknowledged yet, and some unsent: 60 of 100 acknowledged, 30 under way, 10 and
         * the FIN waiting. */
        socket = all_well;
        socket.bytes_acked = 61;
        socket.wqueue = 41;
        socket.unsent = 11;
        socket.bytes_sent = 90;
        f = facts_of(&socket, &side);
        assert_int_equal(f.from[SIDE_CLIENT].bytes.value, 90);
        assert_false(fact_known(f.from[SIDE_CLIENT].acked.how));
        socket.bytes_sent = 120;
        f = facts_of(&socket, &side);
        assert_false(fact_known(f.from[SIDE_CLIENT].bytes.how));
}

/* Counters that do not fit together prove nothing, and underflow nowhere. */
static void nonsense_is_not_counted(void **state)
{
        struct ended_socket socket = all_well;
        enum side side;
        struct facts f;

        (void)state;
        socket.bytes_again = 500;
        f = facts_of(&socket, &side);
        assert_false(fact_known(f.from[SIDE_CLIENT].bytes.how));
        socket = all_well;
        socket.unsent = UINT32_MAX;
        f = facts_of(&socket, &side);
        assert_int_equal(f.from[SIDE_CLIENT].bytes.value, 100);
        socket.info = false;
        f = facts_of(&socket, &side);
        assert_false(fact_known(f.from[SIDE_CLIENT].bytes.how));
        assert_false(fact_known(f.from[SIDE_CLIENT].retransmitted.how));
}

static void a_fin_that_nobody_read_is_no_byte_for_sure(void **state)
{
        struct ended_socket socket = all_well;
        enum side side;
        struct facts f;

        (void)state;
        socket.rqueue = 1;
        f = facts_of(&socket, &side);
        assert_false(fact_known(f.end[SIDE_CLIENT].unread.how));
        socket.rqueue = 51;
        f = facts_of(&socket, &side);
        assert_int_equal(f.end[SIDE_CLIENT].unread.value, 50);
        socket.rqueue = 0;
        f = facts_of(&socket, &side);
        assert_true(fact_known(f.end[SIDE_CLIENT].unread.how));
        assert_int_equal(f.end[SIDE_CLIENT].unread.value, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(two_more_than_the_stream_are_syn_and_fin),
                cmocka_unit_test(no_more_than_the_stream_is_who_was_asked),
                cmocka_unit_test(what_a_queue_of_this_host_dropped_is_not_counted_twice),
                cmocka_unit_test(nonsense_is_not_counted),
                cmocka_unit_test(a_fin_that_nobody_read_is_no_byte_for_sure),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
