/* For tests that need a network namespace of their own: the first enters it, or says why not. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "lab/namespace.h"

static inline bool inside(void)
{
        static enum { NEW, INSIDE, REFUSED } where = NEW;

        if (where == NEW) {
                char why[NAMESPACE_WHY_MAX];

                where = namespace_enter(why) < 0 || namespace_wire(why) < 0 ? REFUSED : INSIDE;
                if (where == REFUSED)
                        printf("# without a network namespace: %s\n", why);
        }
        return where == INSIDE;
}

/* Without the rights a test is skipped, not failed. */
#define need_namespace() do { if (!inside()) skip(); } while (0)
