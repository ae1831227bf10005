/* Integers of a million and more, and the table of all below a thousand. */
#include "base/decimal.h"

#define BILLION 1000000000U

struct decimal_three decimal_threes[1001];

/* Before main(), so that no thread can find them half made, and before other tables that are made of numbers. */
static void __attribute__((constructor(101))) fill(void)
{
        for (unsigned i = 0; i < 1000; i++) {
                struct decimal_three *three = &decimal_threes[i];

                three->text[0] = (char)('0' + i / 100);
                three->text[1] = (char)('0' + i / 10 % 10);
                three->text[2] = (char)('0' + i % 10);
                three->zeros = i < 10 ? 2 : i < 100 ? 1 : 0;
        }
}

static char *put_below_a_billion(char *to, uint32_t value)
{
        if (value < 1000000)
                return decimal_put(to, value);
        to = decimal_put_short(to, value / 1000000);
        to = decimal_put_three(to, value / 1000 % 1000);
        return decimal_put_three(to, value % 1000);
}

char *decimal_put_long(char *to, uint64_t value)
{
        uint64_t high = value / BILLION;

        if (high >= BILLION) {
                to = put_below_a_billion(to, (uint32_t)(high / BILLION));
                to = decimal_put_nine(to, (uint32_t)(high % BILLION));
        } else if (high > 0) {
                to = put_below_a_billion(to, (uint32_t)high);
        } else {
                return put_below_a_billion(to, (uint32_t)value);
        }
        return decimal_put_nine(to, (uint32_t)(value % BILLION));
}
