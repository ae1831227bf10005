/* Verdicts from facts by hand: what the kernel told, what the wire shows, and that knowing less makes nobody surer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "ending/judge.h"
#include "forget.h"
#include "live_cases.h"

#define KNOW(fact, what) ((fact).how = HOW_SEEN, (fact).value = (what))
#define MS INT64_C(1000000)

static void
judge_facts(const struct facts *f, struct record *r)
{
        record_init(r, f->seen.source, "1.1");
        judge(f, r, NULL);
        assert_null(record_fault(r));
}

static void
judge_live(const char *name, struct record *r)
{
        struct facts f;

        for (size_t i = 0; i < n_live_cases; i++)
                if (strcmp(live_cases[i].name, name) == 0) {
                        live_cases[i].make(&f);
                        judge_facts(&f, r);
                        return;
                }
        fail_msg("there is no case %s", name);
}

static bool
lists(const struct record *r, enum cause cause)
{
        for (size_t i = 0; i < r->n_causes; i++)
                if (r->causes[i] == cause)
                        return true;
        return false;
}

/* A connection in a capture: a request of 100 bytes, acknowledged; an answer of @answer bytes, if any. */
static void
exchange(struct facts *f, uint64_t answer)
{
        facts_init(f, SOURCE_CAPTURE);
        f->seen.roles = ROLES_SYN;
        f->seen.sides = SIDES_SEEN_BOTH;
        f->seen.until = 3600 * 1000 * MS;
        KNOW(f->first, 0);
        KNOW(f->last, 100 * MS);
        KNOW(f->syns, 1);
        KNOW(f->syn_acks, 1);
        KNOW(f->late_syn_acks, 0);
        KNOW(f->established, true);
        KNOW(f->mptcp, false);
        KNOW(f->both_acked, false);
        for (int side = 0; side < 2; side++) {
                uint64_t n = side == SIDE_CLIENT ? 100 : answer;

                KNOW(f->end[side].os, OS_LINUX);
                KNOW(f->end[side].ttl, side == SIDE_CLIENT ? 64 : 57);
                KNOW(f->end[side].went_on, false);
                KNOW(f->end[side].repeats_unanswered, 0);
                KNOW(f->end[side].keepalives_unanswered, 0);
                KNOW(f->end[side].probes_unanswered, 0);
                KNOW(f->from[side].packets, 3);
                KNOW(f->from[side].payloads, n > 0);
                KNOW(f->from[side].bytes, n);
                KNOW(f->from[side].acked, n);
                KNOW(f->from[side].last_run, n);
                KNOW(f->from[side].fin, false);
                KNOW(f->from[side].fin_acked, false);
                KNOW(f->from[side].after_peer_fin, 0);
        }
        KNOW(f->from[SIDE_CLIENT].last_answered, answer > 0);
}

static struct facts_of_reset *
add_reset(struct facts *f, enum side by, bool reply, int64_t at)
{
        struct facts_of_reset *reset = &f->resets[f->n_resets++];

        f->n_resets_in_all = f->n_resets;
        KNOW(reset->by, by);
        KNOW(reset->at, at);
        KNOW(reset->frame, 10);
        KNOW(reset->repeats, 0);
        KNOW(reset->has_ack, !reply);
        KNOW(reset->window, reply ? 0 : 500);
        KNOW(reset->options, !reply);
        KNOW(reset->payload, 0);
        KNOW(reset->ttl, by == SIDE_CLIENT ? 64 : 57);
        KNOW(reset->ttl_differs, false);
        KNOW(reset->validity, RESET_VALIDITY_EXACT);
        KNOW(reset->behind, false);
        KNOW(reset->after_both_acked, false);
        KNOW(reset->obeyed, true);
        KNOW(reset->went_on, false);
        return reset;
}

/* The server closes; data of the client comes after it, and is answered by a RST. */
static struct facts_of_reset *
late_data(struct facts *f, int64_t fin_at, int64_t reset_at)
{
        struct facts_of_reset *reset;

        exchange(f, 300);
        KNOW(f->from[SIDE_SERVER].fin, true);
        KNOW(f->from[SIDE_SERVER].fin_at, fin_at);
        KNOW(f->from[SIDE_SERVER].fin_acked, true);
        KNOW(f->from[SIDE_CLIENT].bytes, 200);
        KNOW(f->from[SIDE_CLIENT].payloads, 2);
        KNOW(f->from[SIDE_CLIENT].last_answered, false);
        KNOW(f->from[SIDE_CLIENT].last_run, 100);
        KNOW(f->from[SIDE_CLIENT].after_peer_fin, 100);
        reset = add_reset(f, SIDE_SERVER, true, reset_at);
        KNOW(reset->answers, SEGMENT_KIND_DATA);
        KNOW(reset->answers_at, reset_at - 20 * MS);
        KNOW(reset->answers_repeat, false);
        return reset;
}

static void
a_server_that_resets_after_a_good_bye_harms_nobody(void **state)
{
        struct facts_of_direction *client;
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        client = &f.from[SIDE_CLIENT];
        add_reset(&f, SIDE_SERVER, true, 50 * MS);
        KNOW(client->last_answered, false);
        KNOW(client->last_is_goodbye, true);
        KNOW(client->last_run, 12);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_RESET);
        assert_int_equal(r.to_server.fate, FATE_ACKED);
        assert_int_equal(r.severity, SEVERITY_FINE);
        /* A request may stand before it. */
        KNOW(client->last_run, 90);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_NOTABLE);
        KNOW(client->goodbye_bytes, 90);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_FINE);
        /* Who said nothing of the kind waits for his answer. */
        KNOW(client->last_is_goodbye, false);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_BAD);
}

static void
each_reason_of_the_kernel_gives_its_cause(void **state)
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

static void
the_four_acts_that_the_kernel_calls_tcp_state_are_told_apart(void **state)
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

static void
of_a_subflow_of_mptcp_no_unread_data_is_stated(void **state)
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

static void
counters_speak_where_the_kernel_gives_no_reason(void **state)
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

static void
what_is_known_of_the_place_orders_the_causes(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 0);
        add_reset(&f, SIDE_SERVER, false, 50 * MS);
        KNOW(f.siblings_reset, true);
        judge_facts(&f, &r);
        assert_int_equal(r.causes[0], CAUSE_LISTENER_CLOSED);
        assert_int_equal(r.cause, CAUSE_NONE);
        exchange(&f, 0);
        KNOW(f.established, false);
        KNOW(f.syn_acks, 0);
        KNOW(f.from[SIDE_CLIENT].bytes, 0);
        KNOW(f.from[SIDE_CLIENT].payloads, 0);
        add_reset(&f, SIDE_SERVER, true, 50 * MS);
        KNOW(f.resets[0].answers, SEGMENT_KIND_SYN);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_REFUSED);
        assert_int_equal(r.causes[0], CAUSE_NOT_LISTENING);
        assert_int_equal(r.cause, CAUSE_NONE);
        assert_int_equal(r.retry, RETRY_SAFE);
        KNOW(f.filter_answers, true);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_FIREWALL);
        assert_int_equal(r.certainty, CERTAINTY_LIKELY);
}

static void
who_resets_is_gone_even_if_the_other_goes_on(void **state)
{
        struct facts_of_reset *reply;
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        add_reset(&f, SIDE_SERVER, false, 50 * MS);
        KNOW(f.resets[0].obeyed, false);
        reply = add_reset(&f, SIDE_SERVER, true, 90 * MS);
        KNOW(reply->answers, SEGMENT_KIND_DATA);
        KNOW(reply->frame, 14);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_RESET);
        assert_int_equal(r.reset.kind, RESET_KIND_ACTIVE);
        assert_int_equal(r.reset.frame.value, 10);
        assert_true(lists(&r, CAUSE_ZERO_LINGER));
        assert_false(lists(&r, CAUSE_NO_CONNECTION));
}

static void
the_wire_does_not_tell_unread_data_from_zero_linger(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 0);
        add_reset(&f, SIDE_SERVER, false, 50 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_NONE);
        assert_true(lists(&r, CAUSE_UNREAD_DATA) && lists(&r, CAUSE_ZERO_LINGER) && lists(&r, CAUSE_LISTENER_CLOSED));
        assert_int_equal(r.severity, SEVERITY_BAD);
        /* Who has sent something was accepted; who was sent nothing has nothing unread. */
        exchange(&f, 300);
        KNOW(f.from[SIDE_CLIENT].bytes, 0);
        add_reset(&f, SIDE_SERVER, false, 50 * MS);
        judge_facts(&f, &r);
        assert_false(lists(&r, CAUSE_UNREAD_DATA) || lists(&r, CAUSE_LISTENER_CLOSED));
}

static void
data_after_close_is_likely_and_its_bytes_are_lost(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        late_data(&f, 80 * MS, 100 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_DATA_AFTER_CLOSE);
        assert_int_equal(r.certainty, CERTAINTY_LIKELY);
        assert_int_equal(r.to_server.fate, FATE_LOST);
        assert_int_equal(r.retry, RETRY_SAFE);
        assert_int_equal(r.severity, SEVERITY_BAD);
        /* Long after the FIN the host may simply have forgotten. */
        late_data(&f, 80 * MS, 70 * 1000 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.causes[0], CAUSE_NO_CONNECTION);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
}

static void
a_repeat_that_draws_a_reset_may_have_arrived_before(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        late_data(&f, 80 * MS, 100 * MS);
        KNOW(f.resets[0].answers_repeat, true);
        judge_facts(&f, &r);
        assert_int_equal(r.to_server.fate, FATE_UNCERTAIN);
        assert_int_equal(r.retry, RETRY_MAYBE_PROCESSED);
}

static void
missing_segments_make_fates_unknown_and_causes_possible(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        late_data(&f, 80 * MS, 100 * MS);
        f.seen.gaps = true;
        judge_facts(&f, &r);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        assert_int_equal(r.to_server.fate, FATE_UNKNOWN);
        assert_false(r.client_next.known);
}

static void
one_doubt_is_no_proof_of_forgery_and_two_are(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 0);
        reset = add_reset(&f, SIDE_SERVER, false, 50 * MS);
        KNOW(reset->ttl, 41);
        KNOW(reset->ttl_differs, true);
        judge_facts(&f, &r);
        assert_int_equal(r.reset.by, SIDE_SERVER);
        assert_true(lists(&r, CAUSE_FORGED));
        assert_int_equal(r.cause, CAUSE_NONE);
        KNOW(f.end[SIDE_SERVER].went_on, true);
        KNOW(reset->went_on, true);
        judge_facts(&f, &r);
        assert_int_equal(r.reset.by, SIDE_NETWORK);
        assert_int_equal(r.ended_by, SIDE_NETWORK);
        assert_int_equal(r.cause, CAUSE_FORGED);
        assert_int_equal(r.certainty, CERTAINTY_LIKELY);
        assert_int_equal(r.to_client.closed, CLOSED_NO);
        /* Another one from the same distance is its fellow; one from the server's own is the server's. */
        KNOW(f.from[SIDE_SERVER].packets, 12);
        reset = add_reset(&f, SIDE_SERVER, false, 51 * MS);
        KNOW(reset->ttl, 40);
        KNOW(reset->ttl_differs, true);
        judge_facts(&f, &r);
        assert_int_equal(r.to_client.closed, CLOSED_NO);
        assert_int_equal(r.to_client.packets.value, 10);
        KNOW(reset->ttl, 57);
        KNOW(reset->ttl_differs, false);
        judge_facts(&f, &r);
        assert_int_equal(r.to_client.closed, CLOSED_RESET);
        assert_int_equal(r.to_client.packets.value, 11);
        /* A route that changed by a hop is no doubt. */
        exchange(&f, 0);
        reset = add_reset(&f, SIDE_SERVER, false, 50 * MS);
        KNOW(reset->ttl, 58);
        KNOW(reset->ttl_differs, true);
        judge_facts(&f, &r);
        assert_false(lists(&r, CAUSE_FORGED));
        /* But in a rack the NAT that forgot may be one hop nearer than the server. */
        exchange(&f, 0);
        reset = add_reset(&f, SIDE_SERVER, true, 50 * MS);
        KNOW(reset->answers, SEGMENT_KIND_DATA);
        judge_facts(&f, &r);
        assert_false(lists(&r, CAUSE_STATE_LOST));
        KNOW(reset->ttl, 58);
        KNOW(reset->ttl_differs, true);
        judge_facts(&f, &r);
        assert_true(lists(&r, CAUSE_STATE_LOST));
        assert_false(lists(&r, CAUSE_FORGED));
}

static void
who_went_on_after_an_earlier_reset_may_have_sent_the_last(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 0);
        reset = add_reset(&f, SIDE_SERVER, false, 50 * MS);
        KNOW(reset->obeyed, false);
        KNOW(reset->went_on, true);
        KNOW(f.end[SIDE_SERVER].went_on, true);
        reset = add_reset(&f, SIDE_SERVER, false, 90 * MS);
        KNOW(reset->ack_impossible, true);
        judge_facts(&f, &r);
        assert_int_equal(r.reset.by, SIDE_SERVER);
        assert_int_equal(r.ended_by, SIDE_SERVER);
        assert_true(lists(&r, CAUSE_FORGED));
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
}

static void
the_kernels_own_word_leaves_no_doubt(void **state)
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

static void
a_reset_that_nobody_took_ends_nothing(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        add_reset(&f, SIDE_SERVER, false, 50 * MS);
        KNOW(f.resets[0].obeyed, false);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_OPEN);
        assert_int_equal(r.reset.count, 1);
        assert_true(r.reset.obeyed.known && !r.reset.obeyed.value);
        /* A challenged one neither. */
        KNOW(f.resets[0].validity, RESET_VALIDITY_IN_WINDOW);
        f.resets[0].obeyed.how = HOW_UNKNOWN;
        KNOW(f.end[SIDE_CLIENT].challenge_acks, 1);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_OPEN);
}

static void
what_is_under_way_when_the_capture_ends_is_no_loss(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        KNOW(f.from[SIDE_SERVER].acked, 200);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_OPEN);
        assert_int_equal(r.to_client.fate, FATE_UNKNOWN);
        assert_int_equal(r.severity, SEVERITY_FINE);

        /* A SYN with data (TCP Fast Open) is the last thing that was seen. */
        facts_init(&f, SOURCE_CAPTURE);
        KNOW(f.syns, 1);
        KNOW(f.syn_acks, 0);
        KNOW(f.syn_data, true);
        KNOW(f.established, false);
        KNOW(f.last_syn, 1000 * MS);
        KNOW(f.first, 1000 * MS);
        KNOW(f.last, 1000 * MS);
        KNOW(f.from[SIDE_CLIENT].bytes, 100);
        KNOW(f.from[SIDE_CLIENT].acked, 0);
        KNOW(f.from[SIDE_SERVER].bytes, 0);
        KNOW(f.from[SIDE_SERVER].packets, 0);
        f.seen.until = 1001 * MS;
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_UNANSWERED);
        assert_true(r.ongoing);
        assert_int_equal(r.to_server.fate, FATE_UNKNOWN);
        assert_int_equal(r.severity, SEVERITY_NOTABLE);
}

static void
a_time_out_is_over_when_twice_the_last_interval_passed(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        KNOW(f.from[SIDE_CLIENT].bytes, 200);
        KNOW(f.end[SIDE_CLIENT].repeats_unanswered, 3);
        KNOW(f.end[SIDE_CLIENT].repeated, SEGMENT_KIND_DATA);
        KNOW(f.end[SIDE_CLIENT].unanswered_since, 1000 * MS);
        KNOW(f.end[SIDE_CLIENT].unanswered_last, 8000 * MS);
        KNOW(f.end[SIDE_CLIENT].unanswered_gap, 4000 * MS);
        f.seen.until = 15999 * MS;
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_TIMED_OUT);
        assert_true(r.ongoing);
        assert_int_equal(r.ended_by, SIDE_UNKNOWN);
        assert_int_equal(r.silent, SIDE_SERVER);
        f.seen.until = 16000 * MS;
        judge_facts(&f, &r);
        assert_false(r.ongoing);
        assert_int_equal(r.ended_by, SIDE_CLIENT);
        assert_int_equal(r.ended.value, 8000 * MS);
        /* Two repeats are a bad moment. */
        KNOW(f.end[SIDE_CLIENT].repeats_unanswered, 2);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_OPEN);
}

static void
live_cases_have_their_causes(void **state)
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

static void
an_error_that_the_kernel_left_is_told_next(void **state)
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

static void
a_reset_before_a_shut_window_cuts_the_answer(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        add_reset(&f, SIDE_SERVER, false, 2000 * MS);
        KNOW(f.from[SIDE_SERVER].window_shut, false);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_NOTABLE);
        KNOW(f.from[SIDE_SERVER].window_shut, true);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_BAD);
        /* A client that does not want the rest is free to go. */
        exchange(&f, 300);
        add_reset(&f, SIDE_CLIENT, false, 2000 * MS);
        KNOW(f.from[SIDE_SERVER].window_shut, true);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_FINE);
}

static void
what_came_after_keepalive_gave_up_was_not_received(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        KNOW(f.end[SIDE_CLIENT].keepalives_unanswered, 3);
        KNOW(f.end[SIDE_CLIENT].unanswered_since, 10000 * MS);
        KNOW(f.end[SIDE_CLIENT].unanswered_last, 12000 * MS);
        KNOW(f.end[SIDE_CLIENT].unanswered_gap, 1000 * MS);
        reset = add_reset(&f, SIDE_CLIENT, false, 13000 * MS);
        KNOW(reset->obeyed, false);
        KNOW(f.from[SIDE_SERVER].fin, true);
        KNOW(f.from[SIDE_SERVER].fin_at, 15000 * MS);
        /* That is what its kernel answers. */
        add_reset(&f, SIDE_CLIENT, true, 15001 * MS);
        f.seen.until = 15001 * MS;
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_TIMED_OUT);
        assert_false(r.ongoing);
        assert_int_equal(r.ended_by, SIDE_CLIENT);
        assert_int_equal(r.silent, SIDE_SERVER);
        assert_int_equal(r.cause, CAUSE_KEEPALIVE);
        assert_true(r.client_next.known);
        assert_int_equal(r.client_next.if_recv[0].error, ETIMEDOUT);
}

/* TCP Fast Open at a closed port: the RST acknowledges SYN and data, and nobody has them. */
static void
data_of_a_refused_syn_is_lost_though_the_reset_acknowledges_it(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 0);
        KNOW(f.established, false);
        KNOW(f.syn_data, true);
        KNOW(f.syn_acks, 0);
        KNOW(f.from[SIDE_CLIENT].acked, 0);
        KNOW(f.from[SIDE_CLIENT].acked_by_reset, 100);
        reset = add_reset(&f, SIDE_SERVER, true, 50 * MS);
        KNOW(reset->has_ack, true);
        KNOW(reset->answers, SEGMENT_KIND_SYN);
        KNOW(reset->answers_repeat, false);
        KNOW(reset->ack_position, 100);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_REFUSED);
        assert_int_equal(r.to_server.fate, FATE_LOST);
        assert_int_equal(r.to_server.uncertain.value, 100);
        assert_int_equal(r.to_server.acked_by_reset.value, 0);
        assert_int_equal(r.retry, RETRY_SAFE);
        /* Another's RST: then it may have come to the server after all. */
        KNOW(reset->not_sent, true);
        judge_facts(&f, &r);
        assert_int_equal(r.to_server.fate, FATE_UNCERTAIN);
        /* The first SYN may have been taken if its repeat is refused. */
        reset->not_sent.how = HOW_UNKNOWN;
        KNOW(reset->answers_repeat, true);
        judge_facts(&f, &r);
        assert_int_equal(r.to_server.fate, FATE_UNCERTAIN);
}

static void
a_request_that_meets_a_closed_server_is_bad_however_short(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        late_data(&f, 80 * MS, 100 * MS);
        KNOW(f.from[SIDE_CLIENT].bytes, 106);
        KNOW(f.from[SIDE_CLIENT].after_peer_fin, 6);
        KNOW(f.from[SIDE_CLIENT].last_is_goodbye, false);
        judge_facts(&f, &r);
        assert_int_equal(r.to_server.fate, FATE_LOST);
        assert_int_equal(r.severity, SEVERITY_BAD);
        f.from[SIDE_CLIENT].last_is_goodbye.how = HOW_UNKNOWN;
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_BAD);
        KNOW(f.from[SIDE_CLIENT].last_is_goodbye, true);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_FINE);
        /* A long one may be all that is lost, or not. */
        KNOW(f.from[SIDE_CLIENT].bytes, 175);
        KNOW(f.from[SIDE_CLIENT].after_peer_fin, 75);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_BAD);
        KNOW(f.from[SIDE_CLIENT].goodbye_bytes, 75);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_FINE);
        KNOW(f.from[SIDE_CLIENT].bytes, 176);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_BAD);
        /* That of SSH is encrypted; what was sent before the server's FIN was none. */
        KNOW(f.from[SIDE_CLIENT].last_is_goodbye, false);
        KNOW(f.from[SIDE_CLIENT].bytes, 196);
        KNOW(f.from[SIDE_CLIENT].after_peer_fin, 96);
        KNOW(f.ssh, true);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_FINE);
        KNOW(f.from[SIDE_CLIENT].after_peer_fin, 60);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_BAD);
}

/* While a socket is exchanged for its stand-in of TIME_WAIT, a segment finds neither. */
static void
no_socket_shortly_after_a_fin_is_not_surely_no_connection(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        reset = late_data(&f, 80 * MS, 100 * MS);
        KNOW(reset->reason, RESET_REASON_NO_SOCKET);
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
}

static void
data_over_the_peers_own_fin_is_not_surely_data_after_close(void **state)
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

static void
a_socket_destroyed_after_both_fins_resets_nothing(void **state)
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

static void
a_fin_may_have_been_lost_before_it_was_captured(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        reset = late_data(&f, 80 * MS, 100 * MS);
        KNOW(f.from[SIDE_SERVER].fin, false);
        KNOW(f.from[SIDE_SERVER].fin_acked, false);
        KNOW(reset->before_answers, 79 * MS);
        judge_facts(&f, &r);
        assert_true(lists(&r, CAUSE_DATA_AFTER_CLOSE) && lists(&r, CAUSE_NO_CONNECTION));
        /* Who never sent the RST has nothing to do with it. */
        KNOW(reset->not_sent, true);
        judge_facts(&f, &r);
        assert_false(lists(&r, CAUSE_DATA_AFTER_CLOSE));
        reset->not_sent.how = HOW_UNKNOWN;
        /* In a minute it would have been repeated. */
        KNOW(reset->at, 60100 * MS);
        KNOW(reset->answers_at, 60080 * MS);
        judge_facts(&f, &r);
        assert_false(lists(&r, CAUSE_DATA_AFTER_CLOSE));
}

/* The kernel takes the socket away before it sends its RST: what comes in between draws a reply, which may overtake. */
static void
a_reply_just_before_the_same_ends_own_reset_is_not_the_one_that_counts(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        reset = add_reset(&f, SIDE_SERVER, true, 2000 * MS);
        KNOW(reset->answers, SEGMENT_KIND_FIN);
        add_reset(&f, SIDE_SERVER, false, 2000 * MS + 2000);
        judge_facts(&f, &r);
        assert_int_equal(r.reset.kind, RESET_KIND_ACTIVE);
        assert_true(lists(&r, CAUSE_UNREAD_DATA) && !lists(&r, CAUSE_NO_CONNECTION));
        /* Much later it is another's. */
        KNOW(f.resets[1].at, 2500 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.reset.kind, RESET_KIND_REPLY);
        assert_true(lists(&r, CAUSE_NO_CONNECTION));
}

static void
requests_that_only_the_reset_acknowledges_are_cut_even_before_a_fin(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        KNOW(f.from[SIDE_CLIENT].bytes, 1080);
        KNOW(f.from[SIDE_CLIENT].acked, 720);
        KNOW(f.from[SIDE_CLIENT].acked_by_reset, 1080);
        KNOW(f.from[SIDE_CLIENT].last_answered, false);
        KNOW(f.from[SIDE_CLIENT].fin, true);
        add_reset(&f, SIDE_SERVER, false, 2000 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_BAD);
        /* An answer may have been missed. */
        f.seen.gaps = true;
        KNOW(f.from[SIDE_SERVER].missing, 20);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_NOTABLE);
        KNOW(f.from[SIDE_SERVER].missing, 0);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_BAD);
        f.seen.gaps = false;
        /* So many bytes may be an encrypted good-bye. */
        KNOW(f.from[SIDE_CLIENT].acked, 1000);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_NOTABLE);
}

static void
a_server_that_resets_in_place_of_its_fin_owed_nothing(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        KNOW(f.from[SIDE_CLIENT].fin, true);
        KNOW(f.from[SIDE_CLIENT].fin_acked, true);
        add_reset(&f, SIDE_SERVER, false, 2000 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_RESET);
        assert_int_equal(r.severity, SEVERITY_FINE);
        /* It was sending still. */
        KNOW(f.from[SIDE_SERVER].after_peer_fin, 100);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_NOTABLE);
        /* The client may have wanted more. */
        KNOW(f.from[SIDE_SERVER].after_peer_fin, 0);
        KNOW(f.from[SIDE_CLIENT].fin, false);
        judge_facts(&f, &r);
        assert_int_equal(r.severity, SEVERITY_NOTABLE);
}

static void
an_answer_from_elsewhere_after_a_long_silence_is_first_of_all_lost_state(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        reset = late_data(&f, 80 * MS, 351100 * MS);
        KNOW(f.from[SIDE_SERVER].fin, false);
        KNOW(reset->before_answers, 79 * MS);
        KNOW(reset->answers_at, 351080 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.causes[0], CAUSE_NO_CONNECTION);
        KNOW(reset->ttl, 250);
        KNOW(reset->ttl_differs, true);
        judge_facts(&f, &r);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        assert_int_equal(r.causes[0], CAUSE_STATE_LOST);
        assert_true(lists(&r, CAUSE_NO_CONNECTION));
}

static bool
says(const struct facts *f, const char *what)
{
        struct evidence evidence;
        struct record r;

        record_init(&r, SOURCE_CAPTURE, "1.1");
        judge(f, &r, &evidence);
        for (size_t i = 0; i < r.n_evidence; i++)
                if (strstr(r.evidence[i], what))
                        return true;
        return false;
}

static void
the_evidence_says_who_went_on_only_where_somebody_did(void **state)
{
        struct facts_of_reset *reset;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        reset = add_reset(&f, SIDE_SERVER, false, 50 * MS);
        KNOW(reset->validity, RESET_VALIDITY_OUTSIDE);
        reset->obeyed.how = HOW_UNKNOWN;
        assert_false(says(&f, "went on as before"));
        assert_true(says(&f, "outside of what the client would take"));
        KNOW(reset->obeyed, false);
        assert_true(says(&f, "the client went on as before"));
}

static void
the_evidence_names_the_frames(void **state)
{
        struct evidence evidence;
        struct record r;
        struct facts f;
        bool fin = false, reset = false;

        (void)state;
        late_data(&f, 80 * MS, 100 * MS);
        KNOW(f.from[SIDE_SERVER].fin_frame, 7);
        record_init(&r, SOURCE_CAPTURE, "1.1");
        judge(&f, &r, &evidence);
        assert_true(r.n_evidence > 3 && r.n_evidence <= EVIDENCE_MAX);
        for (size_t i = 0; i < r.n_evidence; i++) {
                fin = fin || strstr(r.evidence[i], "The server sent a FIN (frame 7)");
                reset = reset || strstr(r.evidence[i], "(frame 10)");
                assert_int_equal(r.evidence[i][strlen(r.evidence[i]) - 1], '.');
        }
        assert_true(fin && reset);
}

static void
knowing_less_makes_nobody_surer(void **state)
{
        uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);
        unsigned n_faults = 0;
        struct facts f;

        (void)state;
        for (size_t i = 0; i < n_live_cases; i++) {
                live_cases[i].make(&f);
                n_faults += forget_and_judge(&f, live_cases[i].name, 20000, &seed);
        }
        late_data(&f, 80 * MS, 100 * MS);
        n_faults += forget_and_judge(&f, "late-data", 20000, &seed);
        exchange(&f, 0);
        add_reset(&f, SIDE_SERVER, false, 50 * MS);
        n_faults += forget_and_judge(&f, "active-reset", 20000, &seed);
        exchange(&f, 300);
        n_faults += forget_and_judge(&f, "open", 20000, &seed);
        assert_int_equal(n_faults, 0);
}

int
main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_server_that_resets_after_a_good_bye_harms_nobody),
                cmocka_unit_test(each_reason_of_the_kernel_gives_its_cause),
                cmocka_unit_test(the_four_acts_that_the_kernel_calls_tcp_state_are_told_apart),
                cmocka_unit_test(of_a_subflow_of_mptcp_no_unread_data_is_stated),
                cmocka_unit_test(counters_speak_where_the_kernel_gives_no_reason),
                cmocka_unit_test(what_is_known_of_the_place_orders_the_causes),
                cmocka_unit_test(who_resets_is_gone_even_if_the_other_goes_on),
                cmocka_unit_test(the_wire_does_not_tell_unread_data_from_zero_linger),
                cmocka_unit_test(data_after_close_is_likely_and_its_bytes_are_lost),
                cmocka_unit_test(a_repeat_that_draws_a_reset_may_have_arrived_before),
                cmocka_unit_test(missing_segments_make_fates_unknown_and_causes_possible),
                cmocka_unit_test(one_doubt_is_no_proof_of_forgery_and_two_are),
                cmocka_unit_test(who_went_on_after_an_earlier_reset_may_have_sent_the_last),
                cmocka_unit_test(the_kernels_own_word_leaves_no_doubt),
                cmocka_unit_test(a_reset_that_nobody_took_ends_nothing),
                cmocka_unit_test(what_is_under_way_when_the_capture_ends_is_no_loss),
                cmocka_unit_test(a_time_out_is_over_when_twice_the_last_interval_passed),
                cmocka_unit_test(live_cases_have_their_causes),
                cmocka_unit_test(an_error_that_the_kernel_left_is_told_next),
                cmocka_unit_test(a_reset_before_a_shut_window_cuts_the_answer),
                cmocka_unit_test(what_came_after_keepalive_gave_up_was_not_received),
                cmocka_unit_test(data_of_a_refused_syn_is_lost_though_the_reset_acknowledges_it),
                cmocka_unit_test(a_request_that_meets_a_closed_server_is_bad_however_short),
                cmocka_unit_test(no_socket_shortly_after_a_fin_is_not_surely_no_connection),
                cmocka_unit_test(data_over_the_peers_own_fin_is_not_surely_data_after_close),
                cmocka_unit_test(a_socket_destroyed_after_both_fins_resets_nothing),
                cmocka_unit_test(a_fin_may_have_been_lost_before_it_was_captured),
                cmocka_unit_test(a_reply_just_before_the_same_ends_own_reset_is_not_the_one_that_counts),
                cmocka_unit_test(requests_that_only_the_reset_acknowledges_are_cut_even_before_a_fin),
                cmocka_unit_test(a_server_that_resets_in_place_of_its_fin_owed_nothing),
                cmocka_unit_test(an_answer_from_elsewhere_after_a_long_silence_is_first_of_all_lost_state),
                cmocka_unit_test(the_evidence_says_who_went_on_only_where_somebody_did),
                cmocka_unit_test(the_evidence_names_the_frames),
                cmocka_unit_test(knowing_less_makes_nobody_surer),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
