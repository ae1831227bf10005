/* What a program did, by what the kernel tells of its task, call, states and file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "live/act.h"
#include "live/facts.h"
#include "stories.h"

enum { SEND = 2, BOTH = 3 };

/* A kernel before 5.15: the call is not known, but whether a descriptor was left may be. */
static struct live_end without_call(int from, int to, int shut, enum live_held held)
{
        struct live_end client, server;

        ends(&client, &server);
        acts(&client, from, to, 0);
        client.flags &= ~LIVE_CALL_KNOWN;
        client.flags |= LIVE_ORPHAN;
        client.act_shutdown = (uint8_t)shut;
        client.act_held = (uint8_t)held;
        return client;
}

static void where_the_call_is_not_known_the_descriptor_tells_shutdown_from_close(void **state)
{
        static const struct {
                int from, to, shut;
                enum live_held held;
                bool known;
                enum act how;
        } cases[] = {
                { TCP_STATE_ESTABLISHED, TCP_STATE_FIN_WAIT1, SEND, LIVE_HELD, true, ACT_SHUTDOWN },
                { TCP_STATE_ESTABLISHED, TCP_STATE_FIN_WAIT1, BOTH, LIVE_HELD, true, ACT_SHUTDOWN },
                { TCP_STATE_ESTABLISHED, TCP_STATE_FIN_WAIT1, BOTH, LIVE_NOT_HELD, true, ACT_CLOSE },
                { TCP_STATE_CLOSE_WAIT, TCP_STATE_LAST_ACK, BOTH, LIVE_HELD, true, ACT_SHUTDOWN },
                { TCP_STATE_CLOSE_WAIT, TCP_STATE_LAST_ACK, BOTH, LIVE_NOT_HELD, true, ACT_CLOSE },
                /* The other's FIN shuts the other way: so it may be either. */
                { TCP_STATE_CLOSE_WAIT, TCP_STATE_LAST_ACK, BOTH, LIVE_HELD_UNKNOWN, false, ACT_CLOSE },
                { TCP_STATE_ESTABLISHED, TCP_STATE_FIN_WAIT1, SEND, LIVE_HELD_UNKNOWN, true, ACT_SHUTDOWN },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct live_end end = without_call(cases[i].from, cases[i].to, cases[i].shut, cases[i].held);
                struct live_act act = live_act_of(&end);

                assert_int_equal(act.known, cases[i].known);
                if (act.known)
                        assert_int_equal(act.how, cases[i].how);
        }
}

static void one_that_exits_is_not_said_to_close(void **state)
{
        struct live_end end = without_call(TCP_STATE_ESTABLISHED, TCP_STATE_FIN_WAIT1, BOTH, LIVE_NOT_HELD);

        (void)state;
        end.flags |= LIVE_EXITING;
        end.act.exit_code = 9;
        assert_int_equal(live_act_of(&end).how, ACT_SIGNAL);
        assert_int_equal(live_act_of(&end).signal, 9);
        end.act.exit_code = 7 << 8;
        assert_int_equal(live_act_of(&end).how, ACT_EXIT);
}

/* Who read a list of open files was the last that held one of another's; a thread's own read() may be, too. */
static void who_only_looked_at_a_file_did_not_close_it(void **state)
{
        struct live_end client, server;

        (void)state;
        ends(&client, &server);
        acts(&client, TCP_STATE_ESTABLISHED, TCP_STATE_FIN_WAIT1, SYS_read);
        client.owner = client.act.tgid;
        assert_true(live_act_of(&client).known);
        client.owner++;
        assert_false(live_act_of(&client).known);
        assert_false(live_act_of(&client).by_task);
        /* Nobody else was seen to have it: that is no reason. */
        client.owner = 0;
        assert_false(live_act_of(&client).known);
        client.owner = client.act.tgid;
        client.flags |= LIVE_CLOSER;
        assert_false(live_act_of(&client).known);
        client.act.call = SYS_close;
        assert_true(live_act_of(&client).known);
        /* That it was broken off by its end is another matter. */
        client.act.call = SYS_read;
        client.flags |= LIVE_EXITING;
        assert_true(live_act_of(&client).known);
}

/* inet_shutdown() disconnects it, with no more of a trace than SOCK_DESTROY leaves. */
static void a_shutdown_before_the_syn_is_answered_destroys_no_socket(void **state)
{
        struct live_end client, server;

        (void)state;
        ends(&client, &server);
        acts(&client, TCP_STATE_SYN_SENT, TCP_STATE_CLOSE, SYS_shutdown);
        client.act_shutdown = 0;
        assert_int_equal(live_act_of(&client).how, ACT_SHUTDOWN);
        assert_string_equal(live_act_of(&client).call, "shutdown");
        client.act.call = SYS_sendto;
        assert_int_equal(live_act_of(&client).how, ACT_SOCK_DESTROY);
}

/* tcp_v4_connect() gives up with a number chosen and none sent: nothing lies unsent for that. */
static void a_connect_that_fails_before_its_syn_is_no_disconnect(void **state)
{
        static const struct live_clock now = { .until_ns = INT64_C(1) << 60 };
        struct live_connection c = { .n_ends = 1, .first = SIDE_CLIENT, .gone = { true } };
        struct live_end *end = &c.ends[0], server;
        struct facts f;

        (void)state;
        ends(end, &server);
        acts(end, TCP_STATE_SYN_SENT, TCP_STATE_CLOSE, SYS_connect);
        end->flags &= ~LIVE_ESTABLISHED;
        end->bytes_sent = end->bytes_acked = 0;
        end->unsent = 2055413815;
        live_facts(&c, &now, &f);
        assert_false(fact_known(f.end[SIDE_CLIENT].act.how));
        assert_true(fact_known(f.end[SIDE_CLIENT].unsent.how));
        assert_int_equal(f.end[SIDE_CLIENT].unsent.value, 0);
        assert_int_equal(f.syns.value, 0);
        /* Its SYN is under way, so the program took it back. */
        end->unsent = 0;
        end->unacked = 1;
        live_facts(&c, &now, &f);
        assert_int_equal(f.end[SIDE_CLIENT].act.value, ACT_CONNECT_UNSPEC);
        assert_int_equal(f.syns.value, 1);
}

/* It shut its sending way down, the FIN was acknowledged, and close() reset: TCP_LINGER2 was negative. */
static void a_negative_linger2_is_known_without_reasons(void **state)
{
        static const struct live_clock now = { .until_ns = INT64_C(1) << 60 };
        struct live_connection c = { .n_ends = 1, .first = SIDE_CLIENT, .gone = { true } };
        struct live_end *end = &c.ends[0];
        struct facts f;

        (void)state;
        *end = without_call(TCP_STATE_ESTABLISHED, TCP_STATE_FIN_WAIT1, SEND, LIVE_HELD);
        end->last_state = TCP_STATE_FIN_WAIT2;
        end->flags |= LIVE_FIN_OUT | LIVE_RST_OUT | LIVE_LINGER2_NEGATIVE;
        live_facts(&c, &now, &f);
        assert_true(fact_is(f.end[SIDE_CLIENT].abort_on_linger));
        /* Each of these may have been something else, or is said by the kernel itself. */
        for (unsigned i = 0; i < 6; i++) {
                struct live_connection other = c;

                switch (i) {
                case 0: other.ends[0].flags &= ~LIVE_LINGER2_NEGATIVE; break;
                case 1: other.ends[0].flags &= ~LIVE_ORPHAN; break;
                case 2: other.ends[0].flags |= LIVE_RST_REPLY; break;
                case 3: other.ends[0].flags |= LIVE_REASON_KNOWN; break;
                case 4: other.ends[0].error = ECONNABORTED; break;
                default: other.ends[0].last_state = TCP_STATE_FIN_WAIT1; break;
                }
                live_facts(&other, &now, &f);
                assert_false(fact_known(f.end[SIDE_CLIENT].abort_on_linger.how));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(where_the_call_is_not_known_the_descriptor_tells_shutdown_from_close),
                cmocka_unit_test(one_that_exits_is_not_said_to_close),
                cmocka_unit_test(a_connect_that_fails_before_its_syn_is_no_disconnect),
                cmocka_unit_test(who_only_looked_at_a_file_did_not_close_it),
                cmocka_unit_test(a_shutdown_before_the_syn_is_answered_destroys_no_socket),
                cmocka_unit_test(a_negative_linger2_is_known_without_reasons),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
