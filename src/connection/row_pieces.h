/*
 * The memory in which rows of segments lie: pieces of three sizes, by number. Free ones lie on stacks, one for each
 * place that a piece can have in a struct orderly; there are only their numbers, so nobody touches a piece while it is
 * free.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "connection/orderly.h"
#include "connection/region.h"

enum {
        PIECES_BELOW = 4,               /* zeroes at the bottom of a stack: as many may be looked at together */
};

struct row_pieces {
        struct region rows;
        uint32_t n;                     /* rows: those there are, in use or free */
        uint32_t *top[ROW_PIECES];      /* the number to be used next, and below it the others */
        uint32_t n_made[ROW_PIECES];
        struct region stack[ROW_PIECES];
};

/* For up to @n of the smallest, or what they take; @large as in region_init(). Returns 0 or -ENOMEM. */
int row_pieces_init(struct row_pieces *pieces, size_t n, bool large);
void row_pieces_deinit(struct row_pieces *pieces);

/* A new piece where there was none free, and the 0 below all was taken; 0 for want of memory. */
uint32_t row_pieces_lack(struct row_pieces *pieces, unsigned piece);

/* Frees all that the rows of @o take. */
void row_pieces_free(struct row_pieces *pieces, const struct orderly *o);

/* The row @i of a struct orderly, whose piece has this number. A number is that of the row with which the piece begins,
 * less what stands before it in the struct orderly: so it does not matter at which place in the piece the row
 * stands. */
static inline struct row *row_pieces_at(const struct row_pieces *pieces, uint32_t number, unsigned i)
{
        return &((struct row *)(void *)pieces->rows.base)[(size_t)number + i];
}

/* What is to be the piece @piece of a struct orderly; 0 for want of memory. */
static inline uint32_t row_pieces_new(struct row_pieces *pieces, unsigned piece)
{
        uint32_t number = *pieces->top[piece]--;

        return __builtin_expect(number != 0, 1) ? number : row_pieces_lack(pieces, piece);
}

/* Fetches those that will be the next to be used, as many as a batch needs: they are long out of the cache. Always
 * inline, since for gcc a function that only fetches does nothing. */
static inline __attribute__((always_inline)) void row_pieces_fetch(const struct row_pieces *pieces)
{
        static const uint8_t n[] = { 3, 3, 2, 2, 1 };

#pragma GCC unroll 5
        for (unsigned i = 0; i < sizeof(n); i++)
#pragma GCC unroll 3
                for (int below = 0; below < n[i]; below++) {
                        const char *piece = (const char *)row_pieces_at(pieces, pieces->top[i][-below],
                                                                        row_piece_begin(i));

                        __builtin_prefetch(piece, 1);
                        __builtin_prefetch(piece + 64, 1);
                }
}
