/* Numbers that are not believed yet. */
#pragma once

#include "connection/step.h"

static inline bool suspect_near(int64_t distance)
{
        return distance <= REACH && distance >= -REACH;
}

/* A segment beyond reach: is it the second from over there? */
bool suspect_confirmed(struct step *step);

/* The same for what a segment acknowledges. */
bool suspect_confirmed_ack(struct step *step);

/* An acknowledgement of a segment that was not believed: the receiver took it. */
void suspect_believe(struct step *step);

/* The stream goes on where it was: what lay elsewhere was something else. So it is where a capture holds both sides
 * of a firewall that gives connections other numbers, and every segment comes twice. */
void suspect_clear(struct step *step, unsigned side);
void suspect_clear_ack(struct step *step, unsigned side);
