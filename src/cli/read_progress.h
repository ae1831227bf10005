/* How far a pass has come: a line on stderr that is written over, if that is a terminal and it takes long. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct read_progress {
        bool wanted;            /* stderr is a terminal, and nothing else is written to it meanwhile */
        bool shown;             /* a line stands there now */
        int64_t started_ns;     /* of the monotonic clock */
        int64_t shown_ns;
        uint64_t size;          /* of all files; 0: not known */
        uint64_t done;          /* of the files before the one that is read */
};

/* @streams: records are printed to stdout meanwhile. */
void read_progress_init(struct read_progress *p, const char *const *paths, size_t n_paths, bool streams);

/* Shows how far it is, at most some times a second. @offset: in the file that is read. */
void read_progress_show(struct read_progress *p, uint64_t offset, uint64_t frames);

/* Takes the line away, before anything else is said. */
void read_progress_clear(struct read_progress *p);
