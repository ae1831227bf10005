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
static inline int
first_of(uint64_t set)
{
        return __builtin_ctzll(set);
}

static inline int
last_of(uint64_t set)
{
        return 63 ^ __builtin_clzll(set);
}

static inline uint64_t
all_before(int i)
{
        return (UINT64_C(1) << i) - 1;
}

static inline uint64_t
all_behind(int i)
{
        return ~UINT64_C(1) << i;
}

/* The two SYNs: where each end begins is said by who answers it. */
static inline void
begin(struct look *l, struct orderly_sums *ret_sums)
{
        for (unsigned side = 0; side < 2; side++) {
                uint32_t base = side + 1 < l->n ? look_row(l, side + 1)->ack : l->o->next[side];
                unsigned ttl = look_row(l, side)->ttl;

                l->of[side] = (struct looked_end){
                        .base = base, .end = l->o->next[side], .answers_in = UINT64_MAX, .ttl = ttl, .last = -1, .fin = -1,
                        .first_payload = -1, .last_payload = -1, .run = -1, .late = -1,
                };
                ret_sums->sent[side] = orderly_all(base);
                ret_sums->ttl[side] = orderly_all(ttl);
        }
        memcpy(l->history, "Sh", 3);
}

static __attribute__((noinline)) void
look_at_ttls(struct look *l, unsigned from, unsigned to)
{
        for (unsigned i = from; i < to; i++) {
                const struct row *row = look_row(l, i);
                struct looked_end *d = &l->of[look_by(row)];

                if (row->ttl > d->ttl)
                        d->ttl = row->ttl;
        }
}

/* Takes what stands in one word, @from being its first place and a multiple of 4; @to is behind its last. */
static inline void
gather(struct look *l, unsigned from, unsigned to, struct orderly_sums *sums, struct word *ret_word)
{
        const four all = orderly_all(UINT32_MAX);
        struct orderly_sets sets = {};
        uint64_t mask = UINT64_MAX >> (64 - (to - from));

        for (unsigned i = from; i < to; i += 4)
                orderly_take_four(sums, &sets, l->group[i / 4], i - from, i > 0 ? all : (four){ 0, 0, UINT32_MAX, UINT32_MAX },
                                  &l->number[i], &l->since[i]);
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
static inline void
add_letters(struct look *l, const struct word *w, int at)
{
        static const char letters[] = "ADFFadff";
        uint64_t kinds[] = { ~(w->data | w->fin | w->syn), w->data & ~w->fin, w->fin }, firsts = 0;
        char *end = l->history + (at > 0 ? strlen(l->history) : 2);

        for (unsigned k = 0; k < 3; k++)
                for (unsigned side = 0; side < 2; side++) {
                        uint64_t set = kinds[k] & w->of[side];

                        if (at > 0 && strchr(l->history, letters[side * 4 + k]))
                                continue;
                        firsts |= set & -set;
                }
        end = orderly_put_letters(end, firsts, w->of[1], w->data, w->fin);
        *end = '\0';
}

/* What @d sent of payload, @at being the place of the word, @theirs the other end's, whose last payload before was at
 * @their_last. */
static inline void
look_at_payload(struct looked_end *d, const struct looked_end *o, int their_last, uint64_t mine, uint64_t theirs,
                uint64_t their_fin, int at)
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

/* In which time @d acknowledged all for the first time that the other end had sent, since that last sent what wants an
 * answer. @asked is that place before this word while nothing answered it, or -1. */
static inline int
look_at_answers(const struct look *l, struct looked_end *d, uint64_t answers, uint64_t requests, int asked, int at)
{
        /* Each request carries up to what comes next, be it a request or an answer. */
        uint64_t fresh = answers & ((requests << 1 | (asked >= 0)) + ~(answers | requests));

        for (; fresh != 0; fresh &= fresh - 1) {
                uint64_t before = requests & ((fresh & -fresh) - 1);
                /* If it is 0 it is none, and greater than any then. */
                uint64_t in = l->since[at + first_of(fresh)] - l->since[before ? at + last_of(before) : asked] - 1;

                if (in < d->answers_in)
                        d->answers_in = in;
        }
        return requests > answers ? at + last_of(requests) : answers ? -1 : asked;
}

static inline void
look_at_word(struct look *l, const struct word *w, int asked[static 2], int at)
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

                asked[!side] = look_at_answers(l, &l->of[side], w->full & mine, requests & w->of[!side], asked[!side], at);
                if (fin)
                        l->of[side].fin = at + first_of(fin);
        }
}

void
look(const struct table *table, const struct orderly *o, struct look *ret_look)
{
        const unsigned n = o->n - !!(o->flags & ORDERLY_LAST);
        int asked[2] = { -1, -1 };
        struct orderly_sums sums;

        ret_look->o = o;
        ret_look->n = n;
        /* All that was written long ago is fetched at once. */
        for (unsigned i = 0; i < o->n; i += 4) {
                ret_look->group[i / 4] = table_row(table, o, i);
                __builtin_prefetch(ret_look->group[i / 4]);
                __builtin_prefetch(ret_look->group[i / 4] + 2);
        }
        begin(ret_look, &sums);
        for (unsigned from = 0; from < n; from += WORD) {
                struct word w;

                gather(ret_look, from, n < from + WORD ? n : from + WORD, &sums, &w);
                look_at_word(ret_look, &w, asked, (int)from);
        }
        /* A SYN stands before the first byte. */
        ret_look->number[0]--;
        ret_look->number[1]--;
        if (o->flags & ORDERLY_RESET)
                ret_look->of[look_by(look_row(ret_look, n))].n_packets++;
}
