/*
 * What the kernel was asked is HOW_TOLD; what follows from it by the rules of the kernel's own code is
 * HOW_INFERRED. No segment was seen.
 */
#include "trace/facts.h"

#include <errno.h>

#include "trace/deduce.h"
#include "trace/facts_parts.h"
#include "trace/first_fin.h"
#include "trace/orphan.h"

enum side side_of_socket(const struct traced_socket *socket)
{
        if (socket->role_known)
                return socket->client ? SIDE_CLIENT : SIDE_SERVER;
        /* Before our time: the lower port listens, as a rule. */
        return socket->tuple.local_port > socket->tuple.remote_port ? SIDE_CLIENT : SIDE_SERVER;
}

/* It stands behind all that was written, and what ended the socket threw that away unsent. */
static bool fin_was_thrown_away(const struct traced_socket *s)
{
        if (s->ended && s->end.info && !socket_is_disconnected(s))
                return s->end.unsent > 0;
        return s->last.state == TCP_STATE_CLOSE && s->last.info && s->last.unsent > 0;
}

static void tell_fin(const struct traced_socket *s, enum side side, struct facts *f)
{
        struct facts_of_direction *out = &f->from[side];
        const struct socket_act *act = s->shut.known ? &s->shut : &s->act;

        /* Gone without a call, as by io_uring: what its kernel counted is all that is known. */
        if (!act->known && s->ended) {
                if (socket_counted_a_fin(s))
                        INFER(out->fin, true);
                return;
        }
        if (!act->known || act->before.state == TCP_STATE_CLOSE || act->before.state == TCP_STATE_SYN_SENT ||
            (act == &s->act && (socket_act_resets(s) || act->before.repair)) ||
            (act == &s->act && socket_sent_nothing_since(s) && !socket_counted_a_fin(s)) ||
            (socket_died_as_orphan(s) && !socket_orphan_queued_a_fin(s)) || fin_was_thrown_away(s)) {
                INFER(out->fin, false);
                return;
        }
        /* It may have gone since; or the act that forgot all counts threw it away with what waited. */
        if (s->shut.known && s->act.known && socket_forgot_its_counts(s) && s->act.before.unsent > 0)
                return;
        /* It stands behind all that waited at the close, and goes when that has gone: a shut window holds both back. */
        if (!s->ended && state_has_queued_fin(s->after) && s->after != TCP_STATE_FIN_WAIT2) {
                if (s->unsent_after_known && s->unsent_after > 0) {
                        INFER(out->fin, false);
                        return;
                }
                if (!s->unsent_after_known && act->before.unsent > 0)
                        return;
        }
        INFER(out->fin, true);
        INFER(out->fin_at, act->at_ns);
}

static void tell_who_was_first(const struct traced_socket *s, enum side side, struct facts *f)
{
        const struct socket_act *act = s->shut.known ? &s->shut : &s->act;
        struct facts_of_direction *out = &f->from[side], *in = &f->from[1 - side];
        enum first_fin first = socket_first_fin(s);

        if (!fact_is(out->fin) || !fact_is(in->fin) || first == FIRST_FIN_UNKNOWN)
                return;
        INFER(f->crossed, first == FIRST_FIN_CROSSED);
        if (first == FIRST_FIN_OTHERS) {
                INFER(f->first_fin, (enum side)(1 - side));
                /* Silent for less than a millisecond, it still came before; its own end knows better. */
                if (!fact_known(in->fin_at.how) || in->fin_at.value > act->at_ns)
                        INFER(in->fin_at, act->at_ns - act->before.silent_ms * INT64_C(1000000) - 1);
        } else if (first == FIRST_FIN_OWN) {
                INFER(f->first_fin, side);
                if (!fact_known(in->fin_at.how))
                        INFER(in->fin_at,
                              s->ended && s->end.heard_ns > act->at_ns ? s->end.heard_ns : act->at_ns + 1);
        }
}

static void tell_socket(const struct traced_socket *s, bool alone, struct facts *f)
{
        enum side side = side_of_socket(s);

        facts_of_one_end(s, side, f);
        facts_of_counters(s, side, alone, f);
}

/* It failed before a SYN was sent: no port had been given to it yet, or no answer can be the reason
 * (tcp_v4_connect(), inet_hash_connect(); icmp_err_convert[] has none of these errors). */
static bool never_asked(const struct traced_socket *s)
{
        int error = s->connect_error;

        if (!s->role_known || !s->client || s->established_ns || !error || error == EINPROGRESS)
                return false;
        return !s->has_local || error == EADDRNOTAVAIL || error == EADDRINUSE || error == EPERM || error == EINVAL ||
               error == EAFNOSUPPORT;
}

#define SSH_PORT 22

void facts_of_sockets(const struct traced_socket *socket, const struct traced_socket *other, int64_t until,
                      struct facts *ret_facts)
{
        struct facts f;
        int64_t last = socket->act.known ? socket->act.at_ns : socket->last.at_ns;

        facts_init(&f, SOURCE_RUN);
        f.seen.roles = socket->seen_to_begin ? ROLES_TOLD : socket->role_known ? ROLES_TOLD : ROLES_PORTS;
        f.seen.sides = other                                   ? SIDES_SEEN_BOTH
                       : side_of_socket(socket) == SIDE_CLIENT ? SIDES_SEEN_CLIENT
                                                               : SIDES_SEEN_SERVER;
        f.seen.both_ends = other != NULL;
        f.seen.midstream = !socket->seen_to_begin;
        f.seen.until = until;
        TELL(f.first, socket->began_ns);
        if (socket->ended && socket->end.heard_ns > last)
                last = socket->end.heard_ns;
        TELL(f.last, last);
        if (!socket->failed_unseen)
                TELL(f.established, socket->established_ns != 0 || (other && other->established_ns));
        if (!other && never_asked(socket)) {
                INFER(f.syns, 0);
                INFER(f.syn_acks, 0);
        }
        TELL(f.mptcp, false);
        if ((side_of_socket(socket) == SIDE_SERVER ? socket->tuple.local_port : socket->tuple.remote_port) == SSH_PORT)
                INFER(f.ssh, true);
        tell_fin(socket, side_of_socket(socket), &f);
        if (other)
                tell_fin(other, side_of_socket(other), &f);
        tell_socket(socket, !other, &f);
        if (other)
                tell_socket(other, false, &f);
        facts_of_own_resets(socket, other, &f);
        facts_of_received_resets(socket, other, &f);
        tell_who_was_first(socket, side_of_socket(socket), &f);
        if (other && !fact_known(f.crossed.how))
                tell_who_was_first(other, side_of_socket(other), &f);
        if (fact_is(f.from[SIDE_CLIENT].fin) && fact_is(f.from[SIDE_SERVER].fin) &&
            fact_is(f.from[SIDE_CLIENT].fin_acked) && fact_is(f.from[SIDE_SERVER].fin_acked))
                INFER(f.both_acked, true);
        *ret_facts = f;
}
