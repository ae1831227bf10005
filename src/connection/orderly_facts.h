/* The facts of a connection that ended in order, straight from the row of its segments. */
#pragma once

#include "connection/orderly.h"

/* Fills @t, which belongs to this function alone and is all zero at first. False, with nothing done: it did not end in
 * order, or some of its payload is not at hand, so the long way has to be gone (orderly_grow(), give_fill()). */
bool orderly_facts(const struct table *table, const struct orderly *o, int64_t until, bool cut, struct tracked *t);
