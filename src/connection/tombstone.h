/*
 * What stays of connections that were given out and forgotten: so little that it can neither tell of them nor
 * change a verdict, but enough to know a straggler for what it is, so that it does not look like a connection of its
 * own. The number kept is fixed; older ones make room.
 */
#pragma once

#include "connection/table.h"

struct tombstone {
        uint64_t key;                   /* a digest of the ends; 0: none */
        uint32_t first;                 /* a digest of the end that sent first */
        uint32_t next[2];               /* by sender: the number after everything sent */
        uint32_t file;
        uint64_t frame;                 /* with @file: the id of the connection */
};

struct graveyard {
        struct region region;
        struct tombstone *stones;       /* in it; NULL: nothing was buried yet */
        uint64_t n_strays;
};

/* Sets of as many. */
enum {
        TOMBSTONE_WAYS = 4,
        TOMBSTONE_SETS = 1 << 14,
};

static inline struct tombstone *graveyard_set(const struct graveyard *graveyard, uint64_t key)
{
        return graveyard->stones + (key >> 32) % TOMBSTONE_SETS * TOMBSTONE_WAYS;
}

int graveyard_init(struct graveyard *graveyard, bool large);
void graveyard_deinit(struct graveyard *graveyard);

/* Of two ends. */
struct tombstone_name {
        uint64_t key;
        uint32_t first;
};

struct tombstone_name graveyard_name(const struct head *h);

/* Fetches the place where it will be buried. Always inline, since for gcc a function that only fetches does nothing. */
static inline __attribute__((always_inline)) void
graveyard_fetch(const struct graveyard *graveyard, struct tombstone_name name)
{
        const char *set;

        if (!graveyard->stones)
                return;
        set = (const char *)graveyard_set(graveyard, name.key);
        for (size_t at = 0; at < TOMBSTONE_WAYS * sizeof(struct tombstone); at += 64)
                __builtin_prefetch(set + at, 1);
}

/* @file and @frame: of its first segment. @next: the number after all that each end sent. */
void graveyard_bury(struct graveyard *graveyard, struct tombstone_name name, uint32_t file, uint64_t frame,
                    const uint32_t next[static 2]);

/* The connection of which segment @s is a straggler, or NULL. */
const struct tombstone *graveyard_find(struct graveyard *graveyard, const struct ends *ends, const struct segment *s);
