/* Numbers that look random and are the same in every run: splitmix64. */
#pragma once

#include <stdint.h>

struct dice {
        uint64_t state;
};

static inline uint64_t dice_roll(struct dice *dice)
{
        uint64_t z = dice->state += 0x9e3779b97f4a7c15;

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
}

/* 0 … @n - 1 */
static inline uint32_t dice_below(struct dice *dice, uint32_t n)
{
        return (uint32_t)((dice_roll(dice) >> 32) * n >> 32);
}

/* @from … @to, both included */
static inline uint32_t dice_between(struct dice *dice, uint32_t from, uint32_t to)
{
        return from + dice_below(dice, to - from + 1);
}

/* True in @n of 1000 cases. */
static inline int dice_permille(struct dice *dice, uint32_t n)
{
        return dice_below(dice, 1000) < n;
}
