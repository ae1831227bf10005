/* The kinds of endings that are generated, how often each comes, and the making of one. */
#pragma once

#include "generate/plan.h"

enum mix {
        MIX_SMALL,                   /* frames of 60 to 100 bytes, ~15 a connection */
        MIX_FULL,                    /* most frames full, ~60 a connection */
        MIX_EVAL,                    /* every kind about as often as any other, sizes of all sorts */
        N_MIXES
};

/* Plans a whole connection, of a kind that the dice choose; or of the kind @only, if that is not NULL. */
void endings_plan(struct plan *plan, enum mix mix, const char *only);

/* The name of the @i'th kind; NULL past the last. */
const char *endings_name(unsigned i);
