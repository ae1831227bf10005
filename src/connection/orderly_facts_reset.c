/*
 * What a RST says that ends a row (orderly_last.c), and those behind it. It stands right behind all that its sender
 * sent, so that its receiver surely takes it; what it is like, and what it answers, is found as reset.c does.
 */
#include "connection/orderly_facts.h"

#include "base/zero.h"
#include "connection/note.h"
#include "connection/orderly_look.h"
#include "connection/reset.h"
#include "connection/state_fact.h"

/* As in reset.c. */
enum { IP_ID_AHEAD = 64, MILLISECOND = 1000000 };

/* So many that differ are told of. */
enum { RESETS_MAX = 2 };

/* A RST, and what was before it. */
struct reset_row {
        const struct look *l;
        const struct row *row;
        unsigned i;                     /* its place */
        unsigned by;
        bool has_ack, options;
        int64_t at;
        int64_t before;                 /* when its sender's last segment before it was seen */
        int last;                       /* where the other end's last before it is */
        const struct row *of[RESETS_MAX];       /* those that differ before it, … */
        uint64_t answered[ROW_MAX / 64 + 1];    /* … and the places of what they answer */
};

/* The same RST once more: same() of reset.c. Both are their sender's, and at the same place in the stream. */
static bool is_same(const struct row *a, const struct row *b)
{
        const bool has_ack = row_what(a) & SEGMENT_ACK;

        return a->window == b->window && a->ttl == b->ttl && has_ack == !!(row_what(b) & SEGMENT_ACK) &&
               (!has_ack || a->ack == b->ack);
}

bool orderly_is_told_late(const struct table *table, const struct orderly *o)
{
        const struct row *of[RESETS_MAX] = { table_row(table, o, o->n_before) };
        const unsigned by = look_by(of[0]);
        unsigned n = 1, k;

        for (unsigned i = o->n_before + 1u; i < o->n; i++) {
                const struct row *row = table_row(table, o, i);

                if (!(row_what(row) & SEGMENT_RST)) {
                        if (!look_wants(row))
                                return false;
                        continue;
                }
                if (look_by(row) != by || row->ts_value != o->next[by])
                        return false;
                for (k = 0; k < n && !is_same(of[k], row); k++)
                        ;
                if (k == RESETS_MAX)
                        return false;
                of[k] = row;
                n += k == n;
        }
        return true;
}

/* All of it was acknowledged, and it is not there to be answered any more: was_taken(). */
static bool was_taken(const struct look *l, unsigned side, int i)
{
        const struct row *row = look_row(l, (unsigned)i);
        uint32_t acked = l->o->acked[side], start = l->number[i];
        uint32_t end = start + (row_what(row) & SEGMENT_SYN ? 0 : look_room(row));

        return (int32_t)(acked - start) > 0 && (int32_t)(acked - end) >= 0;
}

/* unasked() of reset.c. */
static bool is_unasked(const struct reset_row *r)
{
        return r->row->window == 0 && !r->options && !r->has_ack &&
               r->at - look_time(r->l, r->last) > RESET_ANSWERS_WITHIN;
}

static inline bool was_answered(const struct reset_row *r, int i)
{
        return r->answered[i / 64] >> i % 64 & 1;
}

/* The place of what it answers: its number is what that acknowledged. Of the other end's last two that want an answer
 * and its last that does not, the earliest that no RST has answered yet, of which something was left to take, and to
 * which an answer is not long due. Or -1. */
static int answered(struct reset_row *r)
{
        const struct look *l = r->l;
        uint64_t least = l->of[r->by].answers_in;
        int places[] = { -1, -1, -1 }, found = -1;

        if (r->row->window != 0 || r->options || r->has_ack || is_unasked(r))
                return -1;
        for (int i = r->last; i >= 0 && (places[0] < 0 || places[2] < 0); i--) {
                const struct row *row = look_row(l, (unsigned)i);

                if (look_by(row) == r->by)
                        continue;
                if (!look_wants(row))
                        places[2] = places[2] < 0 ? i : places[2];
                else if (places[1] < 0)
                        places[1] = i;
                else if (places[0] < 0)
                        places[0] = i;
        }
        for (unsigned k = 0; k < 3; k++) {
                const struct row *row = places[k] < 0 ? NULL : look_row(l, (unsigned)places[k]);

                if (row && row_what(row) & SEGMENT_ACK && row->ack == l->of[r->by].end &&
                    (found < 0 || was_answered(r, found) || was_taken(l, !r->by, found) ||
                     reset_answers_later(r->at, look_time(l, found), look_time(l, places[k]),
                                         (int64_t)(least + 1))))
                        found = places[k];
        }
        if (found >= 0)
                r->answered[found / 64] |= UINT64_C(1) << found % 64;
        return found;
}

static enum segment_kind kind_of(const struct row *row)
{
        if (row_what(row) & SEGMENT_SYN)
                return SEGMENT_KIND_SYN_ACK;
        if (row_what(row) & SEGMENT_FIN)
                return SEGMENT_KIND_FIN;
        return row->n_payload > 0 ? SEGMENT_KIND_DATA : SEGMENT_KIND_ACK;
}

static void fill_answered(struct reset_row *r, bool ipv4, struct facts_of_reset *f)
{
        const struct look *l = r->l;
        int i = answered(r);

        if (i < 0)
                return;
        SEEN(f->answers, kind_of(look_row(l, (unsigned)i)));
        SEEN(f->answers_at, look_time(l, i));
        SEEN(f->answers_repeat, false);
        SEEN(f->drew_data, f->answers.value == SEGMENT_KIND_DATA);
        /* Its window is 0, that of no segment in the row is. */
        SEEN_IF(ipv4, f->mirrors, false);
        SEEN(f->answers_frame, look_row(l, (unsigned)i)->frame);
        SEEN(f->before_answers, look_time(l, i - 1));
}

/* Whether its IP ID is out of the row of those of its sender's other segments, where they are one. */
static void compare_ip_id(const struct reset_row *r, struct facts_of_reset *f)
{
        int64_t quiet = (r->at - r->before) / MILLISECOND;
        unsigned steps = 0;
        uint16_t ip_id = 0, ahead;

        /* The SYNs stand before all others. */
        for (unsigned i = 2; i < r->l->n_before; i++) {
                const struct row *row = look_row(r->l, i);

                if (look_by(row) != r->by)
                        continue;
                ahead = (uint16_t)(row->ip_id - ip_id);
                if (steps > 0 || ip_id != 0) {
                        if (ahead == 0 || ahead > IP_ID_STEP)
                                return;
                        steps++;
                }
                ip_id = row->ip_id;
        }
        ahead = (uint16_t)(r->row->ip_id - ip_id);
        SEEN_IF(steps >= 2, f->ip_id_jumps, ahead == 0 || ahead > IP_ID_AHEAD + quiet);
}

/* Behind all that the other end had sent before it. */
static uint32_t their_end(const struct reset_row *r)
{
        const struct look *l = r->l;

        for (unsigned i = r->i; i < l->n; i++)
                if (look_by(look_row(l, i)) != r->by)
                        return l->number[i];
        return l->of[!r->by].end;
}

/* What it acknowledges comes by behind it, and ends just there: brings_what_it_acknowledges(). */
static bool is_brought(const struct reset_row *r)
{
        const struct look *l = r->l;

        for (unsigned i = r->i; i < l->n; i++) {
                const struct row *row = look_row(l, i);

                if (look_by(row) != r->by && l->number[i] + look_room(row) == r->row->ack)
                        return true;
        }
        return false;
}

/* What it acknowledges, as a position in the other direction. */
static void fill_ack(const struct reset_row *r, struct facts_of_reset *f, struct facts_of_direction *from)
{
        const struct looked_end *o = &r->l->of[!r->by];
        const uint32_t end = their_end(r);
        const int64_t sent = (int64_t)(end - o->base), position = sent + seq_distance(end, r->row->ack);
        const int64_t bytes = (int64_t)(o->end - (o->fin >= 0) - o->base);
        const uint64_t acked = (uint64_t)(position > bytes ? bytes : position);
        bool impossible = position > sent && !is_brought(r);

        if (!r->has_ack)
                return;
        SEEN_IF(!impossible && position >= 0, f->ack_position, (uint64_t)position);
        SEEN_IF(impossible || position >= 0, f->ack_impossible, impossible);
        if (!impossible && position >= 0 &&
            (!fact_known(from->acked_by_reset.how) || from->acked_by_reset.value < acked))
                SEEN(from->acked_by_reset, acked);
}

/* A RST that Linux does not send, though it comes from where that end's other segments come from: foreign(). */
static bool is_foreign(const struct reset_row *r, const struct facts_of_reset *f)
{
        if (fact_is(f->ttl_differs) || fact_known(f->answers.how))
                return false;
        return r->has_ack ? r->row->window == 0 && r->l->of[r->by].end != 0 : r->row->window != 0;
}

static void fill_reset(struct reset_row *r, struct facts *facts, struct facts_of_reset *f)
{
        const struct look *l = r->l;
        const struct looked_end *d = &l->of[r->by];
        bool ipv4 = l->o->head.realm & REALM_IPV4, over = l->o->flags & ORDERLY_ENDED;

        zero(f, sizeof(*f));
        SEEN(f->by, r->by ? SIDE_SERVER : SIDE_CLIENT);
        SEEN(f->at, r->at);
        SEEN(f->frame, r->row->frame);
        SEEN(f->before, look_time(l, (int)r->i - 1));
        SEEN(f->repeats, 0);
        SEEN(f->has_ack, r->has_ack);
        SEEN(f->window, r->row->window);
        SEEN(f->options, r->options);
        SEEN(f->payload, 0);
        SEEN(f->validity, RESET_VALIDITY_EXACT);
        SEEN(f->behind, false);
        SEEN(f->position, d->end - d->base);
        SEEN(f->after_both_acked, over);
        SEEN(f->went_on, false);
        if (!over)
                INFERRED(f->obeyed, true);
        SEEN_IF(is_unasked(r), f->unasked, true);
        SEEN(f->ttl, r->row->ttl);
        SEEN_IF(d->ttl > 0, f->ttl_differs, r->row->ttl < d->ttl_least || r->row->ttl > d->ttl);
        SEEN_IF(ipv4, f->ip_id, r->row->ip_id);
        if (ipv4)
                compare_ip_id(r, f);
        fill_answered(r, ipv4, f);
        fill_ack(r, f, &facts->from[!r->by]);
        if (is_foreign(r, f))
                INFERRED(facts->end[r->by].os, OS_OTHER);
}

/* It was there before. */
static void fill_repeat(struct reset_row *r, struct facts_of_reset *f)
{
        int i = answered(r);

        f->repeats.value++;
        if (i >= 0 && fact_known(f->drew_data.how) && kind_of(look_row(r->l, (unsigned)i)) == SEGMENT_KIND_DATA)
                f->drew_data.value = true;
}

static void fill_any(struct reset_row *r, struct facts *f)
{
        unsigned k = 0;

        r->has_ack = row_what(r->row) & SEGMENT_ACK;
        r->options = row_what(r->row) & ROW_TIMESTAMPS;
        r->at = look_time(r->l, (int)r->i);
        f->n_resets_in_all++;
        while (k < f->n_resets && !is_same(r->of[k], r->row))
                k++;
        if (k < f->n_resets) {
                fill_repeat(r, &f->resets[k]);
        } else {
                r->of[k] = r->row;
                fill_reset(r, f, &f->resets[f->n_resets++]);
        }
        r->before = r->at;
}

void orderly_fill_resets(const struct look *l, struct tracked *t)
{
        struct facts *f = &t->facts;
        struct reset_row r = { .l = l };

        f->n_resets = f->n_resets_in_all = 0;
        INFERRED_IF(false, f->from[0].acked_by_reset, 0);
        INFERRED_IF(false, f->from[1].acked_by_reset, 0);
        SEEN_IF(l->o->flags & ORDERLY_SIBLINGS, f->siblings_reset, true);
        if (l->n_before == l->n)
                return;
        r.by = look_by(look_row(l, l->n_before));
        r.before = look_time(l, l->of[r.by].last);
        r.last = (int)l->n_before;
        do
                r.last--;
        while (look_by(look_row(l, (unsigned)r.last)) == r.by);
        for (r.i = l->n_before; r.i < l->n; r.i++) {
                r.row = look_row(l, r.i);
                if (row_what(r.row) & SEGMENT_RST)
                        fill_any(&r, f);
                else
                        r.last = (int)r.i;
        }
        f->end[r.by].last_heard.value = r.before;
}
