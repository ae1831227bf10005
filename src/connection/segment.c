/* One segment after the other, in the order of the file: that order, not the clock, is what came first. */
#include "connection/segment.h"

#include "connection/direction.h"
#include "connection/reset.h"
#include "connection/silence.h"
#include "connection/system.h"
#include "connection/twin.h"

#include <sys/socket.h>

enum {
        IP_ID_STEP = 64,                /* so many others an end may send between two segments of a connection */
        TLS_ALERT = 21,
        TLS_ALERT_MOST = 64,            /* an encrypted one in the longest of usual records, with its header */
        TLS_DATA = 23,
        TLS_HIDDEN_ALERT = 24,          /* of TLS 1.3: header, two bytes, their type, a tag of 16 (RFC 8446 5.2) */
};

/* What the header says of its sender, apart from the stream. */
static void
look(struct step *step)
{
        const struct segment *s = step->s;
        struct direction *d = step->d;
        uint16_t ahead = (uint16_t)(s->ip_id - d->ip_id);

        if (d->ttl_most == 0)
                d->ttl_least = d->ttl_most = s->ttl;
        else if (s->ttl < d->ttl_least)
                d->ttl_least = s->ttl;
        else if (s->ttl > d->ttl_most)
                d->ttl_most = s->ttl;
        /* A SYN-ACK of Linux has 0, its connection then a row of its own. */
        if (s->family == AF_INET && !(s->flags & SEGMENT_SYN)) {
                if (d->ip_id_steps + d->ip_id_jumps > 0 || d->ip_id != 0) {
                        uint8_t *n = ahead > 0 && ahead <= IP_ID_STEP ? &d->ip_id_steps : &d->ip_id_jumps;

                        if (*n < UINT8_MAX)
                                ++*n;
                }
                d->ip_id = s->ip_id;
        }
        d->flags = (uint16_t)(s->options & SEGMENT_HAS_TIMESTAMPS ? d->flags | DIRECTION_TIMESTAMPS
                                                                  : d->flags & ~DIRECTION_TIMESTAMPS);
        if (s->options & SEGMENT_HAS_MPTCP)
                d->flags |= DIRECTION_MPTCP;
}

static void
take_syn(struct step *step)
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
                if (c->n_syns[step->sender] > 0)
                        c->syn_gap = step->time - c->last_syn;
                if (c->n_syns[step->sender] < UINT16_MAX)
                        c->n_syns[step->sender]++;
                c->last_syn = step->time;
        }
        if (step->repeated || step->stray)
                return;
        d->scale = s->window_scale;
        if (s->options & SEGMENT_HAS_WINDOW_SCALE)
                d->flags |= DIRECTION_SCALE;
        if (!(s->options & SEGMENT_HAS_BAD))
                d->flags |= DIRECTION_SYN_WHOLE;
        if (s->n_payload > 0)
                d->flags |= DIRECTION_SYN_DATA;
        system_syn(step);
}

/* TLS 1.3 calls everything data; what is as long as an alert is one. */
static bool
is_alert(const struct segment *s)
{
        if (s->n_payload > TLS_ALERT_MOST || s->n_captured < 5 || s->payload[1] != 3)
                return false;
        return s->payload[0] == TLS_ALERT || (s->payload[0] == TLS_DATA && s->n_payload == TLS_HIDDEN_ALERT &&
                                              s->payload[3] == 0 && s->payload[4] == TLS_HIDDEN_ALERT - 5);
}

static void
take_payload(struct step *step)
{
        const struct segment *s = step->s;
        struct connection *c = step->c;
        struct direction *d = step->d;
        bool by_1 = c->flags & CONNECTION_PAYLOAD_BY_1;

        direction_payload(step);
        if (step->n_new <= 0)
                return;
        if (d->payloads++ == 0)
                d->first_payload = step->time;
        d->last_payload = step->time;
        d->n_keepalives = 0;
        d->last_payload_frame = step->frame;
        if (!(c->flags & CONNECTION_PAYLOAD) || by_1 != (step->sender == 1))
                d->run = 0;
        d->run += (uint64_t)step->n_new;
        c->flags |= CONNECTION_PAYLOAD;
        c->flags = (uint16_t)(step->sender ? c->flags | CONNECTION_PAYLOAD_BY_1 : c->flags & ~CONNECTION_PAYLOAD_BY_1);
        if (step->o->flags & DIRECTION_FIN)
                d->after_peer_fin += (uint64_t)step->n_new;

        d->flags &= (uint16_t)~(DIRECTION_ALERT | DIRECTION_ALERT_KNOWN);
        if (s->n_payload > TLS_ALERT_MOST || s->n_captured >= 5) {
                d->flags |= DIRECTION_ALERT_KNOWN;
                if (is_alert(s))
                        d->flags |= DIRECTION_ALERT;
        }
}

static void
take_ack(struct step *step)
{
        struct connection *c = step->c;
        struct direction *o = step->o;
        const struct mark *request = &o->request[o->asked];

        direction_acknowledge(step);
        if (step->acks_new && request->at != 0 && !request->repeat && o->acked >= direction_end(o)) {
                int64_t in = step->time - request->at;

                if (in > 0 && (step->d->answers_in == 0 || in < step->d->answers_in))
                        step->d->answers_in = in;
        }
        if (!(c->flags & CONNECTION_ESTABLISHED) && c->side[0].flags & c->side[1].flags & DIRECTION_SYN &&
            c->side[0].acked >= 0 && c->side[1].acked >= 0) {
                c->flags |= CONNECTION_ESTABLISHED;
                if (c->n_syns[0] + c->n_syns[1] == 1 && step->time > c->first)
                        c->rtt = step->time - c->first;
        }
        if (c->side[0].flags & c->side[1].flags & DIRECTION_FIN_ACKED)
                c->flags |= CONNECTION_BOTH_ACKED | CONNECTION_ENDED;
}

static void
take_window(struct step *step)
{
        struct direction *d = step->d;
        const struct segment *s = step->s;

        if (s->options & SEGMENT_HAS_NO_WINDOW || (step->has_ack && step->ack_position < step->o->acked))
                return;
        if (s->window == 0 && !(s->flags & SEGMENT_SYN) && (d->window != 0 || !(d->flags & DIRECTION_WINDOW)))
                d->window_shut_at = step->time;
        d->window = s->window;
        d->flags |= DIRECTION_WINDOW;
        if (step->has_ack) {
                int64_t window = direction_window(step->c, step->sender);

                if (window >= 0 && step->ack_position + window > step->o->edge)
                        step->o->edge = step->ack_position + window;
        }
}

static void
take_reset(struct step *step)
{
        if (reset_take(step))
                step->c->flags |= CONNECTION_ENDED;
        step->repeated = false;
        silence_answered(step);
}

static void
take_other(struct step *step)
{
        const struct segment *s = step->s;
        struct connection *c = step->c;

        direction_place(step);
        step->kind = silence_kind(step);
        if (c->flags & CONNECTION_RESET && reset_after(step) && !(c->flags & CONNECTION_BOTH_ACKED))
                c->flags &= (uint16_t)~CONNECTION_ENDED;
        look(step);
        if (s->flags & SEGMENT_SYN)
                take_syn(step);
        if (!step->stray) {
                if (s->n_payload > 0)
                        take_payload(step);
                if (s->flags & SEGMENT_FIN)
                        direction_fin(step);
                if (step->has_ack)
                        take_ack(step);
                if (s->options & SEGMENT_HAS_SACK && step->has_ack)
                        direction_sack(step);
                take_window(step);
                silence_answered(step);
                silence_asked(step);
        }
        if (step->kind == SEGMENT_KIND_ACK)
                step->d->bare_ack = step_mark(step);
}

void
segment_take(struct step *step)
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
        if (c->first_frame == 0 && c->first_file == 0) {
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
        zeek_segment(&c->zeek, step->sender, s);

        step->twin = twin_seen(step);
        if (step->twin) {
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
