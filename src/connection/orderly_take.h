/*
 * Whether a segment is in order, and if so, its row: the hot path of nearly all that is read. Inline, since the loop of
 * the tracker is what calls it.
 */
#pragma once

#include "connection/note.h"
#include "connection/orderly.h"
#include "connection/table.h"

/* Where the next row goes; NULL if it is full, or for want of memory. */
static inline struct row *
orderly_next_row(struct table *table, struct orderly *o)
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

/* What of a segment says whether it is in order: in registers, so that it does not matter where it was read from. The
 * rest of its row is read only when that is written. */
struct arrival {
        int64_t time_ns;
        const uint8_t *payload;
        uint32_t file;
        uint32_t seq, ack;
        uint32_t n_payload, n_captured;
        unsigned flags, window;
        unsigned what;                  /* ROW_TIMESTAMPS, if it has them */
        unsigned cut;                   /* ORDERLY_CUT, if it is */
        unsigned unusual;               /* 0: it has no other options, and its numbers fit into a row */
        enum {
                ARRIVAL_WHOLE,
                ARRIVAL_IPV4,
                ARRIVAL_IPV6,
        } from;
        const void *source;             /* a struct tracker_input, or a struct tracker_frame */
};

static inline __attribute__((always_inline)) struct arrival
arrival_of(const struct tracker_input *input)
{
        const struct segment *s = &input->packet.segment;

        return (struct arrival){
                .time_ns = input->time_ns, .payload = s->payload, .file = input->file, .seq = s->seq, .ack = s->ack,
                .n_payload = s->n_payload, .n_captured = s->n_captured, .flags = s->flags, .window = s->window,
                .what = s->options & SEGMENT_HAS_TIMESTAMPS ? ROW_TIMESTAMPS : 0, .cut = input->cut ? ORDERLY_CUT : 0,
                .unusual = (s->options & ~(unsigned)SEGMENT_HAS_TIMESTAMPS) | s->n_payload >> 16 |
                           (input->frame > UINT32_MAX),
                .from = ARRIVAL_WHOLE, .source = input,
        };
}

_Static_assert((unsigned)PLAIN_TIMESTAMPS == ROW_TIMESTAMPS && (unsigned)PLAIN_CUT == ORDERLY_CUT, "the same bits");

/* Of a frame that went the straight way, whose number fits into a row; so does the payload of an IP packet. */
static inline __attribute__((always_inline)) struct arrival
arrival_of_plain(const struct tracker_frame *f, uint32_t file, bool ipv6)
{
        const struct plain *p = &f->plain;
        const uint8_t *tcp = p->tcp;
        const uint64_t numbers = bytes_get64(tcp + 4);
        const uint32_t flags_window = bytes_get32(tcp + 12);

        return (struct arrival){
                .time_ns = f->time_ns, .payload = tcp + p->n_header, .file = file,
                .seq = (uint32_t)(numbers >> 32), .ack = (uint32_t)numbers, .n_payload = p->n_payload,
                .n_captured = p->n_captured, .flags = flags_window >> 16 & 0x1ff, .window = flags_window & UINT16_MAX,
                .what = p->has & PLAIN_TIMESTAMPS, .cut = p->has & PLAIN_CUT, .unusual = p->has & PLAIN_OPTIONS,
                .from = ipv6 ? ARRIVAL_IPV6 : ARRIVAL_IPV4, .source = f,
        };
}

/* The same, read anew: else the compiler keeps all of it somewhere from where the first of it was asked for. */
static inline __attribute__((always_inline)) struct arrival
arrival_again(struct arrival a)
{
        const struct tracker_frame *f = a.source;

        if (a.from == ARRIVAL_WHOLE)
                return a;
        __asm__("" : "+r"(f));
        return arrival_of_plain(f, a.file, a.from == ARRIVAL_IPV6);
}

/* The row is written and not looked at again, so nothing waits for its memory. @at: after the first. */
static inline __attribute__((always_inline)) void
arrival_write(struct row *row, struct arrival a, unsigned sender, uint64_t at, unsigned what, unsigned n_payload)
{
        what |= (a.flags & ROW_FLAGS) | sender * ROW_BY_1 | a.what;
        row->at_and_what = at | (uint64_t)what << ROW_WHAT_SHIFT;
        row->ack = a.ack;
        row->window = (uint16_t)a.window;
        row->n_payload = (uint16_t)n_payload;
        if (a.from == ARRIVAL_WHOLE) {
                const struct tracker_input *input = a.source;
                const struct segment *s = &input->packet.segment;

                row->frame = (uint32_t)input->frame;
                row->ts_echo = s->ts_echo;
                row->ts_value = s->ts_value;
                row->ip_id = s->ip_id;
                row->ttl = s->ttl;
        } else {
                const struct tracker_frame *f = a.source;
                const uint8_t *tcp = f->plain.tcp;

                row->frame = (uint32_t)f->frame;
                /* Both at once. */
                _Static_assert(offsetof(struct row, ts_value) == offsetof(struct row, ts_echo) + 4,
                               "the upper half is the second");
                memcpy(&row->ts_echo, &f->plain.timestamps, sizeof(f->plain.timestamps));
                row->ip_id = a.from == ARRIVAL_IPV4 ? bytes_get16(tcp - PLAIN_IPV4_SIZE + 4) : 0;
                row->ttl = a.from == ARRIVAL_IPV4 ? tcp[8 - PLAIN_IPV4_SIZE] : tcp[7 - PLAIN_IPV6_SIZE];
        }
}

/* The caller adds what is cut to the flags. */
static inline __attribute__((always_inline)) bool
orderly_add_here(struct table *table, struct orderly *o, unsigned sender, struct arrival a, unsigned what,
                 unsigned n_payload)
{
        struct row *row = orderly_next_row(table, o);

        if (!row)
                return false;
        a = arrival_again(a);
        arrival_write(row, a, sender, (uint64_t)a.time_ns - (uint64_t)o->first, what, n_payload);
        o->n++;
        o->last = a.time_ns;
        return true;
}

/* An acknowledgement of nothing new, or a SYN once more, is a twin or like one if it is the same as one of the sender's
 * last (twin_seen()). Its number is, up to where there is payload. */
bool orderly_seen_before(const struct table *table, const struct orderly *o, unsigned sender, const struct row *like);

/* A FIN, and the acknowledgement of both, change what may come. */
static inline void
orderly_take_fin(struct orderly *o, unsigned sender, unsigned flags)
{
        const unsigned fins = ORDERLY_FIN_0 | ORDERLY_FIN_1;

        if (flags & SEGMENT_FIN) {
                o->flags |= (uint16_t)(ORDERLY_FIN_0 << sender);
                o->next[sender]++;
        }
        if ((o->flags & fins) == fins && o->acked[0] == o->next[0] && o->acked[1] == o->next[1])
                o->flags |= ORDERLY_ENDED;
}

/* Nothing but what is usual: no bit stands for anything else. One branch is cheaper than ten that are never taken. */
static inline __attribute__((always_inline)) bool
orderly_is_plain(const struct orderly *o, unsigned sender, struct arrival a)
{
        const unsigned mask = SEGMENT_SYN | SEGMENT_RST | SEGMENT_ACK | SEGMENT_AE;
        uint64_t at = (uint64_t)a.time_ns - (uint64_t)o->first;

        return (((a.flags & mask) ^ SEGMENT_ACK) | a.unusual | (a.seq ^ o->next[sender]) | at >> ROW_WHAT_SHIFT |
                (a.file ^ o->file)) == 0;
}

/* orderly_take() of a segment that is no SYN. */
static inline __attribute__((always_inline)) bool
orderly_take_here(struct table *table, struct orderly *o, unsigned sender, struct arrival a)
{
        uint32_t acks = a.ack - o->acked[!sender];
        unsigned goodbye, what = 0, flags = o->flags,
                 fins = (a.flags & SEGMENT_FIN) | (flags & (ORDERLY_FIN_0 | ORDERLY_FIN_1));

        if (!orderly_is_plain(o, sender, a))
                return false;
        if (a.time_ns < o->last)
                return false;
        if (a.window == 0)
                return false;
        if (a.ack == 0)
                return false;
        if (acks > o->next[!sender] - o->acked[!sender])
                return false;
        /* The third is the answer to the SYN-ACK. */
        if (!(flags & ORDERLY_OPEN) && (o->n != 2 || sender != 0 || acks == 0))
                return false;
        /* Behind its FIN an end can only acknowledge. */
        if (fins && (a.n_payload > 0 || a.flags & SEGMENT_FIN) && flags >> sender & ORDERLY_FIN_0)
                return false;
        if (a.n_payload > 0 || a.flags & SEGMENT_FIN) {
                goodbye = note_goodbye_of(a.payload, a.n_captured, a.n_payload);
                what = (goodbye & DIRECTION_GOODBYE ? ROW_GOODBYE : 0) |
                       (goodbye & DIRECTION_GOODBYE_KNOWN ? ROW_GOODBYE_KNOWN : 0) |
                       (a.n_captured < a.n_payload ? ROW_SHORT : 0);
        } else if (acks == 0) {
                struct row like;

                arrival_write(&like, a, sender, 0, 0, 0);
                if (orderly_seen_before(table, o, sender, &like))
                        return false;
        }
        if (!orderly_add_here(table, o, sender, a, what, a.n_payload))
                return false;
        a = arrival_again(a);
        o->next[sender] += a.n_payload;
        o->acked[!sender] = a.ack;
        o->flags = (uint16_t)(flags | ORDERLY_OPEN | (what & ROW_SHORT ? ORDERLY_SHORT : 0) | a.cut);
        if (fins)
                orderly_take_fin(o, sender, a.flags);
        return true;
}
