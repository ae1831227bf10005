/*
 * What a segment that was placed (place.c) adds to its direction. What was sent again is told from what fills a hole: a
 * stream has its bytes once, however often they come.
 */
#include "connection/direction.h"

#include "connection/holes.h"
#include "connection/suspect.h"

/* The same packet behind a firewall that changed what it acknowledges. */
static bool changed_twin(const struct step *step)
{
        const struct mark *last = &step->d->request[step->d->asked];

        return step->c->flags & CONNECTION_SUSPECT && step->s->ip_id != 0 && last->ip_id == step->s->ip_id &&
               last->position == (uint32_t)step->position && step->time - last->at < 100000000;
}

void direction_payload(struct step *step)
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
                        holes_add(step, step->sender, d->next, start);
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
                if (step->kind != SEGMENT_KIND_KEEPALIVE && step->kind != SEGMENT_KIND_WINDOW_PROBE &&
                    !changed_twin(step))
                        d->retransmitted += (uint64_t)(old - filled);
        }
        if (end > d->next)
                d->next = end;
}

void direction_fin(struct step *step)
{
        struct direction *d = step->d;
        int64_t at = step->position + step->s->n_payload;

        /* A FIN farther on corrects one that was no end of the stream; but what was acknowledged was one. */
        if (d->flags & DIRECTION_FIN && (at <= d->fin || d->flags & DIRECTION_FIN_ACKED)) {
                if (at == d->fin) {
                        /* That which acknowledges less was sent before, whatever came first. */
                        if (step->s->flags & SEGMENT_ACK && (int32_t)(step->s->ack - d->fin_ack) < 0)
                                d->fin_ack = step->s->ack;
                        d->fin_repeats++;
                        step->repeated = step->n_new == 0;
                }
                return;
        }
        if (at > d->next) {
                holes_add(step, step->sender, d->next, at);
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

void direction_acknowledge(struct step *step)
{
        struct direction *o = step->o;

        if (step->ack_position <= o->acked)
                return;
        if (step->c->flags & CONNECTION_SUSPECT)
                suspect_believe(step);
        o->acked = step->ack_position;
        step->acks_new = true;
        if (o->flags & DIRECTION_FIN && !(o->flags & DIRECTION_FIN_ACKED) && o->acked > o->fin) {
                o->flags |= DIRECTION_FIN_ACKED;
                o->fin_acked_at = step->time;
        }
}

void direction_sack(struct step *step)
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

int64_t direction_contiguous(const struct direction *d, const struct extra *extra, unsigned sender)
{
        int64_t at = extra && extra->n_holes[sender] ? extra->hole[sender][0].start : direction_end(d);

        return at > d->acked ? at : d->acked;
}

uint64_t direction_missing(const struct extra *extra, unsigned sender)
{
        uint64_t missing;

        if (!extra)
                return 0;
        missing = extra->lost[sender];
        for (unsigned i = 0; i < extra->n_holes[sender]; i++)
                missing += (uint64_t)(extra->hole[sender][i].end - extra->hole[sender][i].start);
        return missing;
}
