/* Two endpoints and a wire that loses nothing. */
#include "endpoint/pair.h"

#include <string.h>
#include <sys/socket.h>

#include "endpoint/rules.h"

#define SENDING_STATES (CONNECTED | WAITS_FOR_ACK_OF_FIN)

static void apply(struct pair *pair, int end, const struct event *event, struct outcome *ret_outcome);

void pair_init_connected(struct pair *ret_pair, int family)
{
        memset(ret_pair, 0, sizeof(*ret_pair));
        ret_pair->family = family;
        for (int i = 0; i < N_ENDS; i++) {
                endpoint_init_connected(&ret_pair->end[i]);
                ret_pair->window[i] = UINT64_MAX;
                ret_pair->end[i].ipv4 = family == AF_INET;
        }
        endpoint_init_fresh(&ret_pair->listener);
        ret_pair->listener.n_refs = 0;
        ret_pair->window_at[CLIENT] = 1; /* its last word was the ACK of the handshake, the server's the SYN-ACK */
}

void pair_init_unconnected(struct pair *ret_pair, int family)
{
        pair_init_connected(ret_pair, family);
        for (int i = 0; i < N_ENDS; i++) {
                endpoint_init_fresh(&ret_pair->end[i]);
                ret_pair->end[i].ipv4 = family == AF_INET;
        }
        ret_pair->end[SERVER].n_refs = 0;
        ret_pair->window_at[CLIENT] = 0;
}

void pair_listen(struct pair *pair)
{
        struct endpoint *listener = &pair->listener;

        if (listener->state != TCP_STATE_LISTEN) {
                endpoint_init_fresh(listener);
                listener->state = TCP_STATE_LISTEN;
                listener->holder = HOLDER_SOCKET;
                listener->ipv4 = pair->family == AF_INET;
                listener->traits = pair->end[SERVER].traits;
                pair->end[SERVER].queued = false;
        }
        if (pair->end[SERVER].holder == HOLDER_NOBODY && pair->end[SERVER].n_refs == 0)
                pair->end[SERVER].holder = HOLDER_LISTENER;
}

static void note(struct pair *pair, int from, enum emission what, uint64_t n, bool data)
{
        if (pair->n_emitted == PAIR_MAX_EMITTED) {
                pair->n_emitted_lost++;
                return;
        }
        pair->emitted[pair->n_emitted++] = (struct emitted){ .from = from, .what = what, .n = n, .data = data };
}

static void note_rule(struct pair *pair, const struct rule *rule)
{
        for (size_t i = 0; i < pair->n_fired; i++)
                if (pair->fired[i] == rule)
                        return;
        if (pair->n_fired < PAIR_MAX_FIRED)
                pair->fired[pair->n_fired++] = rule;
}

static void arrive(struct pair *pair, int end, struct event event)
{
        struct outcome ignored;

        event.observed = -1;
        apply(pair, end, &event, &ignored);
}

static void carry(struct pair *pair, int from, enum emission what)
{
        int to = !from;

        switch (what) {
        case EMIT_NOTHING:
        case EMIT_FIN: /* goes after the data: flow() */
        case N_EMISSIONS:
                break;
        case EMIT_ACK: /* flow() has it arrive */
                note(pair, from, what, 0, false);
                break;
        case EMIT_SYN:
                note(pair, from, what, 0, false);
                if (!pair->by_hand[to])
                        arrive(pair, to, (struct event){ .kind = EVENT_SYN });
                break;
        case EMIT_SYN_ACK:
                note(pair, from, what, 0, false);
                if (pair->by_hand[to])
                        break;
                arrive(pair, to, (struct event){ .kind = EVENT_SYN_ACK });
                if (pair->end[to].state == TCP_STATE_ESTABLISHED)
                        arrive(pair, from, (struct event){ .kind = EVENT_ACK });
                break;
        case EMIT_CHALLENGE:
                note(pair, from, what, 0, false);
                break;
        case EMIT_RST:
        case EMIT_RST_REPLY:
                note(pair, from, what, 0, false);
                if (!pair->by_hand[to])
                        arrive(pair, to, (struct event){ .kind = EVENT_RST, .fit = RST_EXACT, .has_ack = true });
                break;
        }
}

/* An arrival that changed the state, set the error or drew a segment is worth telling. */
static void note_answer(struct pair *pair, int end, const struct event *event, const struct rule *rule)
{
        bool arrival = event->kind >= EVENT_RST && event->kind <= EVENT_ICMP;
        bool tells = rule->next != SAME_STATE || rule->moves_holder || rule->emits > EMIT_ACK ||
                     (rule->does & (SET_ERROR | SET_ICMP | SET_ICMP_SOFT)) || event->kind == EVENT_RST;

        if (!arrival || !tells || pair->n_answered == PAIR_MAX_ANSWERED)
                return;
        pair->answered[pair->n_answered].end = end;
        pair->answered[pair->n_answered++].rule = rule;
}

static void apply(struct pair *pair, int end, const struct event *event, struct outcome *ret_outcome)
{
        struct outcome o;

        endpoint_step(&pair->end[end], event, &o);
        note_rule(pair, o.rule);
        note_answer(pair, end, event, o.rule);
        carry(pair, end, o.emission);
        *ret_outcome = o;
}

static void acknowledge(struct pair *pair, int from, bool fin)
{
        arrive(pair, !from,
               (struct event){ .kind = EVENT_ACK, .at = pair->end[from].received, .acks_fin = fin });
}

/* Sends what may be sent; true if something moved. */
static bool flow(struct pair *pair, int from)
{
        struct endpoint *e = &pair->end[from];
        int to = !from;
        uint64_t end = e->written;

        if (pair->by_hand[from] || e->holder != HOLDER_SOCKET || !((1U << e->state) & SENDING_STATES))
                return false;
        if (e->crowded && !pair->by_hand[to])
                return false;
        if (pair->window[to] != UINT64_MAX && end > e->acked + pair->window[to])
                end = e->acked + pair->window[to];
        if (e->sent < end) {
                struct event data = { .kind = EVENT_DATA, .at = e->sent, .n = end - e->sent, .observed = -1 };
                struct outcome o;

                note(pair, from, EMIT_NOTHING, data.n, true);
                e->sent = end;
                if (!pair->by_hand[to]) {
                        apply(pair, to, &data, &o);
                        if (o.emission == EMIT_ACK)
                                acknowledge(pair, to, false);
                }
                return true;
        }
        if (e->fin_queued && !e->fin_sent && e->sent == e->written) {
                struct event fin = { .kind = EVENT_FIN, .at = e->sent, .observed = -1 };
                struct outcome o;

                note(pair, from, EMIT_FIN, 0, false);
                e->fin_sent = true;
                if (!pair->by_hand[to]) {
                        apply(pair, to, &fin, &o);
                        if (o.emission == EMIT_ACK)
                                acknowledge(pair, to, true);
                }
                return true;
        }
        return false;
}

static bool resume(struct pair *pair, int end)
{
        struct outcome o;

        if (pair->returned[end] || !endpoint_resume(&pair->end[end], NULL, &o))
                return false;
        note_rule(pair, o.rule);
        pair->returned[end] = true;
        pair->outcome[end] = o;
        carry(pair, end, o.emission);
        return true;
}

static void settle(struct pair *pair)
{
        bool moved;

        do {
                moved = false;
                for (int i = 0; i < N_ENDS; i++)
                        moved = flow(pair, i) || moved;
                for (int i = 0; i < N_ENDS; i++)
                        moved = resume(pair, i) || moved;
        } while (moved);
}

void pair_step(struct pair *pair, int end, const struct event *event, struct outcome *ret_outcome)
{
        apply(pair, end, event, ret_outcome);
        settle(pair);
}

void pair_listener_step(struct pair *pair, const struct event *event, struct outcome *ret_outcome)
{
        bool listened = pair->listener.state == TCP_STATE_LISTEN;
        struct event closed = { .kind = EVENT_LISTENER_CLOSED, .observed = -1 };
        struct outcome ignored;

        if (event->kind == EVENT_ACCEPT && listened && pair->end[SERVER].queued) {
                pair_step(pair, SERVER, event, ret_outcome);
                return;
        }
        endpoint_step(&pair->listener, event, ret_outcome);
        note_rule(pair, ret_outcome->rule);
        carry(pair, SERVER, ret_outcome->emission);
        if (listened && pair->listener.state != TCP_STATE_LISTEN)
                pair_step(pair, SERVER, &closed, &ignored);
}

short pair_listener_poll(const struct pair *pair)
{
        struct endpoint listener = pair->listener;
        short ignored;

        listener.queued = pair->end[SERVER].queued || pair->end[SERVER].queue_full;
        return endpoint_poll(&listener, &ignored);
}

void pair_offer(struct pair *pair, int from, uint64_t at, uint64_t acked, bool acks_fin, uint64_t window)
{
        const struct endpoint *e = &pair->end[!from];
        bool opens = e->holder != HOLDER_SOCKET || ((1U << e->state) & HANDSHAKE);
        bool acks_more = acked > e->acked || (acks_fin && !e->fin_acked);
        bool tells_more = window > pair->window[from] || (window == 0 && !e->traits.ignores_zero_windows);

        at++; /* the SYN stands before the first byte */
        if (!opens && !acks_more && at <= pair->window_at[from] && !(at == pair->window_at[from] && tells_more))
                return;
        pair->window[from] = window;
        pair->window_at[from] = at;
}

bool pair_interrupt(struct pair *pair, int end, struct outcome *ret_outcome)
{
        struct event event = { .signalled = true, .observed = -1 };
        struct outcome o;

        if (!endpoint_resume(&pair->end[end], &event, &o))
                return false;
        note_rule(pair, o.rule);
        carry(pair, end, o.emission);
        settle(pair);
        *ret_outcome = o;
        return true;
}

bool pair_learn(struct pair *pair, int end, uint64_t outq, uint64_t outq_unsent)
{
        struct endpoint *e = &pair->end[end], *peer = &pair->end[!end];
        uint64_t fin = e->fin_queued && !e->fin_acked && outq > 0;
        uint64_t acked, sent;

        outq -= fin;
        if (fin && outq_unsent > 0)
                outq_unsent--;
        if (outq > e->written || outq_unsent > outq)
                return false;
        acked = e->written - outq;
        sent = e->written - outq_unsent;
        if (acked < e->acked || sent < e->sent)
                return false;
        e->acked = acked;
        e->sent = sent;
        if (peer->holder == HOLDER_SOCKET && acked > peer->received)
                peer->received = acked;
        if (outq == 0)
                e->crowded = false;
        settle(pair);
        return true;
}

bool pair_learn_received(struct pair *pair, int end, uint64_t inq)
{
        struct endpoint *e = &pair->end[end], *peer = &pair->end[!end];

        if (e->taken + inq < e->received)
                return false;
        e->received = e->taken + inq;
        if (e->received > peer->sent)
                peer->sent = e->received;
        return true;
}

void pair_sent(struct pair *pair, int end, uint64_t count)
{
        struct endpoint *e = &pair->end[end];

        e->pending = false;
        e->written += count;
        if (e->written > e->acked)
                e->crowded = true;
}

uint64_t pair_drain(struct pair *pair, int end)
{
        struct endpoint *e = &pair->end[end], *peer = &pair->end[!end];
        uint64_t n;

        peer->crowded = false;
        settle(pair);
        n = endpoint_inq(e);
        e->taken += n;
        settle(pair);
        return n;
}
