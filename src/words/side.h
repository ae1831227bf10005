/* Who: one of the two ends, or what lies between them. */
#pragma once

enum side {
        SIDE_CLIENT,
        SIDE_SERVER,
        SIDE_NETWORK,
        SIDE_UNKNOWN,           /* records print it as null */
        N_SIDES
};

/* The word as records print it, and what it means. NULL for a value out of range. */
const char *side_name(enum side value);
const char *side_sentence(enum side value);

/* 0, or -ENOENT. Case, '-' and '_' do not matter. */
int side_find(const char *name, enum side *ret);
