/*
 * How Zeek sees a connection, segment by segment. Facts from Zeek's sources: TCPSessionAdapter.cc (the order of
 * the steps, the states, the history), TCP_Endpoint.cc (repeats), TCP_Reassembler.cc and Reassem.cc (content
 * gaps), TCP.cc (WantConnection: roles by ports), scripts/base/protocols/conn/main.zeek (conn_state).
 *
 * What is not here: checksums (the letters C and c), timers, and the analysers of what the bytes mean.
 * Numbers are compared through signed distances, so that a connection may be of any length; Zeek itself loses
 * its way between 2 and 4 GiB, where it takes a position for one before the beginning.
 */
#include "connection/zeek.h"

#include "connection/roles.h"
#include "connection/zeek_plain.h"

/* A SYN or RST further off than that moves no number. */
#define TOO_FAR (1 << 20)

unsigned zeek_originator(const struct zeek *z)
{
        return !!(z->flags & FLAG_FLIPPED);
}

static void set_numbers(struct zeek *z, unsigned side, uint32_t start, uint32_t last)
{
        z->side[side].start = start;
        z->side[side].ack = start;
        z->side[side].last = last;
        z->is[side] &= (uint8_t)~IS_FAR;
}

static void begin_side(struct zeek *z, unsigned side, const struct segment *s, uint32_t end)
{
        bool syn = s->flags & SEGMENT_SYN;

        switch (state_of(z, side)) {
        case INACTIVE:
                if (syn)
                        set_numbers(z, side, s->seq, end);
                else
                        set_numbers(z, side, s->seq - 1, s->seq);
                break;
        case SYN_SENT:
        case SYN_ACK_SENT:
                if (syn && s->seq != z->side[side].start)
                        set_numbers(z, side, s->seq, end);
                break;
        case ESTABLISHED:
        case PARTIAL:
                if (syn)
                        set_numbers(z, side, s->seq, end);
                break;
        case RESET:
                if (syn && state_before(z, side) == INACTIVE)
                        set_numbers(z, side, s->seq, end);
                break;
        default:
                break;
        }
}

static void update_ack(struct zeek *z, unsigned side, uint32_t ack)
{
        int32_t ahead = distance(z->side[side].ack, ack);

        /* A zero out of the blue is a field that nobody filled. */
        if (ahead > 0 && !(ack == 0 && ahead > TOO_FAR))
                z->side[side].ack = ack;
}

static void note_repeat(struct zeek *z, unsigned side)
{
        if (z->rare[side].repeats < UINT32_MAX)
                zeek_note_event(z, side, ++z->rare[side].repeats, 'T');
}

static void note_zero_window(struct zeek *z, unsigned side)
{
        if (z->rare[side].zero_windows < UINT16_MAX)
                zeek_note_event(z, side, ++z->rare[side].zero_windows, 'W');
}

static void update_last(struct zeek *z, unsigned side, const struct segment *s, uint32_t end)
{
        int32_t ahead = distance(z->side[side].last, end);

        if (s->flags & (SEGMENT_SYN | SEGMENT_RST) && (ahead > TOO_FAR || ahead < -TOO_FAR))
                return;
        if (s->flags & SEGMENT_FIN && z->side[side].last == z->side[side].start + 1)
                z->side[side].last = end; /* even if it lies below: of so long a connection nothing else was seen */
        else if (state_of(z, side) == RESET)
                return;
        else if (ahead > 0)
                z->side[side].last = end;
        else if (s->n_payload > 0)
                note_repeat(z, side);
        zeek_note_distance(z, side);
}

static void start(struct zeek *z, const struct segment *s)
{
        z->flags |= FLAG_STARTED;
        z->side[0].next = z->side[1].next = 1;
        if ((s->flags & (SEGMENT_SYN | SEGMENT_ACK)) != SEGMENT_SYN &&
            roles_from_server(s->source_port, s->destination_port, s->flags & SEGMENT_SYN)) {
                z->flags |= FLAG_FLIPPED;
                zeek_add_code(z, zeek_letter_code('^'));
        }
}

void zeek_segment(struct zeek *z, unsigned sender, const struct segment *s)
{
        if (!zeek_plain(z, sender, s))
                zeek_take(z, sender, s);
}

/* What is nearly plain: data that is not all at hand, or an acknowledgement of such. That is a gap once it is
 * acknowledged, and not before. False: nothing is done. */
static bool take_brief(struct zeek *z, unsigned side, const struct segment *s)
{
        const unsigned flags = SEGMENT_SYN | SEGMENT_FIN | SEGMENT_RST | SEGMENT_ACK;
        unsigned other = !side, mine = state_of(z, side);
        uint32_t start = z->side[other].start, ahead = s->ack - start;
        bool whole = s->n_payload > 0 && s->n_captured >= s->n_payload;

        if ((s->flags & flags) != SEGMENT_ACK || s->seq != z->side[side].last || s->window == 0 || whole ||
            s->ack == 0 ||
            !(z->seen[side] & (s->n_payload > 0 ? SEEN_DATA : SEEN_ACK)) || mine < PARTIAL || mine > ESTABLISHED ||
            state_of(z, other) == INACTIVE || !(z->is[side] & IS_SEEN) || is_before_start(z, other, s->ack) ||
            distance(z->side[other].ack, s->ack) < 0)
                return false;
        z->side[side].last += s->n_payload;
        z->side[other].ack = s->ack;
        zeek_note_distance(z, side);
        zeek_note_distance(z, other);
        if (distance(z->side[other].next, ahead) > 0)
                zeek_take_ack(z, other, ahead);
        return true;
}

void zeek_take(struct zeek *z, unsigned sender, const struct segment *s)
{
        if (!take_brief(z, sender, s))
                zeek_take_any(z, sender, s);
}

void zeek_take_any(struct zeek *z, unsigned sender, const struct segment *s)
{
        unsigned side = sender, other = !sender;
        bool was_originator, before_start, syn = s->flags & SEGMENT_SYN, ack = s->flags & SEGMENT_ACK;
        uint32_t length, end, position, acked = 0;

        if (!(z->flags & FLAG_STARTED))
                start(z, s);
        was_originator = side == zeek_originator(z);
        if (!(z->is[side] & IS_SEEN)) {
                if (was_originator)
                        z->flags &= (uint8_t)~FLAG_PARTIAL;
                if (!(z->flags & FLAG_PARTIAL) && (!syn || (was_originator && ack)))
                        z->flags |= FLAG_PARTIAL;
        }

        /* The bytes in a RST are no part of the stream. */
        length = segment_length(s) - (s->flags & SEGMENT_RST ? s->n_payload : 0);
        end = s->seq + length;
        begin_side(z, side, s, end);
        position = s->seq - z->side[side].start;
        before_start = is_before_start(z, side, s->seq);

        zeek_note_segment(z, side, s, position);
        if (s->window == 0 && !(s->options & SEGMENT_HAS_NO_WINDOW) && !(s->flags & SEGMENT_RST) &&
            state_of(z, other) != CLOSED && state_of(z, side) != RESET)
                note_zero_window(z, side);
        if (s->flags & SEGMENT_FIN) {
                z->is[side] |= IS_FINISHED;
                z->rare[side].fin_end = position + length;
        }
        if (ack && state_of(z, other) == INACTIVE) {
                set_numbers(z, other, s->ack - 1, s->ack - 1);
                acked = 1;
        } else if (ack && !is_before_start(z, other, s->ack)) {
                acked = s->ack - z->side[other].start;
                if (!(s->flags & SEGMENT_RST)) {
                        update_ack(z, other, s->ack);
                        zeek_note_distance(z, other);
                }
        }
        update_last(z, side, s, end);
        zeek_update_state(z, side, s, was_originator);
        /* After the state: a hole that only the last FIN or RST reveals may be none. */
        if (ack)
                zeek_take_ack(z, other, acked);
        z->is[side] |= IS_SEEN;
        if (s->n_payload > 0 && !(s->flags & SEGMENT_RST) && !before_start)
                zeek_take_data(z, side, s, position + syn);
}
