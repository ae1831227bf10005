/* The connection as a whole, and its ends. */
#include "live/facts.h"

#include <errno.h>

#include "live/act.h"
#include "live/missing.h"

enum { SHUT_RECEIVE = 1, SHUT_SEND = 2 };

static bool act_closes(const struct live_act *act)
{
        return act->known && (act->how == ACT_CLOSE || act->how == ACT_EXIT ||
                              act->how == ACT_SIGNAL || act->how == ACT_EXEC);
}

/* TCP_ABORT_ON_DATA where the other's FIN had come: what lies past that FIN drew it, whoever had closed here. */
static bool meets_data_past_fin(const struct live_end *end)
{
        return end->flags & LIVE_RST_REPLY && end->reason == RESET_REASON_TCP_ABORT_ON_DATA &&
               (end->last_state == TCP_STATE_CLOSE_WAIT || end->last_state == TCP_STATE_LAST_ACK ||
                end->last_state == TCP_STATE_CLOSING);
}

static void tell_act(const struct live_end *end, bool gone, const struct live_clock *clock, struct facts_of_end *e)
{
        struct live_act act = live_act_of(end);

        if (act.known) {
                LIVE_TELL(e->act, act.how);
                LIVE_TELL(e->act_at, live_time(clock, act.by_task ? end->act_ns : end->over_ns));
        }
        if (act_closes(&act)) {
                LIVE_TELL(e->closed, true);
                LIVE_TELL(e->closed_at, live_time(clock, end->act_ns));
                LIVE_TELL(e->shut_read, true);
                LIVE_TELL(e->shut_write, true);
                if (meets_data_past_fin(end))
                        e->closed.how = e->shut_read.how = HOW_UNKNOWN;
        } else {
                /* Who waited in vain counts as he stood then: whether a program still held the socket
                 * decides how long. */
                LIVE_TELL(e->closed, end->flags & LIVE_ORPHAN ||
                          (gone && !live_end_gave_up(end) && !meets_data_past_fin(end)));
                if (fact_is(e->closed) && !(end->flags & LIVE_ORPHAN))
                        LIVE_TELL(e->closed_at, live_time(clock, end->ended_ns));
                LIVE_TELL(e->shut_write, (end->shutdown & SHUT_SEND) != 0);
                /* A FIN that came in sets the other bit, too (tcp_fin()). */
                if (!(end->flags & LIVE_FIN_IN) || !(end->shutdown & SHUT_RECEIVE))
                        LIVE_TELL(e->shut_read, (end->shutdown & SHUT_RECEIVE) != 0);
        }
        if (meets_data_past_fin(end))
                e->shut_read.how = HOW_UNKNOWN;
        if (end->flags & LIVE_OPENED || (act.by_task && act.how != ACT_SOCK_DESTROY) ||
            end->flags & (LIVE_CLOSER | LIVE_ORPHAN))
                LIVE_TELL(e->accepted, true);
        else if (act.known && act.how == ACT_LISTENER_CLOSE)
                LIVE_TELL(e->accepted, false);
}

/* What the error says of the connection: tcp_v4_err() ends an attempt by what an ICMP error about its SYN means. */
static bool is_icmp(const struct live_end *end, enum icmp_error *ret_icmp)
{
        if (end->flags & (LIVE_RST_IN | LIVE_ESTABLISHED) || !(end->flags & LIVE_OPENED))
                return false;
        switch (end->error) {
        case EHOSTUNREACH: *ret_icmp = ICMP_ERROR_HOST_UNREACHABLE; return true;
        case ENETUNREACH: *ret_icmp = ICMP_ERROR_NET_UNREACHABLE; return true;
        case ECONNREFUSED: *ret_icmp = ICMP_ERROR_PORT_UNREACHABLE; return true;
        case EPROTO:
        case ENOPROTOOPT: *ret_icmp = ICMP_ERROR_PROTOCOL_UNREACHABLE; return true;
        case EACCES: *ret_icmp = ICMP_ERROR_ADMIN_PROHIBITED; return true;
        default: return false;
        }
}

/* Destroyed when all was said and both FINs were there: nothing was sent, and nothing lost. */
static bool died_in_silence(const struct live_end *end)
{
        return end->error == ECONNABORTED && !(end->flags & LIVE_RST_OUT) &&
               end->flags & LIVE_FIN_IN && end->flags & LIVE_FIN_OUT;
}

static void tell_error(const struct live_end *end, bool gone, const struct live_clock *clock, struct facts_of_end *e)
{
        struct live_act act = live_act_of(end);
        int error = end->error ? end->error : act.known && act.how == ACT_SOCK_DESTROY ? ECONNABORTED : 0;

        if (died_in_silence(end))
                return;
        LIVE_TELL(e->error_set, error);
        if (end->soft_error)
                LIVE_TELL(e->soft_error, end->soft_error);
        if (!error)
                return;
        LIVE_TELL(e->error_at, live_time(clock, end->over_ns));
        if (end->flags & LIVE_ORPHAN)
                LIVE_TELL(e->error_taken, false);
        else if (gone && !(end->flags & LIVE_DISCONNECTED))
                LIVE_TELL(e->error_taken, end->error_last == 0);
        if (live_end_gave_up(end))
                LIVE_TELL(e->gave_up, true);
}

/* Closed for good in FIN_WAIT2, and reset at once: of an orphan in that state __tcp_close() does that where
 * TCP_LINGER2 is negative, and counts TCPAbortOnLinger; tcp_abort() would have left its error. Where the kernel gives
 * reasons it says so. */
static bool counts_linger2(const struct live_end *end)
{
        return live_end_resets(end) && !(end->flags & LIVE_REASON_KNOWN) && end->flags & LIVE_ORPHAN && !end->error &&
               end->flags & LIVE_LINGER2_NEGATIVE && end->last_state == TCP_STATE_FIN_WAIT2;
}

/* Who asked what in vain, at the end. */
static void tell_questions(const struct live_end *end, struct facts_of_end *e)
{
        if (!live_end_gave_up(end) || !(end->flags & LIVE_ESTABLISHED))
                return;
        if (end->unacked > 0) {
                if (end->retransmits > 0)
                        LIVE_TELL(e->repeats_unanswered, end->retransmits);
                LIVE_TELL(e->repeated, end->unacked == 1 && end->flags & LIVE_FIN_OUT
                          ? SEGMENT_KIND_FIN : SEGMENT_KIND_DATA);
        } else if (end->probes > 0) {
                if (end->unsent > 0)
                        LIVE_TELL(e->probes_unanswered, end->probes);
                else if (end->flags & LIVE_KEEPALIVE)
                        LIVE_TELL(e->keepalives_unanswered, end->probes);
        }
}

void live_facts_of_end(const struct live_end *end, bool gone, enum side side, const struct live_clock *clock,
                       struct facts *f)
{
        struct facts_of_end *e = &f->end[side];
        bool fin_waits = end->flags & LIVE_FIN_OUT && end->unsent > 0;

        LIVE_TELL(e->os, OS_LINUX);
        LIVE_TELL(e->local, true);
        tell_act(end, gone, clock, e);
        if (!(end->flags & LIVE_SNAPPED))
                return;
        LIVE_TELL(e->state, (enum tcp_state)end->last_state);
        LIVE_TELL(e->linger_on, (end->flags & LIVE_LINGER) != 0);
        /* Seconds are kept in jiffies, of which the length is not known here: but none is none. */
        if (end->linger_jiffies == 0)
                LIVE_TELL(e->linger_s, 0);
        /* The judge would read "data after close" out of it, which it is not then. */
        if (!meets_data_past_fin(end))
                LIVE_TELL(e->linger2_negative, (end->flags & LIVE_LINGER2_NEGATIVE) != 0);
        if (counts_linger2(end))
                LIVE_INFER(e->abort_on_linger, true);
        LIVE_TELL(e->repaired, (end->flags & LIVE_REPAIR) != 0);
        LIVE_TELL(e->user_timeout_ms, end->user_timeout_ms);
        LIVE_TELL(e->keepalive_on, (end->flags & LIVE_KEEPALIVE) != 0);
        /* While its program holds it, it may still read; and what it had read by the time of a tcp_disconnect() that
         * was not the end itself, that wiped. Where there was no act nobody held it: a listener that closes disconnects
         * what waits to be accepted (inet_child_forget()). */
        if (gone && (!(end->flags & LIVE_DISCONNECTED) || !(end->flags & LIVE_ACT) ||
                     (end->act_to == TCP_STATE_CLOSE && end->act_from != TCP_STATE_CLOSE)))
                LIVE_TELL(e->unread, end->unread);
        /* Before the handshake nothing is queued; where no SYN left, these numbers are none (tcp_connect_init()). */
        LIVE_TELL(e->unsent,
                  end->flags & LIVE_OPENED && !(end->flags & LIVE_ESTABLISHED) ? 0 : end->unsent - fin_waits);
        if (end->flags & LIVE_EOF_READ)
                LIVE_TELL(e->eof_read, true);
        tell_error(end, gone, clock, e);
        tell_questions(end, e);
}

static void tell_icmp(const struct live_end *end, const struct live_clock *clock, struct facts *f)
{
        enum icmp_error icmp;

        if (!is_icmp(end, &icmp))
                return;
        LIVE_INFER(f->icmp, icmp);
        LIVE_INFER(f->icmp_at, live_time(clock, end->over_ns));
        LIVE_INFER(f->icmp_to, SIDE_CLIENT);
        LIVE_INFER(f->icmp_quoted, SEGMENT_KIND_SYN);
}

static void tell_handshake(const struct live_connection *c, const struct live_clock *clock, struct facts *f)
{
        bool established = false, mptcp = false, crossed = false;
        int64_t first = INT64_MAX, last = INT64_MIN;

        for (unsigned i = 0; i < c->n_ends; i++) {
                const struct live_end *end = &c->ends[i];
                int64_t over = live_time(clock, end->over_ns ? end->over_ns : end->ended_ns);

                established |= (end->flags & LIVE_ESTABLISHED) != 0;
                mptcp |= (end->flags & LIVE_MPTCP) != 0;
                crossed |= (end->flags & LIVE_CROSSED) != 0;
                if (end->flags & LIVE_BEGAN && live_time(clock, end->began_ns) < first)
                        first = live_time(clock, end->began_ns);
                last = over > last ? over : last;
                if (connection_side(c, i) == SIDE_CLIENT && end->flags & LIVE_BEGAN) {
                        if (!(end->flags & LIVE_ESTABLISHED)) {
                                LIVE_TELL(f->syns, live_end_never_asked(end) ? 0 : 1u + end->retransmits);
                                LIVE_TELL(f->syn_acks, 0);
                        }
                }
        }
        for (unsigned i = 0; i < c->n_resets; i++) {
                int64_t at = live_time(clock, c->resets[i].at_ns);

                last = at > last ? at : last;
                if (c->n_ends == 0 && at < first)
                        first = at;
        }
        if (first != INT64_MAX)
                LIVE_TELL(f->first, first);
        if (last != INT64_MIN)
                LIVE_TELL(f->last, last);
        if (c->n_ends == 0)
                return;
        LIVE_TELL(f->established, established);
        LIVE_TELL(f->mptcp, mptcp);
        if (c->n_ends == 2 || crossed)
                LIVE_TELL(f->crossed, crossed);
        else
                LIVE_INFER(f->crossed, false);
}

/* A RST that a host sent for a connection of which it had no socket: the segment that drew it is all that was seen. */
static void tell_lone_reset(const struct live_connection *c, struct facts *f)
{
        enum { SYN = 2, ACK = 16 };
        const struct live_reset *reset = &c->resets[0];
        enum side other = c->first == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;

        LIVE_TELL(f->end[c->first].os, OS_LINUX);
        LIVE_TELL(f->end[c->first].local, true);
        if ((reset->answers_flags & (SYN | ACK)) != SYN)
                return;
        LIVE_TELL(f->established, false);
        LIVE_TELL(f->syns, 1);
        LIVE_TELL(f->syn_acks, 0);
        LIVE_TELL(f->from[c->first].bytes, 0);
        LIVE_TELL(f->from[c->first].fin, false);
        LIVE_TELL(f->from[other].bytes, reset->payload);
        LIVE_TELL(f->from[other].payloads, reset->payload > 0);
        LIVE_TELL(f->from[other].acked, 0);
        LIVE_TELL(f->from[other].fin, false);
}

/* Of an end that was not heard of though it was here nobody knows whether it had sent a FIN that came too late. */
static void doubt_fin_of_missing(struct facts_of_direction *from)
{
        if (fact_is_not(from->fin))
                from->fin.how = from->fin_acked.how = HOW_UNKNOWN;
}

void live_facts(const struct live_connection *c, const struct live_clock *clock, struct facts *ret_facts)
{
        bool missing = live_misses_an_end(c);
        struct facts f;

        facts_init(&f, SOURCE_WATCH);
        f.seen.roles = c->roles;
        f.seen.sides = c->n_ends == 2 ? SIDES_SEEN_BOTH
                       : c->first == SIDE_CLIENT ? SIDES_SEEN_CLIENT : SIDES_SEEN_SERVER;
        f.seen.both_ends = c->n_ends == 2;
        /* What was lost may have been of the other end. */
        f.seen.gaps = (clock->gaps && c->n_ends < 2) || missing;
        f.seen.until = clock->until_ns;
        f.seen.midstream = true;
        tell_handshake(c, clock, &f);
        for (unsigned i = 0; i < c->n_ends; i++) {
                enum side side = connection_side(c, i);

                if (c->ends[i].flags & LIVE_BEGAN)
                        f.seen.midstream = false;
                if (c->ends[i].flags & LIVE_MISSED)
                        f.seen.gaps = true;
                tell_icmp(&c->ends[i], clock, &f);
                live_facts_of_end(&c->ends[i], c->gone[i], side, clock, &f);
                live_facts_of_directions(&c->ends[i], c->gone[i], c->n_ends == 2 ? &c->ends[1 - i] : NULL,
                                         side, clock, &f);
        }
        if (missing)
                doubt_fin_of_missing(&f.from[c->first == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT]);
        if (c->translated)
                LIVE_TELL(f.translated, true);
        if (c->n_ends == 0)
                tell_lone_reset(c, &f);
        live_facts_of_resets(c, clock, &f);
        if (fact_known(f.from[0].fin_acked.how) && fact_known(f.from[1].fin_acked.how))
                LIVE_TELL(f.both_acked, f.from[0].fin_acked.value && f.from[1].fin_acked.value);
        *ret_facts = f;
}
