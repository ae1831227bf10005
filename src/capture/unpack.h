/* What unpacks a packed capture, a step at a time; one for each way of packing. What this build left out is
 * known by its first bytes all the same, so that people can be told what to do. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unpack_step {
        const uint8_t *in;      /* what is to be unpacked: moved on by what was taken */
        size_t n_in;
        uint8_t *out;           /* where it goes: moved on by what was made */
        size_t n_out;
};

struct unpack {
        const char *name;
        const char *left_out;   /* instead of the functions: why they are not there, and what to do */
        int (*begin)(void **ret_state);
        /* Takes and makes as much as it can. NULL, or what is wrong: "are damaged", which follows "the gzip
         * data". *@ret_between: what was begun is complete. */
        const char *(*step)(void *state, struct unpack_step *step, bool *ret_between);
        void (*end)(void *state);
};

/* The one for what begins with @bytes; NULL where they are not packed, or in a way that none here knows. */
const struct unpack *unpack_find(const uint8_t *bytes, size_t n);

extern const struct unpack unpack_gzip;
extern const struct unpack unpack_zstd;
