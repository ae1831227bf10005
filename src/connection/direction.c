/*
 * Numbers are believed when they lie within reach of what is known: a stream goes on where it was, or a window
 * further. What lies beyond is a stray at first: garbage, a forgery, another connection of the same ends. Only
 * when the next segment goes on from there, or the other end acknowledges it, is it the stream itself, of which
 * the capture lost a great piece.
 */
#include "connection/direction.h"

#include "connection/silence.h"

/* As many segments may overtake the first of a stream. */
#define SWAPPED 3

static bool
near(int64_t distance)
{
        return distance <= REACH && distance >= -REACH;
}

/* A piece was passed over. */
static void
hole_add(struct step *step, unsigned side, int64_t start, int64_t end)
{
        struct extra *extra = step_extra(step);

        if (!extra)
                return;
        if (!extra->hole[side])
                extra->hole[side] = table_new_holes(step->table);
        if (!extra->hole[side]) {
                step_failed(step);
                return;
        }
        if (extra->n_holes[side] == HOLES_MAX) {
                extra->lost[side] += (uint64_t)(extra->hole[side][0].end - extra->hole[side][0].start);
                for (unsigned i = 1; i < HOLES_MAX; i++)
                        extra->hole[side][i - 1] = extra->hole[side][i];
                extra->n_holes[side]--;
        }
        /* No other base may move what is below now. */
        step->c->side[side].flags &= (uint16_t)~DIRECTION_SOFT;
        extra->hole[side][extra->n_holes[side]].start = start;
        extra->hole[side][extra->n_holes[side]].end = end;
        extra->n_holes[side]++;
}

/* A segment beyond reach: is it the second from over there? */
static bool
confirmed(struct step *step)
{
        unsigned side = step->sender;
        struct extra *extra = step_extra(step);
        int64_t end = step->position + step->s->n_payload;
        struct direction *d = step->d;
        bool known;

        step->c->flags |= CONNECTION_SUSPECT;
        if (!extra || extra->interleaved[side] >= INTERLEAVED)
                return false;
        known = (extra->suspects[side] && near(step->position - extra->suspect[side])) ||
                (extra->suspects_ack[side] && near(step->position - extra->suspect_ack[side]));
        /* What the first brought was a piece of the stream after all. */
        if (known && extra->suspects[side] && extra->suspect_from[side] > d->next &&
            step->position >= extra->suspect[side]) {
                hole_add(step, side, d->next, extra->suspect_from[side]);
                d->next = extra->suspect[side];
        }
        extra->suspects[side] = !known;
        extra->suspect_from[side] = step->position;
        extra->suspect[side] = end;
        return known;
}

/* The same for what a segment acknowledges. */
static bool
confirmed_ack(struct step *step)
{
        unsigned side = !step->sender;
        struct extra *extra = step_extra(step);
        bool known;

        step->c->flags |= CONNECTION_SUSPECT;
        if (!extra || extra->interleaved[side] >= INTERLEAVED)
                return false;
        known = (extra->suspects[side] && near(step->ack_position - extra->suspect[side])) ||
                (extra->suspects_ack[side] && near(step->ack_position - extra->suspect_ack[side]));
        extra->suspects_ack[side] = true;
        extra->suspect_ack[side] = step->ack_position;
        return known;
}

/* An acknowledgement of a segment that was not believed: the receiver took it. */
static void
believe(struct step *step)
{
        unsigned side = !step->sender;
        struct extra *extra = table_extra_of(step->table, step->c);
        struct direction *o = step->o;

        if (!extra || !extra->suspects[side] || step->ack_position < extra->suspect[side] ||
            extra->suspect_from[side] < o->next || !near(step->ack_position - extra->suspect[side]))
                return;
        if (extra->suspect_from[side] > o->next)
                hole_add(step, side, o->next, extra->suspect_from[side]);
        o->next = extra->suspect[side];
        extra->suspects[side] = false;
}

/* The stream goes on where it was: what lay elsewhere was something else. So it is where a capture holds both sides
 * of a firewall that gives connections other numbers, and every segment comes twice. */
static void
disbelieve(struct step *step, unsigned side)
{
        struct extra *extra = table_extra_of(step->table, step->c);

        if (!extra || !(step->c->flags & CONNECTION_SUSPECT) || step->s->n_payload == 0 || !extra->suspects[side])
                return;
        extra->suspects[side] = false;
        if (extra->interleaved[side] < INTERLEAVED)
                extra->interleaved[side]++;
}

static void
disbelieve_ack(struct step *step, unsigned side)
{
        struct extra *extra = table_extra_of(step->table, step->c);

        if (extra)
                extra->suspects_ack[side] = false;
}

static void
begin(struct direction *d, uint32_t base, bool soft)
{
        d->base = base;
        d->next = 0;
        d->acked = 0;
        d->flags = (uint16_t)((d->flags & ~DIRECTION_SOFT) | DIRECTION_BASE | (soft ? DIRECTION_SOFT : 0));
}

/* The first byte seen is to stand at 0, although numbers were taken from an empty segment before. */
static void
rebase(struct direction *d, uint32_t base)
{
        int64_t by = seq_distance(d->base, base);

        d->base = base;
        d->next = d->next > by ? d->next - by : 0;
        d->acked = d->acked > by ? d->acked - by : 0;
}

/* A SYN-ACK for the SYN, whatever was sent in its sender's name before it. */
static bool
answers_syn(const struct step *step)
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
static void
begin_before(struct step *step, uint32_t by)
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
        hole_add(step, step->sender, 0, by);
        step->position = 0;
}

/* A SYN-ACK behind data that was sent after it. */
static bool
syn_before_first(struct step *step)
{
        struct direction *d = step->d;
        int64_t ahead = seq_distance(step->s->seq + 1, d->base);
        bool acked = d->acked > 0;

        if (d->flags & (DIRECTION_SYN | DIRECTION_SOFT | DIRECTION_FIN) || ahead <= 0 || ahead > UINT16_MAX ||
            d->payloads == 0 || d->payloads > SWAPPED || table_extra_of(step->table, step->c))
                return false;
        begin_before(step, (uint32_t)ahead);
        if (!acked)
                d->acked = -1;
        return true;
}

static void
place_syn(struct step *step)
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
static void
choose_isn(struct step *step, unsigned side, uint32_t seq)
{
        struct extra *extra = table_extra_of(step->table, step->c);
        struct direction *d = &step->c->side[side];

        if (!extra || extra->alternates_of != side || d->acked >= 0 || d->base == seq || extra->n_holes[side] > 0)
                return;
        for (unsigned i = 0; i < extra->n_alternates; i++) {
                uint32_t base = extra->alternate_isn[i] + 1;

                if (base != seq && (near(seq_distance(d->base, seq)) || !near(seq_distance(base, seq))))
                        continue;
                extra->alternate_isn[i] = d->base - 1;
                d->base = base;
                step->c->isn[side] = base - 1;
                return;
        }
}

/* In order, or behind a hole but within the window; where that is not known, within a wide one. So is a FIN, which
 * may be the last that is seen: an acknowledgement that moved the window is likelier lost than it is wrong. */
static bool
within_reach(const struct direction *d, int64_t start, int64_t end, bool fin)
{
        int64_t known = direction_end(d) > d->acked ? direction_end(d) : d->acked;

        if (end < d->next - PAST)
                return false;
        if (d->edge > 0 && end > d->edge && !fin)
                return start <= known;
        return start <= known + REACH;
}

/* Probes come after one. */
static bool
after_pause(const struct step *step)
{
        int64_t pause;

        return !__builtin_sub_overflow(step->time, step->d->packets > 0 ? step->d->last : step->c->previous, &pause) &&
               pause >= SILENCE_PAUSE;
}

/* Of a stream whose beginning was not seen, a piece that stands right before the first one seen and comes behind it:
 * they were captured the wrong way round. */
static bool
is_before_first(const struct step *step)
{
        const struct direction *d = step->d;

        return !(d->flags & (DIRECTION_SYN | DIRECTION_SOFT | DIRECTION_FIN)) && step->s->n_payload > 0 &&
               step->position + (int64_t)step->s->n_payload == 0 && d->payloads > 0 && d->payloads <= SWAPPED &&
               !table_extra_of(step->table, step->c) && !after_pause(step);
}

static void
place_data(struct step *step)
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
        if (d->flags & DIRECTION_SOFT && d->packets == 0 && !near(step->position)) {
                begin(d, s->seq, s->n_payload == 0 && !(s->flags & SEGMENT_FIN));
                step->position = 0;
                return;
        }
        /* One byte that was acknowledged already is a keepalive probe's, unless it only stands behind its fellows. */
        probe = s->n_payload == 1 && step->position == -1 && d->acked >= 0 &&
                (d->n_keepalives > 0 || after_pause(step));
        if (d->flags & DIRECTION_SOFT && ((s->n_payload > 0 && !probe) || s->flags & SEGMENT_FIN) && near(step->position)) {
                /* The first byte seen stands at 0, whatever was acknowledged or probed before. */
                if (s->n_payload > 0 || step->position < 0 || step->position == 1) {
                        rebase(d, s->seq);
                        step->position = 0;
                }
                d->flags &= (uint16_t)~DIRECTION_SOFT;
        }
        if (!probe && is_before_first(step))
                begin_before(step, step->s->n_payload);
        end = step->position + s->n_payload;
        if (within_reach(d, step->position, end, s->flags & SEGMENT_FIN)) {
                disbelieve(step, step->sender);
                return;
        }
        if (confirmed(step)) {
                /* Backwards by more than any window: forwards by more than half of all numbers. */
                if (end < d->next)
                        step->position += (int64_t)1 << 32;
                return;
        }
        step->stray = true;
}

static void
place_ack(struct step *step)
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
                        disbelieve_ack(step, !step->sender);
                return;
        }
        if (position > known && confirmed_ack(step))
                step->has_ack = true;
}

/* While a SYN waits for its answer, a host that still holds an older connection of the same ends acknowledges that one
 * (RFC 9293 3.5.1): a number far off is no hole. */
static bool
is_of_an_older(const struct step *step)
{
        const unsigned flags = SEGMENT_SYN | SEGMENT_FIN | SEGMENT_RST | SEGMENT_ACK;
        const struct segment *s = step->s;
        const struct direction *d = step->d, *o = step->o;

        return (s->flags & flags) == SEGMENT_ACK && s->n_payload == 0 && o->flags & DIRECTION_SYN && o->acked < 0 &&
               !(d->flags & DIRECTION_SYN) && direction_position(o, s->ack) > o->next + REACH;
}

void
direction_place(struct step *step)
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

static void
hole_remove(struct extra *extra, unsigned side, unsigned i)
{
        for (; i + 1 < extra->n_holes[side]; i++)
                extra->hole[side][i] = extra->hole[side][i + 1];
        extra->n_holes[side]--;
}

/* A piece between @start and @end came after all. Returns how much of it had been missing. */
static int64_t
holes_fill(struct extra *extra, unsigned side, int64_t start, int64_t end)
{
        int64_t filled = 0;

        for (unsigned i = extra->n_holes[side]; i-- > 0;) {
                int64_t a = extra->hole[side][i].start, b = extra->hole[side][i].end;
                int64_t from = start > a ? start : a, to = end < b ? end : b;

                if (from >= to)
                        continue;
                filled += to - from;
                if (from == a && to == b) {
                        hole_remove(extra, side, i);
                } else if (from == a) {
                        extra->hole[side][i].start = to;
                } else if (to == b) {
                        extra->hole[side][i].end = from;
                } else if (extra->n_holes[side] < HOLES_MAX) {
                        for (unsigned k = extra->n_holes[side]; k > i + 1; k--)
                                extra->hole[side][k] = extra->hole[side][k - 1];
                        extra->hole[side][i + 1].start = to;
                        extra->hole[side][i + 1].end = b;
                        extra->hole[side][i].end = from;
                        extra->n_holes[side]++;
                } else {
                        /* No room to part it: the rest behind is given up. */
                        extra->lost[side] += (uint64_t)(b - to);
                        extra->hole[side][i].end = from;
                }
        }
        return filled;
}

/* The same packet behind a firewall that changed what it acknowledges. */
static bool
changed_twin(const struct step *step)
{
        const struct mark *last = &step->d->request[step->d->asked];

        return step->c->flags & CONNECTION_SUSPECT && step->s->ip_id != 0 && last->ip_id == step->s->ip_id &&
               last->position == (uint32_t)step->position && step->time - last->at < 100000000;
}

void
direction_payload(struct step *step)
{
        struct direction *d = step->d;
        struct extra *extra;
        int64_t start = step->position < 0 ? 0 : step->position;
        int64_t end = step->position + step->s->n_payload, old;

        if (step->s->flags & SEGMENT_SYN) {
                start = 0;
                end = step->s->n_payload;
        }
        if (end > d->next) {
                if (start > d->next)
                        hole_add(step, step->sender, d->next, start);
                step->n_new = end - (start > d->next ? start : d->next);
        }
        old = (int64_t)step->s->n_payload - step->n_new;
        if (old > 0) {
                int64_t filled = 0;

                extra = table_extra_of(step->table, step->c);
                if (extra && extra->n_holes[step->sender] > 0)
                        filled = holes_fill(extra, step->sender, start, end < d->next ? end : d->next);
                step->out_of_order = filled > 0;
                step->n_new += filled;
                step->repeated = step->n_new == 0;
                if (step->kind != SEGMENT_KIND_KEEPALIVE && step->kind != SEGMENT_KIND_WINDOW_PROBE && !changed_twin(step))
                        d->retransmitted += (uint64_t)(old - filled);
        }
        if (end > d->next)
                d->next = end;
}

void
direction_fin(struct step *step)
{
        struct direction *d = step->d;
        int64_t at = step->position + step->s->n_payload;

        /* A FIN farther on corrects one that was no end of the stream; but what was acknowledged was one. */
        if (d->flags & DIRECTION_FIN && (at <= d->fin || d->flags & DIRECTION_FIN_ACKED)) {
                if (at == d->fin) {
                        d->fin_repeats++;
                        step->repeated = step->n_new == 0;
                }
                return;
        }
        if (at > d->next) {
                hole_add(step, step->sender, d->next, at);
                d->next = at;
        }
        d->flags |= DIRECTION_FIN;
        d->fin = at;
        d->fin_at = step->time;
        d->fin_before = step->before;
        d->fin_frame = step->frame;
        d->fin_ack = step->s->flags & SEGMENT_ACK ? step->s->ack : 0;
        if (d->acked > at) {
                d->flags |= DIRECTION_FIN_ACKED;
                d->fin_acked_at = step->time;
        }
}

void
direction_acknowledge(struct step *step)
{
        struct direction *o = step->o;

        if (step->ack_position <= o->acked)
                return;
        if (step->c->flags & CONNECTION_SUSPECT)
                believe(step);
        o->acked = step->ack_position;
        step->acks_new = true;
        if (o->flags & DIRECTION_FIN && !(o->flags & DIRECTION_FIN_ACKED) && o->acked > o->fin) {
                o->flags |= DIRECTION_FIN_ACKED;
                o->fin_acked_at = step->time;
        }
}

void
direction_sack(struct step *step)
{
        struct extra *extra = step_extra(step);
        unsigned side = !step->sender;
        int64_t bytes = 0;

        if (!extra)
                return;
        for (unsigned i = 0; i < step->s->n_sack; i++) {
                int64_t start = direction_position(step->o, step->s->sack[i].start);
                int64_t end = direction_position(step->o, step->s->sack[i].end);

                /* A block below what is acknowledged reports a duplicate (RFC 2883). */
                if (start < step->o->acked || end <= start || end > direction_end(step->o) + REACH)
                        continue;
                bytes += end - start;
                if (end > extra->sack_edge[side])
                        extra->sack_edge[side] = end;
        }
        extra->sack_bytes[side] = bytes;
}

int64_t
direction_contiguous(const struct direction *d, const struct extra *extra, unsigned sender)
{
        int64_t at = extra && extra->n_holes[sender] ? extra->hole[sender][0].start : direction_end(d);

        return at > d->acked ? at : d->acked;
}

uint64_t
direction_missing(const struct extra *extra, unsigned sender)
{
        uint64_t missing;

        if (!extra)
                return 0;
        missing = extra->lost[sender];
        for (unsigned i = 0; i < extra->n_holes[sender]; i++)
                missing += (uint64_t)(extra->hole[sender][i].end - extra->hole[sender][i].start);
        return missing;
}
