/* Addresses that are reserved cost nothing; the kernel gives memory for them when they are first touched. */
#include "connection/region.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE /* Linux 5.14 */
#define MADV_POPULATE_WRITE 23
#endif
#define LARGE ((size_t)2 << 20)
/* A small capture shall not cost a large page, nor shall what is small in a large one. */
#define SMALL ((size_t)256 << 10)
/* What is not so large as this is found in small pages as fast; beyond it, half a large page in vain is little. */
#define LARGE_FROM (2 * LARGE)

int region_init(struct region *region, size_t n, bool large)
{
        uintptr_t at;
        void *mapped;

        *region = (struct region){ .large = large };
        if (n > SIZE_MAX / 4)
                n = SIZE_MAX / 4;
        n = (n + LARGE - 1) & ~(LARGE - 1);
        for (;; n = (n / 2 + LARGE - 1) & ~(LARGE - 1)) {
                mapped = mmap(NULL, n + LARGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
                if (mapped != MAP_FAILED)
                        break;
                if (n <= LARGE)
                        return -ENOMEM;
        }
        /* It begins where a large page may; what lies before and behind is given back. */
        at = ((uintptr_t)mapped + LARGE - 1) & ~(LARGE - 1);
        if (at > (uintptr_t)mapped)
                munmap(mapped, at - (uintptr_t)mapped);
        if (at < (uintptr_t)mapped + LARGE)
                munmap((void *)(at + n), (uintptr_t)mapped + LARGE - at);
        region->base = (char *)mapped + (at - (uintptr_t)mapped);
        region->reserved = n;
        return 0;
}

void region_deinit(struct region *region)
{
        if (region->base)
                munmap(region->base, region->reserved);
        *region = (struct region){};
}

int region_grow(struct region *region, size_t n)
{
        const size_t large_from = region->large ? 0 : LARGE_FROM;
        size_t step = n <= large_from ? SMALL : LARGE, usable = (n + step - 1) & ~(step - 1);
        char *from = region->base + region->usable;

        if (n <= region->usable)
                return 0;
        if (usable > region->reserved)
                return -ENOMEM;
        if (mprotect(from, usable - region->usable, PROT_READ | PROT_WRITE) < 0)
                return -ENOMEM;
        /* Advice only: it works as well without. Small pages are had at once for less than one by one, but not the
         * first, of which a small capture needs few. */
        if (usable > large_from)
                madvise(region->usable < large_from ? region->base + large_from : from,
                        usable - (region->usable < large_from ? large_from : region->usable), MADV_HUGEPAGE);
        else if (region->usable > 0)
                madvise(from, usable - region->usable, MADV_POPULATE_WRITE);
        region->usable = usable;
        return 0;
}
