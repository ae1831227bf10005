/*
 * Whether a segment is in order, and if so, its row: the hot path of nearly all that is read. Inline, since the loop of
 * the tracker is what calls it.
 */
#pragma once

#include "connection/note.h"
#include "connection/orderly.h"
#include "connection/table.h"

/* Where the next row goes; NULL if it is full, or for want of memory. */
static inline struct row *orderly_next_row(struct table *table, struct orderly *o)
{
        unsigned n = o->n, where = row_where(n), piece = where & ROW_PIECE;

        if (where & ROW_BEGINS) {
                if (n == ROW_MAX)
                        return NULL;
                o->piece[piece] = row_pieces_new(&table->pieces, piece);
                if (o->piece[piece] == 0)
                        return NULL;
        }
        return row_pieces_at(&table->pieces, o->piece[piece], n);
}

_Static_assert((unsigned)PLAIN_TIMESTAMPS == ROW_TIMESTAMPS && ((unsigned)PLAIN_FLAGS & ROW_FLAGS) == ROW_FLAGS,
               "the same bits");
_Static_assert(offsetof(struct tracker_frame, frame) == offsetof(struct row, frame) &&
               offsetof(struct tracker_frame, plain.ack) == offsetof(struct row, ack) &&
               offsetof(struct tracker_frame, plain.ts_echo) == offsetof(struct row, ts_echo) &&
               offsetof(struct tracker_frame, plain.ts_value) == offsetof(struct row, ts_value) &&
               offsetof(struct tracker_frame, plain.window) == offsetof(struct row, window) &&
               offsetof(struct tracker_frame, plain.ip_id) == offsetof(struct row, ip_id) &&
               offsetof(struct tracker_frame, plain.n_payload) == offsetof(struct row, n_payload) &&
               offsetof(struct tracker_frame, plain.ttl) == offsetof(struct row, ttl), "the same places");

/* A whole segment as a frame. What a row has no room for counts as options. */
static inline struct tracker_frame orderly_frame_of(const struct tracker_input *input)
{
        const struct segment *s = &input->packet.segment;
        const bool unusual = s->options & ~(unsigned)SEGMENT_HAS_TIMESTAMPS || s->n_payload > UINT16_MAX ||
                             input->frame > UINT32_MAX;

        return (struct tracker_frame){
                .time_ns = input->time_ns, .frame = (uint32_t)input->frame,
                .plain = {
                        .ack = s->ack, .ts_echo = s->ts_echo, .ts_value = s->ts_value, .window = s->window,
                        .ip_id = s->ip_id, .n_payload = (uint16_t)s->n_payload, .ttl = s->ttl, .seq = s->seq,
                        .has = (s->flags & PLAIN_FLAGS) | (input->cut ? PLAIN_CUT : 0u) |
                               (s->options & SEGMENT_HAS_TIMESTAMPS ? PLAIN_TIMESTAMPS : 0u) |
                               (unusual ? PLAIN_OPTIONS : 0u),
                        .tcp = s->payload, .n_captured = (uint16_t)s->n_captured,
                },
        };
}

/* The row is written and not looked at again, so nothing waits for its memory. @at: after the first. */
static inline __attribute__((always_inline)) void
orderly_write_row(struct row *row, const struct tracker_frame *f, unsigned sender, uint64_t at, unsigned what)
{
        what |= (f->plain.has & (ROW_FLAGS | ROW_TIMESTAMPS)) | sender * ROW_BY_1;
        memcpy(row, f, sizeof(*row));
        row->at_and_what = at | (uint64_t)what << ROW_WHAT_SHIFT;
}

/* Returns the row, or NULL. The caller adds what is cut to the flags. */
static inline __attribute__((always_inline)) struct row *
orderly_add_here(struct table *table, struct orderly *o, unsigned sender, const struct tracker_frame *f, unsigned what)
{
        struct row *row = orderly_next_row(table, o);

        if (!row)
                return NULL;
        orderly_write_row(row, f, sender, (uint64_t)f->time_ns - (uint64_t)o->first, what);
        o->n++;
        o->last = f->time_ns;
        return row;
}

/* An acknowledgement of nothing new, or a SYN once more, is a twin or like one if it is the same as one of the sender's
 * last (twin_seen()). Its number is, up to where there is payload. */
bool orderly_seen_before(const struct table *table, const struct orderly *o, unsigned sender, const struct row *like);

/* What the payload of a segment is, or what it ends without: ROW_GOODBYE, ROW_GOODBYE_KNOWN, ROW_SHORT. */
static inline unsigned orderly_goodbye_of(const struct plain *p)
{
        unsigned goodbye = note_goodbye_of(p->tcp + p->n_header, p->n_captured, p->n_payload);

        return (goodbye & DIRECTION_GOODBYE ? ROW_GOODBYE : 0) |
               (goodbye & DIRECTION_GOODBYE_KNOWN ? ROW_GOODBYE_KNOWN : 0) |
               (p->n_captured < p->n_payload ? ROW_SHORT : 0);
}

/* Nothing but what is usual: no bit stands for anything else. One branch is cheaper than ten that are never taken.
 * Behind its FIN an end can only acknowledge. */
static inline __attribute__((always_inline)) bool
orderly_is_plain(const struct orderly *o, size_t sender, const struct tracker_frame *f, uint32_t file, uint32_t room)
{
        const unsigned mask = SEGMENT_SYN | SEGMENT_RST | SEGMENT_ACK | SEGMENT_AE | PLAIN_OPTIONS;
        const uint64_t at = (uint64_t)f->time_ns - (uint64_t)o->first;

        return (((f->plain.has & mask) ^ SEGMENT_ACK) | (f->plain.seq ^ o->next[sender]) | at >> ROW_WHAT_SHIFT |
                (file ^ o->file) | (o->flags & ORDERLY_OVER) | (room & -(o->flags >> sender & ORDERLY_FIN_0))) == 0;
}

/* orderly_take() of a segment that is no SYN, of a connection that may be over. @framed: there is a header before the
 * payload. What differs at random from one segment to the next is no branch. */
static inline __attribute__((always_inline)) bool
orderly_take_here(struct table *table, struct orderly *o, unsigned sender, const struct tracker_frame *f, uint32_t file,
                  bool framed)
{
        const struct plain *p = &f->plain;
        const size_t mine = sender, theirs = mine ^ 1;
        const uint32_t ack = p->ack, acks = ack - o->acked[theirs], n_payload = p->n_payload;
        const unsigned fins = ORDERLY_FIN_0 | ORDERLY_FIN_1;
        const unsigned fin = p->has & SEGMENT_FIN, room = n_payload + fin;
        unsigned what, flags = o->flags;

        _Static_assert(SEGMENT_FIN == 1 && ORDERLY_FIN_0 == 1 && ORDERLY_FIN_1 == 2, "a FIN is counted, and shifted");
        if (__builtin_expect(!orderly_is_plain(o, mine, f, file, room), 0))
                return false;
        if (f->time_ns < o->last)
                return false;
        if (p->window == 0)
                return false;
        if (ack == 0)
                return false;
        if (acks > o->next[theirs] - o->acked[theirs])
                return false;
        /* The third is the answer to the SYN-ACK. */
        if (__builtin_expect(!(flags & ORDERLY_OPEN), 0) && (o->n != 2 || sender != 0 || acks == 0))
                return false;
        if (__builtin_expect((acks | room) == 0, 0)) {
                struct row like;

                orderly_write_row(&like, f, sender, 0, 0);
                if (orderly_seen_before(table, o, sender, &like))
                        return false;
        }
        what = room > 0 ? ROW_GOODBYE_KNOWN : 0;
        if (__builtin_expect(!framed || p->has & PLAIN_CUT || goodbye_perhaps(p->tcp + p->n_header, n_payload), 0)) {
                if (p->has & PLAIN_CUT)
                        flags |= ORDERLY_CUT;
                if (room > 0)
                        what = orderly_goodbye_of(p);
                if (what & ROW_SHORT)
                        flags |= ORDERLY_SHORT;
        }
        if (__builtin_expect(!orderly_add_here(table, o, sender, f, what), 0))
                return false;
        o->next[mine] += room;
        o->acked[theirs] = ack;
        flags |= ORDERLY_OPEN | fin << sender;
        if (__builtin_expect((flags & fins) == fins, 0) && o->acked[0] == o->next[0] && o->acked[1] == o->next[1])
                flags |= ORDERLY_ENDED;
        o->flags = (uint16_t)flags;
        return true;
}
