/* Bytes as they are written in a test: pairs of digits, blanks between them as one likes. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Reads into @bytes, which is large enough, and returns how many there were. */
static inline size_t hex(const char *text, uint8_t *bytes)
{
        static const char digits[] = "0123456789abcdef";
        size_t n = 0;

        for (; *text; ++text) {
                const char *digit = strchr(digits, *text);

                if (*text == ' ' || !digit)
                        continue;
                if (n % 2 == 0)
                        bytes[n / 2] = (uint8_t)((digit - digits) << 4);
                else
                        bytes[n / 2] |= (uint8_t)(digit - digits);
                ++n;
        }
        return n / 2;
}
