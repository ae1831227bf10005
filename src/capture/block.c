/* Fills and refills the block that frames are read from. */
#include "capture/block.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int block_init(struct block *block, struct stream *stream, size_t size)
{
        *block = (struct block){ .stream = stream };
        if (stream->fd < 0 && !stream->unpack && !stream->piece) {
                block->bytes = stream->input;
                block->end = stream->n_input;
                block->ended = true;
                return 0;
        }
        block->room = malloc(size);
        if (!block->room)
                return -ENOMEM;
        block->bytes = block->room;
        block->size = size;
        return 0;
}

static void move_to_front(struct block *block)
{
        memmove(block->room, block->room + block->start, block_at_hand(block));
        block->offset += block->start;
        block->end -= block->start;
        block->start = 0;
}

/* Twice the size: a length that lies costs no more than what was really there. */
static int grow(struct block *block)
{
        uint8_t *room = realloc(block->room, 2 * block->size);

        if (!room)
                return -ENOMEM;
        block->room = room;
        block->bytes = room;
        block->size *= 2;
        return 0;
}

int block_fill(struct block *block, size_t need)
{
        if (block_at_hand(block) >= need || block->ended)
                return 0;
        move_to_front(block);
        while (block_at_hand(block) < need && !block->ended) {
                ssize_t r;

                if (block->end == block->size) {
                        r = grow(block);
                        if (r)
                                return (int)r;
                }
                r = stream_read(block->stream, block->room + block->end, block->size - block->end);
                if (r < 0)
                        return (int)r;
                block->end += (size_t)r;
                block->ended = r == 0;
        }
        return 0;
}

int block_skip(struct block *block, uint64_t *n)
{
        for (;;) {
                size_t some = *n < block_at_hand(block) ? (size_t)*n : block_at_hand(block);
                int r;

                block->start += some;
                *n -= some;
                if (*n == 0 || block->ended)
                        return 0;
                r = block_fill(block, 1);
                if (r)
                        return r;
        }
}

void block_deinit(struct block *block)
{
        free(block->room);
        *block = (struct block){ .stream = NULL };
}
