/* The tables of claims in their order. */
#include "lab/claims/lists.h"

const struct claim_list *const claim_lists[] = {
        &claims_of_writing, &claims_of_errors, &claims_of_reading,  &claims_of_lingering, &claims_of_closing,
        &claims_of_halves,  &claims_of_resets, &claims_of_polling, &claims_of_opening,   &claims_of_silence,
};
const size_t n_claim_lists = sizeof(claim_lists) / sizeof(*claim_lists);
