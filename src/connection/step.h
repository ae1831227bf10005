/* One segment on its way through a connection: what it is, and what was found out about it so far. */
#pragma once

#include "connection/table.h"
#include "connection/tracker.h"

struct step {
        struct tracker *tracker;
        struct table *table;
        struct connection *c;
        uint32_t node;
        unsigned sender;                /* 0 or 1 */
        struct direction *d;            /* from its sender */
        struct direction *o;            /* from the other end: what it acknowledges */
        const struct tracker_input *input;
        const struct segment *s;
        int64_t time;
        int64_t before;                 /* when the connection's last segment was seen, or NEVER */
        uint32_t frame;                 /* 0: too great */
        int64_t position;               /* of its first byte; a SYN's is -1 */
        int64_t ack_position;
        int64_t n_new;                  /* bytes never seen before */
        enum segment_kind kind;
        bool has_ack;                   /* … that can be believed */
        bool acks_new;
        bool repeated, out_of_order, twin, stray;
};

/* What it says goes into a mark. */
static inline struct mark step_mark(const struct step *step)
{
        uint32_t room = step->s->n_payload + !!(step->s->flags & SEGMENT_FIN);

        return (struct mark){
                .at = step->time, .before = step->before, .position = (uint32_t)step->position, .frame = step->frame,
                .ack = step->s->ack, .window = step->s->window, .ip_id = step->s->ip_id, .ttl = step->s->ttl,
                .room = room < UINT16_MAX ? (uint16_t)room : UINT16_MAX,
                .kind = (unsigned)step->kind & 0x1f, .repeat = step->repeated, .has_ack = step->s->flags & SEGMENT_ACK,
        };
}

/* NULL only for want of memory, which tracker_add() then reports. */
struct extra *step_extra(struct step *step);

/* There was no memory for what a step needs. */
void step_failed(struct step *step);
