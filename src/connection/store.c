/* A list of what is free for each number of units: nothing is cut up or joined. */
#include "connection/store.h"

#include <string.h>

void store_init(struct store *store, size_t n, bool large)
{
        *store = (struct store){ .most = n, .large = large };
}

void store_deinit(struct store *store)
{
        region_deinit(&store->region);
        *store = (struct store){};
}

static size_t units(size_t n)
{
        return (n + STORE_UNIT - 1) / STORE_UNIT;
}

uint32_t store_new(struct store *store, size_t n)
{
        uint32_t *first, number;
        size_t end;

        if (n == 0 || n > STORE_MAX)
                return 0;
        first = &store->free[units(n) - 1];
        number = *first;
        if (number != 0) {
                memcpy(first, store_at(store, number), sizeof(*first));
                return number;
        }
        if (!store->region.base && region_init(&store->region, store->most, store->large) < 0)
                return 0;
        /* Number 0 is none. */
        number = store->n_units + 1;
        end = (size_t)number + units(n);
        if (end > UINT32_MAX || region_grow(&store->region, end * STORE_UNIT) < 0)
                return 0;
        store->n_units += (uint32_t)units(n);
        return number;
}

void store_free(struct store *store, uint32_t number, size_t n)
{
        uint32_t *first = &store->free[units(n) - 1];

        memcpy(store_at(store, number), first, sizeof(*first));
        *first = number;
}
