/* Deadlines are points of CLOCK_MONOTONIC in nanoseconds: several waits may share one. */
#include "lab/deadline.h"

#include <time.h>

enum {
        MS_MAX = 3600000,            /* poll() takes an int; whoever waits longer asks again */
};

static int64_t now_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t deadline_in(unsigned ms)
{
        return now_ns() + (int64_t)ms * 1000000;
}

int deadline_left_ms(int64_t deadline_ns)
{
        int64_t left = deadline_ns - now_ns();

        if (left <= 0)
                return 0;
        left = (left + 999999) / 1000000;
        return left > MS_MAX ? MS_MAX : (int)left;
}
