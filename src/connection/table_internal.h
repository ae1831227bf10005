/* What the files of the table share: table.c, and table_pack.c. */
#pragma once

#include <errno.h>

#include "connection/table.h"

/* Nearly always it is so already. */
static inline int table_make_usable(struct region *region, size_t n)
{
        return __builtin_expect(n <= region->usable, 1) ? 0 : region_grow(region, n);
}

/* The number of something that is new, or free again; what is free says at its beginning which is next. */
static inline int table_new_number(struct region *region, struct region *links, size_t size, uint32_t *free_number,
                                   uint32_t *n, uint32_t *ret_number)
{
        uint32_t number = *free_number;

        if (number != NODE_NONE) {
                memcpy(free_number, region->base + number * size, sizeof(*free_number));
                /* It will be the next to be used, and is long out of the cache. */
                __builtin_prefetch(region->base + *free_number * size, 1);
        } else {
                if (table_make_usable(region, (*n + (size_t)2) * size) < 0 ||
                    (links && table_make_usable(links, (*n + (size_t)2) * sizeof(struct link)) < 0))
                        return -ENOMEM;
                number = ++*n;
        }
        *ret_number = number;
        return 0;
}

static inline void table_free_number(struct region *region, size_t size, uint32_t *free_number, uint32_t number)
{
        memcpy(region->base + number * size, free_number, sizeof(*free_number));
        *free_number = number;
}

/* A struct orderly that is free is none of any ends (table_is_plain()): who has noted where it was does not take it for
 * what it was. 0 is the realm of IPv6 without VLANs. */
static inline void table_free_orderly(struct table *table, uint32_t node)
{
        table_orderly(table, node)->head.realm = UINT32_MAX;
        table_free_number(&table->orderlies, sizeof(struct orderly), &table->free_orderly, node & ~NODE_ORDERLY);
}

/* What has the head of @from now takes its place in the index and in its list. */
void table_take_place(struct table *table, uint32_t from, uint32_t to);
