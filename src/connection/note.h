/* What is noted of a segment in the same way whether it goes the long way (segment.c) or the short (plain.c). */
#pragma once

#include <sys/socket.h>

#include "connection/direction.h"
#include "connection/goodbye.h"

enum {
        IP_ID_STEP = 64,                /* so many others an end may send between two segments of a connection */
};

/* What the header says of its sender, apart from the stream. */
static inline void note_header(struct direction *d, const struct segment *s)
{
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

/* DIRECTION_GOODBYE and DIRECTION_GOODBYE_KNOWN, as a payload is. */
static inline unsigned note_goodbye_of(const uint8_t *payload, uint32_t n_captured, uint32_t n_payload)
{
        if (n_payload > GOODBYE_TLS_MOST)
                return DIRECTION_GOODBYE_KNOWN;
        if (goodbye_may_be(payload, n_captured, n_payload) && goodbye_bytes(payload, n_captured, n_payload) > 0)
                return DIRECTION_GOODBYE | DIRECTION_GOODBYE_KNOWN;
        return n_payload > GOODBYE_MOST || n_captured >= n_payload ? DIRECTION_GOODBYE_KNOWN : 0;
}

static inline unsigned note_goodbye(const struct segment *s)
{
        return note_goodbye_of(s->payload, s->n_captured, s->n_payload);
}

/* Of its payload @n_new bytes were never seen before. */
static inline void note_payload(struct connection *c, unsigned sender, const struct segment *s, int64_t time,
                                uint32_t frame, int64_t n_new)
{
        const unsigned by = CONNECTION_PAYLOAD | CONNECTION_PAYLOAD_BY_1;
        unsigned mine = sender ? by : CONNECTION_PAYLOAD;
        struct direction *d = &c->side[sender];

        if (d->payloads++ == 0)
                d->first_payload = time;
        d->last_payload = time;
        d->n_keepalives = 0;
        d->last_payload_frame = frame;
        if ((c->flags & by) != mine)
                d->run = 0;
        d->run += (uint64_t)n_new;
        c->flags = (uint16_t)((c->flags & ~by) | mine);
        if (c->side[!sender].flags & DIRECTION_FIN)
                d->after_peer_fin += (uint64_t)n_new;

        d->flags = (uint16_t)((d->flags & ~(unsigned)(DIRECTION_GOODBYE | DIRECTION_GOODBYE_KNOWN)) | note_goodbye(s));
}

static inline struct moment moment_of(const struct mark *mark)
{
        return (struct moment){ .at = mark->at, .before = mark->before, .frame = mark->frame };
}

/* Where the mark of the next segment that wants an answer goes; then note_request(). */
static inline struct mark *note_next_request(struct direction *d)
{
        return &d->request[!d->asked];
}

/* Who was heard since he asked last begins to count anew. */
static inline void note_asks_anew(struct direction *d)
{
        if (d->heard)
                d->repeats = d->keepalives = d->probes = 0;
        d->heard = false;
}

/* The segment that wants an answer is marked. @again: some of it had been sent before. */
static inline void note_waits(struct direction *d, bool again)
{
        const struct mark *mark = note_next_request(d);

        d->asked ^= 1;
        if (!d->waits) {
                d->since = moment_of(mark);
                d->waits = true;
        } else if (!d->waits_later && !again) {
                d->later = moment_of(mark);
                d->later_position = mark->position;
                d->waits_later = true;
        }
}

static inline void note_request(struct direction *d, bool again)
{
        note_asks_anew(d);
        note_waits(d, again);
}

/* The other end said something of its own: what of @o waits still? */
static inline void note_answer(struct direction *o)
{
        o->heard = true;
        if (o->acked >= direction_end(o)) {
                o->waits = o->waits_later = false;
        } else if (o->waits_later && o->acked > mark_position(o, o->later_position)) {
                o->since = o->later;
                o->waits_later = false;
        }
}

/* All of @o is acknowledged now, by @d. */
static inline void note_answer_time(struct direction *d, const struct direction *o, int64_t time)
{
        const struct mark *request = &o->request[o->asked];
        int64_t in = time - request->at;

        if (request->at != 0 && !request->repeat && in > 0 && (d->answers_in == 0 || in < d->answers_in))
                d->answers_in = in;
}
