/*
 * Whether a segment is in order, and if so, its row: the hot path of nearly all that is read. Inline, since the loop of
 * the tracker is what calls it. Of the segment no more is looked at than plain_read_first() sets.
 */
#pragma once

#include "connection/note.h"
#include "connection/orderly.h"
#include "connection/table.h"

/* Where the next row goes; NULL if it is full, or for want of memory. */
static inline struct row *
orderly_next_row(struct table *table, struct orderly *o)
{
        unsigned piece = row_piece(o->n % ROW_MAX), place = row_place(o->n % ROW_MAX);

        if (place == 0) {
                if (o->n == ROW_MAX)
                        return NULL;
                o->piece[piece] = row_pieces_new(&table->pieces, piece);
                if (o->piece[piece] == 0)
                        return NULL;
        }
        return &row_pieces_at(&table->pieces, o->piece[piece])[place];
}

/* What a segment of this frame adds to the flags. */
static inline uint16_t
orderly_cut(const struct tracker_input *input)
{
        return input->cut ? ORDERLY_CUT : 0;
}

/* The row is written and not looked at again, so nothing waits for its memory. The caller adds orderly_cut(). */
static inline __attribute__((always_inline)) bool
orderly_add_here(struct table *table, struct orderly *o, unsigned sender, const struct tracker_input *input, unsigned what,
                 unsigned n_payload)
{
        const struct segment *s = &input->packet.segment;
        const unsigned flags = s->flags;
        uint64_t at = (uint64_t)input->time_ns - (uint64_t)o->first;
        struct row *row = orderly_next_row(table, o);

        if (!row)
                return false;
        what |= (flags & ROW_FLAGS) | sender * ROW_BY_1 | (s->options & SEGMENT_HAS_TIMESTAMPS ? ROW_TIMESTAMPS : 0);
        row->at_and_what = at | (uint64_t)what << ROW_WHAT_SHIFT;
        row->frame = (uint32_t)input->frame;
        row->ack = s->ack;
        row->ts_echo = s->ts_echo;
        row->ts_value = s->ts_value;
        row->window = s->window;
        row->ip_id = s->ip_id;
        row->n_payload = (uint16_t)n_payload;
        row->ttl = s->ttl;
        o->n++;
        o->last = input->time_ns;
        return true;
}

/* An acknowledgement of nothing new, or a SYN once more, is a twin or like one if it is the same as one of the sender's
 * last (twin_seen()). Its number is, up to where there is payload. */
bool orderly_seen_before(const struct table *table, const struct orderly *o, unsigned sender, const struct segment *s);

/* A FIN, and the acknowledgement of both, change what may come. */
static inline void
orderly_take_fin(struct orderly *o, unsigned sender, const struct segment *s)
{
        const unsigned fins = ORDERLY_FIN_0 | ORDERLY_FIN_1;

        if (s->flags & SEGMENT_FIN) {
                o->flags |= (uint16_t)(ORDERLY_FIN_0 << sender);
                o->next[sender]++;
        }
        if ((o->flags & fins) == fins && o->acked[0] == o->next[0] && o->acked[1] == o->next[1])
                o->flags |= ORDERLY_ENDED;
}

/* Nothing but what is usual: no bit stands for anything else. One branch is cheaper than ten that are never taken. */
static inline bool
orderly_is_plain(const struct orderly *o, unsigned sender, const struct tracker_input *input, unsigned flags)
{
        const struct segment *s = &input->packet.segment;
        const unsigned mask = SEGMENT_SYN | SEGMENT_RST | SEGMENT_ACK | SEGMENT_AE;
        uint64_t at = (uint64_t)input->time_ns - (uint64_t)o->first;
        uint64_t unusual;

        unusual = ((flags & mask) ^ SEGMENT_ACK) | (s->options & ~(unsigned)SEGMENT_HAS_TIMESTAMPS);
        unusual |= (s->seq ^ o->next[sender]) | s->n_payload >> 16;
        unusual |= at >> ROW_WHAT_SHIFT | input->frame >> 32 | (input->file ^ o->file);
        return unusual == 0 && input->time_ns >= o->last && s->window != 0 && s->ack != 0;
}

/* orderly_take() of a segment that is no SYN. */
static inline __attribute__((always_inline)) bool
orderly_take_here(struct table *table, struct orderly *o, unsigned sender, const struct tracker_input *input)
{
        const struct segment *s = &input->packet.segment;
        uint32_t acks = s->ack - o->acked[!sender];
        unsigned segment_flags = s->flags;
        bool takes = (s->n_payload > 0) | (segment_flags & SEGMENT_FIN);
        unsigned goodbye, what, flags = o->flags;

        /* Else gcc puts it aside as 16 bits and takes it back as 32, and the processor waits for the one to be written. */
        __asm__("" : "+r"(segment_flags));
        if (!orderly_is_plain(o, sender, input, segment_flags) || acks > o->next[!sender] - o->acked[!sender])
                return false;
        /* The third is the answer to the SYN-ACK. */
        if (!(flags & ORDERLY_OPEN) && (o->n != 2 || sender != 0 || acks == 0))
                return false;
        /* Behind its FIN an end can only acknowledge. */
        if (takes & (flags >> sender & ORDERLY_FIN_0))
                return false;
        if (!takes & (acks == 0) && orderly_seen_before(table, o, sender, s))
                return false;
        goodbye = note_goodbye(s);
        what = (goodbye & DIRECTION_GOODBYE ? ROW_GOODBYE : 0) | (goodbye & DIRECTION_GOODBYE_KNOWN ? ROW_GOODBYE_KNOWN : 0) |
               (s->n_captured < s->n_payload ? ROW_SHORT : 0);
        what = takes ? what : 0;
        if (!orderly_add_here(table, o, sender, input, what, s->n_payload))
                return false;
        o->next[sender] += s->n_payload;
        o->acked[!sender] = s->ack;
        o->flags = (uint16_t)(flags | ORDERLY_OPEN | (what & ROW_SHORT ? ORDERLY_SHORT : 0) | orderly_cut(input));
        if ((segment_flags & SEGMENT_FIN) | (flags & (ORDERLY_FIN_0 | ORDERLY_FIN_1)))
                orderly_take_fin(o, sender, s);
        return true;
}
