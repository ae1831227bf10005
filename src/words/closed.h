/* How the sender of a direction ended it first. */
#pragma once

enum closed {
        CLOSED_NO,
        CLOSED_FIN,
        CLOSED_RESET,
        CLOSED_UNKNOWN,        /* records print it as null */
        N_CLOSEDS
};

/* The word as records print it, and what it means. NULL for a value out of range. */
const char *closed_name(enum closed value);
const char *closed_sentence(enum closed value);

/* 0, or -ENOENT. Case, '-' and '_' do not matter. */
int closed_find(const char *name, enum closed *ret);
