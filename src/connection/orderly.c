/* Rows of segments that are in order: SYNs, and what the loop of the tracker does not do itself (orderly_take.h). */
#include "connection/orderly_take.h"

#include <string.h>

#include "connection/direction.h"
#include "connection/system.h"
#include "connection/table.h"

static bool is_plain_syn(const struct tracker_input *input)
{
        const struct segment *s = &input->packet.segment;
        const unsigned flags = SEGMENT_SYN | SEGMENT_FIN | SEGMENT_RST | SEGMENT_AE;
        const unsigned not = SEGMENT_HAS_BAD | SEGMENT_HAS_NO_WINDOW | SEGMENT_HAS_SACK;

        return (s->flags & flags) == SEGMENT_SYN && s->n_payload == 0 && s->window != 0 && !(s->options & not) &&
               input->frame <= UINT32_MAX;
}

bool orderly_may_begin(const struct tracker_input *input)
{
        return !(input->packet.segment.flags & SEGMENT_ACK) && is_plain_syn(input);
}

static unsigned what_of_system(unsigned system)
{
        return (system & DIRECTION_LINUX ? ROW_LINUX : 0) | (system & DIRECTION_OTHER_OS ? ROW_OTHER_OS : 0);
}

static unsigned what_of_syn(const struct segment *s)
{
        return (s->options & SEGMENT_HAS_WINDOW_SCALE ? ROW_SCALE : 0) |
               (s->options & SEGMENT_HAS_MPTCP ? ROW_MPTCP : 0) | what_of_system(system_of(s));
}

bool orderly_seen_before(const struct table *table, const struct orderly *o, unsigned sender, const struct row *like)
{
        unsigned n = 0;

        for (unsigned i = o->n; i-- > 0 && n < FINGERPRINTS;) {
                const struct row *row = table_row(table, o, i);

                if (!(row_what(row) & ROW_BY_1) != !sender)
                        continue;
                if (row->n_payload > 0 && !(row_what(row) & SEGMENT_SYN))
                        break;
                if (row->ack == like->ack && row->window == like->window && row->ip_id == like->ip_id &&
                    (row_what(row) & ROW_FLAGS) == (row_what(like) & ROW_FLAGS) &&
                    row->ts_value == like->ts_value && row->ts_echo == like->ts_echo)
                        return true;
                n++;
        }
        return false;
}

/* Not back in time, nor too far ahead for a row; in the same file. */
static bool is_near(const struct orderly *o, const struct tracker_frame *f, uint32_t file)
{
        return f->time_ns >= o->last && file == o->file &&
               ((uint64_t)f->time_ns - (uint64_t)o->first) >> ROW_WHAT_SHIFT == 0;
}

/* It is in order. */
static inline __attribute__((always_inline)) bool
add_syn(struct table *table, struct orderly *o, unsigned sender, const struct tracker_frame *f, struct orderly_syn syn)
{
        /* Beside them stands @n: read after that was written, they are waited for. */
        const unsigned flags = o->flags | (sender ? ORDERLY_ANSWERED : 0) |
                               (f->plain.has & PLAIN_CUT ? ORDERLY_CUT : 0);
        struct row *row = orderly_add_here(table, o, sender, f, syn.what);

        if (!row)
                return false;
        row->n_payload = (uint16_t)syn.scale;
        o->next[sender] = f->plain.seq + 1;
        o->acked[sender] = f->plain.seq;
        o->flags = (uint16_t)flags;
        if (sender)
                o->acked[0] = f->plain.ack;
        return true;
}

static inline __attribute__((always_inline)) bool
begin(struct table *table, struct orderly *o, const struct tracker_frame *f, uint32_t file, struct orderly_syn syn)
{
        o->first = f->time_ns;
        o->first_frame = f->frame;
        o->file = file;
        return add_syn(table, o, 0, f, syn);
}

static inline __attribute__((always_inline)) bool
answer(struct table *table, struct orderly *o, const struct tracker_frame *f, uint32_t file, struct orderly_syn syn)
{
        return o->n == 1 && f->plain.has & SEGMENT_ACK && f->plain.ack == o->next[0] && is_near(o, f, file) &&
               add_syn(table, o, 1, f, syn);
}

/* The SYN once more. */
static bool begin_again(struct table *table, struct orderly *o, const struct tracker_frame *f, uint32_t file,
                        struct orderly_syn syn)
{
        struct row like;

        orderly_write_row(&like, f, 0, 0, 0);
        if (o->flags & ORDERLY_ANSWERED || !is_near(o, f, file) || f->plain.has & SEGMENT_ACK ||
            syn.what & ROW_MPTCP || f->plain.seq + 1 != o->next[0] || orderly_seen_before(table, o, 0, &like))
                return false;
        syn.what = 0;
        return add_syn(table, o, 0, f, syn);
}

static bool take_syn(struct table *table, struct orderly *o, unsigned sender, const struct tracker_input *input)
{
        const struct segment *s = &input->packet.segment;
        const struct tracker_frame f = orderly_frame_of(input);
        struct orderly_syn syn;

        if (!is_plain_syn(input))
                return false;
        syn = (struct orderly_syn){ .what = what_of_syn(s), .scale = direction_scale_of(s) };
        if (o->n == 0)
                return begin(table, o, &f, input->file, syn);
        return sender ? answer(table, o, &f, input->file, syn) : begin_again(table, o, &f, input->file, syn);
}

bool orderly_read_syn(const struct tracker_frame *f, struct orderly_syn *ret_syn)
{
        const unsigned mask = SEGMENT_SYN | SEGMENT_FIN | SEGMENT_RST | SEGMENT_AE;
        const uint8_t *options = f->plain.tcp + SEGMENT_SIZE_TCP;
        const unsigned n = f->plain.n_header - SEGMENT_SIZE_TCP;
        enum syn_options kind;

        if ((f->plain.has & mask) != SEGMENT_SYN || f->plain.window == 0 || f->plain.n_payload > 0)
                return false;
        kind = syn_options_of(options, n);
        if (kind == SYN_OPTIONS_OTHER)
                return false;
        *ret_syn = (struct orderly_syn){ .what = what_of_system(system_of_usual(kind, f->plain.ttl)) };
        if (kind != SYN_OPTIONS_NONE) {
                ret_syn->what |= ROW_SCALE;
                ret_syn->scale = direction_scale(syn_options_scale(options, n));
        }
        /* Whoever looked where the TCP header lies has left them aside: there are other options, too. */
        if (kind == SYN_OPTIONS_USUAL) {
                ret_syn->what |= ROW_TIMESTAMPS;
                ret_syn->timestamps = bytes_get64(options + SYN_OPTIONS_TIMESTAMPS);
        }
        return true;
}

static inline void add_timestamps(const struct table *table, const struct orderly *o, unsigned i,
                                  struct orderly_syn syn)
{
        memcpy(&table_row(table, o, i)->ts_echo, &syn.timestamps, sizeof(syn.timestamps));
}

bool orderly_begin(struct table *table, struct orderly *o, const struct tracker_frame *f, uint32_t file,
                   struct orderly_syn syn)
{
        if (!begin(table, o, f, file, syn))
                return false;
        add_timestamps(table, o, 0, syn);
        return true;
}

bool orderly_answer(struct table *table, struct orderly *o, const struct tracker_frame *f, uint32_t file,
                    struct orderly_syn syn)
{
        if (!answer(table, o, f, file, syn))
                return false;
        add_timestamps(table, o, 1, syn);
        return true;
}

bool orderly_take(struct table *table, struct orderly *o, unsigned sender, const struct tracker_input *input)
{
        struct tracker_frame f;

        if (input->packet.segment.flags & SEGMENT_SYN)
                return take_syn(table, o, sender, input);
        f = orderly_frame_of(input);
        return orderly_take_here(table, o, sender, &f, input->file, false);
}

__attribute__((noinline)) bool
orderly_add(struct table *table, struct orderly *o, unsigned sender, const struct tracker_input *input, unsigned what,
            unsigned n_payload)
{
        const struct tracker_frame f = orderly_frame_of(input);
        struct row *row = orderly_add_here(table, o, sender, &f, what);

        if (!row)
                return false;
        row->n_payload = (uint16_t)n_payload;
        if (input->cut)
                o->flags |= ORDERLY_CUT;
        return true;
}
