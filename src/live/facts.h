/* From what the kernel told of a connection's ends and RSTs to the facts of it. */
#pragma once

#include <time.h>

#include "ending/facts.h"
#include "live/pairs.h"

/* Kernel times are CLOCK_MONOTONIC: @epoch_ns is what is to be added for nanoseconds since 1970. */
struct live_clock {
        int64_t epoch_ns;
        int64_t until_ns;       /* since 1970: nothing later was heard */
        bool reasons;           /* this kernel tells of every RST that it sends, and why */
        bool gaps;              /* records were lost, or events missed, in the last minute */
};

int64_t live_now(clockid_t clock);

/* The present: what is known until now, and what lies between the two clocks, which moves when the host's is set. */
void live_clock_set(struct live_clock *clock);

void live_facts(const struct live_connection *c, const struct live_clock *clock, struct facts *ret_facts);

/* The parts. @side is that of @end; @other the other end, or NULL. */
void live_facts_of_end(const struct live_end *end, bool gone, enum side side,
                       const struct live_clock *clock, struct facts *f);
void live_facts_of_directions(const struct live_end *end, bool gone, const struct live_end *other, enum side side,
                              const struct live_clock *clock, struct facts *f);
void live_facts_of_resets(const struct live_connection *c, const struct live_clock *clock, struct facts *f);

/* Bytes of the stream that this end has sent at least once. */
uint64_t live_sent(const struct live_end *end, enum side side);

/* Did a RST really come in? tcp_reset() also runs where data met a socket that was shut both ways. */
bool live_reset_came(const struct live_connection *c, unsigned index);

/* Who sent the RST at @index of those without a socket. */
enum side live_reset_by(const struct live_connection *c, unsigned index);

static inline int64_t live_time(const struct live_clock *clock, uint64_t at_ns)
{
        return clock->epoch_ns + (int64_t)at_ns;
}

#define LIVE_TELL(fact, what) ((fact).how = HOW_TOLD, (fact).value = (what))
#define LIVE_INFER(fact, what) ((fact).how = HOW_INFERRED, (fact).value = (what))
