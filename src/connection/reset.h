/* RSTs: each that differs is kept, with what it was when it came; and what happened after it. */
#pragma once

#include "connection/step.h"

/* No host takes so long to answer a segment that it has no use for. */
#define RESET_ANSWERS_WITHIN INT64_C(10000000000)

/* Who answers at all has mostly answered by then. */
#define RESET_ANSWERS_MOSTLY_WITHIN INT64_C(1000000000)

/* Of two segments that a reply of @time may answer, the earlier was sent at @one and the later at @other: which was it?
 * Replies come in the order of what draws them, so it is the earlier; unless the answer to that was long due. But an
 * end that never answered in less than @least (0: not known) has not answered the later in less than half of it. */
static inline bool reset_answers_later(int64_t time, int64_t one, int64_t other, int64_t least)
{
        int64_t since_one, since_other, due = RESET_ANSWERS_MOSTLY_WITHIN;

        if (other <= one || __builtin_sub_overflow(time, one, &since_one) ||
            __builtin_sub_overflow(time, other, &since_other))
                return false;
        return since_one > due && (since_one - due) / 2 > least && since_other >= least / 2;
}

/* After so much longer than a round trip (@rtt; 0: not known), what an end sends it sent knowing of the RST. */
#define RESET_MARGIN INT64_C(10000000)
#define RESET_MARGIN_BLIND INT64_C(1000000000)

static inline int64_t reset_margin(int64_t rtt)
{
        /* Times in a file may be anything. */
        const int64_t most = INT64_MAX / 4;

        return rtt > 0 ? 2 * (rtt < most ? rtt : most) + RESET_MARGIN : RESET_MARGIN_BLIND;
}

/* Takes a RST. Says whether its receiver can have taken it, so that the connection is over. */
bool reset_take(struct step *step);

/* Looks at a segment after a RST: does its sender go on as if there had been none? Says whether the connection
 * turns out to live on. */
bool reset_after(struct step *step);

/* Did @side reset, and send nothing else since? */
bool reset_stands(const struct step *step, unsigned side);
