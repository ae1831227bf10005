/*
 * Choices without a branch, where what is chosen cannot be foreseen: a branch that the processor takes wrongly costs as
 * much as sixty instructions. Compilers make branches of ?: and && as they think best, so the condition passes through an
 * empty asm, which they do not look into.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* All ones, or none. */
static inline uint64_t choose_mask(bool which) {
        uint64_t mask = -(uint64_t) which;

        __asm__("" : "+r"(mask));
        return mask;
}

/* Makes one branch of a condition put together with & and |, where a compiler would make one of each part. */
static inline bool choose_once(bool which) {
        unsigned bit = which;

        __asm__("" : "+r"(bit));
        return bit;
}
