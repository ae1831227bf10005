/* The facts of a connection straight from the row of its segments. */
#pragma once

#include "connection/tracker.h"

/* Where they are made: all zero at first, and written to by orderly_facts() alone, since most of them are written once. */
struct row_facts {
        struct tracked ended, other;
};

struct look;
struct orderly;
struct table;

/* What give_fill() would make of it, until the next. NULL: the SYN was not answered, or some payload is not at hand, or
 * there is something else that is rare, so the long way has to be gone (orderly_grow()). */
const struct tracked *orderly_facts(const struct table *table, const struct orderly *o, int64_t until, bool cut,
                                    struct row_facts *facts);

/* All that a RST at its end says of it, or that there is none. */
void orderly_fill_reset(const struct look *l, struct tracked *t);
