/*
 * finis read --extract: cuts connections out of captures, with the verdict as a comment, so that they can be
 * looked at elsewhere; with --anonymize, so that they can be shown around.
 *
 * The captures are read three times: to choose by the verdict, to learn which frames belong to those chosen, and
 * to copy these.
 */
#pragma once

#include "cli/anonymize.h"
#include "cli/read.h"
#include "cli/read_extract_chosen.h"
#include "cli/read_extract_marks.h"

/* What can be read once only, kept in a file without a name. */
struct kept {
        bool is;
        int fd;
        char path[32];
};

struct extract {
        const struct read_options *options;
        const char **paths;             /* those of the options, or what was kept of them */
        struct kept *kept;              /* one a path */
        struct chosen_set chosen;
        struct marks *marks;            /* one a file */
        uint32_t *order;                /* the files in the order in which they were read, from 1; n_order of them */
        size_t n_order;
        struct anonymizer anonymizer;   /* where that is asked for */
        uint64_t n_frames;              /* written */
        int error;                      /* of a hook */
};

/* Returns the exit status. */
int read_extract(const struct read_options *options);

/* Copies the marked frames to @file. Returns 0, or a negative errno; *@ret_reading: it came of reading, not
 * of writing. */
int read_extract_write(struct extract *x, FILE *file, bool *ret_reading);

/* Wireshark's display filter for the connections, a line for each of the files; in the file that was written if
 * addresses were changed. */
void read_extract_filter(struct extract *x, FILE *file);
