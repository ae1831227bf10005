/* All tables of claims, a file each. */
#pragma once

#include "lab/claims.h"

extern const struct claim_list *const claim_lists[];
extern const size_t n_claim_lists;

extern const struct claim_list claims_of_writing, claims_of_errors, claims_of_reading, claims_of_lingering,
        claims_of_closing, claims_of_halves, claims_of_resets, claims_of_polling, claims_of_opening,
        claims_of_silence;

/* The cases of a claim, in place. */
#define CASES(...)                                                                                 \
        .cases = (const struct claim_case[]){ __VA_ARGS__ },                                       \
        .n_cases = sizeof((const struct claim_case[]){ __VA_ARGS__ }) / sizeof(struct claim_case)
