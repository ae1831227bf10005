/* Integers in decimal, by hand: printf is slow, and these are written a million times. */
#pragma once

#include <stdint.h>
#include <string.h>

#define DECIMAL_MAX 20 /* digits of a uint64_t */

/* Two digits, for @value below 100. */
static inline char *
decimal_two(char *to, unsigned value)
{
        to[0] = (char)('0' + value / 10);
        to[1] = (char)('0' + value % 10);
        return to + 2;
}

/* Writes @value without a NUL; returns where it ends. */
static inline char *
decimal_put(char *to, uint64_t value)
{
        char digits[DECIMAL_MAX];
        size_t at = sizeof(digits);

        if (value < 10) {
                *to = (char)('0' + value);
                return to + 1;
        }
        while (value >= 100) {
                at -= 2;
                decimal_two(digits + at, (unsigned)(value % 100));
                value /= 100;
        }
        if (value >= 10) {
                at -= 2;
                decimal_two(digits + at, (unsigned)value);
        } else {
                digits[--at] = (char)('0' + value);
        }
        memcpy(to, digits + at, sizeof(digits) - at);
        return to + (sizeof(digits) - at);
}

/* Just @width digits, with zeros before it; what does not fit is cut off at the front. */
static inline char *
decimal_put_width(char *to, uint64_t value, unsigned width)
{
        unsigned i = width;

        for (; i >= 2; value /= 100) {
                i -= 2;
                decimal_two(to + i, (unsigned)(value % 100));
        }
        if (i > 0)
                *to = (char)('0' + value % 10);
        return to + width;
}
