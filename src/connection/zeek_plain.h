/* What nearly every segment is to Zeek: data or an ACK in order, of which nothing is to be noted. */
#pragma once

#include "connection/zeek_internal.h"

static inline void zeek_note_distance(struct zeek *z, unsigned side)
{
        uint32_t quarter = UINT32_C(1) << 30;

        if (z->side[side].last - z->side[side].start > quarter ||
            z->side[side].ack - z->side[side].start > quarter)
                z->is[side] |= IS_FAR;
}

/* Takes such a segment; if it is none, nothing is done, and false returned. What is acknowledged was seen, so that
 * no gap comes of it; nothing waits above a hole; and no state is left by such a segment. */
static inline bool zeek_plain(struct zeek *z, unsigned side, const struct segment *s)
{
        const uint16_t flags = SEGMENT_SYN | SEGMENT_FIN | SEGMENT_RST | SEGMENT_ACK;
        unsigned other = !side, mine = state_of(z, side);
        uint32_t start = z->side[side].start, next = start + z->side[side].next, last = z->side[side].last;
        uint32_t acked = z->side[side].ack;
        uint8_t seen = s->n_payload > 0 ? SEEN_DATA : SEEN_ACK;

        if ((s->flags & flags) != SEGMENT_ACK || s->seq != last || s->seq != next || s->window == 0 || s->ack == 0 ||
            s->n_captured < s->n_payload || !(z->seen[side] & seen) || mine < PARTIAL || mine > ESTABLISHED ||
            state_of(z, other) == INACTIVE || (z->is[side] & (IS_SEEN | IS_SKIPPED)) != IS_SEEN || z->n_pieces > 0 ||
            is_before_start(z, other, s->ack) || distance(z->side[other].ack, s->ack) < 0 ||
            distance(s->ack, z->side[other].start + z->side[other].next) < 0 ||
            (next + s->n_payload - acked >= ZEEK_UNACKED_MAX && acked - start > 1))
                return false;
        z->side[side].last = last + s->n_payload;
        z->side[side].next += s->n_payload;
        z->side[other].ack = s->ack;
        zeek_note_distance(z, side);
        zeek_note_distance(z, other);
        return true;
}
