/*
 * A million seeded random steps of two ends: a rule answers each, and no law of conservation breaks.
 * One game in two has a peer below the sockets at one end, so that segments come as a stranger sends
 * them. FINIS_SEED chooses other games; a failure names its seed.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "model.h"

#define N_STEPS 1000000
#define STEPS_A_GAME 25

static uint64_t seed = 1;
static uint64_t x;

/* splitmix64 */
static uint64_t random_u64(void)
{
        uint64_t z = (x += 0x9e3779b97f4a7c15);

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
}

static uint64_t below(uint64_t n)
{
        return random_u64() % n;
}

static bool one_in(uint64_t n)
{
        return below(n) == 0;
}

static struct event random_call(const struct endpoint *e)
{
        static const uint64_t sizes[] = { 0, 1, 10, 1000, 16384, 200000 };
        static const enum event_kind kinds[] = {
                EVENT_SEND, EVENT_SEND,  EVENT_SEND,       EVENT_RECV,       EVENT_RECV,      EVENT_RECV,
                EVENT_SHUTDOWN, EVENT_CLOSE, EVENT_GET_ERROR, EVENT_ERROR_QUEUE, EVENT_CONNECT, EVENT_DISCONNECT,
        };
        struct event event = EVENT(.kind = kinds[below(LENGTH(kinds) - (one_in(3) ? 0 : 2))]);

        event.n = sizes[below(LENGTH(sizes))];
        event.nonblock = e->pending || !one_in(3);
        event.nosignal = one_in(2);
        if (event.kind == EVENT_SEND) {
                event.way = (int)below(N_SEND_WAYS);
                if (event.nonblock)
                        event.observed = (int64_t)below(event.n + 1);
        } else if (event.kind == EVENT_RECV) {
                event.way = (int)below(N_RECV_WAYS);
                event.peek = one_in(4);
                event.waitall = one_in(4);
        } else if (event.kind == EVENT_SHUTDOWN) {
                event.shut_rd = one_in(2);
                event.shut_wr = !event.shut_rd || one_in(2);
        }
        event.exiting = one_in(8);
        return event;
}

/* What a stranger may send, most of it near what is expected. */
static struct event random_arrival(const struct endpoint *e)
{
        static const enum event_kind kinds[] = { EVENT_RST, EVENT_SYN,  EVENT_SYN_ACK, EVENT_ACK,
                                                 EVENT_DATA, EVENT_FIN, EVENT_ICMP };
        struct event event = EVENT(.kind = kinds[below(LENGTH(kinds))]);

        event.at = e->received;
        if (event.kind == EVENT_ACK) {
                event.at = e->acked + below(e->sent - e->acked + 1);
                event.acks_fin = e->fin_sent && event.at == e->sent && one_in(2);
        } else if (one_in(4)) {
                event.at += below(100);
        }
        if (event.kind == EVENT_DATA)
                event.n = 1 + below(1000);
        event.fit = (enum rst_fit)below(3);
        event.has_ack = one_in(2);
        event.no_ack = (event.kind == EVENT_DATA || event.kind == EVENT_FIN) && one_in(8);
        event.with_data = one_in(2);
        event.kills_request = one_in(2);
        event.icmp_errno = one_in(2) ? EHOSTUNREACH : ENETUNREACH;
        return event;
}

static struct event random_other(void)
{
        if (one_in(3))
                return EVENT(.kind = EVENT_DESTROY);
        if (one_in(3))
                return EVENT(.kind = EVENT_LISTENER_CLOSED);
        return EVENT(.kind = EVENT_TIMER, .timer = (enum timer_kind)below(N_TIMERS));
}

static void random_options(struct endpoint *e)
{
        e->linger = one_in(4);
        e->linger_s = one_in(2) ? 0 : 3;
        e->linger2 = one_in(8) ? -1 : 0;
        e->long_fin_wait2 = one_in(8);
        e->recverr = one_in(4);
        e->repair = one_in(16);
        e->rfc1337 = one_in(4);
}

static void new_game(struct pair *p)
{
        if (one_in(4)) {
                pair_init_unconnected(p, AF_INET);
                if (one_in(2))
                        pair_listen(p);
                p->end[SERVER].queue_full = one_in(8);
                p->end[SERVER].abort_on_overflow = one_in(2);
        } else {
                pair_init_connected(p, AF_INET);
        }
        if (one_in(2)) {
                int end = (int)below(2);

                p->by_hand[end] = true;
                p->window[end] = one_in(2) ? UINT64_MAX : below(2000);
        }
        for (int i = 0; i < N_ENDS; i++)
                random_options(&p->end[i]);
}

#define LAW(_condition)                                                                                      \
        do {                                                                                                 \
                if (!(_condition))                                                                           \
                        fail_msg("seed %llu, step %zu: %s; last rule %s", (unsigned long long)seed, at,      \
                                 #_condition, rule);                                                         \
        } while (0)

static void laws_of_one(const struct endpoint *e, size_t at, const char *rule)
{
        struct account a = endpoint_account(e);
        short free_bits;

        LAW(e->acked <= e->sent);
        LAW(e->sent <= e->written);
        LAW(e->taken <= e->received);
        LAW(a.acked + a.uncertain + a.unsent == e->written);
        LAW(!e->fin_sent || e->fin_queued);
        LAW(!e->fin_acked || e->fin_sent);
        LAW(!e->fin_sent || e->sent == e->written);
        LAW(!(e->done && !e->voided) || e->fin_received);
        LAW(e->n_refs >= 0);
        LAW(e->error >= 0 && e->error != EAGAIN && e->error != EINTR);
        LAW(e->state > TCP_STATE_UNKNOWN && e->state < N_TCP_STATES);
        LAW(e->state != TCP_STATE_TIME_WAIT); /* no descriptor shows it */
        LAW((e->state == TCP_STATE_CLOSE) <= (e->holder != HOLDER_SOCKET));
        LAW(e->state != TCP_STATE_CLOSE || e->holder != HOLDER_FIN_WAIT2 || e->n_refs == 0);
        LAW(endpoint_outq(e) >= endpoint_outq_unsent(e));
        endpoint_poll(e, &free_bits);
}

/* Sockets at both ends: what one has, the other has sent. */
static void laws_of_both(const struct pair *p, size_t at, const char *rule)
{
        for (int i = 0; i < N_ENDS; i++) {
                const struct endpoint *e = &p->end[i], *peer = &p->end[!i];

                if (p->by_hand[0] || p->by_hand[1] || e->voided || peer->voided)
                        continue;
                LAW(e->received <= peer->sent);
                LAW(e->received <= peer->written);
                LAW(peer->acked <= e->received);
                LAW(!e->fin_received || peer->fin_sent);
                LAW(!e->fin_received || e->received == peer->sent);
                LAW(!peer->fin_acked || e->fin_received);
        }
}

static void laws_of_an_outcome(const struct event *event, const struct outcome *o, const struct endpoint *before,
                               const struct endpoint *after, size_t at)
{
        const char *rule = o->rule->name;

        LAW(strcmp(rule, "no-rule") != 0);
        LAW(o->min <= o->max);
        LAW(o->result != RESULT_ERROR || o->error > 0);
        LAW(o->result == RESULT_ERROR || o->error == 0);
        LAW(!o->sigpipe || event->kind == EVENT_SEND);
        LAW((o->result == RESULT_NONE) == (event->kind >= EVENT_DESTROY));
        LAW(event->kind != EVENT_SEND || o->result != RESULT_COUNT || o->max <= event->n);
        LAW(event->kind != EVENT_RECV || o->result != RESULT_COUNT || o->max <= event->n);
        LAW(event->kind != EVENT_RECV || !event->peek || o->result == RESULT_BLOCKS || after->taken == before->taken);
        LAW(event->kind != EVENT_CLOSE || o->result != RESULT_ERROR); /* close() never reports any of this */
        /* What is written never shrinks, what was taken never comes back. */
        LAW(after->written >= before->written && after->taken >= before->taken);
        LAW(after->acked >= before->acked && after->received >= before->received);
        /* A RST is never answered. */
        LAW(event->kind != EVENT_RST || (o->emission != EMIT_RST && o->emission != EMIT_RST_REPLY));
}

/* What has no rule yet, see tests/endpoint/rules.c. */
static bool has_no_rule(const struct endpoint *e, const struct event *event)
{
        if (event->kind == EVENT_SYN_ACK && e->holder == HOLDER_REQUEST)
                return true;
        return (event->kind == EVENT_SYN || event->kind == EVENT_SYN_ACK) &&
               (e->holder == HOLDER_FIN_WAIT2 || e->holder == HOLDER_TIME_WAIT);
}

/* A connection to an address that still has a minisocket, or an end that is still there, is another one. */
static bool is_another_connection(const struct pair *p, int end, const struct event *event)
{
        return event->kind == EVENT_CONNECT && (end == SERVER || p->end[!end].holder != HOLDER_NOBODY ||
                                                p->end[!end].n_refs > 0 || p->end[end].voided);
}

static void play_listener_step(struct pair *p, size_t at)
{
        struct event event = random_call(&p->listener);
        struct endpoint before = p->listener;
        struct outcome o;

        if (one_in(8))
                event = EVENT(.kind = EVENT_DESTROY);
        else if (one_in(4))
                event = EVENT(.kind = EVENT_ACCEPT);
        if (event.kind == EVENT_CONNECT && p->listener.state != TCP_STATE_LISTEN)
                return; /* a client, for all that follows */
        pair_listener_step(p, &event, &o);
        laws_of_an_outcome(&event, &o, &before, &p->listener, at);
        laws_of_one(&p->listener, at, o.rule->name);
        if (p->listener.state == TCP_STATE_LISTEN && (pair_listener_poll(p) & ~POLLIN))
                fail_msg("step %zu: poll() of a listener shows more than IN", at);
}

static void play_step(struct pair *p, size_t at)
{
        int end = (int)below(2);
        struct endpoint *e = &p->end[end], before;
        bool waits = e->pending;
        struct event event;
        struct outcome o;

        if (p->listener.n_refs > 0 && one_in(6)) {
                play_listener_step(p, at);
                return;
        }
        if (p->by_hand[end])
                end = !end, e = &p->end[end], waits = e->pending;
        if (p->by_hand[!end] && one_in(2))
                event = random_arrival(e);
        else if (one_in(12))
                event = random_other();
        else if (e->queued && one_in(4))
                event = EVENT(.kind = EVENT_ACCEPT);
        else
                event = random_call(e);
        if (event.kind < EVENT_DESTROY && event.kind != EVENT_ACCEPT && e->n_refs == 0)
                return;
        if (waits && event.kind < EVENT_DESTROY)
                return; /* one call at a time, as a thread makes them */
        if (has_no_rule(e, &event) || is_another_connection(p, end, &event))
                return;
        before = *e;
        pair_step(p, end, &event, &o);
        laws_of_an_outcome(&event, &o, &before, e, at);
        for (int i = 0; i < N_ENDS; i++) {
                p->returned[i] = false;
                if (!p->by_hand[i])
                        laws_of_one(&p->end[i], at, o.rule->name);
        }
        laws_of_both(p, at, o.rule->name);
        if (p->n_emitted > PAIR_MAX_EMITTED / 2)
                p->n_emitted = 0;
}

static void a_rule_answers_every_step_and_no_byte_is_made_or_counted_twice(void **state)
{
        struct pair *p = calloc(1, sizeof(*p));
        size_t n_waits = 0, n_closed = 0, n_crowded = 0, n_reset = 0;

        (void)state;
        assert_non_null(p);
        x = seed;
        for (size_t at = 0; at < N_STEPS; at++) {
                if (at % STEPS_A_GAME == 0)
                        new_game(p);
                play_step(p, at);
                n_waits += p->end[0].pending;
                n_closed += p->end[0].state == TCP_STATE_CLOSE;
                n_crowded += p->end[0].crowded;
                n_reset += p->end[0].error == ECONNRESET || p->end[0].error == EPIPE;
        }
        free(p);
        /* The games must have gone everywhere, or they prove nothing. */
        assert_true(n_waits > 1000 && n_closed > 1000 && n_crowded > 1000 && n_reset > 1000);
}

static bool is_in(const struct rule *const *rules, size_t n, const struct rule *rule)
{
        for (size_t i = 0; i < n; i++)
                if (rules[i] == rule)
                        return true;
        return false;
}

static void random_games_reach_nearly_every_rule(void **state)
{
        static const struct rule *met[512];
        struct pair *p = calloc(1, sizeof(*p));
        size_t n = 0, n_rules = n_open_rules + n_send_rules + n_recv_rules + n_shutdown_rules + n_close_rules +
                                n_error_rules + n_abort_rules + n_segment_rules + n_reset_rules + n_icmp_rules +
                                n_timer_rules;

        (void)state;
        assert_non_null(p);
        x = seed + 1;
        for (size_t at = 0; at < N_STEPS / 4; at++) {
                if (at % STEPS_A_GAME == 0)
                        new_game(p);
                play_step(p, at);
                for (size_t i = 0; i < p->n_fired; i++)
                        if (!is_in(met, n, p->fired[i]) && n < LENGTH(met))
                                met[n++] = p->fired[i];
        }
        free(p);
        print_message("# %zu of %zu rules met\n", n, n_rules);
        assert_true(n * 100 >= n_rules * 85);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_rule_answers_every_step_and_no_byte_is_made_or_counted_twice),
                cmocka_unit_test(random_games_reach_nearly_every_rule),
        };

        if (getenv("FINIS_SEED"))
                seed = strtoull(getenv("FINIS_SEED"), NULL, 10);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
