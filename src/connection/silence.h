/* Who asked and got no answer: repeats, keepalives, window probes, and since when. */
#pragma once

#include "connection/step.h"

/* A probe comes after a pause: 200 ms for a shut window, seconds for keepalive. What stands where a probe
 * would, sooner, is only out of order. */
#define SILENCE_PAUSE 150000000

/* What kind of segment it is: a probe looks like any other segment but for where it stands. */
enum segment_kind silence_kind(const struct step *step);

/* Takes a segment as a question of its sender's … */
void silence_asked(struct step *step);

/* … and as an answer to the other end. */
void silence_answered(struct step *step);
