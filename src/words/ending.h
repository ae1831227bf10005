/* How a connection ended: the first of these that fits. */
#pragma once

enum ending {
        ENDING_REFUSED,
        ENDING_UNANSWERED,
        ENDING_RESET,
        ENDING_ORDERLY,
        ENDING_TIMED_OUT,
        ENDING_HALF_CLOSED,
        ENDING_OPEN,
        ENDING_UNSEEN,
        N_ENDINGS
};

/* The word as records print it, and what it means. NULL for a value out of range. */
const char *ending_name(enum ending value);
const char *ending_sentence(enum ending value);

/* 0, or -ENOENT. Case, '-' and '_' do not matter. */
int ending_find(const char *name, enum ending *ret);
