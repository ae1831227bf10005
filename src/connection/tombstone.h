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

int graveyard_init(struct graveyard *graveyard, bool large);
void graveyard_deinit(struct graveyard *graveyard);

/* Fetches the place where it will be buried. */
void graveyard_fetch(struct graveyard *graveyard, const struct head *h);

/* @file and @frame: of its first segment. @next: the number after all that each end sent. */
void graveyard_bury(struct graveyard *graveyard, const struct head *h, uint32_t file, uint64_t frame,
                    const uint32_t next[static 2]);

/* The connection of which segment @s is a straggler, or NULL. */
const struct tombstone *graveyard_find(struct graveyard *graveyard, const struct ends *ends, const struct segment *s);
