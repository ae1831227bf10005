/* One end: what its program did, and what its kernel made of it. */
#include "trace/deduce.h"
#include "trace/facts_parts.h"
#include "trace/orphan.h"

/* Nobody held it any more: its kernel waited alone. */
static void tell_what_the_orphan_waited_for(const struct traced_socket *s, struct facts_of_end *end)
{
        bool fin_alone = s->end.wqueue == 1 && socket_orphan_queued_a_fin(s);

        INFER(end->gave_up, true);
        if (s->end.wqueue > s->end.unsent) {
                TELL(end->repeats_unanswered, s->end.retransmits);
                INFER(end->repeated, fin_alone ? SEGMENT_KIND_FIN : SEGMENT_KIND_DATA);
        } else {
                TELL(end->probes_unanswered, s->end.probes);
        }
}

/* Its queue and its counters are as they were when it gave up (tcp_write_err(), tcp_keepalive_timer()). */
static void tell_what_it_waited_for(const struct traced_socket *s, struct facts_of_end *end)
{
        const struct look *at = &s->last;

        if (s->error)
                TELL(end->gave_up, true);
        else
                INFER(end->gave_up, true);
        if (!s->established_ns || !at->whole || at->state != TCP_STATE_CLOSE)
                return;
        if (at->outq > at->unsent)
                TELL(end->repeats_unanswered, at->retransmits);
        else if (at->outq > 0)
                TELL(end->probes_unanswered, at->probes);
        else if (at->timers && at->keepalive_on)
                TELL(end->keepalives_unanswered, at->probes);
}

void facts_of_one_end(const struct traced_socket *s, enum side side, struct facts *f)
{
        struct facts_of_end *end = &f->end[side];
        const struct socket_act *act = s->shut.known && !socket_act_resets(s) &&
                                                       (!s->act.known || s->act.before.state != TCP_STATE_CLOSE_WAIT)
                                               ? &s->shut : &s->act;
        const struct look *at = s->act.known ? &s->act.before : &s->last;
        /* More may have gone between the look and the end. */
        uint32_t unsent = s->ended && s->end.info && !socket_is_disconnected(s) ? s->end.unsent : at->unsent;
        /* A disconnect under TCP_REPAIR tells the other nothing, and leaves ECONNABORTED as SOCK_DESTROY does. */
        bool in_silence = act->known && act->how == ACT_CONNECT_UNSPEC && act->before.repair;

        TELL(end->os, OS_LINUX);
        TELL(end->local, true);
        TELL(end->accepted, true);
        TELL(end->state, (socket_died_in_hand(s) && s->alive.cookie ? s->alive.state
                          : s->act.known                     ? s->act.before.state
                                                             : s->last.state));
        TELL(end->shut_read, s->shut_read || s->act.known);
        TELL(end->shut_write, s->shut.known || s->act.known);
        /* Whoever closes what had timed out has made no orphan of it. */
        TELL(end->closed, s->act.known ? s->act.how != ACT_CONNECT_UNSPEC &&
                                                 !(socket_died_in_hand(s) && !socket_was_reset(s))
                                       : s->ended);
        if (at->whole) {
                TELL(end->linger2_negative, at->linger2_negative);
                TELL(end->repaired, at->repair);
                TELL(end->user_timeout_ms, at->user_timeout_ms);
        }
        if (at->timers)
                TELL(end->keepalive_on, at->keepalive_on);
        if (at->whole && socket_how_exact_is_unread(s) == UNREAD_EXACT &&
            (!socket_act_resets(s) || socket_act_is_sure(s)))
                TELL(end->unread, socket_unread(s));
        else if (at->whole && socket_how_exact_is_unread(s) == UNREAD_LEAST && socket_act_resets(s))
                INFER(end->abort_on_close, true); /* some did, how many is not known */
        if (s->act.known)
                TELL(end->closed_at, s->act.at_ns);
        /* Had zero linger been asked for, the address would be forgotten. */
        if (s->act.known && !(at->linger_on && at->linger_s == 0 && s->ended && !socket_is_disconnected(s))) {
                TELL(end->linger_on, at->linger_on);
                TELL(end->linger_s, at->linger_s);
        }
        if (act->known && !(socket_died_in_hand(s) && !s->shut.known) && !in_silence) {
                TELL(end->act, act->how);
                TELL(end->act_at, act->at_ns);
        }
        if (in_silence) {
                ;
        } else if (s->failed_unseen) {
                ; /* its call was told an error, of which nothing is left (tcp_disconnect()) */
        } else if (s->error) {
                TELL(end->error_set, s->error);
                TELL(end->error_taken, s->error_taken);
        } else if (!socket_died_in_hand(s)) {
                TELL(end->error_set, 0);
        }
        if (socket_gave_up(s))
                tell_what_it_waited_for(s, end);
        if (socket_orphan_end(s) == ORPHAN_GAVE_UP)
                tell_what_the_orphan_waited_for(s, end);
        if (socket_died_in_hand(s) && !s->error)
                TELL(end->error_taken, !s->last.error_pending);
        /* What a reset throws away was never sent; after an orderly close the kernel goes on sending. A FIN of
         * shutdown() is the last in the queue (tcp_send_fin()). */
        if (socket_sent_on_before_it_forgot(s))
                ; /* less than at the look */
        else if (socket_act_resets(s) || socket_died_in_hand(s))
                TELL(end->unsent, unsent - (unsent > 0 && s->shut.known));
        else if (socket_died_as_orphan(s))
                TELL(end->unsent, s->end.unsent - (s->end.unsent > 0 && socket_orphan_queued_a_fin(s)));
        else if (s->ended)
                INFER(end->unsent, 0);
}
