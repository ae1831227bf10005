/*
 * Reading captures from end to end: files -> frames -> segments -> facts -> records, in one pass. What is
 * done with the records is the caller's; this is the loop alone, shared by all that `finis read` can do.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/capture.h"
#include "connection/tracker.h"
#include "ending/record.h"
#include "wire/packet.h"

struct read_input {
        const char *const *paths;       /* one sequence; "-" is standard input. File numbers are those of this list */
        size_t n_paths;
        struct tracker_options tracker;
        bool evidence;                  /* the records hold their evidence */
        bool streams;                   /* what is found is printed to stdout meanwhile */
        bool quiet;                     /* nothing of the files on stderr: it was said in a pass before */
};

/* Called while the input is read. Everything is borrowed until the call returns. All may be NULL. */
struct read_hooks {
        /* A connection was given out, or again with a greater rev. */
        void (*record)(void *context, const struct record *r, const struct tracked *connection);
        /* What the tracker made of a segment. @frame holds its bytes; NULL if they are gone already. */
        void (*segment)(void *context, const struct tracked_segment *segment, const struct frame *frame);
        /* The input has no more at hand and may wait long: flush what is to be seen. */
        void (*wait)(void *context);
        void *context;
};

/* What the pass met. */
struct read_counts {
        uint64_t frames;
        uint64_t bytes;                 /* on the wire */
        uint64_t kinds[N_PACKET_KINDS];
        uint64_t connections;
        uint64_t evicted;               /* given out before their time, for want of memory */
        int64_t first_ns, last_ns;      /* the least and the greatest time of a frame; where there are any */
        size_t n_read;                  /* files that could be read, if only in part */
        size_t n_unreadable;
        uint64_t n_dropped;             /* frames that a capture says it lacks */
        size_t n_damaged;               /* cut short, or turned to nonsense */
        bool interrupted;               /* by a signal, or read_stop() … */
        bool unfinished;                /* … and a file was not read to its end. A pipe has no end that was missed */
};

/*
 * Reads all paths. What cannot be read, and what is damaged, is said on stderr as "finis read: …" and counted;
 * the others are read. Returns 0, or a negative errno that ended the pass before the input did (-ENOMEM),
 * said on stderr too. SIGINT and SIGTERM end the pass early if read_stop_on_signals() was called: what is
 * known by then is given out.
 */
int read_run(const struct read_input *input, const struct read_hooks *hooks, struct read_counts *ret_counts);

/* Ends the pass that runs as a signal would. */
void read_stop(void);

/* From now on SIGINT and SIGTERM end the pass that runs and not the process; a second one kills. */
void read_stop_on_signals(void);

/* The exit status of a pass: 2 where a file was unreadable or not read to its end, or with @strict damaged; else 0. */
int read_status(const struct read_counts *counts, bool strict);

/* A number as `finis read` takes it: "1.3", or "3" for frame 3 of the first file. -EINVAL if it is none. */
int read_parse_id(const char *text, uint32_t *ret_file, uint64_t *ret_frame);
