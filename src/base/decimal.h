/* Integers in decimal, by hand: printf is slow, and these are written a million times. */
#pragma once

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define DECIMAL_MAX 20 /* digits of a uint64_t */
#define DECIMAL_EIGHT 100000000U /* the first number of nine digits */

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

/* Eight digits of a value below 100,000,000, zeros before them: a byte each, 0 to 9, the first in the lowest. They are
 * made side by side: first the two fours, then the twos of both, then the digits of all. */
static inline uint64_t
decimal_eight(uint32_t value)
{
        uint64_t fours = value / 10000 | (uint64_t)(value % 10000) << 32;
        uint64_t hundreds = (fours * 5243 >> 19) & UINT64_C(0x0000007f0000007f);
        uint64_t twos = hundreds | (fours - 100 * hundreds) << 16;
        uint64_t tens = (twos * 103 >> 10) & UINT64_C(0x000f000f000f000f);

        return tens | (twos - 10 * tens) << 8;
}

/* Those digits without the first @skipped; eight bytes are written whatever it is. */
static inline char *
decimal_put_digits(char *to, uint64_t digits, unsigned skipped)
{
        uint64_t text = htole64((digits | UINT64_C(0x3030303030303030)) >> 8 * skipped);

        memcpy(to, &text, sizeof(text));
        return to + 8 - skipped;
}

/* Nine digits, with zeros before them: the nanoseconds of a second. */
static inline char *
decimal_put_nine(char *to, uint32_t value)
{
        *to++ = (char)('0' + value / DECIMAL_EIGHT);
        return decimal_put_digits(to, decimal_eight(value % DECIMAL_EIGHT), 0);
}

/* The same as a fraction, without the zeros behind them; @value is not 0. Nine bytes are written. */
static inline char *
decimal_put_fraction(char *to, uint32_t value)
{
        uint64_t digits = decimal_eight(value % DECIMAL_EIGHT);
        unsigned zeros = digits ? (unsigned)__builtin_clzll(digits) / 8 : 8;

        *to++ = (char)('0' + value / DECIMAL_EIGHT);
        return decimal_put_digits(to, digits, 0) - zeros;
}

/* Those of 10,000 and more. */
char *decimal_put_long(char *to, uint64_t value);

/* Writes @value without a NUL; returns where it ends. Most numbers are small. There must be room for DECIMAL_MAX: more
 * than the digits may be written. */
static inline char *
decimal_put(char *to, uint64_t value)
{
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
        return decimal_put_long(to, value);
}
