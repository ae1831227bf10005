/* RSTs: each that differs is kept, with what it was when it came; and what happened after it. */
#pragma once

#include "connection/step.h"

/* No host takes so long to answer a segment that it has no use for. */
#define RESET_ANSWERS_WITHIN INT64_C(10000000000)

/* Takes a RST. Says whether its receiver can have taken it, so that the connection is over. */
bool reset_take(struct step *step);

/* Looks at a segment after a RST: does its sender go on as if there had been none? Says whether the connection
 * turns out to live on. */
bool reset_after(struct step *step);

/* Did @side reset, and send nothing else since? */
bool reset_stands(const struct step *step, unsigned side);
