/* Random numbers, the same in each run. */
#pragma once

#include <stdint.h>

static uint64_t dice = 20261122;

/* xorshift64*, by Vigna. */
static inline uint64_t any(void)
{
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        return dice * 0x2545f4914f6cdd1du;
}

static inline uint32_t below(uint32_t n)
{
        return (uint32_t)(any() >> 33) % n;
}
