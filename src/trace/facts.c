/*
 * What the kernel was asked is HOW_TOLD; what follows from it by the rules of the kernel's own code is
 * HOW_INFERRED. No segment was seen.
 */
#include "trace/facts.h"

#include <errno.h>
#include <string.h>

#include "trace/facts_order.h"

#define TELL(fact, known_value) ((fact) = (typeof(fact)){ .how = HOW_TOLD, .value = (known_value) })
#define INFER(fact, known_value) ((fact) = (typeof(fact)){ .how = HOW_INFERRED, .value = (known_value) })

enum side
side_of_socket(const struct traced_socket *socket)
{
        if (socket->role_known)
                return socket->client ? SIDE_CLIENT : SIDE_SERVER;
        /* Before our time: the lower port listens, as a rule. */
        return socket->tuple.local_port > socket->tuple.remote_port ? SIDE_CLIENT : SIDE_SERVER;
}

/* tcp_need_reset() */
static bool
needs_reset(enum tcp_state state)
{
        return state == TCP_STATE_ESTABLISHED || state == TCP_STATE_CLOSE_WAIT || state == TCP_STATE_FIN_WAIT1 ||
               state == TCP_STATE_FIN_WAIT2 || state == TCP_STATE_SYN_RECV;
}

static bool
has_had_peers_fin(enum tcp_state state)
{
        return state == TCP_STATE_CLOSE_WAIT || state == TCP_STATE_LAST_ACK || state == TCP_STATE_CLOSING ||
               state == TCP_STATE_TIME_WAIT;
}

/* Its kernel counted what it had acknowledged and what not: a FIN is one more than the bytes, in either count. */
static bool
kernel_counted_a_fin(const struct traced_socket *s)
{
        const struct ended_socket *end = &s->end;
        uint64_t sent = end->bytes_sent - end->bytes_again, syn = s->role_known && s->client ? 1 : 0;
        uint64_t acked = end->bytes_acked - (end->bytes_acked > 0 ? syn : 0);

        if (!s->ended || !end->info || acked > sent)
                return s->ended && end->info;
        return end->wqueue > (sent - acked) + end->unsent;
}

/* After tcp_disconnect(), which a zero linger comes down to, the address is forgotten. */
static bool
kernel_disconnected(const struct traced_socket *s)
{
        return s->ended && s->end.tuple.remote_port == 0;
}

/* What lay unread at the close, by the kernel's own word afterwards: nothing is received after a close but a FIN, which
 * counts one. */
static bool
kernel_counted_unread(const struct traced_socket *s)
{
        return s->ended && !kernel_disconnected(s) && s->end.rqueue > 1;
}

/*
 * By the look just before the act, and by the kernel at the end: another thread may have read in between, or more may
 * have come.
 */
uint32_t
socket_unread(const struct traced_socket *s)
{
        const struct look *before = &s->act.before;

        if (!s->act.known || before->state == TCP_STATE_CLOSE)
                return s->last.unread;
        if (!s->ended || kernel_disconnected(s))
                return before->unread;
        if (before->unread == s->end.rqueue || (s->end.rqueue > 0 && before->unread == s->end.rqueue - 1))
                return before->unread;
        /* A FIN of the other's may be among them. */
        return s->end.rqueue > 0 ? s->end.rqueue - 1 : 0;
}

/*
 * What came between the look and the close is counted with a FIN, if one came: it may be a byte less. Of one byte it
 * is then not known whether it was any.
 */
enum unread { UNREAD_EXACT, UNREAD_LEAST, UNREAD_UNKNOWN };

static enum unread
how_exact_is_unread(const struct traced_socket *s)
{
        uint32_t rqueue = s->end.rqueue, seen = s->act.before.unread;

        if (!s->act.known || s->act.before.state == TCP_STATE_CLOSE || !s->ended || kernel_disconnected(s))
                return UNREAD_EXACT;
        if (rqueue == 0 || seen == rqueue || seen == rqueue - 1)
                return UNREAD_EXACT;
        return rqueue > 1 ? UNREAD_LEAST : UNREAD_UNKNOWN;
}

bool
socket_act_resets(const struct traced_socket *s)
{
        const struct look *before = &s->act.before;

        if (!s->act.known || before->state == TCP_STATE_CLOSE || before->state == TCP_STATE_SYN_SENT)
                return false;
        if (s->act.how == ACT_CONNECT_UNSPEC && !before->repair)
                return needs_reset(before->state) || ((before->state == TCP_STATE_LAST_ACK || before->state == TCP_STATE_CLOSING) &&
                                                      before->unsent > 0);
        /* Proxies drop a client in silence so (__tcp_close(), tcp_disconnect()). */
        if (before->repair)
                return false;
        /* A close that sent a FIN did not reset. */
        if (!s->shut.known && kernel_counted_a_fin(s))
                return false;
        if (before->state == TCP_STATE_FIN_WAIT2 && before->linger2_negative)
                return true;
        if (socket_unread(s) > 0)
                return true;
        return before->linger_on && before->linger_s == 0 && needs_reset(before->state) &&
               (!s->ended || kernel_disconnected(s));
}

/* Nobody else could have changed what was looked at, or the kernel bears it out. */
static bool
act_is_sure(const struct traced_socket *s)
{
        return s->act.alone || s->act.how == ACT_CONNECT_UNSPEC || kernel_disconnected(s) || kernel_counted_unread(s) ||
               (s->ended && s->end.rqueue > 0 && !kernel_counted_a_fin(s) && !s->shut.known);
}

/* It was dead when it was given up, so nothing came after that look; its kernel counts an unread FIN, SIOCINQ does not. */
static bool
fin_lay_unread(const struct traced_socket *s)
{
        return s->act.known && s->act.before.state == TCP_STATE_CLOSE && s->act.before.whole && s->ended && !kernel_disconnected(s) &&
               s->end.rqueue == s->act.before.unread + 1;
}

/* A receiving call that gave the end; an EPIPE that no shutdown of its own made: tcp_reset() in CLOSE_WAIT. */
static bool
peers_fin_came(const struct traced_socket *s)
{
        return has_had_peers_fin(s->alive.state) || (s->act.known && has_had_peers_fin(s->act.before.state)) ||
               has_had_peers_fin(s->after) || s->end_received || (s->error == EPIPE && !s->shut.known) || fin_lay_unread(s);
}

/* It died while its program still held it, so something came from outside: a RST, a time-out, ss -K. */
static bool
died_in_hand(const struct traced_socket *s)
{
        return s->established_ns && s->last.state == TCP_STATE_CLOSE &&
               (!s->act.known || s->act.before.state == TCP_STATE_CLOSE);
}

/* Closed with a FIN that nobody ever acknowledged: what was left of it was reset, or given up by its kernel. */
static bool
died_as_orphan(const struct traced_socket *s)
{
        return s->established_ns && s->act.known && s->act.how != ACT_CONNECT_UNSPEC && s->ended && s->end.info &&
               s->act.before.state != TCP_STATE_CLOSE && !kernel_disconnected(s) && !socket_act_resets(s) && s->end.wqueue > 0;
}

/* It went after all that was written, unless a RST had come before it: what stands in the queue tells. */
static bool
orphan_has_queued_a_fin(const struct traced_socket *s)
{
        const struct look *before = &s->act.before;

        if (s->end.unsent == 0)
                return kernel_counted_a_fin(s);
        return s->shut.known || !before->info ||
               s->end.bytes_sent - s->end.bytes_again + s->end.unsent > before->bytes_sent - before->bytes_again + before->unsent;
}

/* A kernel gives up an orphan after seven or more repeats (tcp_orphan_retries()). */
#define REPEATS_BEFORE_GIVING_UP 5

static bool
orphan_was_reset(const struct traced_socket *s)
{
        return died_as_orphan(s) && s->end.retransmits < REPEATS_BEFORE_GIVING_UP && s->end.probes < REPEATS_BEFORE_GIVING_UP;
}

/* Of what came since it was last looked at only the end is known: a FIN may have been before the RST. */
static bool
died_unseen(const struct traced_socket *s)
{
        return died_in_hand(s) && !s->error && !peers_fin_came(s);
}

/* Its own FIN is acknowledged: one more than the bytes. */
static bool
own_fin_acked(const struct traced_socket *s)
{
        uint64_t syn = s->role_known && s->client ? 1 : 0;

        return s->last.info && s->shut.known && s->last.bytes_acked > s->last.bytes_sent - s->last.bytes_again + syn;
}

/* Nobody told, but its kernel had asked as often, or waited as long, as it was to. */
static bool
gave_up(const struct traced_socket *s)
{
        const struct look *at = &s->last;

        if (s->error)
                return s->error == ETIMEDOUT;
        return died_in_hand(s) && at->timers &&
               ((at->keepalive_on && at->outq == 0 && at->keepalive_probes > 0 && at->probes >= at->keepalive_probes) ||
                (at->user_timeout_ms > 0 && at->silent_ms >= at->user_timeout_ms && (at->retransmits > 0 || at->probes > 0)));
}

/* What ended it from outside, where nobody told: a RST leaves no retransmission under way. */
static bool
was_reset_by_peer(const struct traced_socket *s)
{
        if (s->error)
                return s->error == ECONNRESET || s->error == EPIPE;
        /* So it ends too that has had both FINs; but it leaves a TIME_WAIT. Where nobody could be asked, nothing is said. */
        if (!s->last.error_pending && !s->died_with_error && own_fin_acked(s) && (peers_fin_came(s) || !s->nothing_left))
                return false;
        return died_in_hand(s) && s->last.retransmits == 0 && s->last.probes == 0;
}

bool
socket_end_is_unseen(const struct traced_socket *s)
{
        if (s->ended && !s->act.known)
                return true;
        return died_in_hand(s) && !s->error && !gave_up(s) && !was_reset_by_peer(s);
}

/*
 * Whether the other's FIN is one of the bytes @received, as the kernel counts it: not where it came after the count. The full
 * socket of an end that closed first is destroyed before it.
 */
static bool
counts_peers_fin(const struct traced_socket *s, bool at_end, uint64_t received)
{
        if (received == 0)
                return false;
        /* As how_exact_is_unread() takes it: one more lay unread than was seen. */
        if (at_end && s->act.known && !kernel_disconnected(s) && s->end.rqueue == s->act.before.unread + 1)
                return true;
        if (!peers_fin_came(s))
                return false;
        if (!at_end)
                return s->last.state == TCP_STATE_CLOSE || has_had_peers_fin(s->last.state);
        return !s->act.known || !s->act.before.info || s->act.before.state == TCP_STATE_CLOSE ||
               has_had_peers_fin(s->act.before.state) || received > s->act.before.bytes_received;
}

/* What one end knows of what the other sent; where that one was traced too, it says so itself. */
static void
tell_received(uint64_t received, bool fin, struct facts_of_direction *in)
{
        TELL(in->acked, received);
        INFER(in->fin, fin);
        if (fin) {
                INFER(in->bytes, received);
                INFER(in->fin_acked, true);
        }
}

static void
tell_counters(const struct traced_socket *s, enum side side, bool alone, struct facts *f)
{
        struct facts_of_direction *out = &f->from[side], *in = &f->from[1 - side];
        /* A disconnect, and so a zero linger, sets the counters to zero. */
        bool forgot = kernel_disconnected(s) || (s->act.known && s->act.how == ACT_CONNECT_UNSPEC);
        bool heard = s->ended && s->end.info && !forgot, opened = s->role_known && s->client;
        const struct look *look = forgot && s->act.known ? &s->act.before : &s->last;
        uint64_t sent = heard ? s->end.bytes_sent - s->end.bytes_again : look->bytes_sent - look->bytes_again;
        uint64_t acked = heard ? s->end.bytes_acked : look->bytes_acked;
        uint64_t received = heard ? s->end.bytes_received : look->bytes_received;
        bool fin = peers_fin_came(s), exact, counted_in_look, spoke_known;

        if (!heard && !look->info)
                return;
        if (!s->established_ns) {
                TELL(out->bytes, 0);
                TELL(out->acked, 0);
                TELL(in->acked, 0);
                INFER(in->bytes, 0);
                INFER(in->fin, false);
                return;
        }
        /* Who asked first knows that its SYN was acknowledged: that counts as a byte there (tcp_rcv_synsent_state_process). */
        acked -= opened && acked > 0 ? 1 : 0;
        TELL(out->bytes, sent);
        TELL(out->acked, acked < sent ? acked : sent);
        if (s->all_calls)
                TELL(out->last_run, s->last_run);
        TELL(out->retransmitted, heard ? s->end.bytes_again : look->bytes_again);
        if (fact_is(out->fin))
                INFER(out->fin_acked, acked > sent);
        /* Where it is not known how many bytes came between the look and the end, a FIN may be among them. */
        exact = (!heard || how_exact_is_unread(s) == UNREAD_EXACT) && !died_unseen(s);
        counted_in_look = !heard || (look->bytes_received == received && look->bytes_sent == s->end.bytes_sent);
        /* Of a single byte it is not known whether it is a FIN. */
        spoke_known = exact || received != 1;
        received -= counts_peers_fin(s, heard, received);
        if (spoke_known)
                facts_of_order(counted_in_look ? look : NULL, s->seen_to_begin, sent, received, alone, out, in);
        if (alone && exact)
                tell_received(received, fin, in);
        /* Whoever spoke had been accepted. */
        if (alone && received > 0)
                INFER(f->end[1 - side].accepted, true);
        /* A RST of one's own accord acknowledges what was received (tcp_send_active_reset). */
        if (socket_act_resets(s) && exact)
                INFER(in->acked_by_reset, received);
}

/* Its queue and its counters are as they were when it gave up (tcp_write_err(), tcp_keepalive_timer()). */
static void
tell_what_it_waited_for(const struct traced_socket *s, struct facts_of_end *end)
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

static void
tell_end(const struct traced_socket *s, enum side side, struct facts *f)
{
        struct facts_of_end *end = &f->end[side];
        const struct socket_act *act = s->shut.known && !socket_act_resets(s) &&
                                                       (!s->act.known || s->act.before.state != TCP_STATE_CLOSE_WAIT)
                                               ? &s->shut : &s->act;
        const struct look *at = s->act.known ? &s->act.before : &s->last;
        /* A disconnect under TCP_REPAIR tells the other nothing, and leaves ECONNABORTED as SOCK_DESTROY does. */
        bool in_silence = act->known && act->how == ACT_CONNECT_UNSPEC && act->before.repair;

        TELL(end->os, OS_LINUX);
        TELL(end->local, true);
        TELL(end->accepted, true);
        TELL(end->state, (died_in_hand(s) && s->alive.cookie ? s->alive.state
                          : s->act.known                     ? s->act.before.state
                                                             : s->last.state));
        TELL(end->shut_read, s->shut_read || s->act.known);
        TELL(end->shut_write, s->shut.known || s->act.known);
        /* Whoever closes what had timed out has made no orphan of it. */
        TELL(end->closed, s->act.known ? s->act.how != ACT_CONNECT_UNSPEC && !(died_in_hand(s) && !was_reset_by_peer(s)) : s->ended);
        if (at->whole) {
                TELL(end->linger2_negative, at->linger2_negative);
                TELL(end->repaired, at->repair);
        }
        if (at->timers) {
                TELL(end->keepalive_on, at->keepalive_on);
                TELL(end->user_timeout_ms, at->user_timeout_ms);
        }
        if (at->whole && how_exact_is_unread(s) == UNREAD_EXACT && (!socket_act_resets(s) || act_is_sure(s)))
                TELL(end->unread, socket_unread(s));
        else if (at->whole && how_exact_is_unread(s) == UNREAD_LEAST && socket_act_resets(s))
                INFER(end->abort_on_close, true); /* some did, how many is not known */
        if (s->act.known) {
                TELL(end->closed_at, s->act.at_ns);
                TELL(end->linger_on, at->linger_on);
                TELL(end->linger_s, at->linger_s);
        }
        if (act->known && !(died_in_hand(s) && !s->shut.known) && !in_silence) {
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
        } else if (!died_in_hand(s)) {
                TELL(end->error_set, 0);
        }
        if (gave_up(s))
                tell_what_it_waited_for(s, end);
        if (died_in_hand(s) && !s->error)
                TELL(end->error_taken, !s->last.error_pending);
        /* What a reset throws away was never sent; after an orderly close the kernel goes on sending. A FIN of
         * shutdown() is the last in the queue (tcp_send_fin()). */
        if (socket_act_resets(s) || died_in_hand(s))
                TELL(end->unsent, at->unsent - (at->unsent > 0 && s->shut.known));
        else if (died_as_orphan(s))
                TELL(end->unsent, s->end.unsent - (s->end.unsent > 0 && orphan_has_queued_a_fin(s)));
        else if (s->ended)
                INFER(end->unsent, 0);
}

/* The other end had sent its FIN, and what was sent then was not acknowledged: a closed socket answers so. */
static void
tell_what_it_answers(const struct traced_socket *s, enum side side, struct facts_of_reset *reset, struct facts *f)
{
        bool heard = s->ended && !kernel_disconnected(s);
        uint32_t queued = heard ? s->end.wqueue : s->last.outq, unsent = heard ? s->end.unsent : s->last.unsent;
        /* What never left can have drawn no answer. */
        uint32_t owed = queued > unsent ? queued - unsent : 0;

        if (!fact_is(f->from[1 - side].fin) || owed == 0)
                return;
        /* It came after the last look that showed none: no earlier, so what is concluded from its age holds. */
        if (!fact_known(f->from[1 - side].fin_at.how))
                INFER(f->from[1 - side].fin_at, has_had_peers_fin(s->alive.state) ? s->established_ns : s->alive.at_ns);
        INFER(reset->answers, SEGMENT_KIND_DATA);
        INFER(reset->has_ack, false);
        INFER(reset->window, 0);
        INFER(reset->options, false);
        INFER(f->from[side].after_peer_fin, owed);
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
        return s->shut.known && s->shut_read && (s->error == ECONNRESET || s->error == 0) && !peers_fin_came(s);
}

static void
add_reset(struct facts *f, const struct facts_of_reset *reset)
{
        f->resets[0] = *reset;
        f->n_resets = 1;
        f->n_resets_in_all = 1;
}

/* What this end did. */
static void
tell_own_reset(const struct traced_socket *s, enum side side, struct facts *f)
{
        struct facts_of_reset reset = { 0 };

        if (f->n_resets > 0 || !socket_act_resets(s))
                return;
        INFER(reset.by, side);
        INFER(reset.at, s->act.at_ns);
        if (s->act.before.linger2_negative && s->act.before.state == TCP_STATE_FIN_WAIT2 && socket_unread(s) == 0)
                INFER(f->end[side].abort_on_linger, true);
        add_reset(f, &reset);
}

/* What was done to it. Whoever is traced too has told of himself already. */
static void
tell_received_reset(const struct traced_socket *s, enum side side, struct facts *f)
{
        struct facts_of_reset reset = { 0 };

        if (f->n_resets > 0 || !s->established_ns || !(was_reset_by_peer(s) || orphan_was_reset(s)))
                return;
        if (may_have_reset_itself(s)) {
                INFER(f->end[side].error_set, ECONNRESET);
                return;
        }
        INFER(reset.by, (enum side)(1 - side));
        INFER(reset.obeyed, true);
        INFER(reset.at, orphan_was_reset(s) ? s->end.heard_ns : when_it_was_noticed(s));
        tell_what_it_answers(s, side, &reset, f);
        add_reset(f, &reset);
}

static void
tell_fin(const struct traced_socket *s, enum side side, struct facts *f)
{
        struct facts_of_direction *out = &f->from[side];
        const struct socket_act *act = s->shut.known ? &s->shut : &s->act;

        /* Gone without a call, as by io_uring: what its kernel counted is all that is known. */
        if (!act->known && s->ended) {
                if (kernel_counted_a_fin(s))
                        INFER(out->fin, true);
                return;
        }
        if (!act->known || act->before.state == TCP_STATE_CLOSE || act->before.state == TCP_STATE_SYN_SENT ||
            (act == &s->act && (socket_act_resets(s) || act->before.repair)) || (died_as_orphan(s) && (s->end.unsent > 0 || !orphan_has_queued_a_fin(s)))) {
                INFER(out->fin, false);
                return;
        }
        INFER(out->fin, true);
        INFER(out->fin_at, act->at_ns);
}

/*
 * Whose FIN was first, from the state in which the first own one was sent: CLOSE_WAIT, and the other's had come,
 * with or after the last ACK. ESTABLISHED, and the other's may still have come before the close itself: then nothing
 * was left to wait for, while who closes first leaves a TIME_WAIT. A state of FIN_WAIT that went on to CLOSING would
 * have crossed: that is seen only where somebody looked, so it is taken for the usual.
 */
static void
tell_who_was_first(const struct traced_socket *s, enum side side, struct facts *f)
{
        const struct socket_act *act = s->shut.known ? &s->shut : &s->act;
        struct facts_of_direction *out = &f->from[side], *in = &f->from[1 - side];

        if (!fact_is(out->fin) || !fact_is(in->fin) || s->alive.state == TCP_STATE_CLOSING || s->after == TCP_STATE_CLOSING)
                return;
        if (act->before.state == TCP_STATE_CLOSE_WAIT && fact_known(in->fin_at.how) && in->fin_at.value <= act->at_ns)
                ; /* its own end knows better */
        else if (act->before.state == TCP_STATE_CLOSE_WAIT)
                /* Silent for less than a millisecond, it still came before. */
                INFER(in->fin_at, act->at_ns - act->before.silent_ms * INT64_C(1000000) - 1);
        else if (s->nothing_left && act == &s->act && !fact_known(in->fin_at.how))
                INFER(in->fin_at, act->at_ns - 1);
        else if (act->before.state == TCP_STATE_ESTABLISHED && !fact_known(in->fin_at.how))
                INFER(in->fin_at, s->ended && s->end.heard_ns > act->at_ns ? s->end.heard_ns : act->at_ns + 1);
        else if (!fact_known(in->fin_at.how))
                return;
        INFER(f->crossed, false);
}

static void
tell_socket(const struct traced_socket *s, bool alone, struct facts *f)
{
        enum side side = side_of_socket(s);

        tell_end(s, side, f);
        tell_counters(s, side, alone, f);
}

#define SSH_PORT 22

void
facts_of_sockets(const struct traced_socket *socket, const struct traced_socket *other, int64_t until,
                 struct facts *ret_facts)
{
        struct facts f;
        int64_t last = socket->act.known ? socket->act.at_ns : socket->last.at_ns;

        facts_init(&f, SOURCE_RUN);
        f.seen.roles = socket->seen_to_begin ? ROLES_TOLD : socket->role_known ? ROLES_TOLD : ROLES_PORTS;
        f.seen.sides = other ? SIDES_SEEN_BOTH : side_of_socket(socket) == SIDE_CLIENT ? SIDES_SEEN_CLIENT : SIDES_SEEN_SERVER;
        f.seen.both_ends = other != NULL;
        f.seen.midstream = !socket->seen_to_begin;
        f.seen.until = until;
        TELL(f.first, socket->began_ns);
        if (socket->ended && socket->end.heard_ns > last)
                last = socket->end.heard_ns;
        TELL(f.last, last);
        if (!socket->failed_unseen)
                TELL(f.established, socket->established_ns != 0 || (other && other->established_ns));
        TELL(f.mptcp, false);
        if ((side_of_socket(socket) == SIDE_SERVER ? socket->tuple.local_port : socket->tuple.remote_port) == SSH_PORT)
                INFER(f.ssh, true);
        tell_fin(socket, side_of_socket(socket), &f);
        if (other)
                tell_fin(other, side_of_socket(other), &f);
        tell_socket(socket, !other, &f);
        if (other)
                tell_socket(other, false, &f);
        tell_own_reset(socket, side_of_socket(socket), &f);
        if (other)
                tell_own_reset(other, side_of_socket(other), &f);
        tell_received_reset(socket, side_of_socket(socket), &f);
        if (other)
                tell_received_reset(other, side_of_socket(other), &f);
        tell_who_was_first(socket, side_of_socket(socket), &f);
        if (other && !fact_known(f.crossed.how))
                tell_who_was_first(other, side_of_socket(other), &f);
        if (fact_is(f.from[SIDE_CLIENT].fin) && fact_is(f.from[SIDE_SERVER].fin) &&
            fact_is(f.from[SIDE_CLIENT].fin_acked) && fact_is(f.from[SIDE_SERVER].fin_acked))
                INFER(f.both_acked, true);
        *ret_facts = f;
}
