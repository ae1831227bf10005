/* Who is named most often: a list of bounded length, for the tables of `finis watch --summary`. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define WATCH_TOP_MAX 256
#define WATCH_TOP_NAME_MAX 64

struct watch_top_entry {
        char name[WATCH_TOP_NAME_MAX];
        uint64_t n, n_bad;
};

struct watch_top {
        struct watch_top_entry entries[WATCH_TOP_MAX];
        size_t n;
        uint64_t n_others;      /* found no room */
};

void watch_top_add(struct watch_top *top, const char *name, bool bad);

/* The first @most, those with the most bad ones first; nothing where the list is empty. */
void watch_top_write(FILE *file, struct watch_top *top, const char *heading, size_t most, double seconds);
