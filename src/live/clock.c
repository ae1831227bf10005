/* What the kernel tells has the time since it was booted; a record has that of the calendar. */
#include "live/facts.h"

int64_t live_now(clockid_t clock)
{
        struct timespec t;

        clock_gettime(clock, &t);
        return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

void live_clock_set(struct live_clock *clock)
{
        clock->until_ns = live_now(CLOCK_REALTIME);
        clock->epoch_ns = clock->until_ns - live_now(CLOCK_MONOTONIC);
}
