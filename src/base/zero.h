/* Zeroing some hundred bytes. */
#pragma once

#include <stddef.h>
#include <string.h>

/* Compilers make of a constant size of this kind what is slower than the C library's way, so they are not to know it. */
static inline void
zero(void *from, size_t n)
{
        __asm__("" : "+r"(n));
        memset(from, 0, n);
}
