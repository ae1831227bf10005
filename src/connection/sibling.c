/* The close of a listener resets all that wait to be accepted in one go (inet_csk_listen_stop): within a
 * millisecond. */
#include "connection/sibling.h"

#include <string.h>

#define MOMENT 1000000

/* Of the node, if it is still that of the connection that began with this frame. */
static void note(struct table *table, uint32_t node, uint64_t frame)
{
        if (node_is_orderly(node)) {
                struct orderly *o = table_orderly(table, node);

                if (o->flags & ORDERLY_RESET && o->first_frame == frame)
                        o->flags |= ORDERLY_SIBLINGS;
        } else {
                struct connection *c = table_at(table, node);

                if (c->extra != NODE_NONE && c->first_frame == frame)
                        table_extra_of(table, c)->siblings_reset = true;
        }
}

static inline uint64_t whose(const struct head *h, unsigned end)
{
        return (uint64_t)h->port[end] << 32 | h->address[end];
}

void siblings_reset(struct siblings *siblings, struct table *table, uint32_t node, unsigned sender, int64_t time)
{
        const struct head *h = table_head(table, node);
        const uint64_t mine = whose(h, sender);
        unsigned n = siblings->n < SIBLINGS ? siblings->n : SIBLINGS, next = siblings->n % SIBLINGS;
        uint64_t frame = node_is_orderly(node) ? table_orderly(table, node)->first_frame
                                               : table_at(table, node)->first_frame;

        /* Most are alone. */
        if (n > 0 && time - siblings->latest > MOMENT)
                n = 0;
        for (unsigned i = 0; i < n; i++) {
                /* Foremost what nearly always differs: none of the rest can be foreseen. */
                if (__builtin_expect(siblings->last[i].whose != mine, 1) ||
                    siblings->last[i].node == node || time - siblings->last[i].at > MOMENT ||
                    siblings->last[i].at - time > MOMENT || !head_is_address(h, sender, siblings->last[i].address))
                        continue;
                note(table, node, frame);
                note(table, siblings->last[i].node, siblings->last[i].frame);
        }
        head_address(h, sender, siblings->last[next].address);
        siblings->last[next].whose = mine;
        siblings->last[next].node = node;
        siblings->last[next].frame = frame;
        siblings->last[next].at = time;
        if (siblings->n == 0 || time > siblings->latest)
                siblings->latest = time;
        siblings->n++;
}

void siblings_grown(struct siblings *siblings, uint32_t orderly, uint32_t node)
{
        for (unsigned i = 0; i < SIBLINGS; i++)
                if (siblings->last[i].node == orderly)
                        siblings->last[i].node = node;
}
