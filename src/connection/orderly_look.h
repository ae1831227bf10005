/*
 * One look over the row of segments of a connection (orderly.h), its SYN-ACK being among them: what of it the facts
 * need. Segments are named by their place in the row, and sets of them are a bit for each.
 */
#pragma once

#include "connection/table.h"
#include "wire/segment.h"

/* What one end sent, numbered as on the wire. */
struct looked_end {
        uint32_t base;                  /* the number of its first byte */
        uint32_t end;                   /* behind all that it sent, a FIN included */
        uint64_t answers_in;            /* the least time in which it answered, less one; the greatest: never */
        uint32_t set;                   /* its segments */
        unsigned n_packets;             /* a RST too */
        unsigned n_payloads;
        unsigned ttl;                   /* the greatest */
};

struct look {
        const struct orderly *o;
        const struct row *group[ROW_MAX / 4];   /* of four each */
        struct looked_end of[2];
        unsigned n;                     /* segments, without a RST at the end */
        uint32_t data, fin;             /* those with payload, those with a FIN */
        int64_t at[ROW_MAX];
        uint32_t number[ROW_MAX];       /* of the first byte */
};

/* The two that begin it, of which the first has no ACK. */
enum { LOOK_SYNS = 3 };

/* Of a set that is not empty. */
static inline unsigned
first_of(uint32_t set)
{
        return (unsigned)__builtin_ctz(set);
}

static inline unsigned
last_of(uint32_t set)
{
        return 31 ^ (unsigned)__builtin_clz(set);
}

static inline uint32_t
all_before(unsigned i)
{
        return (UINT32_C(1) << i) - 1;
}

static inline uint32_t
all_behind(unsigned i)
{
        return ~UINT32_C(1) << i;
}

static inline const struct row *
look_row(const struct look *l, unsigned i)
{
        return &l->group[i / 4][i % 4];
}

/* Those of @side that want an answer. */
static inline uint32_t
look_requests(const struct look *l, unsigned side)
{
        return (l->data | l->fin | LOOK_SYNS) & l->of[side].set;
}

/* Who sent it. */
static inline unsigned
look_by(const struct row *row)
{
        return row_what(row) / ROW_BY_1 & 1;
}

static inline int64_t
look_time(const struct look *l, const struct row *row)
{
        return l->o->first + (int64_t)(row->at_and_what & ((UINT64_C(1) << ROW_WHAT_SHIFT) - 1));
}

/* Up to some segment. */
struct looking {
        uint32_t sent;                  /* the number behind what was sent */
        uint32_t acked;                 /* up to where the other end acknowledged it */
        int64_t asked;                  /* when it last sent something that wants an answer */
};

/* The next segment, which is no SYN. */
static inline __attribute__((always_inline)) void
look_at(struct look *l, struct looking up_to[static 2], const struct row *row, unsigned i)
{
        const unsigned side = look_by(row), fin = row_what(row) & SEGMENT_FIN;
        struct looking *mine = &up_to[side], *other = &up_to[!side];
        struct looked_end *d = &l->of[side];
        int64_t at = look_time(l, row);
        bool data = row->n_payload > 0;
        /* If it is 0 or less it is none, and greater than any then. */
        uint64_t in = (uint64_t)(at - other->asked) - 1;

        l->at[i] = at;
        l->number[i] = mine->sent;
        l->data |= (uint32_t)data << i;
        l->fin |= (uint32_t)fin << i;
        d->set |= UINT32_C(1) << i;
        d->n_packets++;
        d->n_payloads += data;
        d->ttl = row->ttl > d->ttl ? row->ttl : d->ttl;
        mine->sent += row->n_payload + fin;
        mine->asked = data | fin ? at : mine->asked;
        /* All is acknowledged, and was not before. */
        in = row->ack == other->sent && row->ack != other->acked ? in : UINT64_MAX;
        d->answers_in = in < d->answers_in ? in : d->answers_in;
        other->acked = row->ack;
}

/* The SYN and the answer to it. Where an end begins is said by who answers it. */
static inline void
look_at_syns(struct look *l, struct looking up_to[static 2])
{
        const struct row *syn = look_row(l, 0), *answer = look_row(l, 1);
        uint32_t base = l->n > 2 ? look_row(l, 2)->ack : l->o->next[1];

        l->at[0] = l->o->first;
        l->at[1] = look_time(l, answer);
        l->number[0] = answer->ack - 1;
        l->number[1] = base - 1;
        l->data = l->fin = 0;
        l->of[0] = (struct looked_end){ .base = answer->ack, .end = l->o->next[0], .answers_in = UINT64_MAX, .set = 1,
                                        .n_packets = 1, .ttl = syn->ttl };
        l->of[1] = (struct looked_end){ .base = base, .end = l->o->next[1], .set = 2,
                                        .answers_in = (uint64_t)(l->at[1] - l->at[0]) - 1, .n_packets = 1,
                                        .ttl = answer->ttl };
        up_to[0] = (struct looking){ .sent = answer->ack, .acked = answer->ack, .asked = l->at[0] };
        up_to[1] = (struct looking){ .sent = base, .acked = base - 1, .asked = l->at[1] };
}

static inline void
look(const struct table *table, const struct orderly *o, struct look *ret_look)
{
        struct looking up_to[2];

        ret_look->o = o;
        ret_look->n = o->n - !!(o->flags & ORDERLY_LAST);
        /* All that was written long ago is fetched at once. */
        for (unsigned i = 0; i < o->n; i += 4) {
                ret_look->group[i / 4] = table_row(table, o, i);
                __builtin_prefetch(ret_look->group[i / 4]);
                __builtin_prefetch(ret_look->group[i / 4] + 2);
        }
        look_at_syns(ret_look, up_to);
        for (unsigned i = 2; i < ret_look->n; i++)
                look_at(ret_look, up_to, look_row(ret_look, i), i);
        if (o->flags & ORDERLY_RESET)
                ret_look->of[look_by(look_row(ret_look, ret_look->n))].n_packets++;
}
