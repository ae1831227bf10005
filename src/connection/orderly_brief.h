/* The facts of a connection as far as its verdict rests on them. */
#pragma once

#include "connection/tracker.h"

/* Where they are made: all zero at first, and written to by orderly_brief() alone, since most of them
 * are written once. */
struct brief_facts {
        struct tracked ended, other;
};

struct orderly;
struct table;

/* What judge() without evidence needs of it, and its name; the rest is unknown. NULL: it is neither one that ended in
 * order nor one of those that are about as frequent. */
struct tracked *orderly_brief(const struct table *table, const struct orderly *o, int64_t until, bool cut,
                                    struct brief_facts *facts);
