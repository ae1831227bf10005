/* The connections that are to be cut out of captures, found by their ids. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connection/tracker.h"
#include "ending/record.h"

struct chosen {
        uint32_t file;                  /* with @first_frame: its id */
        uint64_t first_frame;
        bool dropped;                   /* fits no longer, by what was seen later */
        char *verdict;                  /* owned */
        uint8_t family;
        uint8_t address[2][16];
        uint16_t port[2];
        uint32_t last_file;
        uint64_t last_frame;
        enum ending ending;
        bool reset_seen;
        uint64_t reset_frame;
        uint32_t ending_file;           /* the frame by which it ended; 0: not found yet */
        uint64_t ending_frame;
        uint32_t next;                  /* another whose ends have the same hash: number of the item + 1, or 0 */
};

struct chosen_set {
        struct chosen *items;
        size_t n, n_room;
        uint32_t *index;                /* of an open-addressed table: number of the item + 1, or 0 */
        size_t n_index;                 /* a power of two */
        uint32_t *by_ends;              /* as large; only after chosen_index_ends() */
};

/* The one of that id, or NULL. Valid until the next chosen_add(). */
struct chosen *chosen_find(const struct chosen_set *set, uint32_t file, uint64_t first_frame);

/* Adds it, or finds it if it is there. Returns 0 or -ENOMEM. */
int chosen_add(struct chosen_set *set, uint32_t file, uint64_t first_frame, struct chosen **ret_chosen);

/* Makes them findable by their ends; none may be added afterwards. Returns 0 or -ENOMEM. */
int chosen_index_ends(struct chosen_set *set);

/* The one between the same ends that had begun by that frame, and went on behind it; NULL: none. */
struct chosen *chosen_around(const struct chosen_set *set, const struct segment *segment, uint32_t file,
                             uint64_t frame);

/* Those that are not dropped. */
size_t chosen_count(const struct chosen_set *set);

void chosen_deinit(struct chosen_set *set);
