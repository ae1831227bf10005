/* Turns time stamps of any unit into nanoseconds, exactly. */
#include "capture/pcapng_time.h"

enum {
        POWER_OF_2 = 0x80,
        NS_DIGITS = 9,
};

static const uint64_t NS = 1000000000;

static uint64_t power_of_10(unsigned int n)
{
        uint64_t r = 1;

        while (n-- > 0)
                r *= 10;
        return r;
}

void pcapng_time_set(struct pcapng_interface *interface, uint8_t resolution)
{
        unsigned int exponent = resolution & (POWER_OF_2 - 1);

        interface->multiply = 1;
        interface->divide = 1;
        interface->shift = 0;
        if (resolution & POWER_OF_2) {
                interface->multiply = NS;
                interface->shift = (uint8_t)exponent;
                /* Not the short way, unless they are whole seconds. */
                interface->divide = exponent ? 0 : 1;
        } else if (exponent <= NS_DIGITS) {
                interface->multiply = power_of_10(NS_DIGITS - exponent);
        } else if (exponent - NS_DIGITS <= 19) {
                interface->divide = power_of_10(exponent - NS_DIGITS);
        } else {
                /* No stamp of such a unit reaches a nanosecond. */
                interface->multiply = 0;
        }
}

int64_t pcapng_time_full(const struct pcapng_interface *interface, uint64_t stamp)
{
        unsigned __int128 ns = (unsigned __int128) stamp * interface->multiply;
        __int128 all;

        /* Less than 2^94 by now, so that a shift of up to 127 bits is defined and right. */
        if (interface->shift)
                ns >>= interface->shift;
        else
                ns /= interface->divide;
        all = (__int128) ns + (__int128) interface->offset_s * (int64_t)NS;
        return all < INT64_MIN || all > INT64_MAX ? 0 : (int64_t)all;
}
