/*
 * Counting records: how many ended how, why, and how many bytes are in doubt. What a record adds can be taken
 * away again, since a straggler may print a record anew.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ending/record.h"

#define TOTALS_GROUPS_MAX 96
#define TOTALS_CAUSES_SHOWN 3

/* What one record adds. */
struct totals_share {
        uint8_t ending;
        uint8_t severity;
        int8_t cause;           /* stated, or CAUSE_NONE */
        uint32_t causes;        /* a bit for each in the list */
        int8_t first[TOTALS_CAUSES_SHOWN]; /* the likeliest of them in their order; CAUSE_NONE behind the last */
        uint64_t bytes;
        uint64_t uncertain;
        uint64_t lost;
        bool missing;           /* both ends came by in a capture, but not all of their segments */
};

/* The records that ended alike for the same reasons. */
struct totals_group {
        uint8_t ending;
        int8_t cause;
        uint32_t causes;
        int8_t first[TOTALS_CAUSES_SHOWN];      /* as in the first record of the group */
        uint64_t n;
        uint64_t n_bad;
};

struct totals {
        uint64_t n;
        uint64_t endings[N_ENDINGS];
        uint64_t severities[N_SEVERITIES];
        uint64_t bad[N_ENDINGS];        /* of each ending, how many are bad … */
        uint64_t notable[N_ENDINGS];    /* … and notable */
        uint64_t bytes;
        uint64_t uncertain;
        uint64_t lost;
        uint64_t n_missing;             /* of so many segments are missing */
        struct totals_group groups[TOTALS_GROUPS_MAX];
        size_t n_groups;
        uint64_t n_ungrouped;           /* what found no place in them */
};

struct totals_share totals_share(const struct record *r);

void totals_count(struct totals *t, const struct totals_share *share);
void totals_uncount(struct totals *t, const struct totals_share *share);

/* The sum of what is known of the two; not known if neither is. */
struct maybe_u64 totals_add(struct maybe_u64 a, struct maybe_u64 b);

/* Bytes of this direction that may be missing at its receiver, and some of which certainly are: 0
 * unless its fate is lost. */
uint64_t totals_lost(const struct record_direction *d);
/* Bytes that were sent and may have arrived or not: 0 unless its fate is uncertain. */
uint64_t totals_uncertain(const struct record_direction *d);
