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

/* How long a tick is at most. With a million frames a second the connections that fall silent within seconds are too
 * many to be kept as they are. */
#define TICK_FRAMES (1u << 17)

struct tracker {
        struct table table;
        struct tracker_options options;
        struct tracker_hooks hooks;
        uint32_t file;                  /* of the frames at hand, … */
        uint64_t last_frame;            /* … and the number of the last of them */
        int64_t now;                    /* the greatest time so far, */
        uint32_t second;                /* in seconds, … */
        int64_t second_ends;            /* … and when that will be over */
        uint32_t tick;                  /* goes on with the second, and with TICK_FRAMES in which none began: … */
        uint32_t tick_frames;           /* … these are how many such lie before, and … */
        uint32_t tick_second;           /* … this the second in which they began */
        uint64_t behind;                /* how far behind the greatest time a frame was, at most */
        uint32_t not_plain;             /* the segment at hand is of this node, and does not go the short way */
        bool failed;                    /* for want of memory */
        bool losses;                    /* the capture misses segments of one connection or another */
        uint64_t n_connections, n_evicted, n_packed;
        struct siblings siblings;
        struct graveyard graveyard;
        /* What is being given out; large, so it is not on the stack. */
        struct given given;
        struct connection grown;
};

/* Takes a frame. @node: the connection that it belongs to, and @sender which of its ends sent it, if that is known;
 * else NODE_NONE. Returns 0 or -ENOMEM. */
int tracker_take(struct tracker *t, const struct tracker_frame *f, uint32_t node, unsigned sender);

/* Where the connection stands in the lists after a segment. */
static inline void tracker_list_orderly(struct tracker *t, struct orderly *o)
{
        if (o->flags & ORDERLY_ENDED) {
                table_list(&t->table, table_node_of(&t->table, o), LIST_ENDED);
        } else if (t->tick - o->head.queued >= QUEUED_FOR) {
                o->head.queued = t->tick;
                table_list(&t->table, table_node_of(&t->table, o), LIST_LIVE);
        }
}

/* What VLANs add to the realm. */
static inline uint32_t tracker_vlans(const struct tracker *t, uint32_t vlan)
{
        return t->options.by_vlan ? vlan << REALM_VLAN_SHIFT : 0;
}

/* Does a node miss segments that were sent (give_misses())? A row does not. */
bool tracker_misses(const struct tracker *t, uint32_t node);

/* Gives a connection out, unless that would say what was said already. @cut: the capture ended within a frame. */
void tracker_give(struct tracker *t, uint32_t node, bool cut);

/* Makes a struct connection of an orderly one; another is left as it is. Returns 0 or -ENOMEM. */
int tracker_grow(struct tracker *t, uint32_t *node);

/* Is the first end of @c the second of @pending, which has the same two ends? */
static inline unsigned tracker_turned(const struct connection *c, const struct connection *pending)
{
        return c->head.address[0] != pending->head.address[0] ||
               memcmp(c->head.rest[0], pending->head.rest[0], sizeof(c->head.rest[0])) != 0 ||
               c->head.port[0] != pending->head.port[0];
}

/* When the last segment of a node was seen. */
static inline int64_t tracker_last(const struct tracker *t, uint32_t node)
{
        return node_is_orderly(node) ? table_orderly(&t->table, node)->last : table_at(&t->table, node)->last;
}

/* Packs what said nothing for long, if much is at hand. */
void tracker_pack_silent(struct tracker *t);

/* Makes a node what it was before it was packed. Returns 0 or -ENOMEM. */
int tracker_unpack(struct tracker *t, uint32_t *node);

/* The second in which it is now, and its end. */
void tracker_next_second(struct tracker *t);

/* Gives out what ended long enough ago. */
void tracker_give_ended(struct tracker *t);

/* Ends the wait of a SYN on a living connection: it began another (which takes over the ends if it was answered,
 * or else is given out beside the old one), or it belongs to the one at hand. */
void tracker_take_pending(struct tracker *t, uint32_t node, bool begins);

/* Keeps within the bounds: what was given out goes first, then what ended, then what was silent for longest. */
void tracker_make_room(struct tracker *t);

/* The clock goes on. */
static inline void tracker_advance(struct tracker *t, int64_t time)
{
        if (time <= t->now) {
                if (__builtin_expect((uint64_t)t->now - (uint64_t)time > t->behind, 0))
                        t->behind = (uint64_t)t->now - (uint64_t)time;
                return;
        }
        t->now = time;
        if (__builtin_expect(time >= t->second_ends, 0))
                tracker_next_second(t);
        if (__builtin_expect(time >= t->table.due, 0))
                tracker_give_ended(t);
}
