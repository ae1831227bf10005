/*
 * When a connection is given out, and when it is forgotten. One that has ended waits until five seconds of the
 * capture's own time passed without a segment of it, and is then given out. It is kept a while longer, so that a
 * straggler that changes what was said can have it given out again; then it is forgotten.
 */
#include "connection/tracker_internal.h"

#include <errno.h>
#include <string.h>

#include "connection/direction.h"
#include "connection/icmp.h"
#include "connection/orderly_brief.h"
#include "connection/segment.h"

/* Bounds the memory where tens of thousands end in a second. */
enum {
        ENDED_MAX = 16384,              /* so many that have ended are kept; beyond that the oldest go before
                                         * their time … */
        GIVEN_MAX = 4096,               /* … and so many of those that were given out already */
};

static void hand_out(struct tracker *t, struct tracked *given)
{
        given->facts.seen.losses = t->losses;
        given->facts.seen.disorder = t->behind > TRACKER_DISORDER_NS;
        t->hooks.give(t->hooks.context, given);
}

static void give_connection(struct tracker *t, struct connection *c, bool cut)
{
        struct tracked *given;
        uint64_t digest;

        if (c->flags & CONNECTION_GIVEN && !(c->flags & CONNECTION_CHANGED))
                return;
        c->rev++;
        t->losses = t->losses || give_misses(c, table_extra_of(&t->table, c));
        given = give_fill(&t->given, c, table_extra_of(&t->table, c), t->now, cut);
        digest = give_digest(given);
        if (c->flags & CONNECTION_GIVEN && digest == c->verdict) {
                c->rev--;
        } else {
                hand_out(t, given);
                c->verdict = digest;
        }
        c->flags |= CONNECTION_GIVEN;
        c->flags &= (uint16_t)~CONNECTION_CHANGED;
}

/* Takes what stands behind a row and is not in order (ORDERLY_LAST), which was made a struct connection without it, and
 * is now @node. */
static void take_last(struct tracker *t, const struct orderly *o, struct orderly_last *last, uint32_t node,
                      struct connection *c)
{
        struct tracker_input input;
        struct extra *extra;
        unsigned sender;

        while (orderly_last_next(last, &sender, &input)) {
                struct step step = { .tracker = t, .table = &t->table, .c = c, .node = node, .sender = sender,
                                     .input = &input };

                if (o->flags & ORDERLY_ICMP)
                        icmp_take(&step);
                else
                        segment_take(&step);
        }
        extra = table_extra_of(&t->table, c);
        if (extra && o->flags & ORDERLY_SIBLINGS)
                extra->siblings_reset = true;
}

static __attribute__((noinline)) void give_with_last(struct tracker *t, uint32_t node, bool cut)
{
        struct orderly *o = table_orderly(&t->table, node);
        struct orderly_last last;

        orderly_grow(&t->table, o, &t->grown);
        orderly_last_of(&t->table, o, &last);
        take_last(t, o, &last, node, &t->grown);
        t->grown.rev = 1;
        hand_out(t, give_fill(&t->given, &t->grown, table_extra_of(&t->table, &t->grown), t->now, cut));
        table_free_extra(&t->table, &t->grown);
}

/* If need be it is made a struct connection, for the moment only. */
static void give_orderly(struct tracker *t, uint32_t node, bool cut)
{
        struct orderly *o = table_orderly(&t->table, node);
        struct tracked *given;

        if (o->flags & ORDERLY_GIVEN)
                return;
        given = t->options.brief ? orderly_brief(&t->table, o, t->now, cut, &t->given.brief) : NULL;
        if (!given)
                given = orderly_facts(&t->table, o, t->now, cut, &t->given.row);
        if (given) {
                hand_out(t, given);
        } else if (o->flags & ORDERLY_LAST) {
                give_with_last(t, node, cut);
        } else {
                orderly_grow(&t->table, o, &t->grown);
                t->grown.rev = 1;
                hand_out(t, give_fill(&t->given, &t->grown, NULL, t->now, cut));
        }
        o->flags |= ORDERLY_GIVEN;
}

void tracker_give(struct tracker *t, uint32_t node, bool cut)
{
        if (node_is_orderly(node))
                give_orderly(t, node, cut);
        else
                give_connection(t, table_at(&t->table, node), cut);
}

int tracker_grow(struct tracker *t, uint32_t *node)
{
        uint32_t orderly = *node;
        struct orderly_last last;
        struct connection *c;
        struct orderly o;

        if (tracker_unpack(t, node) < 0)
                return -ENOMEM;
        if (!node_is_orderly(*node))
                return 0;
        o = *table_orderly(&t->table, orderly);
        if (o.flags & ORDERLY_LAST)
                orderly_last_of(&t->table, &o, &last);
        if (table_grow_orderly(&t->table, orderly, node) < 0)
                return -ENOMEM;
        c = table_at(&t->table, *node);
        if (o.flags & ORDERLY_LAST) {
                siblings_grown(&t->siblings, orderly, *node);
                take_last(t, &o, &last, *node, c);
        }
        if (!(o.flags & ORDERLY_GIVEN))
                return 0;
        c->rev = 1;
        c->verdict = give_digest(give_fill(&t->given, c, table_extra_of(&t->table, c), t->now, false));
        c->flags |= CONNECTION_GIVEN;
        return 0;
}

static void forget(struct tracker *t, uint32_t node, struct tombstone_name name)
{
        uint32_t next[2];

        if (node_is_orderly(node)) {
                const struct orderly *o = table_orderly(&t->table, node);

                graveyard_bury(&t->graveyard, name, o->file, o->first_frame, o->next);
        } else {
                const struct connection *c = table_at(&t->table, node);

                for (unsigned side = 0; side < 2; side++)
                        next[side] = c->side[side].base + (uint32_t)direction_end(&c->side[side]);
                graveyard_bury(&t->graveyard, name, c->first_file, c->first_frame, next);
        }
        table_forget(&t->table, node);
}

void tracker_take_pending(struct tracker *t, uint32_t node, bool begins)
{
        struct extra *extra = node_is_orderly(node) ? NULL : table_extra_of(&t->table, table_at(&t->table, node));
        struct connection *pending;
        uint32_t number;

        if (!extra || extra->pending == NODE_NONE)
                return;
        number = extra->pending;
        extra->pending = NODE_NONE;
        table_head(&t->table, node)->awaited = false;
        pending = table_at(&t->table, number);
        /* It met the old connection, and nobody tried again. */
        if (extra->challenged && pending->n_syns[0] == 1)
                begins = false;
        extra->challenged = false;
        if (begins) {
                t->n_connections++;
                give_connection(t, pending, false);
        } else {
                struct connection *c = table_at(&t->table, node);
                unsigned side = tracker_turned(c, pending);

                c->side[side].packets += pending->side[0].packets;
                c->side[side].payload_seen += pending->side[0].payload_seen;
        }
        table_free_node(&t->table, number);
}

/* Gives a connection out, and keeps it for stragglers. */
static void retire(struct tracker *t, uint32_t node)
{
        tracker_take_pending(t, node, true);
        tracker_give(t, node, false);
        table_list(&t->table, node, LIST_GIVEN);
}

/* Gives it out for good. */
static void retire_at_once(struct tracker *t, uint32_t node)
{
        const struct tombstone_name name = graveyard_name(table_head(&t->table, node));

        graveyard_fetch(&t->graveyard, name);
        tracker_take_pending(t, node, true);
        tracker_give(t, node, false);
        forget(t, node, name);
}

void tracker_give_ended(struct tracker *t)
{
        int64_t due = INT64_MAX;
        uint32_t node;

        while ((node = t->table.oldest[LIST_ENDED]) != NODE_NONE) {
                int64_t last = tracker_last(t, node);

                if (t->now - last < t->options.linger_ns) {
                        /* Its time never goes back, so it is not asked for again until then. */
                        if (__builtin_add_overflow(last, t->options.linger_ns, &due))
                                due = INT64_MIN;
                        break;
                }
                table_fetch_next(&t->table, node);
                retire(t, node);
        }
        t->table.due = due;
}

void tracker_make_room(struct tracker *t)
{
        struct table *table = &t->table;

        tracker_pack_silent(t);
        while (table->n_listed[LIST_GIVEN] > GIVEN_MAX ||
               table->n_listed[LIST_ENDED] + table->n_listed[LIST_GIVEN] >= ENDED_MAX ||
               (table->n_used >= t->options.max_connections && table->n_used > 0)) {
                uint32_t node = table->oldest[LIST_GIVEN];

                if (node != NODE_NONE) {
                        table_fetch_next(table, node);
                        forget(t, node, graveyard_name(table_head(table, node)));
                } else if ((node = table->oldest[LIST_ENDED]) != NODE_NONE) {
                        table_fetch_next(table, node);
                        retire_at_once(t, node);
                } else if ((node = table->oldest[LIST_SILENT]) != NODE_NONE ||
                           (node = table->oldest[LIST_LIVE]) != NODE_NONE) {
                        if (tracker_unpack(t, &node) < 0)
                                return;
                        if (node_is_orderly(node))
                                table_orderly(table, node)->flags |= ORDERLY_EVICTED;
                        else
                                table_at(table, node)->flags |= CONNECTION_EVICTED;
                        t->n_evicted++;
                        retire_at_once(t, node);
                } else {
                        return;
                }
        }
}

void tracker_lost(struct tracker *tracker)
{
        tracker->losses = true;
}

uint64_t tracker_behind(const struct tracker *tracker)
{
        return tracker->behind;
}

bool tracker_misses(const struct tracker *t, uint32_t node)
{
        const struct connection *c;

        if (node_is_orderly(node))
                return table_is_packed(&t->table, node) && table_orderly(&t->table, node)->flags & ORDERLY_MISSES;
        c = table_at(&t->table, node);
        return give_misses(c, table_extra_of(&t->table, c));
}

/* Those that are left are open, most of them; before the first of them is given out it shall be known whether any
 * misses segments. */
static void note_losses(struct tracker *t)
{
        static const unsigned lists[] = { LIST_ENDED, LIST_SILENT, LIST_LIVE };

        for (unsigned i = 0; i < sizeof(lists) / sizeof(*lists); i++)
                for (uint32_t node = t->table.oldest[lists[i]]; node != NODE_NONE && !t->losses;
                     node = table_link(&t->table, node)->newer)
                        t->losses = tracker_misses(t, node);
}

uint64_t tracker_finish(struct tracker *tracker, bool cut)
{
        static const unsigned order[] = { LIST_ENDED, LIST_SILENT, LIST_LIVE, LIST_GIVEN };
        uint64_t n_lost = 0;
        uint32_t node;

        note_losses(tracker);
        for (unsigned i = 0; i < sizeof(order) / sizeof(*order); i++)
                while ((node = tracker->table.oldest[order[i]]) != NODE_NONE) {
                        table_fetch_next(&tracker->table, node);
                        if (tracker_unpack(tracker, &node) == 0) {
                                tracker_take_pending(tracker, node, true);
                                tracker_give(tracker, node, cut);
                        } else {
                                n_lost++;
                        }
                        table_unindex(&tracker->table, node);
                        table_free_node(&tracker->table, node);
                }
        return n_lost;
}
