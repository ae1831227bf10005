/* A call that waits, made in a thread of its own. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lab/calls.h"

struct waiting;

/* Starts the call and returns when its thread sleeps in the kernel, or the call is over already.
 * Needs /proc to see the thread sleep: -ENOSYS without. */
int waiting_start(const struct lab_act *act, int fd, const void *address, unsigned address_length,
                  int64_t deadline_ns, struct waiting **ret_waiting);
bool waiting_done(const struct waiting *waiting);
/* Sends the thread a signal that has a handler and does not restart calls. */
int waiting_interrupt(struct waiting *waiting);
const struct lab_act *waiting_act(const struct waiting *waiting);
/* Waits for the thread's end until the deadline (CLOCK_MONOTONIC): 0 and the result, or -ETIMEDOUT. */
int waiting_join(struct waiting *waiting, int64_t deadline_ns, struct result_seen *ret_result);
/* The thread must have been joined, or may be lost with the process. NULL is taken; returns NULL. */
struct waiting *waiting_free(struct waiting *waiting);
