/*
 * Integers in decimal, by hand: printf is slow, and these are written a million times. Three digits at a time come from
 * a table, so that a number of nine takes two divisions.
 */
#pragma once

#include <stdint.h>
#include <string.h>

#define DECIMAL_MAX 20 /* digits of a uint64_t */
#define DECIMAL_ROOM 24 /* that must be there for any number: more than its digits may be written */

/* Of each number below 1,000: its three digits, and how many of them are zeros that nobody writes. */
struct decimal_three {
        char text[3];
        uint8_t zeros;
};

/* Made before main() begins, and never changed. One more than there are numbers: see decimal_put_short(). */
extern struct decimal_three decimal_threes[1001];

/* Two digits, for @value below 100. */
static inline char *decimal_two(char *to, unsigned value)
{
        memcpy(to, decimal_threes[value].text + 1, 2);
        return to + 2;
}

/* Three digits with zeros before them, for @value below 1,000. Four bytes are written. */
static inline char *decimal_put_three(char *to, unsigned value)
{
        memcpy(to, &decimal_threes[value], 4);
        return to + 3;
}

/* One to three digits. Four bytes are written, the last of them from the next number. */
static inline char *decimal_put_short(char *to, unsigned value)
{
        unsigned zeros = decimal_threes[value].zeros;

        memcpy(to, (const char *)&decimal_threes[value] + zeros, 4);
        return to + 3 - zeros;
}

/* Nine digits, with zeros before them: the nanoseconds of a second. Ten bytes are written. */
static inline char *decimal_put_nine(char *to, uint32_t value)
{
        uint32_t thousands = value / 1000;

        to = decimal_put_three(to, thousands / 1000);
        to = decimal_put_three(to, thousands % 1000);
        return decimal_put_three(to, value % 1000);
}

/* The same as a fraction, without the zeros behind them; @value is not 0. */
static inline char *decimal_put_fraction(char *to, uint32_t value)
{
        uint32_t thousands = value / 1000, last = value % 1000;

        to = decimal_put_three(to, thousands / 1000);
        if (last || thousands % 1000)
                to = decimal_put_three(to, thousands % 1000);
        if (last)
                to = decimal_put_three(to, last);
        while (to[-1] == '0')
                to--;
        return to;
}

/* Those of a million and more. */
char *decimal_put_long(char *to, uint64_t value);

/* Writes @value without a NUL where there is DECIMAL_ROOM; returns where it ends. Most numbers are small. */
static inline char *decimal_put(char *to, uint64_t value)
{
        if (value < 1000)
                return decimal_put_short(to, (unsigned)value);
        if (value < 1000000)
                return decimal_put_three(decimal_put_short(to, (unsigned)value / 1000), (unsigned)value % 1000);
        return decimal_put_long(to, value);
}

/* The same of what nearly always is a single digit. */
static inline char *decimal_put_digit(char *to, uint64_t value)
{
        if (__builtin_expect(value >= 10, 0))
                return decimal_put(to, value);
        *to = (char)('0' + value);
        return to + 1;
}
