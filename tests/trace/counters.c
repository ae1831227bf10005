/* The bytes that a traced socket sent, from what its kernel counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace/facts.h"

/* A client that has written 1600 bytes, of which 100 arrived. The rest was dropped by its own host at each of four
 * tries: nothing of it counts as sent (tcp_write_xmit()), but for the kernel's own count of bytes. */
static struct traced_socket dropped(void)
{
        struct look look = { .state = TCP_STATE_ESTABLISHED, .whole = true, .info = true, .outq = 1500, .unsent = 1500,
                             .bytes_sent = 6600, .bytes_acked = 101 };

        return (struct traced_socket){ .role_known = true, .client = true, .established_ns = 1, .alive = look,
                                       .last = look, .tuple = { .local_port = 50000, .remote_port = 80 } };
}

static void sends(const struct traced_socket *s, uint64_t bytes, uint64_t acked)
{
        struct facts f;

        facts_of_sockets(s, NULL, 0, &f);
        assert_true(fact_known(f.from[SIDE_CLIENT].bytes.how));
        assert_int_equal(f.from[SIDE_CLIENT].bytes.value, bytes);
        assert_int_equal(f.from[SIDE_CLIENT].acked.value, acked);
}

static void what_its_host_drops_was_not_sent(void **state)
{
        struct traced_socket s = dropped();

        (void)state;
        sends(&s, 100, 100);
        /* What it let through then is. */
        s.last.unsent = 500;
        sends(&s, 1100, 100);
        s.last.outq = s.last.unsent = 0;
        s.last.all_acked = true;
        s.last.bytes_acked = 1601;
        sends(&s, 1600, 1600);
        /* Without a look at the queue there is only that count. */
        s.last.all_acked = s.last.whole = false;
        sends(&s, 6600, 1600);
}

static void closes(struct traced_socket *s)
{
        s->act = (struct socket_act){ .known = true, .how = ACT_CLOSE, .alone = true, .before = s->last };
        s->ended = true;
        s->end = (struct ended_socket){ .tuple.remote_port = 80, .info = true, .bytes_sent = s->last.bytes_sent,
                                        .bytes_acked = s->last.bytes_acked, .wqueue = s->last.outq + 1,
                                        .unsent = s->last.unsent + 1 };
}

static void its_fin_is_no_byte(void **state)
{
        struct traced_socket s = dropped();

        (void)state;
        closes(&s);
        sends(&s, 100, 100);
        /* All goes through, and is acknowledged but for the FIN; then that too. */
        s.end.unsent = 0;
        sends(&s, 1600, 100);
        s.end.bytes_acked = 1601;
        s.end.wqueue = 1;
        sends(&s, 1600, 1600);
        s.end.bytes_acked = 1602;
        s.end.wqueue = 0;
        sends(&s, 1600, 1600);
        /* Shut down before, and reset while it was held. */
        s = dropped();
        s.shut = (struct socket_act){ .known = true, .how = ACT_SHUTDOWN, .before = s.last };
        s.last.state = TCP_STATE_CLOSE;
        s.last.unsent = 0;
        s.last.outq = 1501;
        sends(&s, 1600, 100);
        s.act = (struct socket_act){ .known = true, .how = ACT_CLOSE, .before = s.last };
        s.ended = true;
        s.end = (struct ended_socket){ .tuple.remote_port = 80, .info = true, .bytes_sent = 6600, .bytes_acked = 101,
                                       .wqueue = 1501 };
        sends(&s, 1600, 100);
}

/* Closed, and nothing was heard since. */
static void what_waits_at_a_close_may_have_been_sent_since(void **state)
{
        struct traced_socket s = dropped();
        struct facts f;

        (void)state;
        closes(&s);
        s.ended = false;
        facts_of_sockets(&s, NULL, 0, &f);
        assert_false(fact_known(f.from[SIDE_CLIENT].bytes.how));
        assert_false(fact_known(f.from[SIDE_CLIENT].acked.how));
        /* Its kernel is asked: 700 bytes and the FIN are not acknowledged yet. */
        s.after = TCP_STATE_FIN_WAIT1;
        s.queued_after = 701;
        facts_of_sockets(&s, NULL, 0, &f);
        assert_false(fact_known(f.from[SIDE_CLIENT].bytes.how));
        assert_int_equal(f.from[SIDE_CLIENT].acked.value, 900);
        /* The FIN goes behind all that; with the other's it would be over. */
        assert_false(fact_known(f.from[SIDE_CLIENT].fin.how));
        s.after = TCP_STATE_LAST_ACK;
        facts_of_sockets(&s, NULL, 0, &f);
        assert_false(fact_known(f.from[SIDE_CLIENT].fin.how));
        /* Some of it waits still, as behind a shut window; then it has gone. */
        s.unsent_after_known = true;
        s.unsent_after = 1;
        facts_of_sockets(&s, NULL, 0, &f);
        assert_true(fact_is_not(f.from[SIDE_CLIENT].fin));
        s.unsent_after = 0;
        facts_of_sockets(&s, NULL, 0, &f);
        assert_true(fact_is(f.from[SIDE_CLIENT].fin));
        /* All had been sent. */
        s.act.before.unsent = 0;
        sends(&s, 1600, 900);
        s.act.before.unsent = 1500;
        s.after = TCP_STATE_FIN_WAIT2;
        sends(&s, 1600, 1600);
        /* With its sending way shut before, a FIN waited, too. */
        s.act.before.state = TCP_STATE_FIN_WAIT1;
        s.act.before.outq = s.act.before.unsent = 1501;
        sends(&s, 1600, 1600);
}

/* The kernel tells of an end by a work queue, which may be later than the answer to a question. */
static void a_fin_that_went_with_the_close_is_not_in_the_counts_before_it(void **state)
{
        static const struct {
                enum tcp_state after;
                bool known, acked;
        } rows[] = {
                { 0, false, false },
                { TCP_STATE_FIN_WAIT1, true, false },
                { TCP_STATE_FIN_WAIT2, true, true },
                { TCP_STATE_CLOSING, true, false },
                { TCP_STATE_LAST_ACK, true, false },
                { TCP_STATE_TIME_WAIT, true, true },
        };
        struct traced_socket s = dropped();
        struct facts f;

        (void)state;
        s.last.outq = s.last.unsent = 0;
        closes(&s);
        s.ended = false;
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                const struct fact_flag *fin_acked = &f.from[SIDE_CLIENT].fin_acked;

                s.after = rows[i].after;
                facts_of_sockets(&s, NULL, 0, &f);
                assert_true(fact_is(f.from[SIDE_CLIENT].fin));
                assert_int_equal(fact_known(fin_acked->how), rows[i].known);
                assert_int_equal(fact_is(*fin_acked), rows[i].acked);
        }
}

/* tcp_disconnect() makes the queue longer by one number, at its end; what was on its way is as it was. */
static void what_went_just_before_a_zero_linger_is_not_guessed(void **state)
{
        struct traced_socket s = dropped();
        struct facts f;

        (void)state;
        s.last.linger_on = true;
        s.last.outq = 1500;
        s.last.unsent = 500;
        s.last.bytes_sent = 1100;
        closes(&s);
        s.end = (struct ended_socket){ .info = true, .wqueue = 1500 + 4098, .unsent = 500 + 4098 };
        sends(&s, 1100, 100);
        facts_of_sockets(&s, NULL, 0, &f);
        assert_int_equal(f.end[SIDE_CLIENT].unsent.value, 500);
        /* The other read, and made room. */
        s.end.unsent -= 300;
        facts_of_sockets(&s, NULL, 0, &f);
        assert_false(fact_known(f.from[SIDE_CLIENT].bytes.how));
        assert_false(fact_known(f.from[SIDE_CLIENT].acked.how));
        assert_false(fact_known(f.end[SIDE_CLIENT].unsent.how));
        /* Had all been sent by the look, only an acknowledgement can have come. */
        s.act.before.unsent = 0;
        s.act.before.bytes_sent = 1600;
        sends(&s, 1600, 100);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_its_host_drops_was_not_sent),
                cmocka_unit_test(its_fin_is_no_byte),
                cmocka_unit_test(what_waits_at_a_close_may_have_been_sent_since),
                cmocka_unit_test(what_went_just_before_a_zero_linger_is_not_guessed),
                cmocka_unit_test(a_fin_that_went_with_the_close_is_not_in_the_counts_before_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
