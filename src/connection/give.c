/*
 * A fact is stated when the segments show it, and a fact that denies ("no FIN was sent") only when all segments
 * of that side were at hand: from the SYN on, without a hole. Else it is left unknown.
 */
#include "connection/give.h"

#include <string.h>
#include <sys/socket.h>

#include "connection/direction.h"
#include "connection/roles.h"

/* What is needed for one side's facts. */
struct view {
        const struct connection *c;
        const struct extra *extra;
        unsigned side;                  /* 0 or 1: who sends */
        const struct direction *d;      /* from it */
        const struct direction *o;      /* from the other end */
        bool sent;                      /* some of its segments were seen */
        bool heard;                     /* some of the other end's were */
        uint64_t missing;
        bool whole;                     /* no byte of it is missing up to its end */
};

#define SEEN(fact, what)                                                                           \
        do {                                                                                       \
                (fact).how = HOW_SEEN;                                                             \
                (fact).value = (what);                                                             \
        } while (0)
#define INFERRED(fact, what)                                                                       \
        do {                                                                                       \
                (fact).how = HOW_INFERRED;                                                         \
                (fact).value = (what);                                                             \
        } while (0)
/* Where @known does not hold the fact stays unknown. */
#define SEEN_IF(known, fact, what)                                                                 \
        do {                                                                                       \
                if (known)                                                                         \
                        SEEN(fact, what);                                                          \
        } while (0)

static struct view
view_of(const struct connection *c, const struct extra *extra, unsigned side)
{
        struct view v = { .c = c, .extra = extra, .side = side, .d = &c->side[side], .o = &c->side[!side] };

        v.sent = v.d->packets > 0;
        v.heard = v.o->packets > 0;
        v.missing = direction_missing(extra, side);
        v.whole = v.sent && v.missing == 0 && v.d->acked <= direction_end(v.d);
        return v;
}

static uint64_t
at_least_0(int64_t n)
{
        return n > 0 ? (uint64_t)n : 0;
}

/* Bytes acknowledged: a FIN takes a place of its own and is none. If more was acknowledged than was seen, its
 * last place may be a FIN. */
static int64_t
acked_bytes(const struct direction *d)
{
        if (d->flags & DIRECTION_FIN && d->acked > d->fin)
                return d->fin;
        return d->acked > direction_end(d) ? d->acked - 1 : d->acked;
}

static void
fill_payload(const struct view *v, struct facts_of_direction *f)
{
        const struct direction *d = v->d;
        unsigned last_by = v->c->flags & CONNECTION_PAYLOAD_BY_1 ? 1 : 0;

        /* A RST alone shows no place in the stream, unless it answers the SYN. */
        if (!v->sent || (!(d->flags & DIRECTION_BASE) && !(v->o->flags & DIRECTION_SYN)))
                return;
        SEEN(f->payloads, d->payloads);
        SEEN(f->retransmitted, d->retransmitted);
        if (v->whole)
                SEEN(f->bytes, (uint64_t)d->next);
        else
                INFERRED(f->bytes, at_least_0(d->next > acked_bytes(d) ? d->next : acked_bytes(d)));
        SEEN_IF(d->payloads > 0, f->first_payload, d->first_payload);
        SEEN_IF(d->payloads > 0, f->last_payload, d->last_payload);
        SEEN_IF(d->payloads > 0 && d->last_payload_frame, f->last_payload_frame, d->last_payload_frame);
        SEEN_IF(d->payloads > 0 && v->heard, f->last_answered, last_by != v->side);
        SEEN_IF(d->payloads > 0 && d->flags & DIRECTION_GOODBYE_KNOWN, f->last_is_goodbye, d->flags & DIRECTION_GOODBYE);
        SEEN_IF(v->whole || d->run > 0, f->last_run, d->run);
        SEEN_IF(v->heard, f->after_peer_fin, d->after_peer_fin);
}

static void
fill_fin(const struct view *v, struct facts_of_direction *f)
{
        const struct direction *d = v->d;

        if (!(d->flags & DIRECTION_FIN)) {
                bool placed = d->flags & DIRECTION_BASE || v->o->flags & DIRECTION_SYN;

                if (v->whole && placed) {
                        SEEN(f->fin, false);
                        SEEN(f->fin_acked, false);
                } else if (v->sent && placed && d->acked <= direction_end(d)) {
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
        SEEN_IF(v->heard, f->fin_acked, d->flags & DIRECTION_FIN_ACKED);
        SEEN_IF(d->flags & DIRECTION_FIN_ACKED, f->fin_acked_at, d->fin_acked_at);
}

/* What the receiver says of its window in its own segments. */
static void
fill_window(const struct view *v, struct facts_of_direction *f)
{
        const struct direction *o = v->o;
        int64_t window = direction_window(v->c, !v->side);

        if (!(o->flags & DIRECTION_WINDOW))
                return;
        SEEN(f->window_shut, o->window == 0);
        SEEN_IF(o->window == 0, f->window_shut_at, v->c->window_shut_at[!v->side]);
        SEEN_IF(window >= 0, f->window, (uint64_t)window);
}

/* An end that sent SYNs and acknowledged nothing has heard nothing: the other end is silent, not unseen. */
static bool
unheard(const struct connection *c, unsigned side)
{
        const struct direction *d = &c->side[side], *o = &c->side[!side];

        return o->packets == 0 && !(o->flags & DIRECTION_BASE) && d->flags & DIRECTION_SYN && c->n_syns[side] > 0;
}

static void
fill_nothing(struct facts_of_direction *f)
{
        INFERRED(f->payloads, 0);
        INFERRED(f->bytes, 0);
        INFERRED(f->acked, 0);
        INFERRED(f->missing, 0);
        INFERRED(f->retransmitted, 0);
        INFERRED(f->fin, false);
        INFERRED(f->fin_acked, false);
}

static void
fill_direction(const struct view *v, struct facts_of_direction *f)
{
        const struct direction *d = v->d;
        int64_t beyond = acked_bytes(d) - d->next;

        SEEN(f->packets, d->packets);
        SEEN(f->payload_seen, d->payload_seen);
        if (unheard(v->c, !v->side)) {
                fill_nothing(f);
                return;
        }
        if (unheard(v->c, v->side)) {
                INFERRED(f->acked, 0);
                INFERRED(f->missing, 0);
        }
        fill_payload(v, f);
        fill_fin(v, f);
        fill_window(v, f);
        if (v->heard && d->flags & DIRECTION_BASE) {
                if (v->sent)
                        SEEN(f->acked, at_least_0(acked_bytes(d)));
                else
                        INFERRED(f->acked, at_least_0(acked_bytes(d)));
                SEEN(f->missing, v->missing + at_least_0(beyond));
                if (v->extra && v->extra->sack_edge[v->side] > d->acked)
                        SEEN(f->sacked, at_least_0(v->extra->sack_bytes[v->side]));
        } else if (v->heard && v->sent) {
                SEEN(f->acked, 0);
                SEEN(f->missing, 0);
        }
        /* By the RSTs of the other end; the first that acknowledges most. */
        for (unsigned i = 0; v->extra && i < v->extra->n_resets; i++) {
                const struct reset *r = &v->extra->reset[i];
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

static void
fill_silence(const struct view *v, struct facts_of_end *f)
{
        const struct direction *d = v->d;
        int64_t gap = d->request[d->asked].at - d->request[!d->asked].at;
        bool alone = d->waits && !d->heard;

        /* Of one side alone it cannot be said what was answered, unless it never got beyond its SYN. */
        if (!v->sent || (!v->heard && d->packets != (uint64_t)v->c->n_syns[v->side] + v->c->n_syn_acks[v->side]))
                return;
        SEEN(f->repeats_unanswered, alone ? d->repeats : 0);
        SEEN(f->keepalives_unanswered, alone ? d->keepalives : 0);
        SEEN(f->probes_unanswered, alone ? d->probes : 0);
        SEEN(f->keepalives, d->n_keepalives);
        SEEN_IF(d->n_keepalives > 0, f->last_keepalive, d->last_keepalive);
        SEEN_IF(d->n_keepalives > 1 && d->keepalive_gap > 0, f->keepalive_gap, (uint64_t)d->keepalive_gap);
        if (!d->waits)
                return;
        SEEN_IF(alone && d->repeats > 0, f->repeated, (enum segment_kind)d->repeated);
        SEEN(f->unanswered_since, d->since.at);
        SEEN(f->unanswered_last, d->request[d->asked].at);
        SEEN_IF(d->since.frame, f->unanswered_frame, d->since.frame);
        SEEN_IF(d->since.before != NEVER, f->before_unanswered, d->since.before);
        SEEN_IF(alone && d->repeats + d->keepalives + d->probes > 0 && gap > 0, f->unanswered_gap,
                (uint64_t)gap);
}

static void
fill_end(const struct view *v, struct facts_of_end *f)
{
        const struct direction *d = v->d;

        if (!v->sent)
                return;
        SEEN(f->last_heard, d->last);
        SEEN_IF(d->ttl_most > 0, f->ttl, d->ttl_most);
        SEEN_IF(d->ttl_most > 0, f->timestamps, d->flags & DIRECTION_TIMESTAMPS);
        SEEN_IF(d->answers_in > 0, f->answers_in, (uint64_t)d->answers_in);
        if (d->flags & DIRECTION_OTHER_OS)
                INFERRED(f->os, OS_OTHER);
        else if (d->flags & DIRECTION_LINUX)
                INFERRED(f->os, OS_LINUX);
        fill_silence(v, f);
        SEEN(f->went_on, d->flags & DIRECTION_WENT_ON);
        if (v->extra && v->extra->restarted[v->side])
                INFERRED(f->restarted, true);
        SEEN(f->challenge_acks, v->extra ? v->extra->challenge_acks[v->side] : 0);
}

static void
fill_reset(const struct connection *c, const struct reset *r, unsigned client, struct facts_of_reset *f)
{
        SEEN(f->by, r->by == client ? SIDE_CLIENT : SIDE_SERVER);
        SEEN(f->at, r->at);
        SEEN(f->frame, r->frame);
        SEEN_IF(r->before != NEVER, f->before, r->before);
        SEEN(f->repeats, r->repeats);
        SEEN(f->has_ack, r->has_ack);
        SEEN(f->window, r->window);
        SEEN(f->options, r->options);
        SEEN_IF(c->realm & REALM_IPV4, f->ip_id, r->ip_id);
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
                SEEN_IF(c->realm & REALM_IPV4, f->mirrors, r->mirrors);
                SEEN_IF(r->answered.frame, f->answers_frame, r->answered.frame);
                SEEN_IF(r->answered.before != NEVER, f->before_answers, r->answered.before);
        }
        if (r->after_both_acked)
                return;
        if (r->ignored)
                SEEN(f->obeyed, false);
        else if (r->confirmed)
                SEEN(f->obeyed, true);
        else if (!r->may_stay_silent && r->validity != RESET_VALIDITY_IN_WINDOW && r->validity != RESET_VALIDITY_OUTSIDE)
                INFERRED(f->obeyed, true);
}

static void
fill_handshake(const struct connection *c, unsigned client, struct facts *f)
{
        const struct direction *from = &c->side[client], *to = &c->side[!client];
        bool begun = from->flags & DIRECTION_SYN, answered = to->flags & DIRECTION_SYN;

        SEEN_IF(begun, f->syns, c->n_syns[client]);
        SEEN_IF(begun, f->last_syn, c->last_syn);
        SEEN_IF(c->syn_gap > 0, f->syn_gap, (uint64_t)c->syn_gap);
        SEEN_IF(begun && from->flags & DIRECTION_SYN_WHOLE, f->syn_data, from->flags & DIRECTION_SYN_DATA);
        SEEN_IF(begun || answered, f->syn_acks, c->n_syn_acks[!client]);
        SEEN_IF(begun || answered, f->late_syn_acks, c->n_late_syn_acks);
        SEEN_IF(c->n_syn_acks[!client] > 0, f->last_syn_ack, c->last_syn_ack);
        SEEN_IF(answered, f->two_isns, c->flags & CONNECTION_TWO_ISNS);
        if (c->flags & CONNECTION_ESTABLISHED)
                SEEN(f->established, true);
        else if (!begun && from->payloads + to->payloads > 0)
                INFERRED(f->established, true);
        else if (begun && to->packets == 0 && to->flags & DIRECTION_BASE)
                INFERRED(f->established, true);         /* it acknowledges what was not seen */
        else if (answered && from->packets == 0 && (to->payloads > 0 || to->flags & DIRECTION_FIN))
                INFERRED(f->established, true);
        else if (begun)
                SEEN(f->established, false);
        if (from->flags & to->flags & DIRECTION_MPTCP)
                SEEN(f->mptcp, true);
        else if (from->flags & DIRECTION_SYN_WHOLE && to->flags & DIRECTION_SYN_WHOLE)
                SEEN(f->mptcp, false);
}

/* Did each side send its FIN before it had the other's? */
static void
fill_both_fins(const struct connection *c, struct facts *f)
{
        const struct direction *a = &c->side[0], *b = &c->side[1];

        SEEN_IF(fact_known(f->from[0].fin.how) && fact_known(f->from[1].fin.how), f->both_acked,
                c->flags & CONNECTION_BOTH_ACKED);
        if (a->flags & b->flags & DIRECTION_FIN)
                SEEN(f->crossed, direction_position(b, a->fin_ack) <= b->fin && direction_position(a, b->fin_ack) <= a->fin);
}

static void
fill_icmp(const struct extra *extra, unsigned client, struct facts *f)
{
        if (!extra || !extra->icmp)
                return;
        SEEN(f->icmp, (enum icmp_error)extra->icmp_error);
        SEEN(f->icmp_at, extra->icmp_at);
        SEEN_IF(extra->icmp_frame, f->icmp_frame, extra->icmp_frame);
        SEEN(f->icmp_to, extra->icmp_to == client ? SIDE_CLIENT : SIDE_SERVER);
        SEEN(f->icmp_from_end, extra->icmp_from_end);
        SEEN_IF(extra->icmp_quoted_known, f->icmp_quoted, (enum segment_kind)extra->icmp_quoted);
}

/* As facts_init(), but for the RSTs: they are as large as all the rest, and few connections have any. What stands
 * behind the last of them is what was there before. */
static void
init(struct facts *f)
{
        memset(f, 0, offsetof(struct facts, resets));
        f->n_resets = 0;
        f->n_resets_in_all = 0;
        f->seen.source = SOURCE_CAPTURE;
}

_Static_assert(ZEEK_HISTORY_MAX + 1 <= TRACKER_HISTORY_MAX, "a history no longer fits into what is given out");

/* A connection that ended was not looked at for seconds. All of it is asked for at once, and what needs none of it
 * goes on meanwhile. */
static void
fetch(const struct connection *c)
{
        for (size_t i = 0; i < sizeof(*c); i += 64)
                __builtin_prefetch((const char *)c + i);
}

void
give_fill(const struct connection *c, const struct extra *extra, int64_t until, bool cut, struct tracked *ret_tracked)
{
        struct tracked *t = ret_tracked;
        struct facts *f = &t->facts;
        enum roles how;
        unsigned client;
        bool gaps = false;

        fetch(c);
        memset(t, 0, offsetof(struct tracked, facts));
        init(f);
        client = roles_client(&c->roles, c->port, &how);
        t->file = c->first_file;
        t->first_frame = c->first_frame;
        t->last_file = c->last_file;
        t->last_frame = c->last_frame;
        t->rev = c->rev;
        t->family = c->realm & REALM_IPV4 ? AF_INET : AF_INET6;
        t->vlan = c->realm >> REALM_VLAN_SHIFT;

        for (unsigned side = 0; side < 2; side++) {
                unsigned from = side == 0 ? client : !client;
                struct view v = view_of(c, extra, from);

                memcpy(t->address[side], c->address[from], 16);
                t->port[side] = c->port[from];
                t->isn_known[side] = v.d->flags & DIRECTION_SYN;
                t->isn[side] = c->isn[from];
                t->first_seq[side] = v.d->base;
                fill_direction(&v, &f->from[side]);
                fill_end(&v, &f->end[side]);
                gaps |= v.missing > 0 || (v.sent && v.d->acked > direction_end(v.d));
        }
        f->seen.roles = how;
        f->seen.sides = unheard(c, client) ? SIDES_SEEN_BOTH
                      : c->side[!client].packets == 0 ? SIDES_SEEN_CLIENT
                      : c->side[client].packets == 0 ? SIDES_SEEN_SERVER : SIDES_SEEN_BOTH;
        f->seen.midstream = !(c->side[client].flags & DIRECTION_SYN);
        f->seen.gaps = gaps || c->flags & CONNECTION_SUSPECT;
        f->seen.cut = cut || c->flags & CONNECTION_CUT;
        f->seen.evicted = c->flags & CONNECTION_EVICTED;
        f->seen.until = until;
        SEEN(f->first, c->first);
        SEEN(f->last, c->last);
        SEEN(f->reused, c->flags & CONNECTION_REUSED);
        if (extra && extra->siblings_reset)
                SEEN(f->siblings_reset, true);
        fill_handshake(c, client, f);
        fill_both_fins(c, f);
        fill_icmp(extra, client, f);
        for (unsigned i = 0; extra && i < extra->n_resets; i++) {
                memset(&f->resets[i], 0, sizeof(f->resets[i]));
                fill_reset(c, &extra->reset[i], client, &f->resets[f->n_resets++]);
        }
        f->n_resets_in_all = extra ? extra->n_resets_in_all : 0;
        t->conn_state = zeek_state(&c->zeek);
        zeek_history(&c->zeek, t->history);
}

static uint64_t
add(uint64_t digest, uint64_t value)
{
        digest = (digest ^ value) * 0x9e3779b97f4a7c15u;
        return digest ^ digest >> 32;
}

/* A fact as one number: how it is known takes three bits, and what is not known is 0 all over. */
#define PACKED(fact) ((uint64_t)(fact).value << 3 | (fact).how)
#define FLAG(fact, at) (PACKED(fact) << (at))

static uint64_t
digest_of_side(const struct facts_of_direction *from, const struct facts_of_end *end)
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

uint64_t
give_digest(const struct tracked *tracked)
{
        const struct facts *f = &tracked->facts;
        uint64_t digest = add(digest_of_side(&f->from[0], &f->end[0]), digest_of_side(&f->from[1], &f->end[1]) + 1);

        digest = add(digest, FLAG(f->established, 0) | FLAG(f->both_acked, 4) | FLAG(f->two_isns, 8) |
                             (uint64_t)(f->n_resets > 0) << 12 | FLAG(f->icmp, 16));
        for (size_t i = 0; i < f->n_resets; i++)
                digest = add(digest, FLAG(f->resets[i].obeyed, 0) | FLAG(f->resets[i].validity, 4));
        return digest;
}
