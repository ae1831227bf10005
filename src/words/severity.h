/* How much an ending should trouble the reader. Greater is worse. */
#pragma once

enum severity {
        SEVERITY_FINE,
        SEVERITY_NOTABLE,
        SEVERITY_BAD,
        N_SEVERITIES
};

/* The word as records print it, and what it means. NULL for a value out of range. */
const char *severity_name(enum severity value);
const char *severity_sentence(enum severity value);

/* 0, or -ENOENT. Case, '-' and '_' do not matter. */
int severity_find(const char *name, enum severity *ret);
