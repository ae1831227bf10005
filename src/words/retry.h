/* Whether the last request may be sent again without being carried out twice. */
#pragma once

enum retry {
        RETRY_SAFE,
        RETRY_MAYBE_PROCESSED,
        RETRY_UNKNOWN,
        N_RETRIES
};

/* The word as records print it, and what it means. NULL for a value out of range. */
const char *retry_name(enum retry value);
const char *retry_sentence(enum retry value);

/* 0, or -ENOENT. Case, '-' and '_' do not matter. */
int retry_find(const char *name, enum retry *ret);
