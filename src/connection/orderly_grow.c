/*
 * From the row of segments of a connection to its struct connection, as segment.c would have made it of them one
 * by one. Since all is in order most of it follows from one look over the row (orderly_look.h), one walk along it
 * (orderly_walk.h), and from the last few segments of each end.
 * tests/connection/orderly.c holds the two against each other byte by byte, fuzz/read.c what comes out.
 */
#include "connection/orderly.h"

#include "base/zero.h"

#include "connection/direction.h"
#include "connection/note.h"
#include "connection/orderly_look.h"
#include "connection/orderly_walk.h"
#include "connection/table.h"
#include "connection/twin.h"
#include "connection/zeek_internal.h"

static enum segment_kind kind_of(const struct row *row)
{
        if (row_what(row) & SEGMENT_SYN)
                return row_what(row) & SEGMENT_ACK ? SEGMENT_KIND_SYN_ACK : SEGMENT_KIND_SYN;
        if (row_what(row) & SEGMENT_FIN)
                return SEGMENT_KIND_FIN;
        return row->n_payload > 0 ? SEGMENT_KIND_DATA : SEGMENT_KIND_ACK;
}

static inline unsigned payload_of(const struct row *row)
{
        return row_what(row) & SEGMENT_SYN ? 0 : row->n_payload;
}

/* Of a row of @o. */
static inline int64_t time_of(const struct orderly *o, const struct row *row)
{
        return o->first + row_since(row);
}

/* Where the first byte of a segment stands in its direction; a SYN stands at -1. No row is so long that 32 bits were
 * not enough. */
static inline int32_t position_of(const struct look *l, unsigned side, int i)
{
        return (int32_t)(l->number[i] - l->of[side].base);
}

static int64_t before(const struct look *l, int i)
{
        return i > 0 ? look_time(l, i - 1) : NEVER;
}

static void set_mark(const struct look *l, unsigned side, int i, struct mark *ret_mark)
{
        const struct row *row = look_row(l, (unsigned)i);
        unsigned room = payload_of(row) + !!(row_what(row) & SEGMENT_FIN);

        *ret_mark = (struct mark){
                .at = look_time(l, i), .before = before(l, i), .position = (uint32_t)position_of(l, side, i),
                .frame = row->frame, .ack = row->ack, .window = row->window, .ip_id = row->ip_id, .ttl = row->ttl,
                .room = room < UINT16_MAX ? (uint16_t)room : UINT16_MAX, .kind = (unsigned)kind_of(row) & 0x1f,
                .has_ack = row_what(row) & SEGMENT_ACK,
        };
}

static struct moment moment_at(const struct look *l, int i)
{
        return (struct moment){ .at = look_time(l, i), .before = before(l, i),
                                .frame = look_row(l, (unsigned)i)->frame };
}

/* The last two segments that want an answer. */
static void grow_requests(const struct look *l, unsigned side, struct direction *d)
{
        const struct looked_end *from = &l->of[side];
        int last = from->fin >= 0 ? from->fin : from->last_payload >= 0 ? from->last_payload : (int)side, other = last;

        /* With its SYN. */
        d->asked = (1 + from->n_payloads + (from->fin > from->last_payload)) & 1;
        set_mark(l, side, last, &d->request[d->asked]);
        d->heard = l->of[!side].last > last;
        if (last == (int)side)
                return;
        do
                other--;
        while (look_by(look_row(l, (unsigned)other)) != side || !look_wants(look_row(l, (unsigned)other)));
        set_mark(l, side, other, &d->request[!d->asked]);
}

/* What an end still waits for, of which not all is acknowledged: note_request() and note_answer() over its row, behind
 * where all of it was. */
static void grow_waiting(const struct look *l, unsigned side, struct direction *d)
{
        int since = -1, later = -1, i = (int)l->n - 1;
        uint32_t end = l->of[side].end;

        for (; i > 0; i--) {
                const struct row *row = look_row(l, (unsigned)i);

                if (look_by(row) == side)
                        end = l->number[i];
                else if (row->ack == end)
                        break;
        }
        for (; i < (int)l->n; i++) {
                const struct row *row = look_row(l, (unsigned)i);

                if (look_by(row) == side) {
                        if (!look_wants(row))
                                continue;
                        if (since < 0)
                                since = i;
                        else if (later < 0 && !(row_what(row) & SEGMENT_SYN))
                                later = i;
                } else if (later >= 0 && (int32_t)(row->ack - l->number[later]) > 0) {
                        since = later;
                        later = -1;
                }
        }
        d->waits = since >= 0;
        d->waits_later = later >= 0;
        if (since >= 0)
                d->since = moment_at(l, since);
        if (later >= 0) {
                d->later = moment_at(l, later);
                d->later_position = (uint32_t)position_of(l, side, later);
        }
}

static void grow_fin(const struct look *l, unsigned side, struct direction *d)
{
        const struct looked_end *from = &l->of[side];
        const struct row *row = look_row(l, (unsigned)from->fin);

        d->flags |= DIRECTION_FIN;
        d->fin = d->next;
        d->fin_at = look_time(l, from->fin);
        d->fin_before = before(l, from->fin);
        d->fin_frame = row->frame;
        d->fin_ack = row->ack;
        if (d->acked <= d->fin)
                return;
        d->flags |= DIRECTION_FIN_ACKED;
        for (int i = from->fin + 1;; i++) {
                row = look_row(l, (unsigned)i);
                if (look_by(row) != side && row->ack == from->end) {
                        d->fin_acked_at = look_time(l, i);
                        break;
                }
        }
}

static void grow_payload(const struct look *l, unsigned side, struct direction *d)
{
        const struct looked_end *from = &l->of[side];
        const struct row *row = look_row(l, (unsigned)from->last_payload);

        d->payloads = from->n_payloads;
        d->first_payload = look_time(l, from->first_payload);
        d->last_payload = look_time(l, from->last_payload);
        d->last_payload_frame = row->frame;
        d->run = (uint64_t)(d->next - position_of(l, side, from->run));
        if (from->late >= 0)
                d->after_peer_fin = (uint64_t)(d->next - position_of(l, side, from->late));
        if (row_what(row) & ROW_GOODBYE)
                d->flags |= DIRECTION_GOODBYE;
        if (row_what(row) & ROW_GOODBYE_KNOWN)
                d->flags |= DIRECTION_GOODBYE_KNOWN;
}

static void grow_twins(const struct look *l, unsigned side, struct direction *d)
{
        const unsigned n = l->of[side].n_packets, least = n < FINGERPRINTS ? 0 : n - FINGERPRINTS;

        for (unsigned i = n, place = (unsigned)l->of[side].last + 1; i-- > least;) {
                const struct row *row;

                do
                        row = look_row(l, --place);
                while (look_by(row) != side);
                d->fingerprint.what[i % FINGERPRINTS] =
                        twin_digest_of(l->number[place], row->ack, row->ts_value, row->ts_echo, payload_of(row),
                                       row->ip_id, row->window, row_what(row) & ROW_FLAGS);
                d->fingerprint.when[i % FINGERPRINTS] = (uint32_t)(look_time(l, (int)place) / 1000);
        }
}

static uint16_t flags_of(const struct row *syn, const struct row *last)
{
        unsigned flags = DIRECTION_BASE | DIRECTION_SYN | DIRECTION_SYN_WHOLE | DIRECTION_WINDOW;

        if (row_what(syn) & ROW_SCALE)
                flags |= DIRECTION_SCALE;
        if (row_what(syn) & ROW_MPTCP)
                flags |= DIRECTION_MPTCP;
        if (row_what(syn) & ROW_LINUX)
                flags |= DIRECTION_LINUX;
        if (row_what(syn) & ROW_OTHER_OS)
                flags |= DIRECTION_OTHER_OS;
        if (row_what(last) & ROW_TIMESTAMPS)
                flags |= DIRECTION_TIMESTAMPS;
        return (uint16_t)flags;
}

static void grow_direction(const struct look *l, unsigned side, const struct walked_end walked[static 2],
                           struct direction *d)
{
        const struct looked_end *from = &l->of[side];
        const struct row *syn = look_row(l, side), *last = look_row(l, (unsigned)from->last);
        int32_t end = (int32_t)(from->end - from->base);

        d->base = from->base;
        d->next = end - (from->fin >= 0);
        d->acked = (int32_t)(l->o->acked[side] - from->base);
        d->last = look_time(l, from->last);
        d->packets = from->n_packets;
        d->payload_seen = (uint64_t)d->next;
        d->ack = row_what(last) & SEGMENT_ACK ? last->ack : 0;
        d->flags = flags_of(syn, last);
        d->window = last->window;
        d->scale = (unsigned)syn->n_payload & 15;
        d->ttl_least = walked[side].ttl_least;
        d->ttl_most = walked[side].ttl_most;
        d->ip_id = walked[side].ip_id;
        d->ip_id_steps = (uint8_t)walked[side].ip_id_steps;
        d->ip_id_jumps = (uint8_t)(walked[side].n_ip_ids - walked[side].ip_id_steps);
        d->edge = walked[!side].edge;
        d->answers_in = (int64_t)(from->answers_in + 1);
        grow_requests(l, side, d);
        if (walked[side].bare_ack >= 0)
                set_mark(l, side, walked[side].bare_ack, &d->bare_ack);
        grow_twins(l, side, d);
        if (from->n_payloads > 0)
                grow_payload(l, side, d);
        if (from->fin >= 0)
                grow_fin(l, side, d);
        if (d->acked < end)
                grow_waiting(l, side, d);
}

static void grow_history(const char *letters, unsigned n_letters, struct zeek *z)
{
        const struct {
                uint8_t seen, code;
        } known[] = {
                ['S' & 31] = { SEEN_SYN, (uint8_t)zeek_letter_code('S') },
                ['H' & 31] = { SEEN_SYN, (uint8_t)zeek_letter_code('H') },
                ['A' & 31] = { SEEN_ACK, (uint8_t)zeek_letter_code('A') },
                ['D' & 31] = { SEEN_DATA, (uint8_t)zeek_letter_code('D') },
                ['F' & 31] = { SEEN_FIN, (uint8_t)zeek_letter_code('F') },
        };
        uint64_t history = 0;

        for (unsigned n = 0; n < n_letters; n++) {
                /* Small letters are the responder's. */
                unsigned side = (unsigned)letters[n] >> 5 & 1, letter = letters[n] & 31;

                z->seen[side] |= known[letter].seen;
                history |= (uint64_t)(known[letter].code | (side ? LETTER_OF_RESPONDER : 0)) << 5 * n;
        }
        z->history[0] = history;
        z->n_history = n_letters & 0x1f;
}

static void grow_zeek(const struct orderly *o, const char *history, unsigned n_history, const struct connection *c,
                      struct zeek *z)
{
        z->flags = FLAG_STARTED;
        grow_history(history, n_history, z);
        for (unsigned side = 0; side < 2; side++) {
                const struct direction *d = &c->side[side];

                z->side[side].next = 1;
                if (d->packets == 0)
                        continue;
                z->is[side] = IS_SEEN;
                z->side[side].start = d->base - 1;
                z->side[side].last = o->next[side];
                z->side[side].ack = o->acked[side];
                z->side[side].next += (uint32_t)d->next;
                if (o->flags & ORDERLY_ANSWERED)
                        z->state[side] = (uint8_t)((side ? INACTIVE : SYN_SENT) << 4 | ESTABLISHED);
                else
                        z->state[side] = INACTIVE << 4 | SYN_SENT;
                if (d->flags & DIRECTION_FIN) {
                        z->is[side] |= IS_FINISHED;
                        z->rare[side].fin_end = (uint32_t)d->next + 2;
                        z->state[side] = ESTABLISHED << 4 | CLOSED;
                }
        }
}

/* What Zeek makes of bytes that are not at hand does not follow from sums: they make gaps when they are
 * acknowledged. */
static void grow_zeek_by_segments(const struct look *l, struct zeek *z)
{
        for (unsigned i = 0; i < l->n; i++) {
                const struct row *row = look_row(l, i);
                unsigned n = payload_of(row);
                struct segment s = {
                        .flags = row_what(row) & ROW_FLAGS, .seq = l->number[i], .ack = row->ack, .window = row->window,
                        .n_payload = n, .n_captured = n > 0 && row_what(row) & ROW_SHORT ? 0 : n,
                };

                zeek_segment(z, look_by(row), &s);
        }
}

/* What is said of both ends in the same way, whether one answered or not. */
static void grow_connection(const struct orderly *o, const struct row *last, struct connection *c)
{
        c->head = o->head;
        c->first_file = c->last_file = o->file;
        c->first_frame = o->first_frame;
        c->first = o->first;
        c->last = c->previous = o->last;
        c->last_frame = last->frame;
        c->last_kind = (uint8_t)kind_of(last);
        c->last_sender = (uint8_t)look_by(last);
        c->roles.syn[0] = true;
        c->n_syns[0] = 1;
        c->last_syn = o->first;
        c->isn[0] = c->side[0].base - 1;
        if (o->flags & ORDERLY_CUT)
                c->flags |= CONNECTION_CUT;
        if (o->flags & ORDERLY_EVICTED)
                c->flags |= CONNECTION_EVICTED;
}

/* A time of 0 means that there is none, so nothing is counted from it: note_answer_time(). */
static __attribute__((noinline)) void grow_answers_from_0(const struct look *l, struct connection *c)
{
        for (unsigned side = 0; side < 2; side++) {
                struct direction *d = &c->side[side];
                int64_t request_at = 0;
                uint32_t end = 0;
                bool asked = false;

                d->answers_in = 0;
                for (unsigned i = 0; i < l->n; i++) {
                        const struct row *row = look_row(l, i);
                        int64_t in = look_time(l, (int)i) - request_at;

                        if (look_by(row) != side && look_wants(row)) {
                                request_at = look_time(l, (int)i);
                                end = l->number[i] + look_room(row);
                                asked = true;
                        } else if (look_by(row) == side && asked && row->ack == end) {
                                if (request_at != 0 && in > 0 && (d->answers_in == 0 || in < d->answers_in))
                                        d->answers_in = in;
                                asked = false;
                        }
                }
        }
}

static void grow_answered(const struct table *table, const struct orderly *o, struct connection *c)
{
        struct walked_end walked[2];
        struct look l;

        look(table, o, &l);
        orderly_walk(&l, walked);
        for (unsigned side = 0; side < 2; side++)
                grow_direction(&l, side, walked, &c->side[side]);
        if (o->first <= 0)
                grow_answers_from_0(&l, c);
        grow_connection(o, look_row(&l, l.n - 1), c);
        c->roles.syn_ack[1] = true;
        c->n_syn_acks[1] = 1;
        c->last_syn_ack = look_time(&l, 1);
        c->isn[1] = c->side[1].base - 1;
        if (o->flags & ORDERLY_OPEN) {
                c->flags |= CONNECTION_ESTABLISHED;
                c->rtt = look_time(&l, 2) - look_time(&l, 0);
        }
        if (l.of[0].n_payloads + l.of[1].n_payloads > 0)
                c->flags |= l.of[1].last_payload > l.of[0].last_payload ? CONNECTION_PAYLOAD | CONNECTION_PAYLOAD_BY_1
                                                                        : CONNECTION_PAYLOAD;
        if (o->flags & ORDERLY_ENDED)
                c->flags |= CONNECTION_BOTH_ACKED | CONNECTION_ENDED;
        if (o->flags & ORDERLY_SHORT)
                grow_zeek_by_segments(&l, &c->zeek);
        else
                grow_zeek(o, l.history, l.n_history, c, &c->zeek);
}

/* Of a SYN that nobody answered, @i of its row. */
static void set_syn_mark(const struct table *table, const struct orderly *o, unsigned i, struct mark *ret_mark)
{
        const struct row *row = table_row(table, o, i);

        *ret_mark = (struct mark){
                .at = time_of(o, row), .before = i > 0 ? time_of(o, table_row(table, o, i - 1)) : NEVER,
                .position = UINT32_MAX, .frame = row->frame, .ack = row->ack, .window = row->window,
                .ip_id = row->ip_id, .ttl = row->ttl, .kind = SEGMENT_KIND_SYN, .repeat = i > 0,
        };
}

static void grow_unanswered(const struct table *table, const struct orderly *o, struct connection *c)
{
        const struct row *last = table_row(table, o, o->n - 1u), *syn = table_row(table, o, 0);
        struct direction *d = &c->side[0];

        d->base = o->next[0];
        d->acked = -1;
        d->last = o->last;
        d->packets = o->n;
        d->flags = flags_of(syn, last);
        d->window = last->window;
        d->scale = (unsigned)syn->n_payload & 15;
        d->ttl_least = d->ttl_most = syn->ttl;
        for (unsigned i = 0; i < o->n; i++) {
                const struct row *row = table_row(table, o, i);

                d->ttl_least = row->ttl < d->ttl_least ? row->ttl : d->ttl_least;
                d->ttl_most = row->ttl > d->ttl_most ? row->ttl : d->ttl_most;
                d->fingerprint.what[i % FINGERPRINTS] =
                        twin_digest_of(d->base - 1, row->ack, row->ts_value, row->ts_echo, 0, row->ip_id, row->window,
                                       row_what(row) & ROW_FLAGS);
                d->fingerprint.when[i % FINGERPRINTS] = (uint32_t)(time_of(o, row) / 1000);
        }
        d->asked = o->n & 1;
        set_syn_mark(table, o, o->n - 1u, &d->request[d->asked]);
        d->waits = true;
        d->since = (struct moment){ .at = o->first, .before = NEVER, .frame = o->first_frame };
        grow_connection(o, last, c);
        if (o->n > 1) {
                set_syn_mark(table, o, o->n - 2u, &d->request[!d->asked]);
                d->repeats = (uint16_t)(o->n - 1);
                d->repeated = SEGMENT_KIND_SYN & 0xf;
                c->n_syns[0] = o->n;
                c->last_syn = o->last;
                c->syn_gap = o->last - time_of(o, table_row(table, o, o->n - 2u));
        }
        grow_zeek(o, "S", 1, c, &c->zeek);
}

static void grow(const struct table *table, const struct orderly *o, struct connection *c)
{
        zero(c, sizeof(*c));
        if (o->flags & ORDERLY_ANSWERED)
                grow_answered(table, o, c);
        else
                grow_unanswered(table, o, c);
}

void orderly_grow(const struct table *table, const struct orderly *o, struct connection *ret_c)
{
        if (o->flags & ORDERLY_LAST) {
                struct orderly before = orderly_before_last(table, o);

                grow(table, &before, ret_c);
        } else {
                grow(table, o, ret_c);
        }
}
