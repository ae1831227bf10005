/*
 * Nine of ten segments are data in order or acknowledge something, from an end of which all is known. For them
 * nearly all that segment_take() asks is answered beforehand, so what is left is done here, for speed
 * alone: whatever is in doubt goes the long way. fuzz/read.c holds the two against each other.
 */
#include "connection/plain.h"

#include "connection/note.h"
#include "connection/twin.h"
#include "connection/zeek_plain.h"

static bool
is_plain(const struct connection *c, const struct direction *d, const struct direction *o, const struct segment *s)
{
        const unsigned flags = SEGMENT_SYN | SEGMENT_FIN | SEGMENT_RST | SEGMENT_ACK;
        const unsigned not = CONNECTION_ENDED | CONNECTION_RESET | CONNECTION_TWO_ISNS | CONNECTION_GIVEN |
                             CONNECTION_PENDING | CONNECTION_SUSPECT;
        const unsigned known = DIRECTION_BASE | DIRECTION_SOFT | DIRECTION_FIN;
        int64_t ahead;

        if ((s->flags & flags) != SEGMENT_ACK || (s->options & ~(unsigned)SEGMENT_HAS_TIMESTAMPS) != 0 ||
            s->window == 0 || (c->flags & (not | CONNECTION_ESTABLISHED)) != CONNECTION_ESTABLISHED ||
            (d->flags & known) != DIRECTION_BASE || (o->flags & known) != DIRECTION_BASE ||
            s->seq != d->base + (uint32_t)d->next || (s->n_payload == 1 && o->window == 0))
                return false;
        ahead = seq_distance(o->base + (uint32_t)o->next, s->ack);
        return ahead <= 0 && o->next + ahead >= o->acked;
}

static void
take_ack(struct direction *d, struct direction *o, int64_t acked, int64_t time)
{
        if (acked > o->acked) {
                o->acked = acked;
                if (acked >= o->next)
                        note_answer_time(d, o, time);
        }
        if (o->waits)
                note_answer(o);
}

static void
take_window(struct direction *d, struct direction *o, const struct segment *s)
{
        int64_t window = direction_scaled(d, o, s->window);

        d->window = s->window;
        d->flags |= DIRECTION_WINDOW;
        if (window >= 0 && o->acked + window > o->edge)
                o->edge = o->acked + window;
}

bool
plain_take(struct connection *c, unsigned sender, const struct tracker_input *input)
{
        const struct segment *s = &input->packet.segment;
        struct direction *d = &c->side[sender], *o = &c->side[!sender];
        int64_t time = input->time_ns, acked;
        uint8_t kind = s->n_payload ? SEGMENT_KIND_DATA : SEGMENT_KIND_ACK;

        if (!is_plain(c, d, o, s) || input->frame > UINT32_MAX || !twin_unlike(d, s, time))
                return false;
        *(s->n_payload > 0 ? note_next_request(d) : &d->bare_ack) = (struct mark){
                .at = time, .before = c->previous, .position = (uint32_t)d->next, .frame = (uint32_t)input->frame,
                .ack = s->ack, .window = s->window, .ip_id = s->ip_id,
                .room = s->n_payload < UINT16_MAX ? (uint16_t)s->n_payload : UINT16_MAX,
                .ttl = s->ttl, .kind = s->n_payload ? SEGMENT_KIND_DATA : SEGMENT_KIND_ACK, .has_ack = true,
        };
        acked = o->next + seq_distance(o->base + (uint32_t)o->next, s->ack);

        c->last_file = input->file;
        c->last_frame = input->frame;
        if (time > c->last)
                c->last = time;
        if (input->cut)
                c->flags |= CONNECTION_CUT;
        c->previous = time;
        c->last_kind = kind;
        c->last_sender = (uint8_t)sender;
        if (!zeek_plain(&c->zeek, sender, s))
                zeek_take(&c->zeek, sender, s);

        note_header(d, s);
        if (s->n_payload > 0) {
                note_payload(c, sender, s, time, (uint32_t)input->frame, s->n_payload);
                d->next += s->n_payload;
        }
        take_ack(d, o, acked, time);
        take_window(d, o, s);
        if (s->n_payload > 0)
                note_request(d, false);
        d->packets++;
        d->payload_seen += s->n_payload;
        d->last = time;
        d->ack = s->ack;
        return true;
}
