/* The facts of a connection that ended in order, as far as its verdict rests on them. */
#pragma once

#include "connection/tracker.h"

struct orderly;
struct table;

/* What judge() without evidence needs of it, and its name; the rest is unknown. @t is all zero at first, and written to
 * by nobody else, since most of it is written once. NULL: it is not of this kind. */
const struct tracked *orderly_brief(const struct table *table, const struct orderly *o, int64_t until, bool cut,
                                    struct tracked *t);
