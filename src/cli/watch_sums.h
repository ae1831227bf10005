/* What `finis watch` counts: endings and causes of the connections told, and what the kernel's side counted. */
#pragma once

#include <stdio.h>

#include "cli/watch_record.h"
#include "cli/watch_top.h"
#include "live/feed.h"
#include "live/pairs.h"
#include "report/style.h"
#include "report/totals.h"

struct watch_sums {
        struct totals totals;
        /* Since the last table: */
        struct watch_top endings, causes, peers, programs;
        uint64_t before[N_LIVE_TOTALS];
};

/* @again: it was counted before. */
void watch_sums_add(struct watch_sums *sums, const struct watch_record *r, bool again);

/* A table for the last @span_ns; on a terminal in place of the one before. */
void watch_sums_redraw(FILE *file, struct watch_sums *sums, const struct feed *feed, int64_t span_ns);

void watch_sums_write(FILE *file, const struct watch_sums *sums, const struct feed *feed, int64_t span_ns,
                      const struct style *style);

/* A line if anything was lost. */
void watch_sums_losses(FILE *file, const struct feed *feed);
