/* What became of the bytes of one direction. */
#pragma once

enum fate {
        FATE_NONE,
        FATE_ACKED,
        FATE_UNCERTAIN,
        FATE_LOST,
        FATE_UNKNOWN,
        N_FATES
};

/* The word as records print it, and what it means. NULL for a value out of range. */
const char *fate_name(enum fate value);
const char *fate_sentence(enum fate value);

/* 0, or -ENOENT. Case, '-' and '_' do not matter. */
int fate_find(const char *name, enum fate *ret);
