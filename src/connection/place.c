/*
 * Numbers are believed when they lie within reach of what is known: a stream goes on where it was, or a window
 * further. What lies beyond has to be confirmed (suspect.h). Where the beginning was not seen, the first byte seen
 * stands at 0; several that overtake it may move it.
 */
#include "connection/direction.h"

#include "connection/holes.h"
#include "connection/silence.h"
#include "connection/suspect.h"

/* As many segments may overtake the first of a stream. */
#define SWAPPED 3

static void begin(struct direction *d, uint32_t base, bool soft)
{
        d->base = base;
        d->next = 0;
        d->acked = 0;
        d->flags = (uint16_t)((d->flags & ~DIRECTION_SOFT) | DIRECTION_BASE | (soft ? DIRECTION_SOFT : 0));
}

/* The first byte seen is to stand at 0, although numbers were taken from an empty segment before. Where that was its
 * sender's own nothing says that what stands before it was acknowledged: @o, the other end, may have said nothing, or
 * less. */
static void rebase(struct direction *d, const struct direction *o, uint32_t base)
{
        bool heard = o->bare_ack.has_ack || o->request[0].has_ack || o->request[1].has_ack;
        int64_t by = seq_distance(d->base, base), told = heard ? seq_distance(base, o->ack) : 0;

        d->base = base;
        d->next = d->next > by ? d->next - by : 0;
        d->acked -= by;
        if (d->acked > told)
                d->acked = told;
        if (d->acked < 0)
                d->acked = 0;
}

/* A SYN-ACK for the SYN, whatever was sent in its sender's name before it. */
static bool answers_syn(const struct step *step)
{
        const struct direction *o = step->o;
        struct extra *extra = table_extra_of(step->table, step->c);
        int64_t position = direction_position(o, step->s->ack);

        if (step->d->flags & DIRECTION_SYN || !(o->flags & DIRECTION_SYN) || !(step->s->flags & SEGMENT_ACK) ||
            position < 0 || position > o->next)
                return false;
        if (extra)
                extra->n_holes[step->sender] = 0;
        return true;
}

/* What stands @by before the first that was seen of its sender comes behind it. */
static void begin_before(struct step *step, uint32_t by)
{
        struct direction *d = step->d;
        struct mark *marks[] = { &d->request[0], &d->request[1], &d->bare_ack };

        d->base -= by;
        d->next += by;
        d->acked += by;
        if (d->edge > 0)
                d->edge += by;
        d->later_position += by;
        for (unsigned i = 0; i < sizeof(marks) / sizeof(*marks); i++)
                marks[i]->position += by;
        holes_add(step, step->sender, 0, by);
        step->position = 0;
}

/* A SYN-ACK behind data that was sent after it. */
static bool may_be_before_first(const struct step *step)
{
        const struct direction *d = step->d;
        int64_t ahead = seq_distance(step->s->seq + 1, d->base);

        return !(d->flags & (DIRECTION_SYN | DIRECTION_SOFT | DIRECTION_FIN)) && ahead > 0 && ahead <= UINT16_MAX &&
               d->payloads > 0 && d->payloads <= SWAPPED && !table_extra_of(step->table, step->c);
}

/* A SYN-ACK, or a repeat of one that was not seen, behind data that the other end has acknowledged: that was no
 * other's, and from where on it is counted stays as it is. */
static bool comes_too_late(const struct step *step)
{
        const struct direction *d = step->d;

        return step->s->flags & SEGMENT_ACK && !(d->flags & (DIRECTION_SYN | DIRECTION_SOFT)) && d->payloads > 0 &&
               d->acked > 0 && !may_be_before_first(step);
}

static bool syn_before_first(struct step *step)
{
        struct direction *d = step->d;
        bool acked = d->acked > 0;

        if (!may_be_before_first(step))
                return false;
        begin_before(step, (uint32_t)seq_distance(step->s->seq + 1, d->base));
        if (!acked)
                d->acked = -1;
        return true;
}

static void place_syn(struct step *step)
{
        const struct segment *s = step->s;
        struct direction *d = step->d;
        struct extra *extra;

        step->position = -1;
        if (d->flags & DIRECTION_BASE && !(d->flags & DIRECTION_SYN)) {
                int64_t ahead = seq_distance(s->seq + 1, d->base);

                /* Its answer was seen before it (and may have acknowledged data in it). */
                if (ahead == 0 || (d->flags & DIRECTION_SOFT && ahead > 0 && ahead <= (int64_t)s->n_payload)) {
                        d->base = s->seq + 1;
                        d->acked += ahead;
                        d->flags = (uint16_t)((d->flags & ~DIRECTION_SOFT) | DIRECTION_SYN);
                        step->c->isn[step->sender] = s->seq;
                        return;
                }
        }
        if (!(d->flags & DIRECTION_BASE) || (d->flags & DIRECTION_SOFT && !(d->flags & DIRECTION_SYN))) {
                begin(d, s->seq + 1, false);
                d->acked = -1;
                d->flags |= DIRECTION_SYN;
                step->c->isn[step->sender] = s->seq;
                return;
        }
        if (s->seq + 1 == d->base) {
                step->repeated = true;
                return;
        }
        if (comes_too_late(step)) {
                step->repeated = true;
                return;
        }
        if (answers_syn(step)) {
                if (!syn_before_first(step)) {
                        begin(d, s->seq + 1, false);
                        d->acked = -1;
                }
                step->position = -1;
                d->flags = (uint16_t)((d->flags & ~(DIRECTION_FIN | DIRECTION_FIN_ACKED)) | DIRECTION_SYN);
                step->c->flags &= (uint16_t)~CONNECTION_BOTH_ACKED;
                step->c->isn[step->sender] = s->seq;
                return;
        }
        step->stray = true;
        extra = step_extra(step);
        if (extra && !(s->flags & SEGMENT_ACK))
                extra->interleaved[step->sender] = INTERLEAVED;
        if (!(s->flags & SEGMENT_ACK) || !(d->flags & DIRECTION_SYN))
                return;
        /* Two hosts answer for one address: the client's ACK will say which of them counts. */
        if (!extra)
                return;
        step->c->flags |= CONNECTION_TWO_ISNS;
        for (unsigned i = 0; i < extra->n_alternates; i++)
                if (extra->alternate_isn[i] == s->seq)
                        return;
        if (extra->n_alternates < ISNS_MAX) {
                extra->alternates_of = (uint8_t)step->sender;
                extra->alternate_isn[extra->n_alternates++] = s->seq;
        }
}

/* Which of several SYN-ACKs counts? The one whose numbers the client acknowledges, or if it is not heard, the one
 * from which the stream goes on. */
static void choose_isn(struct step *step, unsigned side, uint32_t seq)
{
        struct extra *extra = table_extra_of(step->table, step->c);
        struct direction *d = &step->c->side[side];

        if (!extra || extra->alternates_of != side || d->acked >= 0 || d->base == seq || extra->n_holes[side] > 0)
                return;
        for (unsigned i = 0; i < extra->n_alternates; i++) {
                uint32_t base = extra->alternate_isn[i] + 1;

                if (base != seq && (suspect_near(seq_distance(d->base, seq)) || !suspect_near(seq_distance(base, seq))))
                        continue;
                extra->alternate_isn[i] = d->base - 1;
                d->base = base;
                step->c->isn[side] = base - 1;
                return;
        }
}

/* In order, or behind a hole but within the window; where that is not known, within a wide one. So is a FIN, which
 * may be the last that is seen: an acknowledgement that moved the window is likelier lost than it is wrong. */
static bool within_reach(const struct direction *d, int64_t start, int64_t end, bool fin)
{
        int64_t known = direction_end(d) > d->acked ? direction_end(d) : d->acked;

        if (end < d->next - PAST)
                return false;
        if (d->edge > 0 && end > d->edge && !fin)
                return start <= known;
        return start <= known + REACH;
}

/* Probes come after one. */
static bool after_pause(const struct step *step)
{
        int64_t pause;

        return !__builtin_sub_overflow(step->time, step->d->packets > 0 ? step->d->last : step->c->previous, &pause) &&
               pause >= SILENCE_PAUSE;
}

/* Of a stream whose beginning was not seen, a piece that stands right before the first one seen and comes behind it:
 * they were captured the wrong way round. */
static bool is_before_first(const struct step *step)
{
        const struct direction *d = step->d;

        return !(d->flags & (DIRECTION_SYN | DIRECTION_SOFT | DIRECTION_FIN)) && step->s->n_payload > 0 &&
               step->position + (int64_t)step->s->n_payload == 0 && d->payloads > 0 && d->payloads <= SWAPPED &&
               !table_extra_of(step->table, step->c) && !after_pause(step);
}

static void place_data(struct step *step)
{
        const struct segment *s = step->s;
        struct direction *d = step->d;
        int64_t end;
        bool probe;

        if (!(d->flags & DIRECTION_BASE)) {
                begin(d, s->seq, s->n_payload == 0 && !(s->flags & SEGMENT_FIN));
                step->position = 0;
                return;
        }
        if (step->c->flags & CONNECTION_TWO_ISNS && step->c->side[!step->sender].packets == 0)
                choose_isn(step, step->sender, s->seq);
        step->position = direction_position(d, s->seq);
        /* Its own number is better than what the other end's first segment acknowledges. */
        if (d->flags & DIRECTION_SOFT && d->packets == 0 && !suspect_near(step->position)) {
                begin(d, s->seq, s->n_payload == 0 && !(s->flags & SEGMENT_FIN));
                step->position = 0;
                return;
        }
        /* One byte that was acknowledged already is a keepalive probe's, unless it only stands behind its fellows. */
        probe = s->n_payload == 1 && step->position == -1 && d->acked >= 0 &&
                (d->n_keepalives > 0 || after_pause(step));
        if (d->flags & DIRECTION_SOFT && ((s->n_payload > 0 && !probe) || s->flags & SEGMENT_FIN) &&
            suspect_near(step->position)) {
                /* The first byte seen stands at 0, whatever was acknowledged or probed before. */
                if (s->n_payload > 0 || step->position < 0 || step->position == 1) {
                        rebase(d, step->o, s->seq);
                        step->position = 0;
                }
                d->flags &= (uint16_t)~DIRECTION_SOFT;
        }
        if (!probe && is_before_first(step))
                begin_before(step, step->s->n_payload);
        end = step->position + s->n_payload;
        if (within_reach(d, step->position, end, s->flags & SEGMENT_FIN)) {
                suspect_clear(step, step->sender);
                return;
        }
        if (suspect_confirmed(step)) {
                /* Backwards by more than any window: forwards by more than half of all numbers. */
                if (end < d->next)
                        step->position += (int64_t)1 << 32;
                return;
        }
        step->stray = true;
}

static void place_ack(struct step *step)
{
        struct direction *o = step->o;
        int64_t known, position;

        if (!(o->flags & DIRECTION_BASE))
                begin(o, step->s->ack, true);
        if (step->c->flags & CONNECTION_TWO_ISNS)
                choose_isn(step, !step->sender, step->s->ack);
        position = direction_position(o, step->s->ack);
        known = direction_end(o) > o->acked ? direction_end(o) : o->acked;
        step->ack_position = position;
        if (position <= known + REACH && position >= known - 2 * PAST) {
                step->has_ack = true;
                if (step->c->flags & CONNECTION_SUSPECT && position <= known)
                        suspect_clear_ack(step, !step->sender);
                return;
        }
        if (position > known && suspect_confirmed_ack(step))
                step->has_ack = true;
}

/* While a SYN waits for its answer, a host that still holds an older connection of the same ends acknowledges that one
 * (RFC 9293 3.5.1): a number far off is no hole. */
static bool is_of_an_older(const struct step *step)
{
        const unsigned flags = SEGMENT_SYN | SEGMENT_FIN | SEGMENT_RST | SEGMENT_ACK;
        const struct segment *s = step->s;
        const struct direction *d = step->d, *o = step->o;

        return (s->flags & flags) == SEGMENT_ACK && s->n_payload == 0 && o->flags & DIRECTION_SYN && o->acked < 0 &&
               !(d->flags & DIRECTION_SYN) && direction_position(o, s->ack) > o->next + REACH;
}

void direction_place(struct step *step)
{
        if (step->s->flags & SEGMENT_SYN)
                place_syn(step);
        else if (is_of_an_older(step))
                step->stray = true;
        else if (step->s->flags & SEGMENT_ACK)
                place_data(step);
        else
                /* Nobody takes it (RFC 9293 3.10.7.4, fifth), be it a FIN: it is a scanner's. */
                step->stray = true;
        if (!step->stray && step->s->flags & SEGMENT_ACK)
                place_ack(step);
}
