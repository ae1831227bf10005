/*
 * The last fragments that went by, for the case that the packet which they make is to be cut out: which packet
 * that is, is known with the last of them only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/capture.h"
#include "wire/segment.h"

#define PIECES_MAX 256

struct pieces {
        struct piece {
                struct frame frame;     /* its bytes are owned */
                uint8_t *bytes;         /* NULL: empty */
        } pieces[PIECES_MAX];
        size_t next;
};

/* In place of the oldest, if there are too many. Returns 0 or -ENOMEM. */
int pieces_keep(struct pieces *pieces, const struct frame *frame);

/* The oldest that has the addresses of the segment, and the number of its IP packet. True: there is one; it is the
 * caller's now, who frees its bytes. */
bool pieces_take(struct pieces *pieces, const struct segment *segment, struct piece *ret_piece);

void pieces_deinit(struct pieces *pieces);
