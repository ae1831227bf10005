/*
 * The block of bytes that frames are read from. It is filled by read(2) again and again, 768 KB at a time: that
 * stays in the cache, where a mapped file would cost a fault and a cold line a packet. Frames are handed
 * out as pointers into it. What straddles its end is moved to its front, and it grows only for what is larger
 * than itself, by no more than came. Bytes in memory are a block already and are not copied.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/stream.h"

struct block {
        struct stream *stream;
        uint8_t *room;          /* NULL: @bytes are the caller's */
        size_t size;
        const uint8_t *bytes;
        size_t start, end;      /* what is at hand */
        uint64_t offset;        /* of @bytes in the capture, unpacked */
        bool ended;             /* nothing follows @end */
};

#define BLOCK_SIZE (768 * 1024)

int block_init(struct block *block, struct stream *stream, size_t size);

/* Brings @need bytes to hand, unless the end comes first; moves those that are. Returns 0, also at the end, or
 * a negative errno. */
int block_fill(struct block *block, size_t need);

/* Passes over up to *@n bytes, lessened by what was passed over: not 0 only at the end. */
int block_skip(struct block *block, uint64_t *n);

void block_deinit(struct block *block);

static inline size_t block_at_hand(const struct block *block)
{
        return block->end - block->start;
}

/* Where the next byte stands in the capture. */
static inline uint64_t block_place(const struct block *block)
{
        return block->offset + block->start;
}
