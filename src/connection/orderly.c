/* Rows of segments that are in order: SYNs, and what the loop of the tracker does not do itself (orderly_take.h). */
#include "connection/orderly_take.h"

#include "connection/direction.h"
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

bool
orderly_seen_before(const struct table *table, const struct orderly *o, unsigned sender, const struct row *like)
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
        const struct arrival a = arrival_of(input);
        struct row like;

        if (!is_plain_syn(input) || o->flags & ORDERLY_ANSWERED)
                return false;
        if (o->n == 0) {
                o->first = input->time_ns;
                o->first_frame = (uint32_t)input->frame;
                o->file = input->file;
        } else if (!is_near(o, input)) {
                return false;
        } else if (sender == 0) {
                arrival_write(&like, a, 0, 0, 0, 0);
                if (s->flags & SEGMENT_ACK || s->options & SEGMENT_HAS_MPTCP || s->seq + 1 != o->next[0] ||
                    orderly_seen_before(table, o, 0, &like))
                        return false;
        } else if (o->n > 1 || !(s->flags & SEGMENT_ACK) || s->ack != o->next[0]) {
                return false;
        }
        if (!orderly_add_here(table, o, sender, a, o->n > 0 && sender == 0 ? 0 : what_of_syn(s), direction_scale_of(s)))
                return false;
        o->next[sender] = s->seq + 1;
        o->acked[sender] = s->seq;
        o->flags = (uint16_t)(o->flags | a.cut);
        if (sender) {
                o->acked[0] = s->ack;
                o->flags |= ORDERLY_ANSWERED;
        }
        return true;
}

bool
orderly_take(struct table *table, struct orderly *o, unsigned sender, const struct tracker_input *input)
{
        if (input->packet.segment.flags & SEGMENT_SYN)
                return take_syn(table, o, sender, input);
        return orderly_take_here(table, o, sender, arrival_of(input));
}

__attribute__((noinline)) bool
orderly_add(struct table *table, struct orderly *o, unsigned sender, const struct tracker_input *input, unsigned what,
            unsigned n_payload)
{
        const struct arrival a = arrival_of(input);

        if (!orderly_add_here(table, o, sender, a, what, n_payload))
                return false;
        o->flags = (uint16_t)(o->flags | a.cut);
        return true;
}
