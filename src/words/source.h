/* Where a record's facts come from. */
#pragma once

enum source {
        SOURCE_CAPTURE,
        SOURCE_RUN,
        SOURCE_WATCH,
        SOURCE_LAB,
        SOURCE_SOCKET,
        N_SOURCES
};

/* The word as records print it, and what it means. NULL for a value out of range. */
const char *source_name(enum source value);
const char *source_sentence(enum source value);

/* 0, or -ENOENT. Case, '-' and '_' do not matter. */
int source_find(const char *name, enum source *ret);
