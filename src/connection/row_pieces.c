/* Stacks of numbers. There is room on each for all of its pieces that were ever made, so that freeing cannot fail. */
#include "connection/row_pieces.h"

#include <errno.h>

enum {
        AT_ONCE = 32,                   /* so many are made together */
        FIRST = ROW_MAX,                /* the first row that is used, so that no number is 0 or less */
};

int row_pieces_init(struct row_pieces *pieces, size_t n, bool large)
{
        *pieces = (struct row_pieces){};
        if (region_init(&pieces->rows, (FIRST + n * row_piece_size(0)) * sizeof(struct row), large) < 0)
                return -ENOMEM;
        pieces->n = FIRST;
        for (unsigned i = 0; i < ROW_PIECES; i++) {
                struct region *stack = &pieces->stack[i];

                if (region_init(stack,
                                (n * row_piece_size(0) / row_piece_size(i) + PIECES_BELOW + 1) * sizeof(uint32_t),
                                false) < 0 ||
                    region_grow(stack, (PIECES_BELOW + 1) * sizeof(uint32_t)) < 0) {
                        row_pieces_deinit(pieces);
                        return -ENOMEM;
                }
                pieces->top[i] = (uint32_t *)(void *)stack->base + PIECES_BELOW - 1;
        }
        return 0;
}

void row_pieces_deinit(struct row_pieces *pieces)
{
        for (unsigned i = 0; i < ROW_PIECES; i++)
                region_deinit(&pieces->stack[i]);
        region_deinit(&pieces->rows);
        *pieces = (struct row_pieces){};
}

/* Makes @n. The lowest will be the first to be used, so memory is touched in order. */
static int make(struct row_pieces *pieces, unsigned piece, unsigned n)
{
        const unsigned size = row_piece_size(piece);
        /* One place more is written to where nothing is freed (row_pieces_free()). */
        const size_t n_numbers = (size_t)pieces->n_made[piece] + n + PIECES_BELOW + 1;

        if (pieces->n > UINT32_MAX - n * size ||
            region_grow(&pieces->rows, ((size_t)pieces->n + n * size) * sizeof(struct row)) < 0 ||
            region_grow(&pieces->stack[piece], n_numbers * sizeof(uint32_t)) < 0)
                return -ENOMEM;
        for (unsigned i = n; i-- > 0;)
                *++pieces->top[piece] = pieces->n + i * size - row_piece_begin(piece);
        pieces->n_made[piece] += n;
        pieces->n += n * size;
        return 0;
}

__attribute__((noinline, cold)) uint32_t
row_pieces_lack(struct row_pieces *pieces, unsigned piece)
{
        pieces->top[piece]++;
        if (make(pieces, piece, AT_ONCE) < 0 && make(pieces, piece, 1) < 0)
                return 0;
        return *pieces->top[piece]--;
}

void row_pieces_free(struct row_pieces *pieces, const struct orderly *o)
{
        /* How many there are cannot be foreseen either. */
#pragma GCC unroll 4
        for (unsigned i = 0; i < ROW_PIECES_OF_4; i++) {
                pieces->top[i][1] = o->piece[i];
                pieces->top[i] += 4 * i < o->n;
        }
        for (unsigned i = ROW_PIECES_OF_4, from = 4 * i; from < o->n; from += row_piece_size(i), i++)
                *++pieces->top[i] = o->piece[i];
}
