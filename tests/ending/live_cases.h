/* Facts by hand of connections that no capture shows: told by kernels and programs. Three of them
 * are golden records. */
#pragma once

#include <stddef.h>

#include "ending/facts.h"

struct live_case {
        const char *name;
        void (*make)(struct facts *f);
};

extern const struct live_case live_cases[];
extern const size_t n_live_cases;
