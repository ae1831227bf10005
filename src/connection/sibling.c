/* The close of a listener resets all that wait to be accepted in one go (inet_csk_listen_stop): within a
 * millisecond. */
#include "connection/sibling.h"

#include <string.h>

#define MOMENT 1000000

void
siblings_reset(struct siblings *siblings, struct step *step)
{
        struct connection *c = step->c;
        struct extra *extra = table_extra_of(step->table, c);
        unsigned n = siblings->n < SIBLINGS ? siblings->n : SIBLINGS, next = siblings->n % SIBLINGS;

        if (!extra)
                return;
        for (unsigned i = 0; i < n; i++) {
                struct connection *other = table_at(step->table, siblings->last[i].node);

                if (siblings->last[i].node == step->node || step->time - siblings->last[i].at > MOMENT ||
                    siblings->last[i].at - step->time > MOMENT || siblings->last[i].port != c->head.port[step->sender] ||
                    memcmp(siblings->last[i].address, c->head.address[step->sender], 16) != 0)
                        continue;
                extra->siblings_reset = true;
                if (other->extra != NODE_NONE && other->first_frame == siblings->last[i].frame)
                        table_extra_of(step->table, other)->siblings_reset = true;
        }
        memcpy(siblings->last[next].address, c->head.address[step->sender], 16);
        siblings->last[next].port = c->head.port[step->sender];
        siblings->last[next].node = step->node;
        siblings->last[next].frame = c->first_frame;
        siblings->last[next].at = step->time;
        siblings->n++;
}
