/* The facts of a connection straight from the row of its segments. */
#pragma once

#include "connection/tracker.h"

/* Where they are made: all zero at first, and written to by orderly_facts() alone, since most of them
 * are written once. */
struct row_facts {
        struct tracked ended, other;
        struct tracked silent, refused; /* only SYNs, and those that a RST refused */
};

struct look;
struct orderly;
struct table;

/* What give_fill() would make of it, until the next. NULL: some payload is not at hand, there is an ICMP error, or
 * something else that is rare, so the long way has to be gone (orderly_grow()). */
struct tracked *orderly_facts(const struct table *table, const struct orderly *o, int64_t until, bool cut,
                              struct row_facts *facts);

/* As orderly_brief(), for one that was answered and did not end in order, or was reset. */
struct tracked *orderly_facts_brief(const struct table *table, const struct orderly *o, int64_t until, bool cut,
                                    struct tracked *t);

/* The same for one of which there are only SYNs, and a RST perhaps. */
struct tracked *orderly_facts_syn(const struct table *table, const struct orderly *o, int64_t until, bool cut,
                                  struct row_facts *facts);

/* Whether orderly_fill_resets() can tell of all that is behind the RST that ended it. */
bool orderly_is_told_late(const struct table *table, const struct orderly *o);

/* All that RSTs say of it, or that there is none. */
void orderly_fill_resets(const struct look *l, struct tracked *t);
