/*
 * From what its kernel was asked, and what it told at the end, to what must have become of a socket: the rules of
 * the kernel's own code, turned round.
 */
#include "trace/deduce.h"

#include <errno.h>

#include "trace/orphan.h"

#define MS INT64_C(1000000)

/* tcp_need_reset() */
bool state_needs_reset(enum tcp_state state)
{
        return state == TCP_STATE_ESTABLISHED || state == TCP_STATE_CLOSE_WAIT || state == TCP_STATE_FIN_WAIT1 ||
               state == TCP_STATE_FIN_WAIT2 || state == TCP_STATE_SYN_RECV;
}

bool state_after_peers_fin(enum tcp_state state)
{
        return state == TCP_STATE_CLOSE_WAIT || state == TCP_STATE_LAST_ACK || state == TCP_STATE_CLOSING ||
               state == TCP_STATE_TIME_WAIT;
}

/* After tcp_disconnect(), which a zero linger comes down to, the address is forgotten. */
bool socket_is_disconnected(const struct traced_socket *s)
{
        return s->ended && s->end.tuple.remote_port == 0;
}

bool socket_forgot_its_counts(const struct traced_socket *s)
{
        return socket_is_disconnected(s) || (s->act.known && s->act.how == ACT_CONNECT_UNSPEC);
}

/* The end of the queue alone is moved by tcp_disconnect(): what was on its way then is still the difference. */
bool socket_sent_on_before_it_forgot(const struct traced_socket *s)
{
        const struct look *before = &s->act.before;

        if (!socket_is_disconnected(s) || !s->act.known || s->act.how == ACT_CONNECT_UNSPEC ||
            before->state == TCP_STATE_CLOSE || before->unsent == 0)
                return false;
        return !before->whole || s->end.wqueue - s->end.unsent != before->outq - before->unsent;
}

/* As tcp_close_state() goes on from the states without one. */
bool state_has_queued_fin(enum tcp_state state)
{
        return state == TCP_STATE_FIN_WAIT1 || state == TCP_STATE_FIN_WAIT2 || state == TCP_STATE_CLOSING ||
               state == TCP_STATE_LAST_ACK;
}

bool socket_was_found_in(const struct traced_socket *s, enum tcp_state state)
{
        return s->alive.state == state || s->after_seen & 1U << state;
}

/* A FIN is one more than the bytes, acknowledged or not. What stood in the queue before the act is counted by sequence
 * numbers; what was sent is more than that where this host drops it on the way out. */
bool socket_counted_a_fin(const struct traced_socket *s)
{
        const struct ended_socket *end = &s->end;
        const struct look *before = &s->act.before;
        uint64_t sent = end->bytes_sent - end->bytes_again, syn = s->role_known && s->client ? 1 : 0;
        uint64_t acked = end->bytes_acked - (end->bytes_acked > 0 ? syn : 0);

        if (!s->ended || !end->info)
                return false;
        if (s->shut.known && (s->shut.before.state == TCP_STATE_ESTABLISHED ||
                              s->shut.before.state == TCP_STATE_CLOSE_WAIT))
                return true;
        if (s->act.known && state_has_queued_fin(before->state))
                return true;
        /* What tcp_disconnect() leaves counts nothing. */
        if (socket_is_disconnected(s))
                return false;
        if (s->act.known && s->act.alone && before->whole && before->info && before->state != TCP_STATE_CLOSE)
                return end->bytes_acked + end->wqueue > before->bytes_acked + before->outq;
        return acked > sent || end->wqueue > (sent - acked) + end->unsent;
}

/* What lay unread at the close, by the kernel's own word afterwards: nothing is received after a close but a FIN, which
 * counts one. */
static bool kernel_counted_unread(const struct traced_socket *s)
{
        return s->ended && !socket_is_disconnected(s) && s->end.rqueue > 1;
}

/*
 * By the look just before the act, and by the kernel at the end: another thread may have read in between, or more may
 * have come.
 */
uint32_t socket_unread(const struct traced_socket *s)
{
        const struct look *before = &s->act.before;

        if (!s->act.known || before->state == TCP_STATE_CLOSE)
                return s->last.unread;
        if (!s->ended || socket_is_disconnected(s))
                return before->unread;
        if (before->unread == s->end.rqueue || (s->end.rqueue > 0 && before->unread == s->end.rqueue - 1))
                return before->unread;
        /* A FIN of the other's may be among them. */
        return s->end.rqueue > 0 ? s->end.rqueue - 1 : 0;
}

/* What went and came since the look: nothing where tcp_disconnect() zeroed the counters. */
static bool knows_segments_since(const struct traced_socket *s)
{
        return s->act.known && s->act.before.info && s->ended && s->end.info && !socket_is_disconnected(s);
}

/* In ESTABLISHED a close queues a FIN unless something lies unread, or for zero linger, which forgets the address
 * (__tcp_close()). A RST that came between the look and the close would leave no FIN, either. */
static bool closed_without_a_fin(const struct traced_socket *s)
{
        const struct look *before = &s->act.before;

        return s->act.known && s->act.how != ACT_CONNECT_UNSPEC && before->whole && before->info && !before->repair &&
               before->state == TCP_STATE_ESTABLISHED && s->ended && s->end.info && !socket_is_disconnected(s) &&
               !s->shut.known && s->end.rqueue > 0 && (s->act.alone || s->end.unsent == 0) &&
               !socket_counted_a_fin(s);
}

/* It had come before the look, or no data came since. */
static bool one_more_is_a_fin(const struct traced_socket *s)
{
        struct segment_counts since = segment_counts_since(s->end.segments, s->act.before.segments);

        if (closed_without_a_fin(s))
                return false;
        return state_after_peers_fin(s->act.before.state) || !knows_segments_since(s) || since.data_in == 0;
}

/*
 * What came between the look and the close is counted with a FIN, if one came: it may be a byte less. Of one byte it
 * is then not known whether it was any.
 */
enum unread socket_how_exact_is_unread(const struct traced_socket *s)
{
        uint32_t rqueue = s->end.rqueue, seen = s->act.before.unread;

        if (!s->act.known || s->act.before.state == TCP_STATE_CLOSE || !s->ended || socket_is_disconnected(s))
                return UNREAD_EXACT;
        if (rqueue == 0 || seen == rqueue || (seen == rqueue - 1 && one_more_is_a_fin(s)))
                return UNREAD_EXACT;
        /* What went there with anything unread had a FIN behind that before it was closed: else it had been reset. */
        if (socket_was_found_in(s, TCP_STATE_TIME_WAIT))
                return UNREAD_EXACT;
        return rqueue > 1 ? UNREAD_LEAST : UNREAD_UNKNOWN;
}

bool socket_sent_nothing_since(const struct traced_socket *s)
{
        return s->act.known && s->act.before.info && s->ended && s->end.info && !socket_is_disconnected(s) &&
               s->end.segments.out == s->act.before.segments.out;
}

/* A RST has no data; one of its own accord is counted (__tcp_transmit_skb()). */
static bool sent_no_reset_since(const struct traced_socket *s)
{
        struct segment_counts since = segment_counts_since(s->end.segments, s->act.before.segments);

        return knows_segments_since(s) && since.out == since.data_out;
}

/* What is received without data is a FIN. */
static bool fin_came_since(const struct look *before, struct segment_counts segments, uint64_t received)
{
        return before->whole && before->info && received > before->bytes_received &&
               segment_counts_since(segments, before->segments).data_in == 0;
}

/* The other's FIN came after its own, and before the act: what the act met was over, and left to a TIME_WAIT, as it
 * never is to whoever resets. */
static bool was_over_before_its_act(const struct traced_socket *s)
{
        if (socket_was_found_in(s, TCP_STATE_TIME_WAIT))
                return true;
        return knows_segments_since(s) && state_has_queued_fin(s->act.before.state) && s->end.wqueue == 0 &&
               fin_came_since(&s->act.before, s->end.segments, s->end.bytes_received);
}

/* By the look alone. */
static bool act_would_reset(const struct traced_socket *s)
{
        const struct look *before = &s->act.before;

        if (!s->act.known || before->state == TCP_STATE_CLOSE || before->state == TCP_STATE_SYN_SENT)
                return false;
        if (s->act.how == ACT_CONNECT_UNSPEC && !before->repair)
                return state_needs_reset(before->state) ||
                       ((before->state == TCP_STATE_LAST_ACK || before->state == TCP_STATE_CLOSING) &&
                        before->unsent > 0);
        /* Proxies drop a client in silence so (__tcp_close(), tcp_disconnect()). */
        if (before->repair)
                return false;
        /* A close that sent a FIN did not reset. */
        if (!s->shut.known && socket_counted_a_fin(s))
                return false;
        if (before->state == TCP_STATE_FIN_WAIT2 && before->linger2_negative)
                return true;
        if (socket_unread(s) > 0 || closed_without_a_fin(s))
                return true;
        return before->linger_on && before->linger_s == 0 && state_needs_reset(before->state) &&
               (!s->ended || socket_is_disconnected(s));
}

bool socket_act_resets(const struct traced_socket *s)
{
        /* Else the other's RST had come before it. */
        return act_would_reset(s) && !sent_no_reset_since(s) && !was_over_before_its_act(s);
}

bool socket_was_reset_before_its_act(const struct traced_socket *s)
{
        struct segment_counts since = segment_counts_since(s->end.segments, s->act.before.segments);

        return act_would_reset(s) && sent_no_reset_since(s) && since.in > since.data_in &&
               s->end.bytes_received == s->act.before.bytes_received;
}

enum reset_sent socket_act_sent_reset(const struct traced_socket *s)
{
        const struct look *before = &s->act.before;
        bool acked, received, may_be_over = state_has_queued_fin(before->state);
        struct segment_counts since;

        if (!socket_act_resets(s))
                return RESET_NOT_SENT;
        /* What is dead already is not disconnected by a close; but where the FINs crossed that sends no RST. */
        if (s->act.how != ACT_CONNECT_UNSPEC && socket_is_disconnected(s))
                return before->state == TCP_STATE_FIN_WAIT1 ? RESET_PERHAPS_SENT : RESET_SENT;
        if (!knows_segments_since(s))
                return RESET_PERHAPS_SENT;
        /* Data came, and perhaps a FIN with it. */
        if (may_be_over && s->end.bytes_received > before->bytes_received && !s->nothing_left)
                return RESET_PERHAPS_SENT;
        since = segment_counts_since(s->end.segments, before->segments);
        if (since.in == since.data_in)
                return RESET_SENT;
        /* One that acknowledged, or bore a FIN, was no RST. */
        acked = s->end.bytes_acked > before->bytes_acked;
        received = s->end.bytes_received > before->bytes_received;
        if (since.in == 1 && (acked || received) && !(may_be_over && received))
                return RESET_SENT;
        /* A RST draws no answer: with an ACK for each of the others, and one that was owed before, it is one more. */
        return s->act.alone && !may_be_over && since.out - since.data_out > since.in ? RESET_SENT
                                                                                     : RESET_PERHAPS_SENT;
}

/* Nobody else could have changed what was looked at, or the kernel bears it out. */
bool socket_act_is_sure(const struct traced_socket *s)
{
        return s->act.alone || s->act.how == ACT_CONNECT_UNSPEC || socket_is_disconnected(s) ||
               kernel_counted_unread(s) ||
               (s->ended && s->end.rqueue > 0 && !socket_counted_a_fin(s) && !s->shut.known);
}

/* It was dead when it was given up, so nothing came after that look; its kernel counts an unread FIN, SIOCINQ does
 * not. */
static bool fin_lay_unread(const struct traced_socket *s)
{
        return s->act.known && s->act.before.state == TCP_STATE_CLOSE && s->act.before.whole && s->ended &&
               !socket_is_disconnected(s) && s->end.rqueue == s->act.before.unread + 1;
}

/* The numbers that were given to what it wrote, and to its SYN and FIN, are the acknowledged and those in the queue. */
bool socket_shutdown_failed(const struct traced_socket *s)
{
        const struct look *before = &s->shut.before, *then = s->act.known ? &s->act.before : &s->last;
        uint64_t given = before->bytes_acked + before->outq;

        if (!s->shut.known || !before->info || !before->whole ||
            (before->state != TCP_STATE_ESTABLISHED && before->state != TCP_STATE_CLOSE_WAIT))
                return false;
        if (then->state != TCP_STATE_CLOSE || !then->info || !then->whole)
                return false;
        return then->bytes_acked + then->outq == given;
}

/* A receiving call that gave the end; an EPIPE that no shutdown of its own made: tcp_reset() in CLOSE_WAIT. A TIME_WAIT
 * may be gone at once: an ACK that the other's FIN overtook draws one from it, and that draws a RST from nobody. */
bool socket_had_peers_fin(const struct traced_socket *s)
{
        return state_after_peers_fin(s->alive.state) || (s->act.known && state_after_peers_fin(s->act.before.state)) ||
               state_after_peers_fin(s->after) || s->end_received || (s->error == EPIPE && !s->shut.known) ||
               fin_lay_unread(s) ||
               (knows_segments_since(s) && fin_came_since(&s->act.before, s->end.segments, s->end.bytes_received)) ||
               (s->shut.known && s->last.info &&
                fin_came_since(&s->shut.before, s->last.segments, s->last.bytes_received));
}

/* It died while its program still held it, so something came from outside: a RST, a time-out, ss -K. */
bool socket_died_in_hand(const struct traced_socket *s)
{
        return s->established_ns && s->last.state == TCP_STATE_CLOSE &&
               (!s->act.known || s->act.before.state == TCP_STATE_CLOSE);
}

/* Of what came since it was last looked at only the end is known: a FIN may have been before the RST. */
bool socket_died_unseen(const struct traced_socket *s)
{
        return socket_died_in_hand(s) && !s->error && !socket_had_peers_fin(s);
}

bool socket_own_fin_is_acked(const struct traced_socket *s)
{
        uint64_t syn = s->role_known && s->client ? 1 : 0;

        return s->last.info && s->shut.known && s->last.bytes_acked > s->last.bytes_sent - s->last.bytes_again + syn;
}

/* Nobody told, but its kernel had asked as often, or waited as long, as it was to. */
bool socket_gave_up(const struct traced_socket *s)
{
        const struct look *at = &s->last;

        if (s->error)
                return s->error == ETIMEDOUT;
        return socket_died_in_hand(s) && at->timers &&
               ((at->keepalive_on && at->outq == 0 && at->keepalive_probes > 0 && at->probes >= at->keepalive_probes) ||
                (at->user_timeout_ms > 0 && at->silent_ms >= at->user_timeout_ms &&
                 (at->retransmits > 0 || at->probes > 0)));
}

/* A TCP_USER_TIMEOUT is over, too, where the other answers each probe of the window that it keeps shut, or each repeat
 * of what it has no room for: that leaves no trace but the time (tcp_probe_timer(), tcp_rtx_probe0_timed_out()). */
static bool may_have_given_up_on_one_that_answers(const struct traced_socket *s)
{
        const struct look *at = &s->last;
        int64_t died_ns = s->died_ns ?: at->at_ns, timeout_ms = at->user_timeout_ms;

        if (timeout_ms == 0 || at->outq == 0)
                return false;
        if (at->outq == at->unsent)
                return at->data_out_ms - (at->at_ns - died_ns) / MS >= timeout_ms;
        return at->bytes_again > 0 && (died_ns - s->established_ns) / MS >= timeout_ms;
}

/* What ended it from outside, where nobody told: a RST leaves no retransmission under way. */
bool socket_was_reset(const struct traced_socket *s)
{
        if (s->error)
                return s->error == ECONNRESET || s->error == EPIPE;
        /* So it ends too that has had both FINs; but it leaves a TIME_WAIT. Where nobody could be asked, nothing is
         * said. */
        if (!s->last.error_pending && !s->died_with_error && socket_own_fin_is_acked(s) &&
            (socket_had_peers_fin(s) || !s->nothing_left))
                return false;
        return socket_died_in_hand(s) && s->last.retransmits == 0 && s->last.probes == 0 &&
               !may_have_given_up_on_one_that_answers(s);
}

bool socket_end_is_unseen(const struct traced_socket *s)
{
        if ((s->ended && !s->act.known) || socket_orphan_end(s) == ORPHAN_UNKNOWN)
                return true;
        return socket_died_in_hand(s) && !s->error && !socket_gave_up(s) && !socket_was_reset(s);
}
