/*
 * Content gaps, as Zeek's reassembler finds them (TCP_Reassembler.cc: DataSent, AckReceived, Undelivered, Gap;
 * Reassem.cc: Trim): bytes that were acknowledged and never seen. A gap counts only while both ends are
 * established, or closed from there by a FIN, so that a hole that the last RST makes is none.
 *
 * Of the bytes nothing is kept but where the next one is due and which pieces lie above a hole.
 */
#include "connection/zeek_internal.h"

#define ABOVE_HOLE_MAX 16384    /* Zeek's tcp_max_above_hole_without_any_acks */

static unsigned piece_of(const struct zeek *z, unsigned i)
{
        return z->piece_of_1 >> i & 1;
}

static void put_piece(struct zeek *z, unsigned i, unsigned side, uint32_t start, uint32_t end)
{
        z->piece[i].start = start;
        z->piece[i].end = end;
        z->piece_of_1 = (uint8_t)((z->piece_of_1 & ~(1u << i)) | side << i);
}

static void drop_piece(struct zeek *z, unsigned i)
{
        unsigned last = --z->n_pieces;

        put_piece(z, i, piece_of(z, last), z->piece[last].start, z->piece[last].end);
}

static void drop_pieces(struct zeek *z, unsigned side)
{
        for (unsigned i = z->n_pieces; i-- > 0;)
                if (piece_of(z, i) == side)
                        drop_piece(z, i);
}

/* The first piece above the hole, or n_pieces. */
static unsigned first_piece(const struct zeek *z, unsigned side)
{
        unsigned first = z->n_pieces;

        for (unsigned i = 0; i < z->n_pieces; i++)
                if (piece_of(z, i) == side &&
                    (first == z->n_pieces || distance(z->piece[i].start, z->piece[first].start) > 0))
                        first = i;
        return first;
}

/* Moves on over the pieces that have become deliverable. */
static void take_pieces(struct zeek *z, unsigned side)
{
        unsigned i;

        while ((i = first_piece(z, side)) < z->n_pieces &&
               distance(z->piece[i].start, z->side[side].next) >= 0) {
                if (distance(z->side[side].next, z->piece[i].end) > 0)
                        z->side[side].next = z->piece[i].end;
                drop_piece(z, i);
        }
}

/* Makes room by joining the two neighbours of one side that have the smallest hole between them; or, where
 * no side has two, by forgetting the first. */
static void join_pieces(struct zeek *z)
{
        unsigned lower = 0, upper = 0;
        int32_t smallest = INT32_MAX;

        for (unsigned i = 0; i < z->n_pieces; i++)
                for (unsigned j = 0; j < z->n_pieces; j++) {
                        int32_t hole = distance(z->piece[i].end, z->piece[j].start);

                        if (i != j && piece_of(z, i) == piece_of(z, j) && hole >= 0 && hole < smallest) {
                                smallest = hole;
                                lower = i;
                                upper = j;
                        }
                }
        if (lower != upper)
                z->piece[lower].end = z->piece[upper].end;
        drop_piece(z, upper);
}

static void add_piece(struct zeek *z, unsigned side, uint32_t start, uint32_t end)
{
        for (unsigned i = z->n_pieces; i-- > 0;) {
                if (piece_of(z, i) != side || distance(z->piece[i].start, end) < 0 ||
                    distance(start, z->piece[i].end) < 0)
                        continue;
                if (distance(z->piece[i].start, start) > 0)
                        start = z->piece[i].start;
                if (distance(end, z->piece[i].end) > 0)
                        end = z->piece[i].end;
                drop_piece(z, i);
        }
        if (z->n_pieces == ZEEK_PIECES_MAX)
                join_pieces(z);
        put_piece(z, z->n_pieces++, side, start, end);
}

/* Zeek puts no more in order once too much waits for a hole to be filled or for an acknowledgement. */
static void limit_waiting(struct zeek *z, unsigned side)
{
        uint32_t acked = z->side[side].ack - z->side[side].start;
        uint32_t waiting = 0, top = z->side[side].next;
        bool any_acked = acked > 1;

        for (unsigned i = 0; i < z->n_pieces; i++)
                if (piece_of(z, i) == side) {
                        waiting += z->piece[i].end - z->piece[i].start;
                        if (distance(top, z->piece[i].end) > 0)
                                top = z->piece[i].end;
                }
        if (any_acked && distance(acked, z->side[side].next) > 0)
                waiting += z->side[side].next - acked;
        if ((!any_acked && top - z->side[side].next > ABOVE_HOLE_MAX) || waiting > ZEEK_UNACKED_MAX) {
                drop_pieces(z, side);
                z->is[side] |= IS_SKIPPED;
        }
}

void zeek_take_data(struct zeek *z, unsigned side, const struct segment *s, uint32_t position)
{
        uint32_t end = position + s->n_payload;

        if (z->is[side] & IS_SKIPPED || s->n_captured < s->n_payload ||
            distance(z->side[side].next, end) <= 0)
                return;
        if (distance(z->side[side].next, position) <= 0) {
                z->side[side].next = end;
                take_pieces(z, side);
        } else {
                add_piece(z, side, position, end);
        }
        limit_waiting(z, side);
}

static bool is_clean(const struct zeek *z, unsigned side)
{
        return state_of(z, side) == ESTABLISHED ||
                (state_of(z, side) == CLOSED && state_before(z, side) == ESTABLISHED);
}

static void note_gap(struct zeek *z, unsigned side)
{
        if (is_clean(z, 0) && is_clean(z, 1) && z->rare[side].gaps < UINT16_MAX)
                zeek_note_event(z, side, ++z->rare[side].gaps, 'G');
}

/* The other end acknowledged up to @position: each hole below it is a gap. */
void zeek_take_ack(struct zeek *z, unsigned side, uint32_t position)
{
        unsigned i;

        if (z->is[side] & IS_FINISHED && distance(z->rare[side].fin_end, position) >= 0)
                position = z->rare[side].fin_end - 1;
        if (distance(z->side[side].next, position) <= 0)
                return;
        if (position <= 2 && z->flags & FLAG_PARTIAL)
                return;
        if (!(z->is[side] & IS_SKIPPED)) {
                while ((i = first_piece(z, side)) < z->n_pieces &&
                       distance(z->piece[i].start, position) > 0) {
                        note_gap(z, side);
                        z->side[side].next = z->piece[i].start;
                        take_pieces(z, side);
                }
                if (distance(z->side[side].next, position) > 0)
                        note_gap(z, side);
        }
        if (distance(z->side[side].next, position) > 0)
                z->side[side].next = position;
        take_pieces(z, side);
}
