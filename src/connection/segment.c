/* One segment after the other, in the order of the file: that order, not the clock, is what came first. */
#include "connection/segment.h"

#include <string.h>

#include "connection/direction.h"
#include "connection/note.h"
#include "connection/plain.h"
#include "connection/reset.h"
#include "connection/silence.h"
#include "connection/system.h"
#include "connection/twin.h"

static void take_syn(struct step *step)
{
        const struct segment *s = step->s;
        struct connection *c = step->c;
        struct direction *d = step->d;

        if (s->flags & SEGMENT_ACK) {
                if (c->n_syn_acks[step->sender] < UINT16_MAX)
                        c->n_syn_acks[step->sender]++;
                c->last_syn_ack = step->time;
                if (step->repeated && d->acked >= 0 && c->n_late_syn_acks < UINT16_MAX)
                        c->n_late_syn_acks++;
        } else {
                if (c->n_syns[step->sender] > 0) {
                        c->syn_gap = step->time - c->last_syn;
                        if (c->n_syn_acks[!step->sender] > 0 && c->n_answered_syns < UINT8_MAX)
                                c->n_answered_syns++;
                }
                if (c->n_syns[step->sender] < UINT16_MAX)
                        c->n_syns[step->sender]++;
                c->last_syn = step->time;
        }
        if (step->repeated || step->stray)
                return;
        d->scale = direction_scale_of(s) & 15u;
        if (s->options & SEGMENT_HAS_WINDOW_SCALE)
                d->flags |= DIRECTION_SCALE;
        if (!(s->options & SEGMENT_HAS_BAD))
                d->flags |= DIRECTION_SYN_WHOLE;
        if (s->n_payload > 0)
                d->flags |= DIRECTION_SYN_DATA;
        d->flags |= (uint16_t)system_of(s);
}

static void take_payload(struct step *step)
{
        direction_payload(step);
        if (step->n_new > 0)
                note_payload(step->c, step->sender, step->s, step->time, step->frame, step->n_new);
}

/* The SYN may stand in the capture behind what acknowledges its answer. */
static void take_handshake(struct step *step)
{
        struct connection *c = step->c;

        if (c->flags & CONNECTION_ESTABLISHED || !(c->side[0].flags & c->side[1].flags & DIRECTION_SYN) ||
            c->side[0].acked < 0 || c->side[1].acked < 0)
                return;
        c->flags |= CONNECTION_ESTABLISHED;
        if (c->n_syns[0] + c->n_syns[1] == 1 && step->time > c->first)
                c->rtt = step->time - c->first;
}

static void take_ack(struct step *step)
{
        struct connection *c = step->c;
        struct direction *o = step->o;

        direction_acknowledge(step);
        if (step->acks_new && o->acked >= direction_end(o))
                note_answer_time(step->d, o, step->time);
        if (c->side[0].flags & c->side[1].flags & DIRECTION_FIN_ACKED)
                c->flags |= CONNECTION_BOTH_ACKED | CONNECTION_ENDED;
}

static void take_window(struct step *step)
{
        struct direction *d = step->d;
        const struct segment *s = step->s;

        if (s->options & SEGMENT_HAS_NO_WINDOW || (step->has_ack && step->ack_position < step->o->acked))
                return;
        if (s->window == 0 && !(s->flags & SEGMENT_SYN) && (d->window != 0 || !(d->flags & DIRECTION_WINDOW)))
                step->c->window_shut_at[step->sender] = step->time;
        d->window = s->window;
        d->flags |= DIRECTION_WINDOW;
        if (step->has_ack) {
                int64_t window = s->flags & SEGMENT_SYN ? s->window : direction_scaled(d, step->o, s->window);

                if (window >= 0 && step->ack_position + window > step->o->edge)
                        step->o->edge = step->ack_position + window;
        }
}

static void take_reset(struct step *step)
{
        bool taken = reset_take(step);

        step->repeated = false;
        /* One that its receiver drops answers nothing: it goes on repeating itself. */
        if (!taken)
                return;
        step->c->flags |= CONNECTION_ENDED;
        silence_answered(step);
}

/* A socket that is connected to itself: what it sends is what it gets, and which end sends cannot be told. */
static void take_own(struct step *step)
{
        struct direction *d = step->d, *o = step->o;

        if ((d->flags & (DIRECTION_FIN | DIRECTION_FIN_ACKED)) != DIRECTION_FIN)
                return;
        o->flags |= DIRECTION_FIN;
        o->next = d->next;
        o->fin = d->fin;
        o->fin_at = d->fin_at;
        o->fin_ack = d->fin_ack;
        if (o->acked <= o->fin)
                return;
        d->acked = o->acked;
        d->flags |= DIRECTION_FIN_ACKED;
        o->flags |= DIRECTION_FIN_ACKED;
        d->fin_acked_at = o->fin_acked_at = step->time;
        step->c->flags |= CONNECTION_BOTH_ACKED | CONNECTION_ENDED;
        note_answer(d);
}

static bool is_to_itself(const struct head *h)
{
        return h->port[0] == h->port[1] && h->address[0] == h->address[1] &&
               memcmp(h->rest[0], h->rest[1], sizeof(h->rest[0])) == 0;
}

/* Its own number says how much its sender had sent by then: more than was seen. It may stand before
 * that in the capture. */
static void take_number(struct step *step)
{
        const struct direction *d = step->d;
        struct extra *extra;

        if (step->s->n_payload > 0 || step->s->flags & (SEGMENT_SYN | SEGMENT_FIN) || d->flags & DIRECTION_SOFT ||
            step->position <= direction_end(d) || step->position > direction_end(d) + REACH)
                return;
        extra = step_extra(step);
        if (!extra || (extra->beyond_from[step->sender] == d->base && step->position <= extra->beyond[step->sender]))
                return;
        extra->beyond[step->sender] = step->position;
        extra->beyond_from[step->sender] = d->base;
}

static void take_other(struct step *step)
{
        const struct segment *s = step->s;
        struct connection *c = step->c;

        direction_place(step);
        step->kind = silence_kind(step);
        if (c->flags & CONNECTION_RESET && reset_after(step) && !(c->flags & CONNECTION_BOTH_ACKED))
                c->flags &= (uint16_t)~CONNECTION_ENDED;
        note_header(step->d, s);
        if (s->flags & SEGMENT_SYN)
                take_syn(step);
        if (!step->stray) {
                if (s->n_payload > 0)
                        take_payload(step);
                if (s->flags & SEGMENT_FIN)
                        direction_fin(step);
                take_number(step);
                if (step->has_ack)
                        take_ack(step);
                if (step->has_ack || s->flags & SEGMENT_SYN)
                        take_handshake(step);
                if (s->options & SEGMENT_HAS_SACK && step->has_ack)
                        direction_sack(step);
                take_window(step);
                silence_answered(step);
                silence_asked(step);
                if (is_to_itself(&c->head))
                        take_own(step);
        }
        if (step->kind == SEGMENT_KIND_ACK || !(s->flags & (SEGMENT_SYN | SEGMENT_ACK))) {
                step->d->bare_ack = step_mark(step);
                if (!(s->flags & SEGMENT_ACK))
                        step->d->bare_ack.ack = s->seq + segment_length(s);
        }
}

void segment_take(struct step *step)
{
        const struct tracker_input *input = step->input;
        const struct segment *s = &input->packet.segment;
        struct connection *c = step->c;
        struct direction *d;

        step->s = s;
        step->time = input->time_ns;
        step->frame = input->frame > UINT32_MAX ? 0 : (uint32_t)input->frame;
        d = step->d = &c->side[step->sender];
        step->o = &c->side[!step->sender];
        if (c->side[0].packets == 0) {
                c->first_file = input->file;
                c->first_frame = input->frame;
                c->first = c->last = input->time_ns;
                step->before = NEVER;
                if (!(s->flags & SEGMENT_SYN))
                        c->flags |= CONNECTION_MIDSTREAM;
        } else {
                step->before = c->previous;
        }
        c->last_file = input->file;
        c->last_frame = input->frame;
        if (input->time_ns > c->last)
                c->last = input->time_ns;
        if (input->cut)
                c->flags |= CONNECTION_CUT;
        plain_end(c);
        zeek_segment(&c->zeek, step->sender, s);

        step->twin = twin_seen(c, step->sender, s, step->time) ||
                     twin_late(c, table_extra_of(step->table, c), step->sender, s, step->time);
        if (step->twin) {
                c->flags |= CONNECTION_TWINS;
                step->kind = silence_kind(step);
                step->position = d->flags & DIRECTION_BASE ? direction_position(d, s->seq) : 0;
        } else {
                roles_segment(&c->roles, step->sender, s->flags);
                if (s->flags & SEGMENT_RST) {
                        step->kind = SEGMENT_KIND_RST;
                        if (c->flags & CONNECTION_RESET)
                                reset_after(step);
                        take_reset(step);
                } else {
                        take_other(step);
                }
                c->previous = step->time;
                c->last_kind = (uint8_t)step->kind;
                c->last_sender = (uint8_t)step->sender;
        }
        d->packets++;
        d->payload_seen += s->n_payload;
        d->last = step->time;
        if (s->flags & SEGMENT_ACK)
                d->ack = s->ack;
}
