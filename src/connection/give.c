/*
 * A fact is stated when the segments show it, and a fact that denies ("no FIN was sent") only when all segments
 * of that side were at hand: from the SYN on, without a hole. Else it is left unknown.
 *
 * Most connections were seen whole and ended in order, and there may be millions of them. What is written here is
 * therefore compiled twice: for them, where most questions are answered beforehand, and for any. Facts of theirs have a
 * place of their own: which facts are written does not depend on the connection there, so that nothing has to be
 * zeroed.
 */
#include "connection/give.h"

#include <sys/socket.h>

#include "base/zero.h"
#include "connection/direction.h"
#include "connection/roles.h"
#include "connection/state_fact.h"

/* What is needed for one side's facts. */
struct view {
        const struct connection *c;
        const struct extra *extra;
        unsigned side;                  /* 0 or 1: who sends */
        const struct direction *d;      /* from it */
        const struct direction *o;      /* from the other end */
        bool sent;                      /* some of its segments were seen */
        bool heard;                     /* some of the other end's were */
        unsigned flags, others;         /* of the two directions: DIRECTION_* */
        bool waits;                     /* for an answer */
        uint64_t missing;
        int64_t beyond;                 /* its own numbers show that it had sent up to here; 0: no more than was seen */
        bool whole;                     /* no byte of it is missing up to its end */
};

/* Made anew for each of its uses: what is constant in one of them costs nothing there. */
#define IN_PLACE static inline __attribute__((always_inline))

/* Flags that the connection, and both of its directions, have where it is orderly. */
enum {
        ORDERLY = CONNECTION_ESTABLISHED | CONNECTION_BOTH_ACKED,
        ORDERLY_DIRECTION = DIRECTION_BASE | DIRECTION_SYN | DIRECTION_SYN_WHOLE | DIRECTION_FIN | DIRECTION_FIN_ACKED |
                            DIRECTION_WINDOW,
};

/* Then all this is so, and is not asked for again. */
static bool is_orderly(const struct connection *c, const struct extra *extra)
{
        const struct direction *a = &c->side[0], *b = &c->side[1];

        return !extra && (c->flags & ORDERLY) == ORDERLY &&
               (a->flags & b->flags & ORDERLY_DIRECTION) == ORDERLY_DIRECTION && a->packets > 0 && b->packets > 0 &&
               a->acked <= direction_end(a) && b->acked <= direction_end(b) && !a->waits && !b->waits;
}

IN_PLACE struct view view_of(const struct connection *c, const struct extra *extra, unsigned side, bool orderly)
{
        struct view v = { .c = c, .extra = extra, .side = side, .d = &c->side[side], .o = &c->side[!side] };

        v.sent = orderly || v.d->packets > 0;
        v.heard = orderly || v.o->packets > 0;
        v.flags = v.d->flags | (orderly ? ORDERLY_DIRECTION : 0);
        v.others = v.o->flags | (orderly ? ORDERLY_DIRECTION : 0);
        v.waits = !orderly && v.d->waits;
        v.missing = orderly ? 0 : direction_missing(extra, side);
        /* Behind a FIN there is nothing. */
        v.beyond = extra && !(v.d->flags & DIRECTION_FIN) && extra->beyond_from[side] == v.d->base &&
                                   extra->beyond[side] > v.d->next
                           ? extra->beyond[side] : 0;
        v.whole = orderly || (v.sent && v.missing == 0 && v.d->acked <= direction_end(v.d) && v.beyond == 0);
        return v;
}

/* It answered more than the SYN of the other end, so it sent a SYN-ACK. */
static inline bool lacks_syn_ack(const struct view *v)
{
        return v->sent && !(v->flags & DIRECTION_SYN) && v->c->roles.syn[!v->side] && v->o->acked > 0;
}

/* Some of its bytes did not come by, though they were sent, or its SYN-ACK. */
static inline bool is_missing(const struct view *v)
{
        return v->missing > 0 || lacks_syn_ack(v) || (v->sent && !v->whole && v->d->acked > direction_end(v->d)) ||
               v->beyond > 0;
}

static uint64_t at_least_0(int64_t n)
{
        return n > 0 ? (uint64_t)n : 0;
}

/* Bytes acknowledged: a FIN takes a place of its own and is none. If more was acknowledged than was seen, its
 * last place may be a FIN. */
IN_PLACE int64_t acked_bytes(const struct view *v)
{
        const struct direction *d = v->d;

        if (v->flags & DIRECTION_FIN && d->acked > d->fin)
                return d->fin;
        return !v->whole && d->acked > direction_end(d) ? d->acked - 1 : d->acked;
}

/* The last place of what was not seen may be a FIN. */
IN_PLACE uint64_t sent_at_least(const struct view *v)
{
        int64_t least = v->d->next > acked_bytes(v) ? v->d->next : acked_bytes(v);

        return at_least_0(least > v->beyond - 1 ? least : v->beyond - 1);
}

/* A RST alone shows no place in the stream, unless it answers the SYN. */
IN_PLACE bool is_placed(const struct view *v)
{
        return v->flags & DIRECTION_BASE || v->others & DIRECTION_SYN;
}

IN_PLACE void fill_payload(const struct view *v, struct facts_of_direction *f)
{
        const struct direction *d = v->d;
        const struct mark *last = &d->request[d->request[0].frame != d->last_payload_frame];
        unsigned last_by = v->c->flags & CONNECTION_PAYLOAD_BY_1 ? 1 : 0;

        if (!v->sent || !is_placed(v))
                return;
        SEEN(f->payloads, d->payloads);
        SEEN(f->retransmitted, d->retransmitted);
        if (v->whole)
                SEEN(f->bytes, (uint64_t)d->next);
        else
                INFERRED(f->bytes, sent_at_least(v));
        SEEN_IF(d->payloads > 0, f->first_payload, d->first_payload);
        SEEN_IF(d->payloads > 0, f->last_payload, d->last_payload);
        SEEN_IF(d->payloads > 0 && d->last_payload_frame, f->last_payload_frame, d->last_payload_frame);
        SEEN_IF(d->payloads > 0 && v->heard, f->last_answered, last_by != v->side);
        SEEN_IF(d->payloads > 0 && v->flags & DIRECTION_GOODBYE_KNOWN, f->last_is_goodbye,
                v->flags & DIRECTION_GOODBYE);
        SEEN_IF(v->flags & DIRECTION_GOODBYE && last->frame && last->frame == d->last_payload_frame, f->goodbye_bytes,
                (uint64_t)(last->room - (last->kind == SEGMENT_KIND_FIN)));
        SEEN_IF(v->whole || d->run > 0, f->last_run, d->run);
        SEEN_IF(v->heard, f->after_peer_fin, d->after_peer_fin);
}

IN_PLACE void fill_fin(const struct view *v, struct facts_of_direction *f)
{
        const struct direction *d = v->d;

        if (!(v->flags & DIRECTION_FIN)) {
                /* Before the first segment seen it may have sent one, unless data came since. */
                if (!((v->flags | v->others) & DIRECTION_SYN) && d->payloads == 0)
                        return;
                if (v->whole && is_placed(v)) {
                        SEEN(f->fin, false);
                        SEEN(f->fin_acked, false);
                } else if (v->sent && is_placed(v) && d->acked <= direction_end(d) && v->beyond == 0) {
                        /* A hole with bytes behind it holds no FIN. */
                        INFERRED(f->fin, false);
                        INFERRED(f->fin_acked, false);
                }
                return;
        }
        SEEN(f->fin, true);
        SEEN(f->fin_position, (uint64_t)d->fin);
        SEEN(f->fin_at, d->fin_at);
        SEEN(f->fin_repeats, d->fin_repeats);
        SEEN_IF(d->fin_frame, f->fin_frame, d->fin_frame);
        SEEN_IF(d->fin_before != NEVER, f->before_fin, d->fin_before);
        SEEN_IF(v->heard, f->fin_acked, v->flags & DIRECTION_FIN_ACKED);
        SEEN_IF(v->flags & DIRECTION_FIN_ACKED, f->fin_acked_at, d->fin_acked_at);
}

/* What the receiver says of its window in its own segments. */
IN_PLACE void fill_window(const struct view *v, struct facts_of_direction *f)
{
        const struct direction *o = v->o;
        int64_t window;

        if (!(v->others & DIRECTION_WINDOW))
                return;
        window = direction_window(v->c, !v->side);
        SEEN(f->window_shut, o->window == 0);
        SEEN_IF(o->window == 0, f->window_shut_at, v->c->window_shut_at[!v->side]);
        SEEN_IF(window >= 0, f->window, (uint64_t)window);
}

/* An end that sent SYNs and acknowledged nothing has heard nothing: the other end is silent, not unseen. */
IN_PLACE bool is_unheard(const struct view *v)
{
        return !v->heard && !(v->others & DIRECTION_BASE) && v->flags & DIRECTION_SYN && v->c->n_syns[v->side] > 0;
}

/* Is the other end such a one? */
IN_PLACE bool is_silent(const struct view *v)
{
        return !v->sent && !(v->flags & DIRECTION_BASE) && v->others & DIRECTION_SYN && v->c->n_syns[!v->side] > 0;
}

static void fill_nothing(struct facts_of_direction *f)
{
        INFERRED(f->payloads, 0);
        INFERRED(f->bytes, 0);
        INFERRED(f->acked, 0);
        INFERRED(f->missing, 0);
        INFERRED(f->retransmitted, 0);
        INFERRED(f->fin, false);
        INFERRED(f->fin_acked, false);
}

IN_PLACE void fill_direction(const struct view *v, struct facts_of_direction *f)
{
        const struct direction *d = v->d;
        uint64_t least = sent_at_least(v);

        SEEN(f->packets, d->packets);
        SEEN(f->payload_seen, d->payload_seen);
        if (is_silent(v)) {
                fill_nothing(f);
                return;
        }
        if (is_unheard(v)) {
                INFERRED(f->acked, 0);
                INFERRED(f->missing, 0);
        }
        fill_payload(v, f);
        fill_fin(v, f);
        fill_window(v, f);
        if (v->heard && v->flags & DIRECTION_BASE) {
                KNOWN(f->acked, v->sent ? HOW_SEEN : HOW_INFERRED, at_least_0(acked_bytes(v)));
                SEEN(f->missing, v->missing + at_least_0((int64_t)least - d->next));
                if (v->extra && v->extra->sack_edge[v->side] > 0 && v->extra->sack_edge[v->side] > d->acked)
                        SEEN(f->sacked, at_least_0(v->extra->sack_bytes[v->side]));
        } else if (v->heard && v->sent) {
                SEEN(f->acked, 0);
                SEEN(f->missing, 0);
        }
        /* By the RSTs of the other end; the first that acknowledges most. */
        for (unsigned i = 0; v->extra && i < v->extra->n_resets; i++) {
                const struct reset *r = v->extra->reset[i];
                int64_t at = r->ack_position;

                if (r->by == v->side || !r->ack_known)
                        continue;
                if (d->flags & DIRECTION_FIN && at > d->fin)
                        at = d->fin;
                /* Of who was not seen the last place may be a FIN's. */
                if (at > d->next)
                        at = v->sent ? d->next : at - 1;
                if (!fact_known(f->acked_by_reset.how) || f->acked_by_reset.value < at_least_0(at))
                        SEEN(f->acked_by_reset, at_least_0(at));
        }
}

IN_PLACE void fill_silence(const struct view *v, struct facts_of_end *f)
{
        const struct direction *d = v->d;
        bool alone = v->waits && !d->heard, again = alone && d->repeats + d->keepalives + d->probes > 0;
        int64_t last = d->request[d->asked].at, gap = again ? last - d->request[!d->asked].at : 0;

        /* Of one side alone it cannot be said what was answered, unless it never got beyond its SYN. */
        if (!v->sent || (!v->heard && d->packets != (uint64_t)v->c->n_syns[v->side] + v->c->n_syn_acks[v->side]))
                return;
        SEEN(f->repeats_unanswered, alone ? d->repeats : 0);
        SEEN(f->keepalives_unanswered, alone ? d->keepalives : 0);
        SEEN(f->probes_unanswered, alone ? d->probes : 0);
        SEEN(f->keepalives, d->n_keepalives);
        SEEN_IF(d->n_keepalives > 0, f->last_keepalive, d->last_keepalive);
        SEEN_IF(d->n_keepalives > 1 && d->keepalive_gap > 0, f->keepalive_gap, (uint64_t)d->keepalive_gap);
        if (!v->waits)
                return;
        SEEN_IF(alone && d->repeats > 0, f->repeated, (enum segment_kind)d->repeated);
        SEEN(f->unanswered_since, d->since.at);
        /* The last two may stand in the file the wrong way round. */
        SEEN(f->unanswered_last, gap < 0 ? last - gap : last);
        SEEN_IF(d->since.frame, f->unanswered_frame, d->since.frame);
        SEEN_IF(d->since.before != NEVER, f->before_unanswered, d->since.before);
        SEEN_IF(gap != 0, f->unanswered_gap, (uint64_t)(gap < 0 ? -gap : gap));
}

IN_PLACE void fill_end(const struct view *v, struct facts_of_end *f)
{
        const struct direction *d = v->d;

        if (!v->sent)
                return;
        SEEN(f->last_heard, d->last);
        SEEN_IF(d->ttl_most > 0, f->ttl, d->ttl_most);
        SEEN_IF(d->ttl_most > 0, f->timestamps, v->flags & DIRECTION_TIMESTAMPS);
        SEEN_IF(d->answers_in > 0, f->answers_in, (uint64_t)d->answers_in);
        INFERRED_IF(v->flags & (DIRECTION_OTHER_OS | DIRECTION_LINUX), f->os,
                    v->flags & DIRECTION_OTHER_OS ? OS_OTHER : OS_LINUX);
        fill_silence(v, f);
        SEEN(f->went_on, v->flags & DIRECTION_WENT_ON);
        if (v->extra && v->extra->restarted[v->side])
                INFERRED(f->restarted, true);
        SEEN(f->challenge_acks, v->extra ? v->extra->challenge_acks[v->side] : 0);
}

static void fill_reset(const struct connection *c, const struct reset *r, unsigned client, struct facts_of_reset *f)
{
        SEEN(f->by, r->by == client ? SIDE_CLIENT : SIDE_SERVER);
        SEEN(f->at, r->at);
        SEEN(f->frame, r->frame);
        SEEN_IF(r->before != NEVER, f->before, r->before);
        SEEN(f->repeats, r->repeats);
        SEEN(f->has_ack, r->has_ack);
        SEEN_IF(!r->no_window, f->window, r->window);
        SEEN_IF(!r->no_options, f->options, r->options);
        SEEN_IF(c->head.realm & REALM_IPV4, f->ip_id, r->ip_id);
        SEEN_IF(r->ip_id_known, f->ip_id_jumps, r->ip_id_jumps);
        SEEN(f->ttl, r->ttl);
        SEEN_IF(r->ttl_known, f->ttl_differs, r->ttl_differs);
        SEEN(f->payload, r->payload);
        SEEN_IF(r->validity != RESET_VALIDITY_UNKNOWN, f->validity, (enum reset_validity)r->validity);
        SEEN_IF(r->position_known, f->behind, r->behind);
        SEEN_IF(r->position_known && r->position >= 0, f->position, (uint64_t)r->position);
        SEEN_IF(r->ack_known, f->ack_position, (uint64_t)r->ack_position);
        SEEN_IF(r->has_ack && (r->ack_known || r->ack_impossible), f->ack_impossible, r->ack_impossible);
        SEEN(f->after_both_acked, r->after_both_acked);
        SEEN(f->went_on, r->went_on);
        SEEN_IF(r->mptcp_reason_known, f->mptcp_reason, r->mptcp_reason);
        if (r->answers != N_SEGMENT_KINDS) {
                SEEN(f->answers, (enum segment_kind)r->answers);
                SEEN(f->answers_at, r->answered.at);
                SEEN(f->answers_repeat, r->answered.repeat);
                SEEN(f->drew_data, r->drew_data);
                SEEN_IF(c->head.realm & REALM_IPV4, f->mirrors, r->mirrors);
                SEEN_IF(r->answered.frame, f->answers_frame, r->answered.frame);
                SEEN_IF(r->answered.before != NEVER, f->before_answers, r->answered.before);
        }
        SEEN_IF(r->unasked, f->unasked, true);
        if (r->after_both_acked)
                return;
        if (r->ignored_surely)
                SEEN(f->obeyed, false);
        else if (r->ignored)
                INFERRED(f->obeyed, false);
        else if (r->confirmed)
                SEEN(f->obeyed, true);
        else if (!r->may_stay_silent && r->validity != RESET_VALIDITY_IN_WINDOW &&
                 r->validity != RESET_VALIDITY_OUTSIDE)
                INFERRED(f->obeyed, true);
}

/* From the client's side. */
IN_PLACE void fill_handshake(const struct view *v, bool established, struct facts *f)
{
        const struct connection *c = v->c;
        unsigned client = v->side;
        const struct direction *from = v->d, *to = v->o;
        bool begun = v->flags & DIRECTION_SYN, answered = v->others & DIRECTION_SYN;

        SEEN_IF(begun, f->syns, c->n_syns[client]);
        SEEN_IF(begun, f->last_syn, c->last_syn);
        SEEN_IF(c->syn_gap > 0, f->syn_gap, (uint64_t)c->syn_gap);
        SEEN_IF(begun, f->answered_syns, c->n_answered_syns);
        SEEN_IF(begun && v->flags & DIRECTION_SYN_WHOLE, f->syn_data, v->flags & DIRECTION_SYN_DATA);
        SEEN_IF(begun || answered, f->syn_acks, c->n_syn_acks[!client]);
        SEEN_IF(begun || answered, f->late_syn_acks, c->n_late_syn_acks);
        SEEN_IF(c->n_syn_acks[!client] > 0, f->last_syn_ack, c->last_syn_ack);
        SEEN_IF(answered, f->two_isns, c->flags & CONNECTION_TWO_ISNS);
        if (established)
                SEEN(f->established, true);
        else if (!begun && from->payloads + to->payloads > 0)
                INFERRED(f->established, true);
        else if (begun && !v->heard && v->others & DIRECTION_BASE)
                INFERRED(f->established, true);         /* it acknowledges what was not seen */
        else if (answered && !v->sent && (to->payloads > 0 || v->others & DIRECTION_FIN))
                INFERRED(f->established, true);
        else if (begun)
                SEEN(f->established, false);
        SEEN_IF(v->flags & v->others & (DIRECTION_MPTCP | DIRECTION_SYN_WHOLE), f->mptcp,
                v->flags & v->others & DIRECTION_MPTCP);
}

/* A segment from behind the FIN came before it: the FIN had been sent before it was seen. */
static inline bool was_sent_before(const struct extra *extra, const struct direction *d, unsigned side)
{
        return extra && extra->beyond_from[side] == d->base && extra->beyond[side] > d->fin;
}

/* Did each side send its FIN before it had the other's? One that had been sent before may have acknowledged less then,
 * and did so if the other side had it. */
IN_PLACE void fill_both_fins(const struct view *v, bool both_acked, struct facts *f)
{
        const struct direction *a = v->d, *b = v->o;

        SEEN_IF(fact_known(f->from[0].fin.how) && fact_known(f->from[1].fin.how), f->both_acked, both_acked);
        if (v->flags & v->others & DIRECTION_FIN) {
                bool client_knew = direction_position(b, a->fin_ack) > b->fin;
                bool server_knew = direction_position(a, b->fin_ack) > a->fin;
                bool client_may_not = client_knew && was_sent_before(v->extra, a, v->side);
                bool server_may_not = server_knew && was_sent_before(v->extra, b, !v->side);

                if (client_knew && server_knew && client_may_not != server_may_not) {
                        client_knew = !client_may_not;
                        server_knew = !server_may_not;
                } else if (client_may_not || server_may_not) {
                        return;
                }
                SEEN(f->crossed, !client_knew && !server_knew);
                SEEN_IF(client_knew != server_knew, f->first_fin, client_knew ? SIDE_SERVER : SIDE_CLIENT);
        }
}

static void fill_icmp(const struct extra *extra, unsigned client, struct facts *f)
{
        if (!extra->icmp)
                return;
        SEEN(f->icmp, (enum icmp_error)extra->icmp_error);
        SEEN(f->icmp_at, extra->icmp_at);
        SEEN_IF(extra->icmp_frame, f->icmp_frame, extra->icmp_frame);
        SEEN(f->icmp_to, extra->icmp_to == client ? SIDE_CLIENT : SIDE_SERVER);
        SEEN(f->icmp_from_end, extra->icmp_from_end);
        SEEN_IF(extra->icmp_quoted_known, f->icmp_quoted, (enum segment_kind)extra->icmp_quoted);
}

_Static_assert(ZEEK_HISTORY_MAX + 1 <= TRACKER_HISTORY_MAX, "a history no longer fits into what is given out");

/* The RSTs lie apart, and are wanted last. */
static inline __attribute__((always_inline)) void fetch_resets(const struct extra *extra)
{
        for (unsigned i = 0; extra && i < extra->n_resets; i++)
                for (size_t at = 0; at < sizeof(struct reset); at += 64)
                        __builtin_prefetch((const char *)extra->reset[i] + at);
}

/* Which it is, and what Zeek says of it. */
IN_PLACE void fill_name(const struct connection *c, struct tracked *t)
{
        t->file = c->first_file;
        t->first_frame = c->first_frame;
        t->last_file = c->last_file;
        t->last_frame = c->last_frame;
        t->rev = c->rev;
        t->family = c->head.realm & REALM_IPV4 ? AF_INET : AF_INET6;
        t->vlan = c->head.realm >> REALM_VLAN_SHIFT;
        t->conn_state = zeek_state(&c->zeek);
        zeek_history(&c->zeek, t->history);
}

IN_PLACE void fill_side(const struct view *v, unsigned side, struct tracked *t)
{
        const struct connection *c = v->c;

        head_address(&c->head, v->side, t->address[side]);
        t->port[side] = c->head.port[v->side];
        t->isn_known[side] = v->flags & DIRECTION_SYN;
        t->isn[side] = c->isn[v->side];
        t->first_seq[side] = v->d->base;
        fill_direction(v, &t->facts.from[side]);
        fill_end(v, &t->facts.end[side]);
}

/* All but what only an @extra knows. Returns which of the two directions is the client's. */
IN_PLACE unsigned fill(const struct connection *c, const struct extra *extra, int64_t until, bool cut, bool orderly,
                       struct tracked *t)
{
        unsigned flags = c->flags | (orderly ? ORDERLY : 0);
        struct facts *f = &t->facts;
        struct view from_client;
        enum roles how;
        unsigned client;
        bool gaps = false;

        client = roles_client(&c->roles, c->head.port, &how);
        fill_name(c, t);
        for (unsigned side = 0; side < 2; side++) {
                struct view v = view_of(c, extra, side == 0 ? client : !client, orderly);

                fill_side(&v, side, t);
                gaps |= is_missing(&v);
        }
        from_client = view_of(c, extra, client, orderly);
        f->seen.source = SOURCE_CAPTURE;
        f->seen.roles = how;
        f->seen.sides = is_unheard(&from_client) ? SIDES_SEEN_BOTH
                      : !from_client.heard ? SIDES_SEEN_CLIENT
                      : !from_client.sent ? SIDES_SEEN_SERVER : SIDES_SEEN_BOTH;
        f->seen.midstream = !(from_client.flags & DIRECTION_SYN);
        f->seen.gaps = gaps || flags & CONNECTION_SUSPECT;
        f->seen.cut = cut || flags & CONNECTION_CUT;
        f->seen.evicted = flags & CONNECTION_EVICTED;
        f->seen.until = until;
        SEEN(f->first, c->first);
        SEEN(f->last, c->last);
        SEEN(f->reused, flags & CONNECTION_REUSED);
        INFERRED_IF(c->head.port[!client] == PORT_SSH, f->ssh, true);
        fill_handshake(&from_client, flags & CONNECTION_ESTABLISHED, f);
        fill_both_fins(&from_client, flags & CONNECTION_BOTH_ACKED, f);
        return client;
}

static __attribute__((noinline)) void fill_any(const struct connection *c, const struct extra *extra, int64_t until,
                                               bool cut, struct tracked *t)
{
        struct facts *f = &t->facts;
        unsigned client;

        /* RSTs are as large as all the rest, and few connections have any: what stands behind the last of them is
         * what was there before. */
        zero(f, offsetof(struct facts, from));
        zero(f->from, sizeof(f->from));
        client = fill(c, extra, until, cut, false, t);
        f->n_resets = 0;
        f->n_resets_in_all = 0;
        if (!extra)
                return;
        if (extra->siblings_reset)
                SEEN(f->siblings_reset, true);
        fill_icmp(extra, client, f);
        for (unsigned i = 0; i < extra->n_resets; i++) {
                zero(&f->resets[i], sizeof(f->resets[i]));
                fill_reset(c, extra->reset[i], client, &f->resets[f->n_resets++]);
        }
        f->n_resets_in_all = extra->n_resets_in_all;
}

struct tracked *give_fill(struct given *given, const struct connection *c, const struct extra *extra, int64_t until,
                          bool cut)
{
        /* What ended was not looked at for seconds. */
        connection_fetch(c);
        fetch_resets(extra);
        if (!is_orderly(c, extra)) {
                fill_any(c, extra, until, cut, &given->other);
                return &given->other;
        }
        fill(c, NULL, until, cut, true, &given->orderly);
        return &given->orderly;
}

bool give_misses(const struct connection *c, const struct extra *extra)
{
        struct view view[2] = { view_of(c, extra, 0, false), view_of(c, extra, 1, false) };

        /* Where one end is not heard at all it may be the way that its segments take. */
        return view[0].sent && view[1].sent && (is_missing(&view[0]) || is_missing(&view[1]));
}

static uint64_t add(uint64_t digest, uint64_t value)
{
        digest = (digest ^ value) * 0x9e3779b97f4a7c15u;
        return digest ^ digest >> 32;
}

/* A fact as one number: how it is known takes three bits, and what is not known is 0 all over. */
#define PACKED(fact) ((uint64_t)(fact).value << 3 | (fact).how)
#define FLAG(fact, at) (PACKED(fact) << (at))

static uint64_t digest_of_side(const struct facts_of_direction *from, const struct facts_of_end *end)
{
        uint64_t digest = 1;

        digest = add(digest, PACKED(from->bytes));
        digest = add(digest, PACKED(from->acked));
        digest = add(digest, PACKED(from->acked_by_reset));
        digest = add(digest, PACKED(from->missing));
        /* Counts of 16 bits, in places of their own, and flags of four. */
        digest = add(digest, PACKED(end->repeats_unanswered) | PACKED(end->keepalives_unanswered) << 20 |
                             PACKED(end->probes_unanswered) << 40);
        return add(digest, FLAG(from->fin, 0) | FLAG(from->fin_acked, 4) | FLAG(from->last_answered, 8) |
                           FLAG(end->went_on, 12));
}

uint64_t give_digest(const struct tracked *tracked)
{
        const struct facts *f = &tracked->facts;
        uint64_t digest = add(digest_of_side(&f->from[0], &f->end[0]), digest_of_side(&f->from[1], &f->end[1]) + 1);

        digest = add(digest, FLAG(f->established, 0) | FLAG(f->both_acked, 4) | FLAG(f->two_isns, 8) |
                             (uint64_t)(f->n_resets > 0) << 12 | FLAG(f->icmp, 16));
        for (size_t i = 0; i < f->n_resets; i++)
                digest = add(digest, FLAG(f->resets[i].obeyed, 0) | FLAG(f->resets[i].validity, 4));
        return digest;
}
