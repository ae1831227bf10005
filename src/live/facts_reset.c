/* The RSTs: sent by a socket, received by one, or sent where there was none any more. */
#include "live/facts.h"

#include <stdlib.h>

#include "live/act.h"

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };

enum side live_reset_by(const struct live_connection *c, unsigned index)
{
        const struct live_reset *reset = &c->resets[index];

        if (c->n_ends > 0 && !(reset->local_port == c->ends[0].local_port &&
                               reset->remote_port == c->ends[0].remote_port))
                return connection_side(c, 1);
        return c->first;
}

static bool sent_in_its_place(const struct live_connection *c, enum side side)
{
        for (unsigned i = 0; i < c->n_resets; i++) {
                const struct live_end *end = &c->ends[0];
                bool by_first = c->resets[i].local_port == end->local_port &&
                                c->resets[i].remote_port == end->remote_port;

                if (connection_side(c, by_first ? 0 : 1) == side &&
                    c->resets[i].reason == RESET_REASON_TCP_ABORT_ON_DATA)
                        return true;
        }
        return false;
}

bool live_reset_came(const struct live_connection *c, unsigned index)
{
        const struct live_end *end = &c->ends[index];

        if (!(end->flags & LIVE_RST_IN))
                return false;
        if (!(end->flags & LIVE_RST_IN_SHUT))
                return true;
        return !(end->flags & LIVE_RST_REPLY) && !sent_in_its_place(c, connection_side(c, index));
}

static struct facts_of_reset *add(struct facts *f, enum side by, int64_t at)
{
        struct facts_of_reset *reset;

        f->n_resets_in_all++;
        if (f->n_resets == FACTS_RESETS_MAX)
                return NULL;
        reset = &f->resets[f->n_resets++];
        LIVE_TELL(reset->by, by);
        LIVE_TELL(reset->at, at);
        return reset;
}

static void tell_answered(struct facts_of_reset *reset, uint8_t flags, uint32_t payload)
{
        enum segment_kind kind = SEGMENT_KIND_ACK;

        if (!flags)
                return;
        if (flags & SYN)
                kind = flags & ACK ? SEGMENT_KIND_SYN_ACK : SEGMENT_KIND_SYN;
        else if (flags & FIN)
                kind = SEGMENT_KIND_FIN;
        else if (payload)
                kind = SEGMENT_KIND_DATA;
        LIVE_TELL(reset->answers, kind);
        /* So tcp_v4_send_reset() makes it. */
        LIVE_INFER(reset->has_ack, !(flags & ACK));
        LIVE_INFER(reset->window, 0);
        LIVE_INFER(reset->options, false);
}

/* Did the FINs of both sides have their acknowledgements by then? */
static bool after_the_end(const struct facts *f)
{
        return fact_is(f->from[0].fin_acked) && fact_is(f->from[1].fin_acked);
}

static void tell_sent(const struct live_connection *c, unsigned i, const struct live_clock *clock, struct facts *f)
{
        const struct live_end *end = &c->ends[i];
        enum side by = connection_side(c, i);
        struct facts_of_reset *reset = add(f, by, live_time(clock, end->over_ns));

        if (end->n_resets_out > 1)
                f->n_resets_in_all += end->n_resets_out - 1u;
        if (!reset)
                return;
        if (end->flags & LIVE_REASON_KNOWN)
                LIVE_TELL(reset->reason, (enum reset_reason)end->reason);
        if (end->flags & LIVE_RST_REPLY)
                tell_answered(reset, end->reset_flags, end->reset_payload);
        else if (end->flags & LIVE_ACT && end->before_ns &&
                 (end->act_from == TCP_STATE_ESTABLISHED || end->act_from == TCP_STATE_CLOSE_WAIT))
                LIVE_TELL(reset->before, live_time(clock, end->before_ns));
        LIVE_TELL(reset->after_both_acked, after_the_end(f));
        if (c->n_ends == 2 && live_reset_came(c, 1 - i))
                LIVE_TELL(reset->obeyed, true);
}

/* Its sender's socket was closed by a FIN, had taken all before it, and sent no RST of its own; and more was sent to
 * it. So it answers that. Kernels before 6.10 do not tell of such a RST themselves. */
static bool answers_late_data(const struct live_connection *c, unsigned receiver)
{
        const struct live_end *end = &c->ends[receiver], *sender = &c->ends[1 - receiver];

        return c->n_ends == 2 && sender->flags & LIVE_FIN_OUT && !(sender->flags & (LIVE_RST_OUT | LIVE_RST_IN)) &&
               !sender->error && sender->unsent == 0 &&
               live_sent(end, connection_side(c, receiver)) > sender->bytes_received;
}

static void tell_received(const struct live_connection *c, unsigned i, const struct live_clock *clock, struct facts *f)
{
        const struct live_end *end = &c->ends[i];
        enum side by = connection_side(c, i) == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;
        struct facts_of_reset *reset;

        /* Its sender has told of it. */
        for (size_t k = 0; k < f->n_resets; k++)
                if (f->resets[k].by.value == by) {
                        LIVE_TELL(f->resets[k].obeyed, true);
                        LIVE_TELL(f->resets[k].after_both_acked, false);
                        return;
                }
        reset = add(f, by, live_time(clock, end->over_ns));
        if (!reset)
                return;
        LIVE_TELL(reset->obeyed, true);
        LIVE_TELL(reset->after_both_acked, false);
        if (answers_late_data(c, i)) {
                LIVE_INFER(reset->answers, SEGMENT_KIND_DATA);
                LIVE_INFER(reset->has_ack, false);
                LIVE_INFER(reset->window, 0);
                LIVE_INFER(reset->options, false);
        }
        if (!(end->flags & LIVE_ESTABLISHED) && end->flags & LIVE_OPENED)
                LIVE_INFER(reset->answers, SEGMENT_KIND_SYN);
}

static void tell_stray(const struct live_connection *c, const struct live_reset *stray, const struct live_clock *clock,
                       struct facts *f)
{
        struct facts_of_reset *reset;
        enum side by = live_reset_by(c, (unsigned)(stray - c->resets)), other;

        other = by == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;
        reset = add(f, by, live_time(clock, stray->at_ns));
        if (!reset)
                return;
        if (stray->reason_known)
                LIVE_TELL(reset->reason, (enum reset_reason)stray->reason);
        tell_answered(reset, stray->answers_flags, stray->payload);
        LIVE_TELL(reset->after_both_acked, after_the_end(f));
        /* What drew it came after all that the closed socket had taken. */
        if (stray->payload > 0 && !(stray->answers_flags & SYN) && c->n_ends > 0)
                LIVE_TELL(f->from[other].after_peer_close, stray->payload);
        if (c->n_ends == 1 && connection_side(c, 0) == by && stray->payload > 0) {
                struct facts_of_direction *late = &f->from[other];

                if (!fact_known(late->bytes.how) && fact_known(late->acked.how))
                        LIVE_INFER(late->bytes, late->acked.value + stray->payload);
                LIVE_TELL(late->payloads, 1);
        }
}

/* In the order of time: a later one, for a connection that was over, changes nothing. */
static int earlier(const void *a, const void *b)
{
        const struct facts_of_reset *one = a, *other = b;

        return (one->at.value > other->at.value) - (one->at.value < other->at.value);
}

static bool has_reason(const struct facts_of_reset *reset, enum reset_reason reason)
{
        return fact_known(reset->reason.how) && reset->reason.value == reason;
}

static bool finds_none(const struct facts_of_reset *reset)
{
        return has_reason(reset, RESET_REASON_NO_SOCKET) || has_reason(reset, RESET_REASON_TCP_FLAGS);
}

/* A socket is taken out of the tables before its state is told (tcp_set_state()) and a RST of its own is sent; so is
 * one that data ended (tcp_rcv_state_process(): tcp_done()). What then found no socket any more may have been answered
 * before that, on another CPU: it came after all the same. */
static void put_what_ended_it_first(struct facts *f)
{
        for (size_t i = f->n_resets; i > 1; i--) {
                struct facts_of_reset *before = &f->resets[i - 2], *reset = &f->resets[i - 1], other = *before;

                if (before->by.value != reset->by.value || !fact_known(reset->reason.how) || finds_none(reset) ||
                    !finds_none(before))
                        continue;
                *before = *reset;
                *reset = other;
        }
}

void live_facts_of_resets(const struct live_connection *c, const struct live_clock *clock, struct facts *f)
{
        for (unsigned i = 0; i < c->n_ends; i++)
                if (c->ends[i].flags & LIVE_RST_OUT)
                        tell_sent(c, i, clock, f);
        for (unsigned i = 0; i < c->n_resets; i++)
                tell_stray(c, &c->resets[i], clock, f);
        f->n_resets_in_all += c->n_resets_more;
        for (unsigned i = 0; i < c->n_ends; i++)
                if (live_reset_came(c, i))
                        tell_received(c, i, clock, f);
        qsort(f->resets, f->n_resets, sizeof(*f->resets), earlier);
        put_what_ended_it_first(f);
}
