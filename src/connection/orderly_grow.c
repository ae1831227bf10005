/*
 * From the row of segments of a connection to its struct connection, as segment.c would have made it of them one
 * by one. Since all is in order most of it follows from sums and from the last few segments of each end.
 * tests/connection/orderly.c holds the two against each other byte by byte, fuzz/read.c what comes out.
 */
#include "connection/orderly.h"

#include "base/zero.h"

#include "connection/direction.h"
#include "connection/note.h"
#include "connection/table.h"
#include "connection/twin.h"
#include "connection/zeek_internal.h"

/* What is known of one end up to some segment. Segments are named by their place in the row, -1 is none. Positions count
 * from its first byte, and are far below 2^31: a row has no room for more. */
struct grown_side {
        uint32_t base;
        int32_t end, acked;             /* of what it sent, a FIN included; -1: not even the SYN */
        int64_t request_at;             /* of its last segment that wants an answer */
        int64_t answers_in, fin_acked_at;
        int64_t edge;
        uint64_t run, after_peer_fin;
        int request, request_before;    /* its last two segments that want an answer */
        int first_payload, last_payload, fin, bare_ack;
        unsigned n_requests, n_payloads, n;
        uint16_t ip_id;
        uint8_t ip_id_steps, ip_id_jumps;
        uint8_t ttl_least, ttl_most, shift;
        uint8_t place[ROW_MAX];         /* of its segments */
};

struct growth {
        struct grown_side side[2];
        unsigned last_payload_by;
        unsigned letters_seen;          /* bits of @letter_bit */
        uint64_t history;
        unsigned n_history;
        const struct row *row[ROW_MAX];
        int64_t at[ROW_MAX];
        int32_t position[ROW_MAX];      /* in its sender's direction; a SYN's is -1 */
};

static inline unsigned
side_of(const struct row *row)
{
        return row_what(row) & ROW_BY_1 ? 1 : 0;
}

static inline unsigned
payload_of(const struct row *row)
{
        return row_what(row) & SEGMENT_SYN ? 0 : row->n_payload;
}

static enum segment_kind
kind_of(const struct row *row)
{
        if (row_what(row) & SEGMENT_SYN)
                return row_what(row) & SEGMENT_ACK ? SEGMENT_KIND_SYN_ACK : SEGMENT_KIND_SYN;
        if (row_what(row) & SEGMENT_FIN)
                return SEGMENT_KIND_FIN;
        return row->n_payload > 0 ? SEGMENT_KIND_DATA : SEGMENT_KIND_ACK;
}

/* Zeek's letter for a kind of segment, the first time that its sender sends one: zeek_note_segment(). */
static inline void
take_letter(struct growth *g, unsigned side, unsigned seen, char letter)
{
        unsigned bit = seen << 8 * side;

        if (g->letters_seen & bit)
                return;
        g->letters_seen |= bit;
        g->history |= (uint64_t)(zeek_letter_code(letter) | (side ? LETTER_OF_RESPONDER : 0)) << 5 * g->n_history++;
}

static inline void
take_request(struct grown_side *d, int i, int64_t at)
{
        d->request_before = d->request;
        d->request = i;
        d->request_at = at;
        d->n_requests++;
}

/* All of @o is acknowledged now: note_answer_time(). */
static inline void
take_answer(struct grown_side *d, struct grown_side *o, int64_t at)
{
        int64_t in = at - o->request_at;

        if (o->request_at != 0 && in > 0 && (d->answers_in == 0 || in < d->answers_in))
                d->answers_in = in;
        if (o->fin >= 0)
                o->fin_acked_at = at;
}

static inline void
take_ttl(struct grown_side *d, const struct row *row)
{
        if (row->ttl < d->ttl_least)
                d->ttl_least = row->ttl;
        if (row->ttl > d->ttl_most)
                d->ttl_most = row->ttl;
}

static void
take_syn(struct growth *g, const struct orderly *o, const struct row *row, int i)
{
        unsigned side = side_of(row);
        struct grown_side *d = &g->side[side], *other = &g->side[!side];

        if (d->n_requests > 0) {
                /* Nobody has answered, so it comes again. */
                take_ttl(d, row);
                take_request(d, i, g->at[i]);
                g->position[i] = -1;
                return;
        }
        /* Whoever answers says where it began. */
        d->base = o->flags & ORDERLY_ANSWERED && i + 1 < o->n ? g->row[i + 1]->ack : o->next[side];
        d->acked = g->position[i] = -1;
        d->ttl_least = d->ttl_most = row->ttl;
        if (side) {
                other->acked = 0;
                take_answer(d, other, g->at[i]);
                other->edge = row->window;
                if (row_what(row) & row_what(g->row[0]) & ROW_SCALE) {
                        d->shift = row->n_payload & 15;
                        other->shift = g->row[0]->n_payload & 15;
                }
        }
        take_letter(g, side, SEEN_SYN, side ? 'H' : 'S');
        take_request(d, i, g->at[i]);
}

/* The header apart from the stream: note_header(). No counter is full after so few. */
static inline void
take_header(struct grown_side *d, const struct row *row)
{
        uint16_t ahead = (uint16_t)(row->ip_id - d->ip_id);

        take_ttl(d, row);
        if (d->ip_id_steps + d->ip_id_jumps > 0 || d->ip_id != 0) {
                if (ahead > 0 && ahead <= IP_ID_STEP)
                        d->ip_id_steps++;
                else
                        d->ip_id_jumps++;
        }
        d->ip_id = row->ip_id;
}

static inline void
take_payload(struct growth *g, unsigned side, int i, unsigned n)
{
        struct grown_side *d = &g->side[side];

        if (d->n_payloads++ == 0)
                d->first_payload = i;
        d->last_payload = i;
        if (g->last_payload_by != side)
                d->run = 0;
        g->last_payload_by = side;
        d->run += n;
        if (g->side[!side].fin >= 0)
                d->after_peer_fin += n;
        d->end += (int32_t)n;
}

static inline void
take(struct growth *g, const struct row *row, int i)
{
        unsigned side = side_of(row);
        struct grown_side *d = &g->side[side], *o = &g->side[!side];
        int32_t acked = (int32_t)(row->ack - o->base);
        int64_t at = g->at[i], edge = acked + ((int64_t)row->window << d->shift);

        g->position[i] = d->end;
        take_header(d, row);
        if (edge > o->edge)
                o->edge = edge;
        if (row->n_payload > 0)
                take_payload(g, side, i, row->n_payload);
        if (acked > o->acked) {
                o->acked = acked;
                if (acked == o->end)
                        take_answer(d, o, at);
        }
        if (row_what(row) & SEGMENT_FIN) {
                d->fin = i;
                d->end++;
                take_letter(g, side, SEEN_FIN, 'F');
                take_request(d, i, at);
        } else if (row->n_payload > 0) {
                take_letter(g, side, SEEN_DATA, 'D');
                take_request(d, i, at);
        } else {
                take_letter(g, side, SEEN_ACK, 'A');
                d->bare_ack = i;
        }
}

static int64_t
before(const struct growth *g, int i)
{
        return i > 0 ? g->at[i - 1] : NEVER;
}

static void
set_mark(const struct growth *g, int i, struct mark *ret_mark)
{
        const struct row *row;
        unsigned room;

        if (i < 0)
                return;
        row = g->row[i];
        room = payload_of(row) + !!(row_what(row) & SEGMENT_FIN);
        *ret_mark = (struct mark){
                .at = g->at[i], .before = before(g, i), .position = (uint32_t)g->position[i], .frame = row->frame,
                .ack = row->ack, .window = row->window, .ip_id = row->ip_id, .ttl = row->ttl,
                .room = room < UINT16_MAX ? (uint16_t)room : UINT16_MAX, .kind = (unsigned)kind_of(row) & 0x1f,
                .has_ack = row_what(row) & SEGMENT_ACK, .repeat = i > 0 && kind_of(row) == SEGMENT_KIND_SYN,
        };
}

static struct moment
moment_at(const struct growth *g, int i)
{
        return (struct moment){ .at = g->at[i], .before = before(g, i), .frame = g->row[i]->frame };
}

/* What an end still waits for, of which not all is acknowledged: note_request() and note_answer() over its row. */
static void
grow_waiting(const struct growth *g, unsigned n, unsigned side, struct direction *d)
{
        int since = -1, later = -1;
        int32_t end = 0, acked = -1;

        for (int i = 0; i < (int)n; i++) {
                const struct row *row = g->row[i];
                bool wants = row_what(row) & (SEGMENT_SYN | SEGMENT_FIN) || row->n_payload > 0;

                if (side_of(row) == side) {
                        end = g->position[i] + (int32_t)payload_of(row) + !!(row_what(row) & (SEGMENT_SYN | SEGMENT_FIN));
                        if (wants && since < 0)
                                since = i;
                        else if (wants && later < 0 && !(row_what(row) & SEGMENT_SYN))
                                later = i;
                        continue;
                }
                if (since < 0 || !(row_what(row) & SEGMENT_ACK))
                        continue;
                acked = (int32_t)(row->ack - d->base);
                if (acked >= end) {
                        since = later = -1;
                } else if (later >= 0 && acked > g->position[later]) {
                        since = later;
                        later = -1;
                }
        }
        d->waits = since >= 0;
        d->waits_later = later >= 0;
        if (since >= 0)
                d->since = moment_at(g, since);
        if (later >= 0) {
                d->later = moment_at(g, later);
                d->later_position = (uint32_t)g->position[later];
        }
}

static void
grow_fin(const struct growth *g, const struct grown_side *from, struct direction *d)
{
        const struct row *row = g->row[from->fin];

        d->flags |= DIRECTION_FIN;
        d->fin = from->end - 1;
        d->fin_at = g->at[from->fin];
        d->fin_before = before(g, from->fin);
        d->fin_frame = row->frame;
        d->fin_ack = row->ack;
        if (from->acked == from->end) {
                d->flags |= DIRECTION_FIN_ACKED;
                d->fin_acked_at = from->fin_acked_at;
        }
}

static void
grow_payload(const struct growth *g, const struct grown_side *from, struct direction *d)
{
        const struct row *row = g->row[from->last_payload];

        d->payloads = from->n_payloads;
        d->first_payload = g->at[from->first_payload];
        d->last_payload = g->at[from->last_payload];
        d->last_payload_frame = row->frame;
        d->run = from->run;
        d->after_peer_fin = from->after_peer_fin;
        if (row_what(row) & ROW_GOODBYE)
                d->flags |= DIRECTION_GOODBYE;
        if (row_what(row) & ROW_GOODBYE_KNOWN)
                d->flags |= DIRECTION_GOODBYE_KNOWN;
}

static void
grow_twins(const struct growth *g, const struct grown_side *from, struct direction *d)
{
        for (unsigned i = from->n < FINGERPRINTS ? 0 : from->n - FINGERPRINTS; i < from->n; i++) {
                unsigned place = from->place[i];
                const struct row *row = g->row[place];

                d->fingerprint.what[i % FINGERPRINTS] =
                        twin_digest_of(from->base + (uint32_t)g->position[place], row->ack, row->ts_value, row->ts_echo,
                                       payload_of(row), row->ip_id, row->window, row_what(row) & ROW_FLAGS);
                d->fingerprint.when[i % FINGERPRINTS] = (uint32_t)(g->at[place] / 1000);
        }
}

static uint16_t
flags_of(const struct row *syn, const struct row *last)
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

static void
grow_direction(const struct growth *g, unsigned n, unsigned side, bool ipv4, struct direction *d)
{
        const struct grown_side *from = &g->side[side], *to = &g->side[!side];
        const struct row *syn = g->row[from->place[0]], *last = g->row[from->place[from->n - 1]];

        d->base = from->base;
        d->next = from->end - (from->fin >= 0);
        d->acked = from->acked;
        d->last = g->at[from->place[from->n - 1]];
        d->packets = from->n;
        d->payload_seen = (uint64_t)d->next;
        d->ack = row_what(last) & SEGMENT_ACK ? last->ack : 0;
        d->flags = flags_of(syn, last);
        d->window = last->window;
        d->scale = (unsigned)syn->n_payload & 15;
        d->ttl_least = from->ttl_least;
        d->ttl_most = from->ttl_most;
        if (ipv4) {
                d->ip_id = from->ip_id;
                d->ip_id_steps = from->ip_id_steps;
                d->ip_id_jumps = from->ip_id_jumps;
        }
        d->edge = from->edge;
        d->answers_in = from->answers_in;
        d->asked = from->n_requests & 1;
        set_mark(g, from->request, &d->request[d->asked]);
        set_mark(g, from->request_before, &d->request[!d->asked]);
        set_mark(g, from->bare_ack, &d->bare_ack);
        grow_twins(g, from, d);
        d->heard = to->n > 0 && to->place[to->n - 1] > from->request;
        if (from->n_payloads > 0)
                grow_payload(g, from, d);
        if (from->fin >= 0)
                grow_fin(g, from, d);
        if (from->acked < from->end)
                grow_waiting(g, n, side, d);
}

static void
grow_zeek(const struct growth *g, const struct orderly *o, const struct connection *c, struct zeek *z)
{
        z->flags = FLAG_STARTED;
        z->history[0] = g->history;
        z->n_history = g->n_history & 0x1f;
        for (unsigned side = 0; side < 2; side++) {
                const struct direction *d = &c->side[side];

                z->side[side].next = 1;
                if (d->packets == 0)
                        continue;
                z->seen[side] = (uint8_t)(g->letters_seen >> 8 * side);
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

/* What Zeek makes of bytes that are not at hand does not follow from sums: they make gaps when they are acknowledged. */
static void
grow_zeek_by_segments(const struct growth *g, const struct orderly *o, struct zeek *z)
{
        for (unsigned i = 0; i < o->n; i++) {
                const struct row *row = g->row[i];
                unsigned side = side_of(row), n = payload_of(row);
                struct segment s = {
                        .flags = row_what(row) & ROW_FLAGS, .seq = g->side[side].base + (uint32_t)g->position[i],
                        .ack = row->ack, .window = row->window, .n_payload = n,
                        .n_captured = n > 0 && row_what(row) & ROW_SHORT ? 0 : n,
                };

                zeek_segment(z, side, &s);
        }
}

static void
grow_connection(const struct growth *g, const struct orderly *o, struct connection *c)
{
        const struct row *last = g->row[o->n - 1];

        c->head = o->head;
        c->first_file = c->last_file = o->file;
        c->first_frame = o->first_frame;
        c->first = o->first;
        c->last = c->previous = o->last;
        c->last_frame = last->frame;
        c->last_kind = (uint8_t)kind_of(last);
        c->last_sender = (uint8_t)side_of(last);
        c->roles.syn[0] = true;
        c->n_syns[0] = 1;
        c->last_syn = o->first;
        c->isn[0] = g->side[0].base - 1;
        if (!(o->flags & ORDERLY_ANSWERED) && o->n > 1) {
                c->n_syns[0] = o->n;
                c->last_syn = o->last;
                c->syn_gap = o->last - g->at[o->n - 2];
                c->side[0].repeats = (uint16_t)(o->n - 1);
                c->side[0].repeated = SEGMENT_KIND_SYN & 0xf;
        }
        if (o->flags & ORDERLY_ANSWERED) {
                c->roles.syn_ack[1] = true;
                c->n_syn_acks[1] = 1;
                c->last_syn_ack = g->at[1];
                c->isn[1] = g->side[1].base - 1;
        }
        if (o->flags & ORDERLY_OPEN) {
                c->flags |= CONNECTION_ESTABLISHED;
                c->rtt = g->at[2] - g->at[0];
        }
        if (g->side[0].n_payloads + g->side[1].n_payloads > 0)
                c->flags |= g->last_payload_by ? CONNECTION_PAYLOAD | CONNECTION_PAYLOAD_BY_1 : CONNECTION_PAYLOAD;
        if (o->flags & ORDERLY_ENDED)
                c->flags |= CONNECTION_BOTH_ACKED | CONNECTION_ENDED;
        if (o->flags & ORDERLY_CUT)
                c->flags |= CONNECTION_CUT;
        if (o->flags & ORDERLY_EVICTED)
                c->flags |= CONNECTION_EVICTED;
}

static void
grow(const struct table *table, const struct orderly *o, struct connection *c)
{
        bool ipv4 = o->head.realm & REALM_IPV4;
        struct growth g;

        zero(&g, offsetof(struct growth, row));
        for (unsigned side = 0; side < 2; side++) {
                struct grown_side *d = &g.side[side];

                d->request = d->request_before = d->first_payload = d->last_payload = d->fin = d->bare_ack = -1;
        }
        for (unsigned i = 0, n = 0; n < o->n; i++) {
                const struct row *piece = table_piece(table, o->piece[i]);

                /* All that was written long ago is fetched at once. */
                for (unsigned k = 0; k < row_piece_size(i); k += 2, n += 2) {
                        __builtin_prefetch(piece + k);
                        g.row[n] = piece + k;
                        g.row[n + 1] = piece + k + 1;
                }
        }
        for (int i = 0; i < o->n; i++) {
                const struct row *row = g.row[i];
                struct grown_side *d = &g.side[side_of(row)];

                g.at[i] = o->first + (int64_t)(row->at_and_what & ((UINT64_C(1) << ROW_WHAT_SHIFT) - 1));
                d->place[d->n++] = (uint8_t)i;
                if (row_what(row) & SEGMENT_SYN)
                        take_syn(&g, o, row, i);
                else
                        take(&g, row, i);
        }
        zero(c, sizeof(*c));
        for (unsigned side = 0; side < 2; side++)
                if (g.side[side].n > 0)
                        grow_direction(&g, o->n, side, ipv4, &c->side[side]);
        grow_connection(&g, o, c);
        if (o->flags & ORDERLY_SHORT)
                grow_zeek_by_segments(&g, o, &c->zeek);
        else
                grow_zeek(&g, o, c, &c->zeek);
}

void
orderly_grow(const struct table *table, const struct orderly *o, struct connection *ret_c)
{
        if (o->flags & ORDERLY_LAST) {
                struct orderly before = orderly_before_last(table, o);

                grow(table, &before, ret_c);
        } else {
                grow(table, o, ret_c);
        }
}
