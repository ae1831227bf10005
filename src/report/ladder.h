/* A ladder of segments and acts for eyes: time down, client left, server right, notes beside it.
 * Knows nothing of packets: the caller has the words. Long labels and notes go on in the next line;
 * silences of a second and more are drawn; control characters become '?'. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum ladder_kind {
        LADDER_TO_RIGHT,        /* a segment from the left */
        LADDER_TO_LEFT,
        LADDER_LOST_TO_RIGHT,   /* a segment that did not arrive */
        LADDER_LOST_TO_LEFT,
        LADDER_ACT_LEFT,        /* something that happened at one side: a call, a timer */
        LADDER_ACT_RIGHT,
        LADDER_BETWEEN,         /* something between the two, without a side */
};

/* Strings are borrowed for the call; @note may be NULL. */
struct ladder_row {
        int64_t time_ns;        /* any clock: told relative to the first row */
        enum ladder_kind kind;
        const char *label;
        const char *note;
};

/* Zero is the default of each. */
struct ladder_options {
        unsigned width;         /* columns; 0: 80; at least 60 are taken */
        unsigned max_rows;      /* more are left out in the middle, and counted; 0: 40 */
        uint64_t n_left_out;    /* so many the caller has left out already … */
        size_t left_out_before; /* … before this row */
        bool utf8;              /* lines and arrows drawn, not typed: ladder_utf8() */
};

/* Whether the locale of the environment writes UTF-8. */
bool ladder_utf8(void);

/* Returns 0, or a negative errno when the stream would not take it. */
int ladder_write(FILE *file, const char *left, const char *right,
                 const struct ladder_row *rows, size_t n_rows, const struct ladder_options *options);
