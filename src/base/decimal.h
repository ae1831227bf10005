/* Integers in decimal, by hand: printf is slow, and these are written a million times. */
#pragma once

#include <stdint.h>
#include <string.h>

#define DECIMAL_MAX 20 /* digits of a uint64_t */

/* Two digits, for @value below 100. */
static inline char *
decimal_two(char *to, unsigned value)
{
        static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                                    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
                                    "8081828384858687888990919293949596979899";

        memcpy(to, pairs + 2 * value, 2);
        return to + 2;
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

/* Nine digits, with zeros before them: the nanoseconds of a second. */
static inline char *
decimal_put_nine(char *to, uint32_t value)
{
        uint32_t high = value / 10000, low = value % 10000;

        *to++ = (char)('0' + high / 10000);
        high %= 10000;
        to = decimal_two(to, high / 100);
        to = decimal_two(to, high % 100);
        to = decimal_two(to, low / 100);
        return decimal_two(to, low % 100);
}

/* Writes @value without a NUL; returns where it ends. Most numbers are small. */
static inline char *
decimal_put(char *to, uint64_t value)
{
        uint64_t limit = 100000;
        unsigned width = 5;

        if (value < 10) {
                *to = (char)('0' + value);
                return to + 1;
        }
        if (value < 100)
                return decimal_two(to, (unsigned)value);
        if (value < 1000) {
                *to = (char)('0' + value / 100);
                return decimal_two(to + 1, (unsigned)(value % 100));
        }
        if (value < 10000)
                return decimal_two(decimal_two(to, (unsigned)(value / 100)), (unsigned)(value % 100));
        for (; width < DECIMAL_MAX && value >= limit; width++)
                limit *= 10;
        return decimal_put_width(to, value, width);
}
