/* The RST that ended a connection, if one did: no segment was seen, so it is deduced from the socket that it left. */
#include "trace/deduce.h"
#include "trace/facts.h"
#include "trace/facts_parts.h"
#include "trace/orphan.h"

#include <errno.h>

/* As tcp_v4_send_reset() makes it. */
static void tell_reply_to_data(struct facts_of_reset *reset)
{
        INFER(reset->answers, SEGMENT_KIND_DATA);
        INFER(reset->has_ack, false);
        INFER(reset->window, 0);
        INFER(reset->options, false);
}

/* The other end had sent its FIN, and what was sent then was not acknowledged: a closed socket answers so. But who had
 * only shut its sending way down may have taken that, and closed with it unread: only where the other end told that it
 * had closed, and sent no RST then, is it known to be an answer. And where some was acknowledged and the rest is held
 * back, the window is as likely that of one who was there and did not read. */
static void tell_what_it_answers(const struct traced_socket *s, enum side side, struct facts_of_reset *reset,
                                 struct facts *f)
{
        bool heard = s->ended && !socket_is_disconnected(s);
        uint32_t queued = heard ? s->end.wqueue : s->last.outq, unsent = heard ? s->end.unsent : s->last.unsent;
        /* What never left can have drawn no answer. */
        uint32_t owed = queued > unsent ? queued - unsent : 0;
        uint64_t acked = heard ? s->end.bytes_acked : s->last.bytes_acked;
        bool held_back = unsent > 0 && acked > (side == SIDE_CLIENT);

        if (!fact_is(f->from[1 - side].fin) || owed == 0)
                return;
        /* It came after the last look that showed none: no earlier, so what is concluded from its age holds. */
        if (!fact_known(f->from[1 - side].fin_at.how))
                INFER(f->from[1 - side].fin_at,
                      state_after_peers_fin(s->alive.state) ? s->established_ns : s->alive.at_ns);
        if (fact_is(f->end[1 - side].closed))
                tell_reply_to_data(reset);
        else if (held_back)
                return;
        INFER(f->from[side].after_peer_fin, owed);
}

/* No later than that. */
static int64_t when_it_was_noticed(const struct traced_socket *s)
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
static bool may_have_reset_itself(const struct traced_socket *s)
{
        if (socket_orphan_end(s) == ORPHAN_RESET_BY_EITHER)
                return true;
        return s->shut.known && s->shut_read && (s->error == ECONNRESET || s->error == 0) && !socket_had_peers_fin(s);
}

static void add_reset(struct facts *f, const struct facts_of_reset *reset)
{
        f->resets[f->n_resets++] = *reset;
        f->n_resets_in_all = f->n_resets;
}

/* In FIN_WAIT2, and nothing else comes before that (__tcp_close()). */
static bool resets_for_linger2(const struct traced_socket *s)
{
        const struct look *before = &s->act.before;

        return s->act.how != ACT_CONNECT_UNSPEC && before->linger2_negative && before->state == TCP_STATE_FIN_WAIT2 &&
               socket_unread(s) == 0 && socket_how_exact_is_unread(s) == UNREAD_EXACT &&
               !(before->linger_on && before->linger_s == 0);
}

/* It was closed, and reset itself later. */
static enum reset_sent orphan_sent_reset(const struct traced_socket *s)
{
        const struct look *before = &s->act.before;
        struct segment_counts since = segment_counts_since(s->end.segments, before->segments);

        switch (socket_orphan_end(s)) {
        case ORPHAN_MET_DATA:
                return RESET_SENT;
        case ORPHAN_LINGER2:
                /* Its FIN may have been acknowledged before the close, and a RST have come. */
                return before->state == TCP_STATE_FIN_WAIT1 && since.in > 1 ? RESET_PERHAPS_SENT : RESET_SENT;
        case ORPHAN_DESTROYED:
                return RESET_PERHAPS_SENT;
        case ORPHAN_NONE:
        case ORPHAN_RESET:
        case ORPHAN_GAVE_UP:
        case ORPHAN_RESET_BY_EITHER:
        case ORPHAN_UNKNOWN:
        default:
                return RESET_NOT_SENT;
        }
}

/* SOCK_DESTROY leaves that error, and nothing else does. After both FINs there is no RST (tcp_need_reset()). */
static bool was_destroyed(const struct traced_socket *s)
{
        return s->established_ns && s->error == ECONNABORTED && socket_died_in_hand(s) &&
               !(s->shut.known && socket_had_peers_fin(s));
}

static enum reset_sent sent_reset(const struct traced_socket *s)
{
        enum reset_sent by_act;

        if (!s)
                return RESET_NOT_SENT;
        by_act = socket_act_sent_reset(s);
        return was_destroyed(s) ? RESET_SENT : by_act != RESET_NOT_SENT ? by_act : orphan_sent_reset(s);
}

/* It took one, and had sent none before. */
static bool was_told_of_a_reset(const struct traced_socket *s)
{
        return s && (s->error == EPIPE || (s->error == ECONNRESET && !(s->shut.known && s->shut_read)));
}

static void tell_own_reset(const struct traced_socket *s, enum reset_sent sent, struct facts *f)
{
        enum side side = side_of_socket(s);
        bool by_act = socket_act_resets(s);
        struct facts_of_reset reset = { 0 };

        if (sent == RESET_SENT)
                TELL(reset.by, side);
        else
                INFER(reset.by, side);
        INFER(reset.at, by_act ? s->act.at_ns : was_destroyed(s) ? when_it_was_noticed(s) : s->end.heard_ns);
        if (by_act && resets_for_linger2(s))
                INFER(f->end[side].abort_on_linger, true);
        if (!by_act && socket_orphan_end(s) == ORPHAN_LINGER2) {
                if (socket_may_have_met_data(s))
                        INFER(f->end[side].abort_on_data, true);
                else
                        INFER(f->end[side].abort_on_linger, true);
        } else if (!by_act && socket_orphan_end(s) == ORPHAN_MET_DATA) {
                tell_reply_to_data(&reset);
                if (!s->act.before.linger2_negative)
                        INFER(f->end[side].abort_on_data, true);
        }
        add_reset(f, &reset);
}

/* It was noticed to be dead before the other acted, and nobody knows of what: that act's RST came too late. */
static bool had_died_before(const struct traced_socket *s, const struct traced_socket *other)
{
        return s && other && !s->error && s->died_ns && socket_died_in_hand(s) && socket_act_resets(other) &&
               s->died_ns < other->act.at_ns;
}

/*
 * What the two ends did. Who surely sent one may have met the other's on its way; who perhaps did, because it is not
 * known what came before its act, did so if the other took one.
 */
void facts_of_own_resets(const struct traced_socket *socket, const struct traced_socket *other, struct facts *f)
{
        enum reset_sent own = sent_reset(socket), others = sent_reset(other);

        if (own == RESET_SENT && had_died_before(other, socket))
                own = RESET_PERHAPS_SENT;
        if (others == RESET_SENT && had_died_before(socket, other))
                others = RESET_PERHAPS_SENT;
        if (own == RESET_PERHAPS_SENT && others == RESET_NOT_SENT && was_told_of_a_reset(other))
                own = RESET_SENT;
        if (others == RESET_PERHAPS_SENT && own == RESET_NOT_SENT && was_told_of_a_reset(socket))
                others = RESET_SENT;
        if (own != RESET_NOT_SENT)
                tell_own_reset(socket, own, f);
        if (others != RESET_NOT_SENT)
                tell_own_reset(other, others, f);
}

/* What was done to it. */
static void tell_received_reset(const struct traced_socket *s, struct facts *f)
{
        enum side side = side_of_socket(s);
        enum orphan_end orphan = socket_orphan_end(s);
        bool was_reset = socket_was_reset(s) || orphan == ORPHAN_RESET || orphan == ORPHAN_RESET_BY_EITHER ||
                         socket_was_reset_before_its_act(s);
        struct facts_of_reset reset = { 0 };

        if (!s->established_ns || !was_reset)
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

/* Both died before they were closed, and nobody was told: as far as is known either may have been destroyed
 * (SOCK_DESTROY), and reset the other. */
static bool may_be_the_doing_of_either(const struct traced_socket *socket, const struct traced_socket *other)
{
        return !socket->error && !other->error && socket_died_in_hand(socket) && socket_died_in_hand(other) &&
               socket_was_reset(socket) && socket_was_reset(other);
}

/* Who is traced too has told of his own already. Who was told of a RST got it. */
void facts_of_received_resets(const struct traced_socket *socket, const struct traced_socket *other, struct facts *f)
{
        if (f->n_resets > 0)
                return;
        if (other && !socket->error && (other->error == ECONNRESET || other->error == EPIPE))
                tell_received_reset(other, f);
        if (f->n_resets == 0)
                tell_received_reset(socket, f);
        if (other && (f->n_resets == 0 || may_be_the_doing_of_either(socket, other)))
                tell_received_reset(other, f);
}
