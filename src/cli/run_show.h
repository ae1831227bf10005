/* finis run: which connections are told, where to, and the words at the end; whatever way they were seen. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/run.h"
#include "ending/record.h"
#include "report/style.h"

struct run_show {
        const struct run_options *options;
        FILE *out;
        char *held;                     /* what is told at the end */
        size_t n_held;
        FILE *hold;
        struct style style;
        uint64_t n, n_bad, n_shown;
};

/* Returns 0 or a negative errno, after a line on stderr. */
int run_show_open(struct run_show *show, const struct run_options *options);

/* Counts it. Is it perhaps to be told? @told: its program was told an error, or could have been. */
bool run_show_counts(struct run_show *show, const struct record *r, bool told);

/* Where to tell it, or NULL: not at all. */
FILE *run_show_where(struct run_show *show, const struct record *r);

/* After it was written there. */
void run_show_written(struct run_show *show, FILE *out);

/* What is told at the end; ends it. */
void run_show_summary(struct run_show *show);
void run_show_close(struct run_show *show);
