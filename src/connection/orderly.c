/* Whether a segment is in order, and if so, its row. */
#include "connection/orderly.h"

#include "connection/note.h"
#include "connection/system.h"
#include "connection/table.h"

static bool
is_plain_syn(const struct tracker_input *input)
{
        const struct segment *s = &input->packet.segment;
        const unsigned flags = SEGMENT_SYN | SEGMENT_FIN | SEGMENT_RST | SEGMENT_AE;
        const unsigned not = SEGMENT_HAS_BAD | SEGMENT_HAS_NO_WINDOW | SEGMENT_HAS_SACK;

        return (s->flags & flags) == SEGMENT_SYN && s->n_payload == 0 && s->window != 0 && !(s->options & not) &&
               input->frame <= UINT32_MAX;
}

bool
orderly_may_begin(const struct tracker_input *input)
{
        return !(input->packet.segment.flags & SEGMENT_ACK) && is_plain_syn(input);
}

/* Where the next row goes; NULL if it is full, or for want of memory. */
static inline struct row *
next_row(struct table *table, struct orderly *o)
{
        if (o->n % ROW_PIECE == 0) {
                if (o->n == ROW_MAX)
                        return NULL;
                o->piece[o->n / ROW_PIECE] = table_new_piece(table);
                if (o->piece[o->n / ROW_PIECE] == 0)
                        return NULL;
        }
        return &table_piece(table, o->piece[o->n / ROW_PIECE])[o->n % ROW_PIECE];
}

static unsigned
what_of_syn(const struct segment *s)
{
        unsigned system = system_of(s), what = 0;

        if (s->options & SEGMENT_HAS_WINDOW_SCALE)
                what |= ROW_SCALE;
        if (s->options & SEGMENT_HAS_MPTCP)
                what |= ROW_MPTCP;
        if (system & DIRECTION_LINUX)
                what |= ROW_LINUX;
        if (system & DIRECTION_OTHER_OS)
                what |= ROW_OTHER_OS;
        return what;
}

/* The row is written and not looked at again, so nothing waits for its memory. */
static inline __attribute__((always_inline)) bool
add(struct table *table, struct orderly *o, unsigned sender, const struct tracker_input *input, unsigned what,
    unsigned n_payload)
{
        const struct segment *s = &input->packet.segment;
        uint64_t at = (uint64_t)input->time_ns - (uint64_t)o->first;
        struct row *row = next_row(table, o);

        if (!row)
                return false;
        what |= (s->flags & ROW_FLAGS) | sender * ROW_BY_1 | (s->options & SEGMENT_HAS_TIMESTAMPS ? ROW_TIMESTAMPS : 0);
        row->at_and_what = at | (uint64_t)what << ROW_WHAT_SHIFT;
        row->frame = (uint32_t)input->frame;
        row->ack = s->ack;
        row->ts_value = s->ts_value;
        row->ts_echo = s->ts_echo;
        row->window = s->window;
        row->ip_id = s->ip_id;
        row->n_payload = (uint16_t)n_payload;
        row->ttl = s->ttl;
        o->n++;
        o->last = input->time_ns;
        o->flags |= input->cut ? ORDERLY_CUT : 0;
        return true;
}

/* An acknowledgement of nothing new, or a SYN once more, is a twin or like one if it is the same as one of the sender's
 * last (twin_seen()). Its number is, up to where there is payload. */
static bool
seen_before(const struct table *table, const struct orderly *o, unsigned sender, const struct segment *s)
{
        unsigned n = 0;

        for (unsigned i = o->n; i-- > 0 && n < FINGERPRINTS;) {
                const struct row *row = &table_piece(table, o->piece[i / ROW_PIECE])[i % ROW_PIECE];

                if (!(row_what(row) & ROW_BY_1) != !sender)
                        continue;
                if (row->n_payload > 0 && !(row_what(row) & SEGMENT_SYN))
                        break;
                if (row->ack == s->ack && row->window == s->window && row->ip_id == s->ip_id &&
                    (row_what(row) & ROW_FLAGS) == (s->flags & ROW_FLAGS) &&
                    row->ts_value == s->ts_value && row->ts_echo == s->ts_echo)
                        return true;
                n++;
        }
        return false;
}

/* Not back in time, nor too far ahead for a row; in the same file. */
static bool
is_near(const struct orderly *o, const struct tracker_input *input)
{
        return input->time_ns >= o->last && input->file == o->file &&
               ((uint64_t)input->time_ns - (uint64_t)o->first) >> ROW_WHAT_SHIFT == 0;
}

static bool
take_syn(struct table *table, struct orderly *o, unsigned sender, const struct tracker_input *input)
{
        const struct segment *s = &input->packet.segment;

        if (!is_plain_syn(input) || o->flags & ORDERLY_ANSWERED)
                return false;
        if (o->n == 0) {
                o->first = input->time_ns;
                o->first_frame = (uint32_t)input->frame;
                o->file = input->file;
        } else if (!is_near(o, input)) {
                return false;
        } else if (sender == 0) {
                if (s->flags & SEGMENT_ACK || s->options & SEGMENT_HAS_MPTCP || s->seq + 1 != o->next[0] ||
                    seen_before(table, o, 0, s))
                        return false;
        } else if (o->n > 1 || !(s->flags & SEGMENT_ACK) || s->ack != o->next[0]) {
                return false;
        }
        if (!add(table, o, sender, input, o->n > 0 && sender == 0 ? 0 : what_of_syn(s), s->window_scale))
                return false;
        o->next[sender] = s->seq + 1;
        o->acked[sender] = s->seq;
        if (sender) {
                o->acked[0] = s->ack;
                o->flags |= ORDERLY_ANSWERED;
        }
        return true;
}

/* A FIN, and the acknowledgement of both, change what may come. */
static inline void
take_fin(struct orderly *o, unsigned sender, const struct segment *s)
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
is_plain(const struct orderly *o, unsigned sender, const struct tracker_input *input)
{
        const struct segment *s = &input->packet.segment;
        const unsigned flags = SEGMENT_SYN | SEGMENT_RST | SEGMENT_ACK | SEGMENT_AE;
        uint64_t at = (uint64_t)input->time_ns - (uint64_t)o->first;
        uint64_t unusual;

        unusual = ((s->flags & flags) ^ SEGMENT_ACK) | (s->options & ~(unsigned)SEGMENT_HAS_TIMESTAMPS);
        unusual |= (s->seq ^ o->next[sender]) | s->n_payload >> 16;
        unusual |= at >> ROW_WHAT_SHIFT | input->frame >> 32 | (input->file ^ o->file);
        return unusual == 0 && input->time_ns >= o->last && s->window != 0 && s->ack != 0;
}

bool
orderly_take(struct table *table, struct orderly *o, unsigned sender, const struct tracker_input *input)
{
        const struct segment *s = &input->packet.segment;
        uint32_t acks = s->ack - o->acked[!sender];
        unsigned what = 0;

        if (!is_plain(o, sender, input))
                return s->flags & SEGMENT_SYN && take_syn(table, o, sender, input);
        if (acks > o->next[!sender] - o->acked[!sender])
                return false;
        /* The third is the answer to the SYN-ACK. */
        if (!(o->flags & ORDERLY_OPEN) && (o->n != 2 || sender != 0 || acks == 0))
                return false;
        if (s->n_payload > 0 || s->flags & SEGMENT_FIN) {
                unsigned goodbye = note_goodbye(s);

                /* Behind its FIN an end can only acknowledge. */
                if (o->flags >> sender & ORDERLY_FIN_0)
                        return false;
                what = (goodbye & DIRECTION_GOODBYE ? ROW_GOODBYE : 0) |
                       (goodbye & DIRECTION_GOODBYE_KNOWN ? ROW_GOODBYE_KNOWN : 0);
                if (s->n_captured < s->n_payload)
                        what |= ROW_SHORT;
        } else if (acks == 0 && seen_before(table, o, sender, s)) {
                return false;
        }
        if (!add(table, o, sender, input, what, s->n_payload))
                return false;
        o->next[sender] += s->n_payload;
        o->acked[!sender] = s->ack;
        o->flags |= what & ROW_SHORT ? ORDERLY_OPEN | ORDERLY_SHORT : ORDERLY_OPEN;
        if ((s->flags & SEGMENT_FIN) | (o->flags & (ORDERLY_FIN_0 | ORDERLY_FIN_1)))
                take_fin(o, sender, s);
        return true;
}

__attribute__((noinline)) bool
orderly_add(struct table *table, struct orderly *o, unsigned sender, const struct tracker_input *input, unsigned what,
            unsigned n_payload)
{
        return add(table, o, sender, input, what, n_payload);
}
