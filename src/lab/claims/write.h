/* Verdicts on claims, for eyes (80 columns) and for programs. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "lab/claims.h"

/* The verdicts on one claim: of IPv4, of IPv6, or of both. The pointers are borrowed. */
struct claim_found {
        const struct claim *claim;
        const struct claim_verdict *verdicts[2];
        size_t n;
        enum claim_word word; /* the worse of the two */
        bool settled;
};

/* The list: a head that counts, then false, partly, true, not tested. Orders `found`. */
void claims_write_list(FILE *file, struct claim_found *found, size_t n, bool colour);
/* One claim with every case: acts, what the claim predicts, what the kernel did. */
void claim_write_full(FILE *file, const struct claim_found *found, bool colour);
/* One line. 0, or the first error of the FILE. */
int claim_write_json(FILE *file, const struct claim_verdict *verdict);

/* Shared by the two: text wrapped at 80 columns, each line indented, the first behind `lead`. */
void claims_write_text(FILE *file, size_t indent, const char *lead, const char *text, const char *tail);
/* The word as it stands at the start of an entry, padded to 8 columns: "false", and "true?" where a case
 * that was not tested could change it. */
void claims_write_word(FILE *file, const struct claim_found *found, bool colour);
/* What stands before the claim's `right`: "Yes: " or "In fact ". Static. */
const char *claims_lead(const struct claim_found *found);
const char *claims_family_name(int family);
