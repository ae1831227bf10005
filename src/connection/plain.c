/*
 * Nine of ten segments are data in order or acknowledge something, from an end of which all is known. For them
 * nearly all that segment_take() asks is answered beforehand, so what is left is done here, for speed
 * alone: whatever is in doubt goes the long way. fuzz/read.c holds the two against each other.
 *
 * And most of these come in a row. What was asked of the first of its kind (take_first()) need not be asked of those
 * that follow (take_next()): who has a PLAIN_ bit has sent such a segment, and from neither end was there any other
 * since. Then
 * - nothing has changed the flags of both directions, nor Zeek's states, letters and flags;
 * - what each end acknowledged last is all that it acknowledged, to Zeek, too, and for Zeek as well each stream ends
 *   where it does here;
 * - neither window is shut, no repeat and no probe is remembered, and where a window ends is noted.
 */
#include "connection/plain.h"

#include "connection/note.h"
#include "connection/twin.h"
#include "connection/zeek_plain.h"

enum {
        /* Zeek's numbers are set once in so many segments, so that none of them goes half way round. */
        PLAIN_ROW = 1 << 13,
};

static const unsigned TCP_FLAGS = SEGMENT_SYN | SEGMENT_FIN | SEGMENT_RST | SEGMENT_ACK;
static const unsigned CONNECTION_NOT = CONNECTION_ENDED | CONNECTION_RESET | CONNECTION_TWO_ISNS | CONNECTION_GIVEN |
                                       CONNECTION_PENDING | CONNECTION_SUSPECT;

static uint32_t number_of(const struct direction *d, int64_t position)
{
        return d->base + (uint32_t)position;
}

/* Those that were left as they were while both were plain. */
static void set_zeek_numbers(struct connection *c)
{
        struct zeek *z = &c->zeek;

        if (!c->side[0].plain || !c->side[1].plain)
                return;
        for (unsigned side = 0; side < 2; side++) {
                const struct direction *d = &c->side[side];

                z->side[side].last = number_of(d, d->next);
                z->side[side].next = z->side[side].last - z->side[side].start;
                z->side[side].ack = number_of(d, d->acked);
                zeek_note_distance(z, side);
        }
}

void plain_end(struct connection *c)
{
        set_zeek_numbers(c);
        c->side[0].plain = c->side[1].plain = 0;
}

/* What is written of each in the same way. The mark is constant but for what stands in the segment. */
static inline __attribute__((always_inline)) void
take_mark(const struct connection *c, const struct direction *d, const struct tracker_input *input, bool data,
          struct mark *ret_mark)
{
        const struct segment *s = &input->packet.segment;
        uint32_t room = data ? s->n_payload : 0;

        *ret_mark = (struct mark){
                .at = input->time_ns, .before = c->previous, .position = (uint32_t)d->next,
                .frame = (uint32_t)input->frame,
                .ack = s->ack, .window = s->window, .ip_id = s->ip_id,
                .room = room < UINT16_MAX ? (uint16_t)room : UINT16_MAX,
                .ttl = s->ttl, .kind = data ? SEGMENT_KIND_DATA : SEGMENT_KIND_ACK, .has_ack = true,
        };
}

static inline __attribute__((always_inline)) void
take_time(struct connection *c, struct direction *d, unsigned sender, const struct tracker_input *input, bool data)
{
        c->last_file = input->file;
        c->last_frame = input->frame;
        if (input->time_ns > c->last)
                c->last = input->time_ns;
        c->previous = input->time_ns;
        c->last_kind = data ? SEGMENT_KIND_DATA : SEGMENT_KIND_ACK;
        c->last_sender = (uint8_t)sender;
        d->last = input->time_ns;
}

static void take_window(struct direction *d, struct direction *o, uint16_t window)
{
        int64_t scaled = direction_scaled(d, o, window);

        d->window = window;
        if (scaled >= 0 && o->acked + scaled > o->edge)
                o->edge = o->acked + scaled;
}

/* Whether the next one is like those before it; @data: it has payload. No bit stands for anything usual, so that one
 * branch is enough for what hardly ever differs. */
static inline __attribute__((always_inline)) bool
is_next(const struct connection *c, const struct direction *d, const struct direction *o,
        const struct tracker_input *input, bool data)
{
        const struct segment *s = &input->packet.segment;
        uint32_t acks = s->ack - d->ack, unusual;

        _Static_assert(DIRECTION_TIMESTAMPS == SEGMENT_HAS_TIMESTAMPS << 2, "the one is made of the other");
        unusual = s->options ^ (d->flags >> 2 & (unsigned)SEGMENT_HAS_TIMESTAMPS);
        unusual |= (c->flags & CONNECTION_NOT) | (s->seq ^ number_of(d, d->next)) | (uint32_t)(input->frame >> 32);
        unusual |= input->cut;
        if (data)
                unusual |= s->n_payload >> 16 | (s->n_payload ^ s->n_captured);
        return unusual == 0 && d->plain & (data ? PLAIN_DATA : PLAIN_ACK) << PLAIN_NEXT_SHIFT &&
               d->packets % PLAIN_ROW != 0 && s->window != 0 && s->ack != 0 &&
               s->ttl >= d->ttl_least && s->ttl <= d->ttl_most &&
               acks <= (uint64_t)(o->next - o->acked) &&
               !(data ? d->next + s->n_payload - d->acked >= ZEEK_UNACKED_MAX : twin_may_be_late(c, d, s));
}

static inline __attribute__((always_inline)) void take_ip_id(struct direction *d, uint16_t ip_id)
{
        uint16_t ahead = (uint16_t)(ip_id - d->ip_id);

        if (d->ip_id != 0 || d->ip_id_steps + d->ip_id_jumps > 0) {
                uint8_t *n = ahead > 0 && ahead <= IP_ID_STEP ? &d->ip_id_steps : &d->ip_id_jumps;

                *n = (uint8_t)(*n + (*n < UINT8_MAX));
        }
        d->ip_id = ip_id;
}

/* What was acknowledged is mostly the segment just before: then its mark need not be looked at. */
static inline __attribute__((always_inline)) void
take_answer(const struct connection *c, unsigned sender, struct direction *d, struct direction *o, uint32_t acks,
            int64_t time)
{
        int64_t in;

        o->acked += acks;
        if (o->acked != o->next)
                return;
        if (c->last_sender == sender || c->last_kind != SEGMENT_KIND_DATA) {
                note_answer_time(d, o, time);
                return;
        }
        in = time - c->previous;
        if (c->previous != 0 && in > 0 && (d->answers_in == 0 || in < d->answers_in))
                d->answers_in = in;
}

static inline __attribute__((always_inline)) void
take_payload(struct connection *c, struct direction *d, unsigned sender, const struct tracker_input *input)
{
        const unsigned by = CONNECTION_PAYLOAD | CONNECTION_PAYLOAD_BY_1,
                          goodbye = DIRECTION_GOODBYE | DIRECTION_GOODBYE_KNOWN;
        const struct segment *s = &input->packet.segment;
        unsigned mine = sender ? by : CONNECTION_PAYLOAD;
        unsigned says = s->n_payload > GOODBYE_TLS_MOST ? DIRECTION_GOODBYE_KNOWN : note_goodbye(s);

        d->payloads++;
        d->last_payload = input->time_ns;
        d->last_payload_frame = (uint32_t)input->frame;
        if (__builtin_expect((c->flags & by) != mine, 0)) {
                d->run = 0;
                c->flags = (uint16_t)((c->flags & ~by) | mine);
        }
        d->run += s->n_payload;
        if (__builtin_expect((d->flags & goodbye) != says, 0))
                d->flags = (uint16_t)((d->flags & ~goodbye) | says);
        d->heard = false;
        note_waits(d, false);
        d->next += s->n_payload;
        d->payload_seen += s->n_payload;
}

static inline __attribute__((always_inline)) bool
take_next(struct connection *c, unsigned sender, struct direction *d, struct direction *o,
          const struct tracker_input *input, bool data)
{
        const struct segment *s = &input->packet.segment;
        uint32_t acks = s->ack - d->ack, digest = twin_digest(s);
        const uint32_t *what = d->fingerprint.what;

        /* One that brings anything new is like none before it. */
        if (!data && acks == 0 &&
            ((what[0] == digest) | (what[1] == digest) | (what[2] == digest) | (what[3] == digest)))
                return false;
        twin_remember(d, digest, input->time_ns);
        take_mark(c, d, input, data, data ? note_next_request(d) : &d->bare_ack);
        take_ip_id(d, s->ip_id);
        if (acks > 0)
                take_answer(c, sender, d, o, acks, input->time_ns);
        if (acks > 0 || s->window != d->window)
                take_window(d, o, s->window);
        if (o->waits)
                note_answer(o);
        if (data)
                take_payload(c, d, sender, input);
        take_time(c, d, sender, input, data);
        d->packets++;
        d->ack = s->ack;
        return true;
}

/* Of two ends that both began with a SYN the acknowledgement of both is worth noting; where one of them was not seen,
 * nobody waits for it. */
static bool is_plain(const struct connection *c, const struct direction *d, const struct direction *o,
                     const struct segment *s)
{
        const unsigned known = DIRECTION_BASE | DIRECTION_SOFT | DIRECTION_FIN;
        int64_t ahead;

        if (s->window == 0 || c->flags & CONNECTION_NOT ||
            (!(c->flags & CONNECTION_ESTABLISHED) && d->flags & o->flags & DIRECTION_SYN) ||
            (d->flags & known) != DIRECTION_BASE || (o->flags & known) != DIRECTION_BASE ||
            s->seq != number_of(d, d->next) || (s->n_payload == 1 && o->window == 0))
                return false;
        ahead = seq_distance(number_of(o, o->next), s->ack);
        return ahead <= 0 && o->next + ahead >= o->acked;
}

static void set_plain(struct direction *d, struct direction *o, unsigned kind)
{
        const unsigned kinds = PLAIN_ACK | PLAIN_DATA;

        d->plain |= (uint8_t)kind;
        if (o->plain == 0)
                return;
        d->plain |= (uint8_t)((d->plain & kinds) << PLAIN_NEXT_SHIFT);
        o->plain |= (uint8_t)((o->plain & kinds) << PLAIN_NEXT_SHIFT);
}

/* Any that is plain. */
static __attribute__((noinline)) bool take_first(struct connection *c, unsigned sender, struct direction *d,
                                                 struct direction *o, const struct tracker_input *input)
{
        const struct segment *s = &input->packet.segment;
        int64_t time = input->time_ns, acked;
        bool data = s->n_payload > 0;

        if (!is_plain(c, d, o, s) || input->frame > UINT32_MAX || (!data && twin_may_be_late(c, d, s)) ||
            !twin_unlike(d, s, time))
                return false;
        set_zeek_numbers(c);
        if (!zeek_plain(&c->zeek, sender, s)) {
                zeek_take(&c->zeek, sender, s);
                c->side[0].plain = c->side[1].plain = 0;
        } else if (d->repeats + d->keepalives + d->probes == 0) {
                set_plain(d, o, data ? PLAIN_DATA : PLAIN_ACK);
        }
        take_mark(c, d, input, data, data ? note_next_request(d) : &d->bare_ack);
        acked = o->next + seq_distance(number_of(o, o->next), s->ack);
        if (input->cut)
                c->flags |= CONNECTION_CUT;
        take_time(c, d, sender, input, data);
        note_header(d, s);
        if (data) {
                note_payload(c, sender, s, time, (uint32_t)input->frame, s->n_payload);
                d->next += s->n_payload;
        }
        if (acked > o->acked) {
                o->acked = acked;
                if (acked >= o->next)
                        note_answer_time(d, o, time);
        }
        if (o->waits)
                note_answer(o);
        d->flags |= DIRECTION_WINDOW;
        take_window(d, o, s->window);
        if (data)
                note_request(d, false);
        d->packets++;
        d->payload_seen += s->n_payload;
        d->ack = s->ack;
        return true;
}

/* For data, and for what has none. */
static __attribute__((hot, noinline)) bool
take_data(struct connection *c, unsigned sender, struct direction *d, struct direction *o,
          const struct tracker_input *input)
{
        if (is_next(c, d, o, input, true) && take_next(c, sender, d, o, input, true))
                return true;
        return take_first(c, sender, d, o, input);
}

static __attribute__((hot, noinline)) bool
take_bare(struct connection *c, unsigned sender, struct direction *d, struct direction *o,
          const struct tracker_input *input)
{
        if (is_next(c, d, o, input, false) && take_next(c, sender, d, o, input, false))
                return true;
        return take_first(c, sender, d, o, input);
}

__attribute__((hot)) bool
plain_take(struct connection *c, unsigned sender, const struct tracker_input *input)
{
        struct direction *d = &c->side[sender], *o = &c->side[1 - sender];
        const struct segment *s = &input->packet.segment;

        if ((s->flags & TCP_FLAGS) != SEGMENT_ACK || (s->options & ~(unsigned)SEGMENT_HAS_TIMESTAMPS) != 0)
                return false;
        return s->n_payload > 0 ? take_data(c, sender, d, o, input) : take_bare(c, sender, d, o, input);
}
