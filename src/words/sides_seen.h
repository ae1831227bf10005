/* Whose segments, or whose calls, were seen. */
#pragma once

enum sides_seen {
        SIDES_SEEN_BOTH,
        SIDES_SEEN_CLIENT,
        SIDES_SEEN_SERVER,
        SIDES_SEEN_NONE,
        N_SIDES_SEEN
};

/* The word as records print it, and what it means. NULL for a value out of range. */
const char *sides_seen_name(enum sides_seen value);
const char *sides_seen_sentence(enum sides_seen value);

/* 0, or -ENOENT. Case, '-' and '_' do not matter. */
int sides_seen_find(const char *name, enum sides_seen *ret);
