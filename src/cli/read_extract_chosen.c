/* A list of connections, and a table that finds them by their ids. */
#include "cli/read_extract_chosen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"

static size_t slot_of(const struct chosen_set *set, uint32_t file, uint64_t first_frame)
{
        uint64_t hash = (first_frame + ((uint64_t)file << 40)) * 0x9e3779b97f4a7c15;
        size_t i = (size_t)(hash >> 32) & (set->n_index - 1);

        while (set->index[i]) {
                const struct chosen *c = &set->items[set->index[i] - 1];

                if (c->file == file && c->first_frame == first_frame)
                        break;
                i = (i + 1) & (set->n_index - 1);
        }
        return i;
}

struct chosen *chosen_find(const struct chosen_set *set, uint32_t file, uint64_t first_frame)
{
        size_t i;

        if (set->n_index == 0)
                return NULL;
        i = slot_of(set, file, first_frame);
        return set->index[i] ? &set->items[set->index[i] - 1] : NULL;
}

/* Room for one more in the list, and the table never more than half full. */
static int make_room(struct chosen_set *set)
{
        if (set->n == set->n_room) {
                size_t n = set->n_room ? 2 * set->n_room : 64;
                struct chosen *items = realloc(set->items, n * sizeof(*items));

                if (!items || n > UINT32_MAX / 4)
                        return -ENOMEM;
                set->items = items;
                set->n_room = n;
        }
        if (2 * (set->n + 1) > set->n_index) {
                size_t n = set->n_index ? 2 * set->n_index : 256;
                uint32_t *index = calloc(n, sizeof(*index));

                if (!index)
                        return -ENOMEM;
                free(set->index);
                set->index = index;
                set->n_index = n;
                for (size_t i = 0; i < set->n; i++)
                        index[slot_of(set, set->items[i].file, set->items[i].first_frame)] = (uint32_t)i + 1;
        }
        return 0;
}

int chosen_add(struct chosen_set *set, uint32_t file, uint64_t first_frame, struct chosen **ret_chosen)
{
        struct chosen *c = chosen_find(set, file, first_frame);
        int r;

        if (!c) {
                r = make_room(set);
                if (r)
                        return r;
                c = &set->items[set->n];
                *c = (struct chosen){ .file = file, .first_frame = first_frame };
                set->index[slot_of(set, file, first_frame)] = (uint32_t) ++set->n;
        }
        *ret_chosen = c;
        return 0;
}

/* The same in both directions. */
static size_t hash_ends(const struct chosen_set *set, const uint8_t *a, uint16_t a_port, const uint8_t *b,
                        uint16_t b_port)
{
        const uint64_t a_key[2] = { a_port, 0 }, b_key[2] = { b_port, 0 };

        return (siphash(a_key, a, 16) + siphash(b_key, b, 16)) & (set->n_index - 1);
}

int chosen_index_ends(struct chosen_set *set)
{
        set->by_ends = calloc(set->n_index ? set->n_index : 1, sizeof(*set->by_ends));
        if (!set->by_ends)
                return -ENOMEM;
        for (size_t i = 0; i < set->n; i++) {
                struct chosen *c = &set->items[i];
                size_t slot = hash_ends(set, c->address[0], c->port[0], c->address[1], c->port[1]);

                c->next = set->by_ends[slot];
                set->by_ends[slot] = (uint32_t)i + 1;
        }
        return 0;
}

static bool is_end(const struct chosen *c, int side, const uint8_t *address, uint16_t port)
{
        return c->port[side] == port && !memcmp(c->address[side], address, 16);
}

struct chosen *chosen_around(const struct chosen_set *set, const struct segment *s, uint32_t file, uint64_t frame)
{
        uint32_t i = 0;

        if (set->n > 0)
                i = set->by_ends[hash_ends(set, s->source, s->source_port, s->destination, s->destination_port)];
        while (i) {
                struct chosen *c = &set->items[i - 1];
                int from = is_end(c, 0, s->source, s->source_port) ? 0 : 1;

                i = c->next;
                if (c->dropped || c->family != s->family || !is_end(c, from, s->source, s->source_port) ||
                    !is_end(c, !from, s->destination, s->destination_port))
                        continue;
                if ((c->file != file || c->first_frame < frame) && (c->last_file != file || c->last_frame > frame))
                        return c;
        }
        return NULL;
}

size_t chosen_count(const struct chosen_set *set)
{
        size_t n = 0;

        for (size_t i = 0; i < set->n; i++)
                n += !set->items[i].dropped;
        return n;
}

void chosen_deinit(struct chosen_set *set)
{
        for (size_t i = 0; i < set->n; i++)
                free(set->items[i].verdict);
        free(set->items);
        free(set->index);
        free(set->by_ends);
        *set = (struct chosen_set){ .items = NULL };
}
