/*
 * What each end has done so far, by Zeek's five ways to leave a state (TCPSessionAdapter.cc: UpdateInactiveState
 * and its like), and the conn_state that follows (scripts/base/protocols/conn/main.zeek).
 *
 * Neither a FIN nor a RST is held against any window: one that the other end did not take counts as well.
 */
#include "connection/zeek_internal.h"

static void leave_inactive(struct zeek *z, unsigned side, const struct segment *s, bool was_originator)
{
        unsigned other = !side;

        if (s->flags & SEGMENT_SYN && was_originator) {
                set_state(z, side, s->flags & SEGMENT_ACK ? SYN_ACK_SENT : SYN_SENT);
        } else if (s->flags & SEGMENT_SYN) {
                if (!(s->flags & SEGMENT_ACK) && state_of(z, other) == SYN_ACK_SENT) {
                        /* The SYN was captured after its SYN-ACK. */
                        z->flags = (z->flags ^ FLAG_FLIPPED) & (uint8_t)~FLAG_PARTIAL;
                        zeek_add_code(z, zeek_letter_code('^'));
                        set_state(z, other, ESTABLISHED);
                        z->is[side] |= IS_SEEN;
                }
                if (state_of(z, other) == SYN_SENT)
                        set_state(z, other, ESTABLISHED);
                set_state(z, side, ESTABLISHED);
        }
        if (s->flags & SEGMENT_FIN)
                set_state(z, side, CLOSED);
        if (s->flags & SEGMENT_RST)
                set_state(z, side, RESET);
        if (state_of(z, side) != INACTIVE)
                return;

        /* An ACK ahead of the SYN-ACK, as some send it, says nothing yet. */
        if (!was_originator && s->n_payload == 0 && state_of(z, zeek_originator(z)) == SYN_SENT)
                return;
        if (s->flags & SEGMENT_ACK && state_of(z, other) == ESTABLISHED) {
                set_state(z, side, ESTABLISHED);
                z->flags &= (uint8_t)~FLAG_PARTIAL;
                z->is[side] |= IS_SEEN;
        } else {
                set_state(z, side, PARTIAL);
        }
}

static void leave_established(struct zeek *z, unsigned side, const struct segment *s)
{
        unsigned other = !side;

        if ((s->flags & (SEGMENT_SYN | SEGMENT_ACK)) == SEGMENT_SYN && state_of(z, side) == PARTIAL &&
            state_of(z, other) == INACTIVE)
                set_state(z, side, SYN_SENT);
        if ((s->flags & (SEGMENT_FIN | SEGMENT_RST)) == SEGMENT_FIN) {
                set_state(z, side, CLOSED);
                /* FIN, then RST, of the other end was an orderly close after all. */
                if (state_of(z, other) == RESET && state_before(z, other) == CLOSED)
                        set_state(z, other, CLOSED);
        }
        if (s->flags & SEGMENT_RST)
                set_state(z, side, RESET);
}

void zeek_update_state(struct zeek *z, unsigned side, const struct segment *s, bool was_originator)
{
        switch (state_of(z, side)) {
        case INACTIVE:
                leave_inactive(z, side, s, was_originator);
                break;
        case SYN_SENT:
        case SYN_ACK_SENT:
                if (s->flags & SEGMENT_FIN)
                        set_state(z, side, CLOSED);
                if (s->flags & SEGMENT_RST)
                        set_state(z, side, RESET);
                break;
        case ESTABLISHED:
        case PARTIAL:
                leave_established(z, side, s);
                break;
        case CLOSED:
                if (s->flags & SEGMENT_RST && state_of(z, !side) != CLOSED)
                        set_state(z, side, RESET);
                break;
        default: /* nothing leaves RESET by its own doing */
                break;
        }
}

static bool sent_nothing(const struct zeek *z, unsigned side)
{
        bool beyond = distance(z->side[side].ack, z->side[side].last) > 0;
        uint32_t size = (beyond ? z->side[side].last : z->side[side].ack) - z->side[side].start;

        return !(z->is[side] & IS_FAR) && size <= (z->is[side] & IS_FINISHED ? 2u : 1u);
}

/* A SYN, and then a RST without anything of the originator between them that would make it more. */
static bool is_syn_then_rst(const struct zeek *z)
{
        static const char more[] = "HAFGIQ";
        unsigned i = 0;

        if (i < z->n_history && zeek_letter_at(z, i) == zeek_letter_code('^'))
                i++;
        if (i == z->n_history || zeek_letter_at(z, i) != zeek_letter_code('S'))
                return false;
        for (i++; i < z->n_history; i++) {
                unsigned code = zeek_letter_at(z, i);

                if (code == zeek_letter_code('R'))
                        return true;
                for (const char *letter = more; *letter; letter++)
                        if (code == zeek_letter_code(*letter))
                                return false;
        }
        return false;
}

enum conn_state zeek_state(const struct zeek *z)
{
        unsigned o = state_of(z, zeek_originator(z)), r = state_of(z, !zeek_originator(z));
        bool o_idle = o == INACTIVE || o == PARTIAL, r_idle = r == INACTIVE || r == PARTIAL;

        if (r == RESET) {
                if (o == SYN_SENT || o == SYN_ACK_SENT ||
                    (o == RESET && sent_nothing(z, 0) && sent_nothing(z, 1)))
                        return CONN_STATE_REJ;
                return o_idle ? CONN_STATE_RSTRH : CONN_STATE_RSTR;
        }
        if (o == RESET) {
                if (!r_idle)
                        return CONN_STATE_RSTO;
                return is_syn_then_rst(z) ? CONN_STATE_RSTOS0 : CONN_STATE_OTH;
        }
        if (o == CLOSED && r == CLOSED)
                return CONN_STATE_SF;
        if (o == CLOSED)
                return r_idle ? CONN_STATE_SH : CONN_STATE_S2;
        if (r == CLOSED)
                return o_idle ? CONN_STATE_SHR : CONN_STATE_S3;
        if (o == SYN_SENT && r == INACTIVE)
                return CONN_STATE_S0;
        if (o == ESTABLISHED && r == ESTABLISHED)
                return CONN_STATE_S1;
        return CONN_STATE_OTH;
}
