/*
 * Of a connection that is a row, the few facts that its verdict rests on. Who wants records alone asks for no more: the
 * rest of what orderly_facts() makes of the row would never be looked at. Most connections ended in order, and of them
 * the least is needed; that of others is the work of orderly_facts.c, with most of it left out.
 *
 * tests/connection/orderly.c holds the records that come of these against those that come of all the facts.
 */
#include "connection/orderly_brief.h"

#include <sys/socket.h>

#include "connection/orderly_facts.h"
#include "connection/orderly_look.h"
#include "connection/orderly_sets.h"
#include "connection/state_fact.h"

/* As many segments as a set has bits. */
enum { SEGMENTS_MAX = 64, GROUPS_MAX = SEGMENTS_MAX / 4 };

struct brief {
        const struct orderly *o;
        const struct row *group[GROUPS_MAX];    /* four segments each */
        struct orderly_kinds kinds;
        unsigned fin_at[2];                     /* where the FIN of each end is */
};

static inline const struct row *row_at(const struct brief *b, unsigned i)
{
        return &b->group[i / 4][i % 4];
}

static inline int64_t time_of(const struct brief *b, const struct row *row)
{
        return b->o->first + row_since(row);
}

static __attribute__((noinline)) void fill_constant(struct tracked *t)
{
        struct facts *f = &t->facts;

        memset(t, 0, sizeof(*t));
        t->rev = 1;
        t->conn_state = CONN_STATE_SF;
        memcpy(t->history, "Sh", 3);
        f->seen.source = SOURCE_CAPTURE;
        f->seen.roles = ROLES_SYN;
        f->seen.sides = SIDES_SEEN_BOTH;
        f->seen.over = true;
        SEEN(f->first, 0);
        SEEN(f->last, 0);
        SEEN(f->established, true);
        SEEN(f->crossed, false);
        SEEN(f->both_acked, true);
        for (unsigned side = 0; side < 2; side++) {
                SEEN(f->from[side].packets, 0);
                SEEN(f->from[side].bytes, 0);
                SEEN(f->from[side].acked, 0);
                SEEN(f->from[side].retransmitted, 0);
                SEEN(f->from[side].missing, 0);
                SEEN(f->from[side].fin, true);
                SEEN(f->from[side].fin_at, 0);
                SEEN(f->from[side].before_fin, 0);
                SEEN(f->from[side].fin_acked, true);
                SEEN(f->from[side].fin_acked_at, 0);
        }
}

/* What acknowledged the FIN of @side. */
static inline const struct row *acked_by(const struct brief *b, unsigned side)
{
        const uint32_t end = b->o->next[side];
        unsigned i = b->fin_at[side];
        const struct row *row;

        do
                row = row_at(b, ++i);
        while (look_by(row) == side || row->ack != end);
        return row;
}

static inline void fill_side(const struct brief *b, unsigned side, const struct row *syn, const struct row *answer,
                             struct facts *f)
{
        struct facts_of_direction *from = &f->from[side];
        const unsigned i = b->fin_at[side], what = row_what(syn);

        from->bytes.value = from->acked.value = b->o->next[side] - 1 - answer->ack;
        from->fin_at.value = time_of(b, row_at(b, i));
        from->before_fin.value = time_of(b, row_at(b, i - 1));
        from->fin_acked_at.value = time_of(b, acked_by(b, side));
        INFERRED_IF(what & (ROW_OTHER_OS | ROW_LINUX), f->end[side].os, what & ROW_OTHER_OS ? OS_OTHER : OS_LINUX);
}

/* Whose FIN came first: the other's own acknowledges it. */
static inline void fill_fins(const struct brief *b, struct facts *f)
{
        const bool client_knew = row_at(b, b->fin_at[0])->ack == b->o->next[1];
        const bool server_knew = row_at(b, b->fin_at[1])->ack == b->o->next[0];

        f->crossed.value = !client_knew && !server_knew;
        SEEN_IF(client_knew != server_knew, f->first_fin, client_knew ? SIDE_SERVER : SIDE_CLIENT);
}

static inline void fill_name(const struct brief *b, struct tracked *t)
{
        const struct orderly *o = b->o;

        t->file = t->last_file = o->file;
        t->first_frame = o->first_frame;
        t->last_frame = row_at(b, o->n - 1u)->frame;
        t->family = o->head.realm & REALM_IPV4 ? AF_INET : AF_INET6;
        t->vlan = o->head.realm >> REALM_VLAN_SHIFT;
        head_address(&o->head, 0, t->address[0]);
        head_address(&o->head, 1, t->address[1]);
        memcpy(t->port, o->head.port, sizeof(t->port));
}

static inline void look_at_kinds(const struct table *table, struct brief *b)
{
        const unsigned n = b->o->n;

        b->kinds = (struct orderly_kinds){ 0 };
        /* All that was written long ago is fetched at once. */
        for (unsigned i = 0; i < n; i += 4) {
                b->group[i / 4] = table_row(table, b->o, i);
                __builtin_prefetch(b->group[i / 4]);
                __builtin_prefetch(b->group[i / 4] + 2);
        }
        for (unsigned i = 0; i < n; i += 4)
                orderly_take_kinds(&b->kinds, b->group[i / 4], i);
}

static inline struct tracked *of_ended(const struct table *table, const struct orderly *o, int64_t until, bool cut,
                                       struct tracked *t)
{
        const struct row *syn, *syn_ack;
        struct facts *f = &t->facts;
        struct brief b;
        unsigned n_by_1;
        uint64_t all;

        if (o->flags & ORDERLY_SHORT || o->n > SEGMENTS_MAX || o->first <= 0 || o->next[1] == 0)
                return NULL;
        all = UINT64_MAX >> (SEGMENTS_MAX - o->n);
        b.o = o;
        look_at_kinds(table, &b);
        /* Behind the last there may be anything. Where a SYN has no payload there is its window scale. */
        b.kinds.by_1 &= all;
        b.kinds.data &= all & ~UINT64_C(3);
        b.kinds.fin &= all;
        b.fin_at[0] = (unsigned)__builtin_ctzll(b.kinds.fin & ~b.kinds.by_1);
        b.fin_at[1] = (unsigned)__builtin_ctzll(b.kinds.fin & b.kinds.by_1);
        n_by_1 = orderly_count(b.kinds.by_1);
        if (t->rev == 0)
                fill_constant(t);
        fill_name(&b, t);
        *orderly_put_first_letters(t->history + 2, &b.kinds, all) = '\0';
        f->seen.cut = cut || o->flags & ORDERLY_CUT;
        f->seen.evicted = o->flags & ORDERLY_EVICTED;
        f->seen.until = until;
        f->first.value = o->first;
        f->last.value = o->last;
        f->from[0].packets.value = o->n - n_by_1;
        f->from[1].packets.value = n_by_1;
        syn = row_at(&b, 0);
        syn_ack = row_at(&b, 1);
        fill_side(&b, 0, syn, syn_ack, f);
        fill_side(&b, 1, syn_ack, row_at(&b, 2), f);
        fill_fins(&b, f);
        return t;
}

struct tracked *orderly_brief(const struct table *table, const struct orderly *o, int64_t until, bool cut,
                              struct brief_facts *facts)
{
        if ((o->flags & (ORDERLY_ENDED | ORDERLY_LAST)) == ORDERLY_ENDED)
                return of_ended(table, o, until, cut, &facts->ended);
        return orderly_facts_brief(table, o, until, cut, &facts->other);
}
