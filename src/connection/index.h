/*
 * From the hash of two ends to a node: lines of eight, each with the keys before the nodes. Where within its line a
 * node stands is seen at once, with no branch on it; of a line that is full some have gone to the next. What is taken
 * out is closed up, so there are no traces of the past. The highest bit of a hash does not say where it stands: it is
 * kept beside the node.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connection/region.h"

enum { INDEX_LINE = 8 };

/* In an entry, beside the number of a node. */
#define INDEX_WAY (UINT32_C(1) << 30)

/* The first so many have an entry, the others are zeroes. */
struct index_line {
        uint32_t key[INDEX_LINE];
        uint32_t entry[INDEX_LINE];
} __attribute__((aligned(64)));

struct index {
        bool large;
        struct index_line *lines;
        size_t mask;
        size_t n_used;
        struct region region;           /* where the lines lie */
};

int index_init(struct index *index, bool large);
void index_deinit(struct index *index);

/* Returns 0 or -ENOMEM. */
int index_add(struct index *index, uint32_t hash, uint32_t node);
/* Nothing is done where it is not there. */
void index_take_out(struct index *index, uint32_t hash, uint32_t node);
void index_replace(struct index *index, uint32_t hash, uint32_t from, uint32_t to);

/* Where a node of this hash stands if its line has room for it. */
static inline struct index_line *index_home(const struct index *index, uint32_t hash)
{
        return &index->lines[hash & index->mask];
}

static inline struct index_line *index_next(const struct index *index, const struct index_line *line)
{
        return &index->lines[((size_t)(line - index->lines) + 1) & index->mask];
}

/* Some of those that belong into the line may stand in the next. */
static inline bool index_is_full(const struct index_line *line)
{
        return line->entry[INDEX_LINE - 1] != 0;
}

/* Of eight numbers two bits for each that is @what. */
static inline __attribute__((always_inline)) unsigned index_same(const uint32_t of[static INDEX_LINE], uint32_t what)
{
        typedef uint32_t four __attribute__((vector_size(16)));
        const four wanted = { what, what, what, what }, *halves = (const four *)(const void *)of;
#ifdef __SSE2__
        typedef int32_t four_signed __attribute__((vector_size(16)));
        typedef char sixteen __attribute__((vector_size(16)));

        return (unsigned)__builtin_ia32_pmovmskb128((sixteen)__builtin_ia32_packssdw128(
                (four_signed)(halves[0] == wanted), (four_signed)(halves[1] == wanted)));
#else
        const four low = { 3, 12, 48, 192 };
        four same = ((four)(halves[0] == wanted) & low) | ((four)(halves[1] == wanted) & low << 8);

        return same[0] | same[1] | same[2] | same[3];
#endif
}

/* The first place of them; @same is not 0. */
static inline unsigned index_first(unsigned same)
{
        return (unsigned)__builtin_ctz(same) / 2;
}

static inline uint32_t index_key(uint32_t hash)
{
        return hash << 1 | 1;
}

/* Of a line those with this hash. */
static inline unsigned index_like(const struct index_line *line, uint32_t hash)
{
        return index_same(line->key, index_key(hash));
}

/* Most likely the entry of this hash, where there is one. */
static inline uint32_t index_likely(const struct index *index, uint32_t hash)
{
        const struct index_line *line = index_home(index, hash);

        return line->entry[index_first(index_like(line, hash) | 1u << (2 * INDEX_LINE - 1))];
}

static inline uint32_t index_node(uint32_t entry)
{
        return entry & ~INDEX_WAY;
}

/* Whether its hash has another highest bit than @hash. */
static inline bool index_other_way(uint32_t entry, uint32_t hash)
{
        return (entry >> 30 ^ hash >> 31) & 1;
}
