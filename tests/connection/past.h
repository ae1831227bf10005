/* What is left in a struct connection of the past, and means nothing. */
#pragma once

#include <string.h>

#include "connection/node.h"

/* What an end waited for before, once it waits no more. */
static inline void clear_past(struct connection *c)
{
        for (unsigned side = 0; side < 2; side++) {
                struct direction *d = &c->side[side];

                if (!d->waits)
                        memset(&d->since, 0, sizeof(d->since));
                if (!d->waits_later) {
                        memset(&d->later, 0, sizeof(d->later));
                        d->later_position = 0;
                }
        }
}
