/* Verdicts from what kernels and programs told: reasons, acts, counters, errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "by_hand.h"

static void each_reason_of_the_kernel_gives_its_cause(void **state)
{
        static const struct {
                enum reset_reason reason;
                enum certainty certainty;
                enum cause cause;
        } rows[] = {
                { RESET_REASON_TCP_ABORT_ON_CLOSE, CERTAINTY_CERTAIN, CAUSE_UNREAD_DATA },
                { RESET_REASON_TCP_ABORT_ON_LINGER, CERTAINTY_CERTAIN, CAUSE_LINGER2 },
                { RESET_REASON_TCP_ABORT_ON_MEMORY, CERTAINTY_CERTAIN, CAUSE_MEMORY },
                { RESET_REASON_TCP_KEEPALIVE_TIMEOUT, CERTAINTY_CERTAIN, CAUSE_KEEPALIVE },
                { RESET_REASON_TCP_OLD_ACK, CERTAINTY_CERTAIN, CAUSE_BAD_SEGMENT },
                { RESET_REASON_MPTCP_RST_EMPTCP, CERTAINTY_CERTAIN, CAUSE_MPTCP },
                /* These are several things each, while nothing else is known. */
                { RESET_REASON_TCP_STATE, CERTAINTY_POSSIBLE, CAUSE_NONE },
                { RESET_REASON_TCP_DISCONNECT_WITH_DATA, CERTAINTY_POSSIBLE, CAUSE_NONE },
                { RESET_REASON_TCP_ABORT_ON_DATA, CERTAINTY_POSSIBLE, CAUSE_NONE },
                { RESET_REASON_NOT_SPECIFIED, CERTAINTY_POSSIBLE, CAUSE_NONE },
                { RESET_REASON_TCP_TIMEWAIT_SOCKET, CERTAINTY_LIKELY, CAUSE_DATA_AFTER_CLOSE },
                { RESET_REASON_INVALID_SYN, CERTAINTY_LIKELY, CAUSE_BACKLOG_FULL },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                struct record r;
                struct facts f;

                exchange(&f, 0);
                add_reset(&f, SIDE_SERVER, false, 50 * MS);
                KNOW(f.resets[0].reason, rows[i].reason);
                judge_facts(&f, &r);
                assert_int_equal(r.ending, ENDING_RESET);
                if (r.certainty != rows[i].certainty || r.cause != rows[i].cause)
                        fail_msg("row %zu: %s", i, certainty_name(r.certainty));
        }
}

static void the_four_acts_that_the_kernel_calls_tcp_state_are_told_apart(void **state)
{
        struct record r;
        struct facts f;
        struct facts_of_end *server = &f.end[SIDE_SERVER];

        (void)state;
        exchange(&f, 0);
        add_reset(&f, SIDE_SERVER, false, 50 * MS);
        KNOW(f.resets[0].reason, RESET_REASON_TCP_STATE);
        KNOW(server->act, ACT_CLOSE);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_ZERO_LINGER);
        assert_int_equal(r.certainty, CERTAINTY_LIKELY);
        KNOW(server->linger_on, true);
        KNOW(server->linger_s, 0);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_ZERO_LINGER);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        KNOW(server->act, ACT_CONNECT_UNSPEC);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_DISCONNECT);
        KNOW(server->act, ACT_SOCK_DESTROY);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_SOCK_DESTROYED);
        KNOW(server->act, ACT_LISTENER_CLOSE);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_LISTENER_CLOSED);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
}

static void of_a_subflow_of_mptcp_no_unread_data_is_stated(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 0);
        KNOW(f.mptcp, true);
        add_reset(&f, SIDE_SERVER, false, 50 * MS);
        KNOW(f.resets[0].reason, RESET_REASON_TCP_ABORT_ON_CLOSE);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_MPTCP);
        assert_int_equal(r.certainty, CERTAINTY_LIKELY);
}

static void counters_speak_where_the_kernel_gives_no_reason(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 0);
        add_reset(&f, SIDE_SERVER, false, 50 * MS);
        KNOW(f.end[SIDE_SERVER].abort_on_close, true);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_UNREAD_DATA);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        /* TCPAbortOnData is a close with zero linger, too, unless linger is known to be off. */
        exchange(&f, 0);
        add_reset(&f, SIDE_SERVER, true, 50 * MS);
        KNOW(f.resets[0].answers, SEGMENT_KIND_DATA);
        KNOW(f.end[SIDE_SERVER].abort_on_data, true);
        KNOW(f.end[SIDE_SERVER].closed, true);
        KNOW(f.end[SIDE_SERVER].linger2_negative, false);
        judge_facts(&f, &r);
        assert_int_not_equal(r.certainty, CERTAINTY_CERTAIN);
        KNOW(f.end[SIDE_SERVER].linger_on, false);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_DATA_AFTER_CLOSE);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
}

static void live_cases_have_their_causes(void **state)
{
        static const struct {
                const char *name;
                enum ending ending;
                enum cause cause;
                enum certainty certainty;
                enum retry retry;
        } rows[] = {
                { "data-after-close", ENDING_RESET, CAUSE_DATA_AFTER_CLOSE, CERTAINTY_CERTAIN, RETRY_SAFE },
                { "listener-closed", ENDING_RESET, CAUSE_LISTENER_CLOSED, CERTAINTY_CERTAIN, RETRY_SAFE },
                { "user-timeout", ENDING_TIMED_OUT, CAUSE_USER_TIMEOUT, CERTAINTY_CERTAIN, RETRY_MAYBE_PROCESSED },
                { "orphan-gives-up", ENDING_TIMED_OUT, CAUSE_ORPHAN_TIMEOUT, CERTAINTY_CERTAIN, RETRY_MAYBE_PROCESSED },
                { "orphan-meets-user-timeout", ENDING_TIMED_OUT, CAUSE_USER_TIMEOUT, CERTAINTY_CERTAIN,
                  RETRY_MAYBE_PROCESSED },
                { "orphan-gives-up-after-some-time", ENDING_TIMED_OUT, CAUSE_NONE, CERTAINTY_POSSIBLE,
                  RETRY_MAYBE_PROCESSED },
                { "only-an-error", ENDING_RESET, CAUSE_NONE, CERTAINTY_POSSIBLE, RETRY_MAYBE_PROCESSED },
                { "destroyed", ENDING_RESET, CAUSE_SOCK_DESTROYED, CERTAINTY_CERTAIN, RETRY_MAYBE_PROCESSED },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                struct record r;

                judge_live(rows[i].name, &r);
                if (r.ending != rows[i].ending || r.cause != rows[i].cause || r.certainty != rows[i].certainty ||
                    r.retry != rows[i].retry)
                        fail_msg("%s: %s %s %s %s", rows[i].name, ending_name(r.ending),
                                 r.cause == CAUSE_NONE ? "-" : cause_name(r.cause), certainty_name(r.certainty),
                                 retry_name(r.retry));
        }
}

/* connect() was refused by its own host. */
static void who_was_never_asked_has_no_part_in_it(void **state)
{
        static const struct {
                int error;
                enum cause first;
                enum certainty certainty;
        } rows[] = {
                { ENETUNREACH, CAUSE_UNREACHABLE, CERTAINTY_LIKELY },
                { EPERM, CAUSE_FIREWALL, CERTAINTY_POSSIBLE },
                { EADDRNOTAVAIL, CAUSE_UNKNOWN, CERTAINTY_POSSIBLE },
        };
        struct record r;
        struct facts f;

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                facts_init(&f, SOURCE_RUN);
                f.seen.sides = SIDES_SEEN_CLIENT;
                KNOW(f.established, false);
                KNOW(f.syns, 0);
                KNOW(f.end[SIDE_CLIENT].error_set, rows[i].error);
                judge_facts(&f, &r);
                assert_int_equal(r.ending, ENDING_UNANSWERED);
                assert_int_equal(r.ended_by, SIDE_CLIENT);
                assert_int_equal(r.silent, SIDE_UNKNOWN);
                assert_int_equal(r.causes[0], rows[i].first);
                assert_int_equal(r.certainty, rows[i].certainty);
                assert_int_equal(lists(&r, CAUSE_FIREWALL), rows[i].error == EPERM);
                assert_false(lists(&r, CAUSE_BACKLOG_FULL));
                /* Its SYN may have been sent. */
                f.syns.how = HOW_UNKNOWN;
                judge_facts(&f, &r);
                assert_true(lists(&r, CAUSE_FIREWALL) && lists(&r, CAUSE_BACKLOG_FULL));
        }
}

/* A socket that is shut both ways and gets data resets itself, and is left with the same error. */
static void who_was_shut_may_have_reset_itself(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        facts_init(&f, SOURCE_RUN);
        f.seen.sides = SIDES_SEEN_CLIENT;
        KNOW(f.established, true);
        KNOW(f.end[SIDE_CLIENT].error_set, ECONNRESET);
        KNOW(f.end[SIDE_CLIENT].shut_read, true);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_RESET);
        assert_int_equal(r.ended_by, SIDE_UNKNOWN);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        assert_true(lists(&r, CAUSE_DATA_AFTER_CLOSE) && lists(&r, CAUSE_UNREAD_DATA));
}

/* Its FIN stood behind data for which the window was shut, so none was seen. */
static void who_sent_no_fin_may_have_closed(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        facts_init(&f, SOURCE_RUN);
        f.seen.sides = SIDES_SEEN_CLIENT;
        KNOW(f.established, true);
        KNOW(f.from[SIDE_SERVER].fin, false);
        KNOW(f.from[SIDE_CLIENT].bytes, 10);
        KNOW(f.from[SIDE_CLIENT].acked, 9);
        f.n_resets = f.n_resets_in_all = 1;
        reset = &f.resets[0];
        KNOW(reset->by, SIDE_SERVER);
        KNOW(reset->obeyed, true);
        judge_facts(&f, &r);
        assert_int_equal(r.ended_by, SIDE_SERVER);
        assert_true(lists(&r, CAUSE_DATA_AFTER_CLOSE) && lists(&r, CAUSE_UNREAD_DATA));
        /* What it had acknowledged drew nothing. */
        KNOW(f.from[SIDE_CLIENT].acked, 10);
        judge_facts(&f, &r);
        assert_false(lists(&r, CAUSE_DATA_AFTER_CLOSE));
}

static void who_closes_while_connecting_may_have_abandoned_it(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        facts_init(&f, SOURCE_RUN);
        f.seen.sides = SIDES_SEEN_CLIENT;
        KNOW(f.first, 0);
        KNOW(f.established, false);
        KNOW(f.end[SIDE_CLIENT].error_set, 0);
        KNOW(f.end[SIDE_CLIENT].act, ACT_CLOSE);
        KNOW(f.end[SIDE_CLIENT].closed_at, 100 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.causes[0], CAUSE_ABANDONED);
        assert_true(lists(&r, CAUSE_FIREWALL));
        KNOW(f.end[SIDE_CLIENT].closed_at, 30000 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.causes[0], CAUSE_FIREWALL);
        assert_true(lists(&r, CAUSE_ABANDONED));
        KNOW(f.end[SIDE_CLIENT].error_set, ETIMEDOUT);
        judge_facts(&f, &r);
        assert_false(lists(&r, CAUSE_ABANDONED));
}

static void an_error_that_the_kernel_left_is_told_next(void **state)
{
        struct record r;

        (void)state;
        judge_live("user-timeout", &r);
        assert_true(r.client_next.known);
        assert_int_equal(r.client_next.if_recv[0].error, ETIMEDOUT);
        judge_live("only-an-error", &r);
        assert_true(r.reset.seen);
        assert_int_equal(r.ended_by, SIDE_SERVER);
        assert_int_equal(r.client_next.if_send[0].error, ECONNRESET);
        assert_int_equal(r.to_server.uncertain.value, 600);
        assert_int_equal(r.to_server.fate, FATE_UNCERTAIN);
        judge_live("orphan-gives-up", &r);
        assert_false(r.client_next.known);
}

static void what_finds_none_shortly_after_a_fin(enum reset_reason reason)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        reset = late_data(&f, 80 * MS, 100 * MS);
        KNOW(reset->reason, reason);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_DATA_AFTER_CLOSE);
        assert_int_equal(r.certainty, CERTAINTY_LIKELY);
        /* Whichever it was, what came for a socket that was gone is lost. */
        f.seen.source = SOURCE_WATCH;
        reset->answers_repeat.how = HOW_UNKNOWN;
        judge_facts(&f, &r);
        assert_int_equal(r.to_server.fate, FATE_UNCERTAIN);
        KNOW(f.from[SIDE_CLIENT].after_peer_close, 100);
        judge_facts(&f, &r);
        assert_int_equal(r.to_server.fate, FATE_LOST);
        f.seen.source = SOURCE_CAPTURE;
        f.from[SIDE_CLIENT].after_peer_close.how = HOW_UNKNOWN;
        /* Whether it had sent a FIN is not known. */
        f.from[SIDE_SERVER].fin.how = HOW_UNKNOWN;
        judge_facts(&f, &r);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        assert_true(lists(&r, CAUSE_DATA_AFTER_CLOSE) && lists(&r, CAUSE_NO_CONNECTION));
        /* It had sent none: then it forgot the connection. */
        KNOW(f.from[SIDE_SERVER].fin, false);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_NO_CONNECTION);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        /* Or so long ago that nothing was left to be exchanged … */
        late_data(&f, 80 * MS, 61000 * MS);
        KNOW(f.resets[0].reason, reason);
        KNOW(f.end[SIDE_SERVER].closed_at, 80 * MS);
        KNOW(f.from[SIDE_SERVER].fin_acked_at, 90 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_NO_CONNECTION);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        /* … but shutdown() may have sent the FIN, or a shut window have held it up, or nobody knows. */
        for (int i = 0; i < 4; i++) {
                struct facts other = f;
                struct fact_time *time = i / 2 ? &other.from[SIDE_SERVER].fin_acked_at
                                               : &other.end[SIDE_SERVER].closed_at;

                time->how = i % 2 ? time->how : HOW_UNKNOWN;
                time->value = 60999 * MS;
                judge_facts(&other, &r);
                assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
                assert_true(lists(&r, CAUSE_DATA_AFTER_CLOSE) && lists(&r, CAUSE_NO_CONNECTION));
        }
}

/* While a socket is exchanged for its stand-in of TIME_WAIT, a segment finds neither, but perhaps their listener. */
static void no_socket_shortly_after_a_fin_is_not_surely_no_connection(void **state)
{
        (void)state;
        what_finds_none_shortly_after_a_fin(RESET_REASON_NO_SOCKET);
        what_finds_none_shortly_after_a_fin(RESET_REASON_TCP_FLAGS);
}

/* Shut both ways, and not closed: the kernel asks for TCP_LINGER2 only where no program holds the socket. */
static void who_still_holds_it_meets_data_and_not_linger2(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        reset = late_data(&f, 80 * MS, 100 * MS);
        KNOW(reset->reason, RESET_REASON_TCP_ABORT_ON_DATA);
        KNOW(f.end[SIDE_SERVER].shut_read, true);
        KNOW(f.end[SIDE_SERVER].shut_write, true);
        KNOW(f.end[SIDE_SERVER].linger2_negative, true);
        KNOW(f.end[SIDE_SERVER].closed, true);
        KNOW(f.end[SIDE_SERVER].closed_at, 80 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_LINGER2);
        assert_int_equal(r.certainty, CERTAINTY_LIKELY);
        KNOW(f.end[SIDE_SERVER].closed_at, 200 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_DATA_AFTER_CLOSE);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        KNOW(f.end[SIDE_SERVER].closed, false);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_DATA_AFTER_CLOSE);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
}

static void data_over_the_peers_own_fin_is_not_surely_data_after_close(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        reset = late_data(&f, 80 * MS, 100 * MS);
        KNOW(reset->reason, RESET_REASON_TCP_ABORT_ON_DATA);
        KNOW(f.end[SIDE_SERVER].closed, true);
        KNOW(f.end[SIDE_SERVER].linger2_negative, false);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_DATA_AFTER_CLOSE);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        KNOW(f.from[SIDE_CLIENT].fin, true);
        KNOW(f.from[SIDE_CLIENT].fin_acked, true);
        judge_facts(&f, &r);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        assert_true(lists(&r, CAUSE_BAD_SEGMENT) && lists(&r, CAUSE_DATA_AFTER_CLOSE));
}

static void a_socket_destroyed_after_both_fins_resets_nothing(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        f.seen.source = SOURCE_WATCH;
        KNOW(f.end[SIDE_SERVER].error_set, ECONNABORTED);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_RESET);
        for (int side = 0; side < 2; side++)
                KNOW(f.from[side].fin, true);
        KNOW(f.from[SIDE_CLIENT].fin_acked, true);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_ORDERLY);
        assert_false(r.reset.seen);
}

static void the_kernels_own_word_leaves_no_doubt(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 0);
        reset = add_reset(&f, SIDE_SERVER, false, 50 * MS);
        KNOW(reset->ttl, 41);
        KNOW(reset->ttl_differs, true);
        KNOW(f.end[SIDE_SERVER].went_on, true);
        KNOW(reset->went_on, true);
        KNOW(reset->reason, RESET_REASON_TCP_ABORT_ON_CLOSE);
        judge_facts(&f, &r);
        assert_int_equal(r.reset.by, SIDE_SERVER);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_reason_of_the_kernel_gives_its_cause),
                cmocka_unit_test(the_four_acts_that_the_kernel_calls_tcp_state_are_told_apart),
                cmocka_unit_test(of_a_subflow_of_mptcp_no_unread_data_is_stated),
                cmocka_unit_test(counters_speak_where_the_kernel_gives_no_reason),
                cmocka_unit_test(live_cases_have_their_causes),
                cmocka_unit_test(who_was_never_asked_has_no_part_in_it),
                cmocka_unit_test(who_was_shut_may_have_reset_itself),
                cmocka_unit_test(who_sent_no_fin_may_have_closed),
                cmocka_unit_test(who_closes_while_connecting_may_have_abandoned_it),
                cmocka_unit_test(an_error_that_the_kernel_left_is_told_next),
                cmocka_unit_test(no_socket_shortly_after_a_fin_is_not_surely_no_connection),
                cmocka_unit_test(who_still_holds_it_meets_data_and_not_linger2),
                cmocka_unit_test(data_over_the_peers_own_fin_is_not_surely_data_after_close),
                cmocka_unit_test(a_socket_destroyed_after_both_fins_resets_nothing),
                cmocka_unit_test(the_kernels_own_word_leaves_no_doubt),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
