/* Zeroing some hundred bytes, or some dozens. */
#pragma once

#include <stddef.h>
#include <string.h>

/* Compilers make of a constant size of this kind what is slower than the C library's way, so they are not
 * to know it. */
static inline void zero(void *from, size_t n)
{
        __asm__("" : "+r"(n));
        memset(from, 0, n);
}

/* The same for few, and a size that compilers do know: written out, a line of 64 bytes at a time. */
static inline __attribute__((always_inline)) void zero_few(void *from, size_t n)
{
        char *p = from;

#pragma GCC unroll 16
        for (size_t i = 0; i < n / 64; i++) {
                memset(p, 0, 64);
                p += 64;
                __asm__("" : "+r"(p));
        }
        memset(p, 0, n % 64);
}
