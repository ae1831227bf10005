/* Holds the predictions of a case against what the kernel did. */
#pragma once

#include "lab/claims/notation.h"
#include "lab/play.h"

/* Of a play that has ended (play_run) and still holds what happened (before play_end). */
void judge_case(const struct notation *notation, struct play *play, struct case_verdict *ret_verdict);
