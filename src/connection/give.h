/* A connection as it is given out: its node turned into facts. */
#pragma once

#include "connection/node.h"

/* Fills @ret_tracked. @until is the time up to which the evidence reaches, @cut whether the capture ended within
 * a frame. @extra may be NULL. */
void give_fill(const struct connection *c, const struct extra *extra, int64_t until, bool cut,
               struct tracked *ret_tracked);

/* A digest of those facts that a verdict rests on: a straggler that leaves it as it was changes nothing. */
uint64_t give_digest(const struct tracked *tracked);
