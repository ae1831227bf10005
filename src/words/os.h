/* The kind of TCP an end speaks: what comes next can be said of Linux only. */
#pragma once

enum os {
        OS_LINUX,
        OS_OTHER,
        OS_UNKNOWN,        /* records print it as null */
        N_OSES
};

/* The word as records print it, and what it means. NULL for a value out of range. */
const char *os_name(enum os value);
const char *os_sentence(enum os value);

/* 0, or -ENOENT. Case, '-' and '_' do not matter. */
int os_find(const char *name, enum os *ret);
