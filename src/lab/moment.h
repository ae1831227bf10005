/* The clock of the lab, and the short pauses between two looks at a condition. */
#pragma once

#include <stdint.h>
#include <time.h>

#define SECOND_NS INT64_C(1000000000)
#define MILLISECOND_NS INT64_C(1000000)

static inline int64_t now_ns(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec * SECOND_NS + t.tv_nsec;
}

/* Looks at a condition come soon after each other at first, then seldom: 20 µs to 2 ms. */
struct pause {
        unsigned n;
};

static inline void pause_a_little(struct pause *pause)
{
        long ns = 20000L << (pause->n < 7 ? pause->n : 7);
        struct timespec t = { 0, ns };

        if (pause->n++ > 0)
                nanosleep(&t, NULL);
}
