/*
 * What was lost on the way: records that found no room, sockets that were not followed or whose end was not seen,
 * events that no program took. Nobody knows whose they were, so for a while they cast doubt on all that is heard of one
 * end alone.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "live/facts.h"
#include "live/feed.h"

struct live_losses {
        uint64_t n;                     /* of all kinds */
        int64_t grew_at_ns;             /* when there were more than before; 0: never */
        int64_t asked_at_ns;
};

/* Asks the kernel for them, and sets @clock->gaps; at @at_ns (CLOCK_MONOTONIC), before the records that are due then
 * are given out. @last: whenever it was asked last. Takes a NULL @feed: without BPF nothing is counted. */
void live_losses_look(struct live_losses *losses, const struct feed *feed, int64_t at_ns, bool last,
                      struct live_clock *clock);
