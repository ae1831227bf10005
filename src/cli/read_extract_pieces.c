/* A ring of fragments. They are told by their addresses, wherever these stand in the frame. */
#include "cli/read_extract_pieces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "wire/bytes.h"

enum {
        BEFORE_ADDRESSES = 12,  /* of an IPv4 header */
        AT_ID = 4,
};

int pieces_keep(struct pieces *pieces, const struct frame *frame)
{
        struct piece *piece = &pieces->pieces[pieces->next];
        uint8_t *bytes = malloc(frame->n_bytes + 1);

        if (!bytes)
                return -ENOMEM;
        if (frame->n_bytes > 0)
                memcpy(bytes, frame->bytes, frame->n_bytes);
        free(piece->bytes);
        *piece = (struct piece){ *frame, bytes };
        piece->frame.bytes = bytes;
        pieces->next = (pieces->next + 1) % PIECES_MAX;
        return 0;
}

static bool belongs(const struct piece *piece, const struct segment *segment)
{
        size_t n = segment->family == AF_INET6 ? 16 : 4;
        const uint8_t *p = piece->bytes, *end = p + piece->frame.n_bytes;
        uint8_t both[32];

        memcpy(both, segment->source, n);
        memcpy(both + n, segment->destination, n);
        while ((p = memmem(p, (size_t)(end - p), both, 2 * n))) {
                if (segment->family == AF_INET6)
                        return true;
                if (p - piece->bytes >= BEFORE_ADDRESSES && bytes_get16(p - BEFORE_ADDRESSES + AT_ID) == segment->ip_id)
                        return true;
                p++;
        }
        return false;
}

bool pieces_take(struct pieces *pieces, const struct segment *segment, struct piece *ret_piece)
{
        for (size_t i = 0; i < PIECES_MAX; i++) {
                struct piece *piece = &pieces->pieces[(pieces->next + i) % PIECES_MAX];

                if (!piece->bytes || !belongs(piece, segment))
                        continue;
                *ret_piece = *piece;
                piece->bytes = NULL;
                return true;
        }
        return false;
}

void pieces_deinit(struct pieces *pieces)
{
        for (size_t i = 0; i < PIECES_MAX; i++)
                free(pieces->pieces[i].bytes);
        memset(pieces, 0, sizeof(*pieces));
}
