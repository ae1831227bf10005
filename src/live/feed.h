/*
 * The BPF programs in the running kernel, and what they tell. Built without BPF, feed_open() says so.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "live/event.h"

/* Records read by user space; reasons are enum reset_reason by now, whatever the kernel's own numbers. */
struct feed_hooks {
        void (*end)(void *context, const struct live_end *end);
        void (*reset)(void *context, const struct live_reset *reset);
        void *context;
};

struct feed;

#define FEED_WHY_MAX 512

/*
 * Loads and attaches. @tell_orderly: a record for every ending; else ordinary ones are only counted. Returns 0,
 * or a negative errno and a sentence for people in @why: what was tried, what refused, what is missing.
 */
int feed_open(bool tell_orderly, const struct feed_hooks *hooks, struct feed **ret_feed, char why[static FEED_WHY_MAX]);

/* Takes NULL. Nothing is left in the kernel; nor is it when the process is killed. */
struct feed *feed_close(struct feed *feed);

/* Becomes readable where much waits; who calls feed_take() every 100 ms or so misses nothing. */
int feed_fd(const struct feed *feed);

/* Takes in all that is there, without waiting. 0 or a negative errno. */
int feed_take(struct feed *feed);

/* Nothing more is seen from here on; what was told until now may still be taken, and the totals stand still. */
void feed_stop(struct feed *feed);

/* How many records were taken in. When all were, it is the kernel's own LIVE_TOTAL_TOLD. */
uint64_t feed_taken(const struct feed *feed);

/* What the kernel's side counted, over all CPUs. */
int feed_totals(const struct feed *feed, uint64_t ret_totals[static N_LIVE_TOTALS]);

/* How many events no program took, since it was at work on that CPU already, and so was its stand-in (5.12
 * and later tell). */
uint64_t feed_missed(const struct feed *feed);

/* Does this kernel say why it sends RSTs, and of those without a socket at all (6.10 and later)? */
bool feed_has_reasons(const struct feed *feed);

/* Does it see who accepts a connection, and not only who acts on it? */
bool feed_sees_accept(const struct feed *feed);

/* Was the command built with BPF? */
bool feed_is_built(void);
