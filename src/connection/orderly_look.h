/* One look over the row of segments of a connection (orderly.h), a SYN-ACK being among them: what of it the facts need.
 * Segments are named by their place in the row. RSTs are looked at apart (orderly_facts_reset.c). */
#pragma once

#include "connection/table.h"

/* What one end sent, numbered as on the wire. */
struct looked_end {
        uint32_t base;                  /* the number of its first byte */
        uint32_t end;                   /* behind all that it sent, a FIN included */
        uint64_t answers_in;            /* the least time in which it answered, less one; the greatest: never */
        unsigned n_packets;             /* a RST too */
        unsigned n_payloads;
        unsigned ttl, ttl_least;        /* the greatest, and the least */
        /* Places; -1 is none. */
        int last;                       /* its last segment, but for a RST */
        int fin;
        int first_payload, last_payload;
        int run;                        /* where its payload since the other end's last begins */
        int late;                       /* its first payload behind the other end's FIN */
        uint32_t n_run, n_late;         /* bytes from there on */
};

struct look {
        const struct orderly *o;
        unsigned n;                     /* segments */
        unsigned n_before;              /* before the first RST */
        struct looked_end of[2];
        char history[12];               /* as Zeek would have it, without a RST; no NUL behind it … */
        unsigned n_history;             /* … but so many letters */
        const struct row *group[ROW_MAX / 4];   /* four segments each */
        uint32_t number[ROW_MAX];       /* of the first byte of each */
};

void look(const struct table *table, const struct orderly *o, struct look *ret_look);

/* The same at less cost, where there are so many segments at the most; but @answers_in of either end means nothing
 * then, nor @number before a RST. */
enum { LOOK_BRIEF_MAX = 64 };
void look_briefly(const struct table *table, const struct orderly *o, struct look *ret_look);

static inline const struct row *look_row(const struct look *l, unsigned i)
{
        return &l->group[i / 4][i % 4];
}

/* Who sent it. */
static inline unsigned look_by(const struct row *row)
{
        return row_what(row) / ROW_BY_1 & 1;
}

/* Whether it wants an answer. Where a SYN has no payload there is its window scale. */
static inline bool look_wants(const struct row *row)
{
        return row_what(row) & (SEGMENT_SYN | SEGMENT_FIN) || row->n_payload > 0;
}

/* What it takes in the stream. */
static inline unsigned look_room(const struct row *row)
{
        return row_what(row) & SEGMENT_SYN ? 1 : row->n_payload + (row_what(row) & SEGMENT_FIN);
}

static inline int64_t look_time(const struct look *l, int i)
{
        return l->o->first + row_since(look_row(l, (unsigned)i));
}
