/*
 * Of the row of segments, sets are made first, a bit for each segment; what comes first and last of its kind follows
 * from these. A word holds 64 of them, and most rows are shorter; where there is another, it goes on where the
 * first one ended.
 */
#include "connection/orderly_look.h"

#include <string.h>

#include "connection/orderly_sets.h"

enum { WORD = 64 };

/* Sets of segments. */
struct word {
        uint64_t of[2];                 /* who sent them */
        uint64_t data, fin;             /* they bear payload, or a FIN */
        uint64_t syn;
        uint64_t full;                  /* they acknowledge all that the other end had sent */
};

/* Of a set that is not empty. */
static inline int first_of(uint64_t set)
{
        return __builtin_ctzll(set);
}

static inline int last_of(uint64_t set)
{
        return 63 ^ __builtin_clzll(set);
}

static inline uint64_t all_before(int i)
{
        return (UINT64_C(1) << i) - 1;
}

static inline uint64_t all_behind(int i)
{
        return ~UINT64_C(1) << i;
}

/* The two SYNs: where each end begins is said by who answers it. */
static inline void begin(struct look *l, struct orderly_sums *ret_sums)
{
        for (unsigned side = 0; side < 2; side++) {
                uint32_t base = side + 1 < l->n_before ? look_row(l, side + 1)->ack : l->o->next[side];
                unsigned ttl = look_row(l, side)->ttl;

                l->of[side] = (struct looked_end){
                        .base = base, .end = l->o->next[side], .answers_in = UINT64_MAX, .ttl = ttl, .ttl_least = ttl,
                        .last = -1, .fin = -1,
                        .first_payload = -1, .last_payload = -1, .run = -1, .late = -1,
                };
                ret_sums->sent[side] = orderly_all(base);
                ret_sums->ttl[side] = orderly_all(ttl);
        }
        memcpy(l->history, "Sh", 2);
        l->n_history = 2;
}

static __attribute__((noinline)) void look_at_ttls(struct look *l, unsigned from, unsigned to)
{
        for (unsigned i = from; i < to; i++) {
                const struct row *row = look_row(l, i);
                struct looked_end *d = &l->of[look_by(row)];

                if (row_what(row) & SEGMENT_RST)
                        continue;
                if (row->ttl > d->ttl)
                        d->ttl = row->ttl;
                if (row->ttl < d->ttl_least)
                        d->ttl_least = row->ttl;
        }
}

/* Of the places in a word, of which @from is the first, those where no RST stands. Each RST counts for its sender. */
static inline uint64_t without_resets(struct look *l, unsigned from, uint64_t mask)
{
        for (unsigned i = l->n_before > from ? l->n_before : from; i < l->n && i < from + WORD; i++) {
                const struct row *row = look_row(l, i);

                if (!(row_what(row) & SEGMENT_RST))
                        continue;
                mask &= ~(UINT64_C(1) << (i - from));
                l->of[look_by(row)].n_packets++;
        }
        return mask;
}

/* Takes what stands in one word, @from being its first place and a multiple of 4; @to is behind its last. */
static inline void gather(struct look *l, unsigned from, unsigned to, struct orderly_sums *sums,
                          uint64_t since[static WORD], struct word *ret_word)
{
        const four all = orderly_all(UINT32_MAX);
        struct orderly_sets sets = {};
        uint64_t mask = without_resets(l, from, UINT64_MAX >> (64 - (to - from)));

        for (unsigned i = from; i < to; i += 4)
                orderly_take_four(sums, &sets, l->group[i / 4], i - from,
                                  i > 0 ? all : (four){ 0, 0, UINT32_MAX, UINT32_MAX },
                                  &l->number[i], &since[i - from]);
        /* Behind the last there may be anything. */
        *ret_word = (struct word){ .of = { ~sets.by_1 & mask, sets.by_1 & mask }, .data = sets.data & mask,
                                   .fin = sets.fin & mask, .syn = from == 0 ? 3 : 0, .full = sets.full & mask };
        /* The first acknowledges nothing, and its answer acknowledges that. */
        if (from == 0)
                ret_word->full = (ret_word->full & ~UINT64_C(3)) | 2;
        if (~sets.same_ttl & mask)
                look_at_ttls(l, from, to);
}

/* Of each kind of segment of each end, Zeek has a letter for the first (zeek_note_segment()). */
static inline void add_letters(struct look *l, const struct word *w, int at)
{
        static const char letters[] = "ADFFadff";
        uint64_t kinds[] = { ~(w->data | w->fin | w->syn), w->data & ~w->fin, w->fin }, firsts = 0;
        char *end = l->history + l->n_history;

        for (unsigned k = 0; k < 3; k++)
                for (unsigned side = 0; side < 2; side++) {
                        uint64_t set = kinds[k] & w->of[side];

                        if (at > 0 && memchr(l->history, letters[side * 4 + k], l->n_history))
                                continue;
                        firsts |= set & -set;
                }
        end = orderly_put_letters(end, firsts, w->of[1], w->data, w->fin);
        l->n_history = (unsigned)(end - l->history);
}

/* What @d sent of payload, @at being the place of the word, @theirs the other end's, whose last payload before was at
 * @their_last. */
static inline void look_at_payload(struct looked_end *d, const struct looked_end *o, int their_last, uint64_t mine,
                                   uint64_t theirs, uint64_t their_fin, int at)
{
        uint64_t late = 0;

        if (!mine)
                return;
        d->n_payloads += orderly_count(mine);
        if (d->first_payload < 0)
                d->first_payload = at + first_of(mine);
        theirs &= all_before(last_of(mine));
        if (theirs)
                d->run = at + first_of(mine & all_behind(last_of(theirs)));
        else if (d->last_payload <= their_last)
                d->run = at + first_of(mine);
        d->last_payload = at + last_of(mine);
        if (their_fin)
                late = mine & all_behind(first_of(their_fin));
        else if (o->fin >= 0)
                late = mine;
        if (late && d->late < 0)
                d->late = at + first_of(late);
}

static inline uint64_t look_since(const struct look *l, int i)
{
        return (uint64_t)(look_time(l, i) - l->o->first);
}

/* In which time @d acknowledged all for the first time that the other end had sent, since that last sent what wants an
 * answer. @asked is that place before this word while nothing answered it, or -1. */
static inline int look_at_answers(const struct look *l, const uint64_t since[static WORD], struct looked_end *d,
                                  uint64_t answers, uint64_t requests, int asked, int at)
{
        /* Each request carries up to what comes next, be it a request or an answer. */
        uint64_t fresh = answers & ((requests << 1 | (asked >= 0)) + ~(answers | requests));

        for (; fresh != 0; fresh &= fresh - 1) {
                uint64_t before = requests & ((fresh & -fresh) - 1);
                /* If it is 0 it is none, and greater than any then. */
                uint64_t in = since[first_of(fresh)] - (before ? since[last_of(before)] : look_since(l, asked)) - 1;

                if (in < d->answers_in)
                        d->answers_in = in;
        }
        return requests > answers ? at + last_of(requests) : answers ? -1 : asked;
}

static inline void look_at_word(struct look *l, const struct word *w, const uint64_t since[static WORD],
                                int asked[static 2], int at)
{
        const uint64_t requests = w->data | w->fin | w->syn;
        const int last_payload[] = { l->of[0].last_payload, l->of[1].last_payload };

        add_letters(l, w, at);
        for (unsigned side = 0; side < 2; side++) {
                const uint64_t mine = w->of[side], theirs = w->of[!side];
                struct looked_end *d = &l->of[side], *o = &l->of[!side];

                if (!mine)
                        continue;
                d->n_packets += orderly_count(mine);
                d->last = at + last_of(mine);
                look_at_payload(d, o, last_payload[!side], w->data & mine, w->data & theirs, w->fin & theirs, at);
        }
        for (unsigned side = 0; side < 2; side++) {
                const uint64_t mine = w->of[side], fin = w->fin & mine;

                asked[!side] = look_at_answers(l, since, &l->of[side], w->full & mine, requests & w->of[!side],
                                               asked[!side], at);
                if (fin)
                        l->of[side].fin = at + first_of(fin);
        }
}

/* All that was written long ago is fetched at once. */
static inline void begin_fetching(const struct table *table, const struct orderly *o, struct look *l)
{
        l->o = o;
        l->n = o->n;
        l->n_before = o->flags & ORDERLY_LAST ? o->n_before : o->n;
        for (unsigned i = 0; i < o->n; i += 4) {
                l->group[i / 4] = table_row(table, o, i);
                __builtin_prefetch(l->group[i / 4]);
                __builtin_prefetch(l->group[i / 4] + 2);
        }
}

void look(const struct table *table, const struct orderly *o, struct look *ret_look)
{
        int asked[2] = { -1, -1 };
        struct orderly_sums sums;
        unsigned n;

        begin_fetching(table, o, ret_look);
        n = ret_look->n;
        begin(ret_look, &sums);
        for (unsigned from = 0; from < n; from += WORD) {
                uint64_t since[WORD];
                struct word w;

                gather(ret_look, from, n < from + WORD ? n : from + WORD, &sums, since, &w);
                look_at_word(ret_look, &w, since, asked, (int)from);
        }
        for (unsigned side = 0; side < 2; side++) {
                struct looked_end *d = &ret_look->of[side];
                const uint32_t end = d->end - (d->fin >= 0);

                d->n_run = d->run < 0 ? 0 : end - ret_look->number[d->run];
                d->n_late = d->late < 0 ? 0 : end - ret_look->number[d->late];
        }
        /* A SYN stands before the first byte. */
        ret_look->number[0]--;
        ret_look->number[1]--;
}

static inline uint32_t payload_of(const struct look *l, uint64_t set)
{
        uint32_t n = 0;

        for (; set != 0; set &= set - 1)
                n += look_row(l, (unsigned)first_of(set))->n_payload;
        return n;
}

/* As look_at_payload(), where there is but one word. The two SYNs stand before all else. */
static inline void look_at_side(const struct look *l, struct looked_end *d, uint64_t mine, uint64_t fin, uint64_t data,
                                uint64_t theirs, uint64_t their_fin)
{
        uint64_t run, late;

        d->n_packets += orderly_count(mine);
        d->last = last_of(mine);
        d->fin = fin ? first_of(fin) : -1;
        if (!data)
                return;
        d->n_payloads = orderly_count(data);
        d->first_payload = first_of(data);
        d->last_payload = last_of(data);
        run = data & all_behind(last_of((theirs & all_before(d->last_payload)) | 1));
        d->run = first_of(run);
        d->n_run = payload_of(l, run);
        late = their_fin ? data & all_behind(first_of(their_fin)) : 0;
        if (!late)
                return;
        d->late = first_of(late);
        d->n_late = payload_of(l, late);
}

/* The numbers of what came behind the RST. */
static inline void number_late(struct look *l)
{
        uint32_t end[] = { l->of[0].end, l->of[1].end };

        for (unsigned i = l->n; i-- > l->n_before;) {
                const struct row *row = look_row(l, i);

                if (!(row_what(row) & SEGMENT_RST))
                        l->number[i] = end[look_by(row)] -= look_room(row);
        }
}

void look_briefly(const struct table *table, const struct orderly *o, struct look *ret_look)
{
        struct orderly_kinds kinds = { 0 };
        struct orderly_sums sums;
        uint64_t all, of[2], other_ttl = 0;

        begin_fetching(table, o, ret_look);
        begin(ret_look, &sums);
        all = without_resets(ret_look, 0, UINT64_MAX >> (WORD - ret_look->n));
        number_late(ret_look);
        for (unsigned i = 0; i < ret_look->n; i += 4) {
                orderly_take_kinds(&kinds, ret_look->group[i / 4], i);
                other_ttl |= orderly_other_ttl(&sums, ret_look->group[i / 4]) << i;
        }
        if (other_ttl & all)
                look_at_ttls(ret_look, 0, ret_look->n);
        kinds.by_1 &= all;
        kinds.data &= all & ~UINT64_C(3);
        kinds.fin &= all;
        of[0] = all & ~kinds.by_1;
        of[1] = kinds.by_1;
        for (unsigned side = 0; side < 2; side++)
                look_at_side(ret_look, &ret_look->of[side], of[side], kinds.fin & of[side], kinds.data & of[side],
                             kinds.data & of[!side], kinds.fin & of[!side]);
        ret_look->n_history = (unsigned)(orderly_put_first_letters(ret_look->history + 2, &kinds, all) -
                                         ret_look->history);
}
