/* How a fact is known. Greater is better, so two can be compared. */
#pragma once

enum how {
        HOW_UNKNOWN,
        HOW_INFERRED,
        HOW_TOLD,
        HOW_SEEN,
        N_HOWS
};

/* The word as records print it, and what it means. NULL for a value out of range. */
const char *how_name(enum how value);
const char *how_sentence(enum how value);

/* 0, or -ENOENT. Case, '-' and '_' do not matter. */
int how_find(const char *name, enum how *ret);
