/*
 * Brings together what belongs to one connection: both of its ends where both are on this host, and the RSTs that
 * are sent for it when its socket is gone. The time is that of the events themselves, so that a stream of them can
 * be played again with the same result.
 *
 * Two sockets are the two ends of one connection if their addresses are each other's and their sequence numbers fit:
 * addresses alone may be used again, and in two network namespaces at once. Where a NAT on this host lies between them,
 * the numbers of both directions and the roles must fit. A RST bears no such numbers here: it is laid to the
 * connection of its addresses in the network namespace that sent it.
 *
 * Memory is bounded: of PAIRS_MAX connections the one that waited longest is given out before its time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ending/facts.h"
#include "live/event.h"

#define PAIRS_MAX 16384
/* Of more the number is kept. */
#define LIVE_RESETS_MAX FACTS_RESETS_MAX

struct live_connection {
        struct live_end ends[2];        /* in the order in which they came; see @first */
        unsigned n_ends;
        bool translated;                /* a NAT on this host lies between them: their addresses are not each other's */
        bool gone[2];                   /* LIVE_END was heard of it, not only LIVE_NEWS */
        enum side first;                /* what ends[0] is, or who sent resets[0] where there is no end */
        enum roles roles;               /* how that is known */
        struct live_reset resets[LIVE_RESETS_MAX];
        unsigned n_resets, n_resets_more;
        uint64_t n_told;
        /* The caller's own: */
        uint64_t told_as;               /* to see what changed since it was told */
        uint64_t written;               /* up to which of its packets were written */
};

struct pairs;

/* @tell: it is whole, or nothing more came in its time; later again if more came after all. Borrowed. */
int pairs_new(void (*tell)(void *context, struct live_connection *connection), void *context, struct pairs **ret_pairs);
/* Nothing is told. Takes NULL. */
struct pairs *pairs_free(struct pairs *pairs);

void pairs_end(struct pairs *pairs, const struct live_end *end);
void pairs_reset(struct pairs *pairs, const struct live_reset *reset);

/* What is due at @now_ns (CLOCK_MONOTONIC). */
void pairs_tick(struct pairs *pairs, uint64_t now_ns);

/* All that waits, since nothing more will come. */
void pairs_flush(struct pairs *pairs);

/* Which side the end at @index is. */
enum side connection_side(const struct live_connection *connection, unsigned index);
