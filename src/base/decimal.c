/* Integers of five digits and more. */
#include "base/decimal.h"

/* A value below 100,000,000 that is not 0. */
static char *
put_up_to_eight(char *to, uint32_t value)
{
        uint64_t digits = decimal_eight(value);

        return decimal_put_digits(to, digits, (unsigned)__builtin_ctzll(digits) / 8);
}

char *
decimal_put_long(char *to, uint64_t value)
{
        uint64_t high = value / DECIMAL_EIGHT;

        if (high == 0)
                return put_up_to_eight(to, (uint32_t)value);
        if (high < DECIMAL_EIGHT) {
                to = put_up_to_eight(to, (uint32_t)high);
        } else {
                to = put_up_to_eight(to, (uint32_t)(high / DECIMAL_EIGHT));
                to = decimal_put_digits(to, decimal_eight((uint32_t)(high % DECIMAL_EIGHT)), 0);
        }
        return decimal_put_digits(to, decimal_eight((uint32_t)(value % DECIMAL_EIGHT)), 0);
}
