/* Memory for things of any size up to STORE_MAX, by number, in one region. What is freed is used again for the next of
 * about its size. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "connection/region.h"

enum {
        STORE_UNIT = 16,
        STORE_CLASSES = 64,
        STORE_MAX = STORE_UNIT * STORE_CLASSES,
};

struct store {
        struct region region;           /* reserved with the first thing that is stored: most captures need none */
        size_t most;
        bool large;
        uint32_t n_units;               /* in use or freed */
        uint32_t free[STORE_CLASSES];   /* by units; what is free says at its beginning which is next */
};

/* For up to @n bytes in all; @large as in region_init(). */
void store_init(struct store *store, size_t n, bool large);
void store_deinit(struct store *store);

/* Room for @n bytes, 1 at least; 0 where there is none, or @n is greater than STORE_MAX. */
uint32_t store_new(struct store *store, size_t n);
void store_free(struct store *store, uint32_t number, size_t n);

static inline void *store_at(const struct store *store, uint32_t number)
{
        return store->region.base + (size_t)number * STORE_UNIT;
}
