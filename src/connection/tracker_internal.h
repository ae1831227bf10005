/* What the files of the tracker share: tracker.c, which takes the batches apart; tracker_take.c, which finds the
 * connection of a segment; tracker_give.c, which gives connections out and forgets them; tracker_silent.c, which packs
 * those that say nothing for long. */
#pragma once

#include <string.h>

#include "connection/give.h"
#include "connection/sibling.h"
#include "connection/table.h"
#include "connection/tombstone.h"
#include "connection/tracker.h"

struct tracker {
        struct table table;
        struct tracker_options options;
        struct tracker_hooks hooks;
        int64_t now;                    /* the greatest time so far */
        uint32_t not_plain;             /* the segment at hand is of this node, and does not go the short way */
        bool failed;                    /* for want of memory */
        uint64_t n_connections, n_evicted, n_packed;
        struct siblings siblings;
        struct graveyard graveyard;
        /* What is being given out; large, so it is not on the stack. */
        struct given given;
        struct connection grown;
};

/* What becomes of a segment, of which only the first part may have been read, or of an ICMP error. Returns 0 or -ENOMEM. */
int tracker_take_tcp(struct tracker *t, const struct name *name, struct tracker_input *input);
int tracker_take_icmp(struct tracker *t, const struct name *name, const struct tracker_input *input);

/* Gives a connection out, unless that would say what was said already. @cut: the capture ended within a frame. */
void tracker_give(struct tracker *t, uint32_t node, bool cut);

/* Makes a struct connection of an orderly one; another is left as it is. Returns 0 or -ENOMEM. */
int tracker_grow(struct tracker *t, uint32_t *node);

/* Is the first end of @c the second of @pending, which has the same two ends? */
static inline unsigned
tracker_turned(const struct connection *c, const struct connection *pending)
{
        return c->head.address[0] != pending->head.address[0] ||
               memcmp(c->head.rest[0], pending->head.rest[0], sizeof(c->head.rest[0])) != 0 || c->head.port[0] != pending->head.port[0];
}

/* When the last segment of a node was seen. */
static inline int64_t
tracker_last(const struct tracker *t, uint32_t node)
{
        return node_is_orderly(node) ? table_orderly(&t->table, node)->last : table_at(&t->table, node)->last;
}

/* Packs what said nothing for long, if much is at hand. */
void tracker_pack_silent(struct tracker *t);

/* Makes a node what it was before it was packed. Returns 0 or -ENOMEM. */
int tracker_unpack(struct tracker *t, uint32_t *node);

/* Gives out what ended long enough ago. */
void tracker_give_ended(struct tracker *t);

/* Ends the wait of a SYN on a living connection: it began another (which takes over the ends if it was answered,
 * or else is given out beside the old one), or it belongs to the one at hand. */
void tracker_take_pending(struct tracker *t, uint32_t node, bool begins);

/* Keeps within the bounds: what was given out goes first, then what ended, then what was silent for longest. */
void tracker_make_room(struct tracker *t);

/* The clock goes on. */
static inline void
tracker_advance(struct tracker *t, int64_t time)
{
        if (time <= t->now)
                return;
        t->now = time;
        if (__builtin_expect(time >= t->table.due, 0))
                tracker_give_ended(t);
}
