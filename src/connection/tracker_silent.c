/*
 * Many connections of a large capture never end: they fall silent, and wait for a segment until all is over. Each is
 * packed when it has said nothing for some seconds, and unpacked when it says something again.
 */
#include "connection/tracker_internal.h"

/* What is packed is found no more by those that are reset in the same moment (sibling.h). */
#define AWAKE_LEAST_NS 100000000

enum {
        AWAKE_FRAMES = 3 * TICK_FRAMES,
        AT_ONCE = 4,                    /* with each new one more than one, so that none is left behind for good */
        ROWS_MAX = 32,                  /* of an orderly connection that is packed as it is */
        PACKED_MAX = 2,                 /* who talks now and then shall not cost much more time than he did */
};

/* A struct connection takes less than many rows do, packed too. */
static void pack(struct tracker *t, uint32_t node)
{
        if (node_is_orderly(node) && table_orderly(&t->table, node)->n > ROWS_MAX && tracker_grow(t, &node) < 0)
                return;
        t->n_packed += table_pack(&t->table, node, tracker_misses(t, node));
}

/* How many frames before the last TICK_FRAMES began its last segment was; 0 where it was later, or in another file. */
static uint32_t frames_silent(const struct tracker *t, uint32_t node)
{
        const uint32_t tick_frame = t->tick_frames * TICK_FRAMES;
        uint32_t file, frame;

        if (node_is_orderly(node)) {
                const struct orderly *o = table_orderly(&t->table, node);

                file = o->file;
                frame = table_row(&t->table, o, o->n - 1u)->frame;
        } else {
                const struct connection *c = table_at(&t->table, node);

                file = c->last_file;
                frame = (uint32_t)c->last_frame;
        }
        return file == t->file && (int32_t)(tick_frame - frame) > 0 ? tick_frame - frame : 0;
}

/* For so long that it shall be packed? Where frames come by the million a second, sooner. */
static bool is_silent(const struct tracker *t, uint32_t node)
{
        uint64_t silent = (uint64_t)t->now - (uint64_t)tracker_last(t, node);

        /* Its next segment shall find it where it would take its place in the list anew. */
        return t->tick - table_head(&t->table, node)->queued >= QUEUED_FOR &&
               (silent >= (uint64_t)t->options.awake_ns ||
                (silent >= AWAKE_LEAST_NS && frames_silent(t, node) >= AWAKE_FRAMES));
}

void tracker_pack_silent(struct tracker *t)
{
        struct table *table = &t->table;

        for (unsigned i = 0; i < AT_ONCE && table->n_listed[LIST_LIVE] > t->options.max_awake; i++) {
                uint32_t node = table->oldest[LIST_LIVE];
                struct head *h = table_head(table, node);

                if (!is_silent(t, node))
                        return;
                table_fetch_next(table, node);
                table_list(table, node, LIST_SILENT);
                if (h->n_packed < PACKED_MAX) {
                        h->n_packed++;
                        pack(t, node);
                }
        }
}

int tracker_unpack(struct tracker *t, uint32_t *node)
{
        int r = table_unpack(&t->table, node);

        if (r < 0)
                t->failed = true;
        return r;
}
