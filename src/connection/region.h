/*
 * Memory for many things of one size that never move: a long stretch of addresses is reserved at once and made
 * usable as it is needed, in large pages where it is more than some megabytes or will be. A capture touches its
 * connections at random; in small pages nearly each touch would first have to find its page, which costs more than the
 * touch itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct region {
        char *base;
        size_t reserved;
        size_t usable;
        bool large;
};

/* Reserves up to @n bytes of addresses, less if there are not so many. @large: much of it will be used. Returns 0 or
 * -ENOMEM. */
int region_init(struct region *region, size_t n, bool large);
void region_deinit(struct region *region);

/* Makes the first @n bytes usable; what was not before is zero. Returns 0 or -ENOMEM. */
int region_grow(struct region *region, size_t n);
