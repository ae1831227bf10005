/* Addresses that are reserved cost nothing; the kernel gives memory for them when they are first touched. */
#include "connection/region.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#define LARGE ((size_t)2 << 20)
/* A small capture shall not cost a large page, nor shall what is small in a large one. */
#define SMALL ((size_t)256 << 10)

int
region_init(struct region *region, size_t n)
{
        uintptr_t at;
        void *mapped;

        *region = (struct region){};
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

void
region_deinit(struct region *region)
{
        if (region->base)
                munmap(region->base, region->reserved);
        *region = (struct region){};
}

/* A stretch that is full becomes a large page, where the kernel can do that (Linux 6.1). */
static void
collapse(struct region *region)
{
        if (region->usable % LARGE == 0 && region->usable > 0 && !region->ahead &&
            madvise(region->base + region->usable - LARGE, LARGE, MADV_COLLAPSE) < 0 && errno == EINVAL)
                region->ahead = true;
}

int
region_grow(struct region *region, size_t n)
{
        size_t step = n < LARGE ? SMALL : LARGE, usable = (n + step - 1) & ~(step - 1), from;

        if (n <= region->usable)
                return 0;
        if (usable > region->reserved)
                return -ENOMEM;
        if (mprotect(region->base + region->usable, usable - region->usable, PROT_READ | PROT_WRITE) < 0)
                return -ENOMEM;
        collapse(region);
        /* Advice only: it works as well without. A stretch that is in use in small pages stays so. */
        from = region->usable > 0 && region->usable < LARGE ? LARGE : region->usable;
        if (usable > LARGE && usable > from && (region->ahead || usable - region->usable > LARGE))
                madvise(region->base + from, usable - from, MADV_HUGEPAGE);
        region->usable = usable;
        return 0;
}
