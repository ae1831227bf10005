/* The RST that ended a connection, if one did: no segment was seen, so it is deduced from the socket that it left. */
#include "trace/deduce.h"
#include "trace/facts_parts.h"
#include "trace/orphan.h"

#include <errno.h>

/* As tcp_v4_send_reset() makes it. */
static void
tell_reply_to_data(struct facts_of_reset *reset)
{
        INFER(reset->answers, SEGMENT_KIND_DATA);
        INFER(reset->has_ack, false);
        INFER(reset->window, 0);
        INFER(reset->options, false);
}

/* The other end had sent its FIN, and what was sent then was not acknowledged: a closed socket answers so. But who had
 * only shut its sending way down may have taken that, and closed with it unread: only where the other end told that it
 * had closed, and sent no RST then, is it known to be an answer. */
static void
tell_what_it_answers(const struct traced_socket *s, enum side side, struct facts_of_reset *reset, struct facts *f)
{
        bool heard = s->ended && !socket_is_disconnected(s);
        uint32_t queued = heard ? s->end.wqueue : s->last.outq, unsent = heard ? s->end.unsent : s->last.unsent;
        /* What never left can have drawn no answer. */
        uint32_t owed = queued > unsent ? queued - unsent : 0;

        if (!fact_is(f->from[1 - side].fin) || owed == 0)
                return;
        /* It came after the last look that showed none: no earlier, so what is concluded from its age holds. */
        if (!fact_known(f->from[1 - side].fin_at.how))
                INFER(f->from[1 - side].fin_at,
                      state_after_peers_fin(s->alive.state) ? s->established_ns : s->alive.at_ns);
        INFER(f->from[side].after_peer_fin, owed);
        if (fact_is(f->end[1 - side].closed))
                tell_reply_to_data(reset);
}

/* No later than that. */
static int64_t
when_it_was_noticed(const struct traced_socket *s)
{
        size_t n = s->n_calls < SOCKET_CALLS_MAX ? s->n_calls : SOCKET_CALLS_MAX;

        if (s->died_ns)
                return s->died_ns;
        for (size_t i = 0; i < n; i++) {
                const struct socket_call *call = &s->calls[(s->n_calls - n + i) % SOCKET_CALLS_MAX];

                if (call->result < 0)
                        return call->at_ns;
        }
        return s->last.at_ns;
}

/* Shut both ways, it resets by itself when data comes, and leaves ECONNRESET as if it had been the other
 * (tcp_rcv_state_process()). */
static bool
may_have_reset_itself(const struct traced_socket *s)
{
        if (socket_orphan_end(s) == ORPHAN_RESET_BY_EITHER)
                return true;
        return s->shut.known && s->shut_read && (s->error == ECONNRESET || s->error == 0) && !socket_had_peers_fin(s);
}

static void
add_reset(struct facts *f, const struct facts_of_reset *reset)
{
        f->resets[0] = *reset;
        f->n_resets = 1;
        f->n_resets_in_all = 1;
}

/* It was closed, and reset itself later. */
static void
tell_orphans_reset(const struct traced_socket *s, enum orphan_end how, enum side side, struct facts *f)
{
        struct facts_of_reset reset = { 0 };

        INFER(reset.by, side);
        INFER(reset.at, s->end.heard_ns);
        if (how == ORPHAN_LINGER2) {
                INFER(f->end[side].abort_on_linger, true);
        } else if (how == ORPHAN_MET_DATA) {
                tell_reply_to_data(&reset);
                if (!s->act.before.linger2_negative)
                        INFER(f->end[side].abort_on_data, true);
        }
        add_reset(f, &reset);
}

/* In FIN_WAIT2, and nothing else comes before that (__tcp_close()). */
static bool
resets_for_linger2(const struct traced_socket *s)
{
        const struct look *before = &s->act.before;

        return s->act.how != ACT_CONNECT_UNSPEC && before->linger2_negative && before->state == TCP_STATE_FIN_WAIT2 &&
               socket_unread(s) == 0 && !(before->linger_on && before->linger_s == 0);
}

/* What this end did. */
void
facts_of_own_reset(const struct traced_socket *s, enum side side, struct facts *f)
{
        enum orphan_end orphan = socket_orphan_end(s);
        struct facts_of_reset reset = { 0 };

        if (f->n_resets > 0)
                return;
        if (orphan == ORPHAN_MET_DATA || orphan == ORPHAN_LINGER2 || orphan == ORPHAN_DESTROYED)
                tell_orphans_reset(s, orphan, side, f);
        if (!socket_act_resets(s))
                return;
        INFER(reset.by, side);
        INFER(reset.at, s->act.at_ns);
        if (resets_for_linger2(s))
                INFER(f->end[side].abort_on_linger, true);
        add_reset(f, &reset);
}

/* What was done to it. Whoever is traced too has told of himself already. */
void
facts_of_received_reset(const struct traced_socket *s, enum side side, struct facts *f)
{
        enum orphan_end orphan = socket_orphan_end(s);
        bool was_reset = socket_was_reset(s) || orphan == ORPHAN_RESET || orphan == ORPHAN_RESET_BY_EITHER;
        struct facts_of_reset reset = { 0 };

        if (f->n_resets > 0 || !s->established_ns || !was_reset)
                return;
        if (may_have_reset_itself(s)) {
                INFER(f->end[side].error_set, ECONNRESET);
                return;
        }
        INFER(reset.by, (enum side)(1 - side));
        INFER(reset.obeyed, true);
        INFER(reset.at, orphan == ORPHAN_RESET ? s->end.heard_ns : when_it_was_noticed(s));
        tell_what_it_answers(s, side, &reset, f);
        add_reset(f, &reset);
}
