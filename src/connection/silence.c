/*
 * A segment that takes room in the stream wants to be acknowledged, a probe wants any answer. While nothing
 * comes, it is repeated, and the repeats are counted; whatever the other end sends of its own ends the count,
 * but not what it only repeats itself: two ends that cannot hear each other both do that.
 *
 * A silent end is heard too late if all that it says is answered by a reply RST: whoever asked had given up before, and
 * his count stands (reset.c).
 *
 * When a part of what is on its way is acknowledged, the rest was sent some time later than its first segment.
 * That time is remembered for one segment of each round trip (@later), which is near enough.
 */
#include "connection/silence.h"

#include "connection/direction.h"
#include "connection/note.h"
#include "connection/reset.h"

/* A capture may hold two probes the wrong way round. */
static bool within_pause(int64_t a, int64_t b)
{
        int64_t span;

        return !__builtin_sub_overflow(a, b, &span) && span < SILENCE_PAUSE && span > -SILENCE_PAUSE;
}

enum segment_kind silence_kind(const struct step *step)
{
        const struct segment *s = step->s;
        const struct direction *d = step->d, *o = step->o;
        bool shut = o->flags & DIRECTION_WINDOW && o->window == 0;
        int64_t end;

        if (s->flags & SEGMENT_RST)
                return SEGMENT_KIND_RST;
        if (s->flags & SEGMENT_SYN)
                return s->flags & SEGMENT_ACK ? SEGMENT_KIND_SYN_ACK : SEGMENT_KIND_SYN;
        if (s->flags & SEGMENT_FIN)
                return SEGMENT_KIND_FIN;
        if (s->n_payload > 1 || d->packets == 0 || step->stray)
                return s->n_payload ? SEGMENT_KIND_DATA : SEGMENT_KIND_ACK;

        end = direction_end(d);
        /* One byte into a shut window, as BSD and Windows probe it; it may be taken. */
        if (s->n_payload == 1 && shut && step->position == d->acked && step->position + 1 >= end)
                return SEGMENT_KIND_WINDOW_PROBE;
        /* The byte before the next: keepalive everywhere, and Linux's window probe (tcp_xmit_probe_skb). */
        if (step->position == end - 1 && d->acked >= end && !within_pause(step->time, d->last))
                return shut ? SEGMENT_KIND_WINDOW_PROBE : SEGMENT_KIND_KEEPALIVE;
        return s->n_payload ? SEGMENT_KIND_DATA : SEGMENT_KIND_ACK;
}

static void count(struct direction *d, uint16_t *n)
{
        note_asks_anew(d);
        if (*n < UINT16_MAX)
                ++*n;
}

void silence_asked(struct step *step)
{
        struct direction *d = step->d;
        bool again = step->repeated || (int64_t)step->s->n_payload > step->n_new;

        switch (step->kind) {
        case SEGMENT_KIND_KEEPALIVE:
                count(d, &d->keepalives);
                d->keepalive_gap = d->n_keepalives > 0 ? step->time - d->last_keepalive : 0;
                d->last_keepalive = step->time;
                d->n_keepalives++;
                break;
        case SEGMENT_KIND_WINDOW_PROBE:
                count(d, &d->probes);
                break;
        case SEGMENT_KIND_SYN:
        case SEGMENT_KIND_SYN_ACK:
        case SEGMENT_KIND_DATA:
        case SEGMENT_KIND_FIN:
                /* What was acknowledged long ago asks for nothing. */
                if (again && direction_end(d) <= d->acked)
                        return;
                if (again && step->position <= d->acked) {
                        count(d, &d->repeats);
                        d->repeated = (unsigned)step->kind & 0xf;
                }
                break;
        case SEGMENT_KIND_ACK:
        case SEGMENT_KIND_RST:
        case N_SEGMENT_KINDS:
        default:
                return;
        }
        *note_next_request(d) = step_mark(step);
        note_request(d, again);
}

void silence_answered(struct step *step)
{
        struct direction *o = step->o;
        bool says_nothing = step->repeated || step->kind == SEGMENT_KIND_KEEPALIVE ||
                            step->kind == SEGMENT_KIND_WINDOW_PROBE;

        if (!o->waits || (says_nothing && !step->acks_new))
                return;
        /* Who asked in vain and reset is gone: no answer is for him any more. */
        if (step->c->flags & CONNECTION_RESET && !o->heard && o->repeats + o->keepalives + o->probes > 0 &&
            reset_stands(step, !step->sender))
                return;
        note_answer(o);
}
