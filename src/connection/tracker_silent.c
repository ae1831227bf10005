/*
 * Many connections of a large capture never end: they fall silent, and wait for a segment until all is over. Each is
 * packed when it has said nothing for some seconds, and unpacked when it says something again.
 */
#include "connection/tracker_internal.h"

enum {
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

void tracker_pack_silent(struct tracker *t)
{
        struct table *table = &t->table;

        for (unsigned i = 0; i < AT_ONCE && table->n_listed[LIST_LIVE] > t->options.max_awake; i++) {
                uint32_t node = table->oldest[LIST_LIVE];
                struct head *h = table_head(table, node);
                uint64_t silent = (uint64_t)t->now - (uint64_t)tracker_last(t, node);

                /* Its next segment shall find it where it would take its place in the list anew. */
                if (silent < (uint64_t)t->options.awake_ns || t->second - h->queued_s < QUEUED_FOR_S)
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
