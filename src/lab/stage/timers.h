/* Who wants to be woken when: a heap of alarms, each held by what waits for it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define ALARM_NEVER INT64_MAX

struct alarm {
        int64_t due_ns; /* CLOCK_MONOTONIC; ALARM_NEVER where it is not set */
        size_t place;   /* in the heap, from 1; 0 where it is not in it */
};

struct timers {
        struct alarm **heap;
        size_t n, room;
};

/* Sets, moves or (ALARM_NEVER) takes back. 0 or -ENOMEM. */
int timers_set(struct timers *timers, struct alarm *alarm, int64_t due_ns);
/* The first, or NULL. */
struct alarm *timers_first(const struct timers *timers);
void timers_deinit(struct timers *timers);
