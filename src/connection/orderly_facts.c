/*
 * From the row of segments of a connection that ended in order to its facts, with no struct connection in between.
 * What stands in a row says most of it: there is one SYN, its answer, and a FIN of each end, and all was acknowledged.
 * So most facts are the same for all of them and are written once; the others follow from a pass over the segments,
 * and from which of them is the first or the last of its kind.
 *
 * tests/connection/orderly.c holds them against those that give.c makes of the same segments.
 */
#include "connection/orderly_facts.h"

#include <string.h>
#include <sys/socket.h>

#include "connection/direction.h"
#include "connection/zeek_internal.h"

enum { PORT_SSH = 22 };

/* What one end sent, numbered as on the wire, up to some segment. */
struct end {
        uint32_t sent;                  /* the number behind it */
        uint32_t acked;                 /* up to where the other end acknowledged it */
        int64_t asked;                  /* when it last sent something that wants an answer */
        uint64_t answers_in;            /* the least time in which it answered */
        unsigned n_packets, n_payloads;
        unsigned ttl;
};

/* Segments are named by their place in the row, and sets of them are a bit for each. */
struct look {
        const struct row *piece[ROW_PIECES];
        struct end end[2];
        uint32_t by[2], data, fin;      /* who sent them; they bear payload, or a FIN */
        int64_t at[ROW_MAX];
        uint32_t number[ROW_MAX];       /* of the first byte */
};

#define KNOWN(fact, how_known, what)                                                               \
        do {                                                                                       \
                (fact).how = (how_known);                                                          \
                (fact).value = (what);                                                             \
        } while (0)
#define SEEN(fact, what) KNOWN(fact, HOW_SEEN, what)
#define SEEN_IF(known, fact, what) KNOWN(fact, (known) ? HOW_SEEN : HOW_UNKNOWN, (known) ? (what) : 0)

/* Of a set that is not empty. */
static inline unsigned
first_of(uint32_t set)
{
        return (unsigned)__builtin_ctz(set);
}

static inline unsigned
last_of(uint32_t set)
{
        return 31 ^ (unsigned)__builtin_clz(set);
}

static inline uint32_t
before(unsigned i)
{
        return (UINT32_C(1) << i) - 1;
}

static inline uint32_t
behind(unsigned i)
{
        return ~UINT32_C(1) << i;
}

static inline const struct row *
row_at(const struct look *l, unsigned i)
{
        return &l->piece[i / ROW_PIECE][i % ROW_PIECE];
}

static void
fill_constant_direction(struct facts_of_direction *f)
{
        SEEN(f->packets, 0);
        SEEN(f->payloads, 0);
        SEEN(f->bytes, 0);
        SEEN(f->acked, 0);
        SEEN(f->retransmitted, 0);
        SEEN(f->payload_seen, 0);
        SEEN(f->missing, 0);
        SEEN(f->last_run, 0);
        SEEN(f->fin, true);
        SEEN(f->fin_position, 0);
        SEEN(f->fin_at, 0);
        SEEN(f->fin_frame, 0);
        SEEN(f->before_fin, 0);
        SEEN(f->fin_acked, true);
        SEEN(f->fin_acked_at, 0);
        SEEN(f->fin_repeats, 0);
        SEEN(f->after_peer_fin, 0);
        SEEN(f->window_shut, false);
        SEEN(f->window, 0);
}

static void
fill_constant_end(struct facts_of_end *f)
{
        SEEN(f->last_heard, 0);
        SEEN(f->keepalives_unanswered, 0);
        SEEN(f->keepalives, 0);
        SEEN(f->probes_unanswered, 0);
        SEEN(f->repeats_unanswered, 0);
        SEEN(f->challenge_acks, 0);
        SEEN(f->went_on, false);
}

/* What is the same of all; what is known of all, but differs, is 0. */
static __attribute__((noinline)) void
fill_constant(struct tracked *t)
{
        struct facts *f = &t->facts;

        memset(t, 0, sizeof(*t));
        t->rev = 1;
        t->isn_known[0] = t->isn_known[1] = true;
        t->conn_state = CONN_STATE_SF;
        f->seen.source = SOURCE_CAPTURE;
        f->seen.roles = ROLES_SYN;
        f->seen.sides = SIDES_SEEN_BOTH;
        SEEN(f->first, 0);
        SEEN(f->last, 0);
        SEEN(f->syns, 1);
        SEEN(f->last_syn, 0);
        SEEN(f->syn_data, false);
        SEEN(f->syn_acks, 1);
        SEEN(f->late_syn_acks, 0);
        SEEN(f->last_syn_ack, 0);
        SEEN(f->two_isns, false);
        SEEN(f->established, true);
        SEEN(f->mptcp, false);
        SEEN(f->reused, false);
        SEEN(f->crossed, false);
        SEEN(f->both_acked, true);
        for (unsigned side = 0; side < 2; side++) {
                fill_constant_direction(&f->from[side]);
                fill_constant_end(&f->end[side]);
        }
}

/* The next segment, which is no SYN. */
static inline __attribute__((always_inline)) void
take(struct look *l, const struct row *row, unsigned i, int64_t first)
{
        uint64_t what = row->at_and_what >> ROW_WHAT_SHIFT;
        int64_t at = first + (int64_t)(row->at_and_what & ((UINT64_C(1) << ROW_WHAT_SHIFT) - 1));
        unsigned side = what / ROW_BY_1 & 1, fin = what & SEGMENT_FIN;
        struct end *d = &l->end[side], *o = &l->end[!side];
        bool data = row->n_payload > 0;
        /* None at all, if it is 0 or less: it is greater than any then. */
        uint64_t in = (uint64_t)(at - o->asked) - 1;

        l->at[i] = at;
        l->number[i] = d->sent;
        l->by[1] |= (uint32_t)side << i;
        l->data |= (uint32_t)data << i;
        l->fin |= (uint32_t)fin << i;
        d->n_packets++;
        d->n_payloads += data;
        d->ttl = row->ttl > d->ttl ? row->ttl : d->ttl;
        d->sent += row->n_payload + fin;
        d->asked = data | fin ? at : d->asked;
        in = row->ack == o->sent && row->ack != o->acked ? in : UINT64_MAX;
        d->answers_in = in < d->answers_in ? in : d->answers_in;
        o->acked = row->ack;
}

/* The SYN and the answer to it. Each number is known from what acknowledges it. */
static inline void
take_syns(struct look *l, int64_t first)
{
        const struct row *syn = row_at(l, 0), *answer = row_at(l, 1);
        int64_t at = first + (int64_t)(answer->at_and_what & ((UINT64_C(1) << ROW_WHAT_SHIFT) - 1));

        l->end[0] = (struct end){ .sent = answer->ack, .acked = answer->ack, .asked = first, .answers_in = UINT64_MAX,
                                  .n_packets = 1, .ttl = syn->ttl };
        l->end[1] = (struct end){ .sent = row_at(l, 2)->ack, .acked = row_at(l, 2)->ack - 1, .asked = at,
                                  .answers_in = (uint64_t)(at - first) - 1, .n_packets = 1, .ttl = answer->ttl };
        l->by[1] = 2;
        l->data = l->fin = 0;
        l->at[0] = first;
        l->at[1] = at;
}

static inline void
look(const struct table *table, const struct orderly *o, struct look *ret_look)
{
        unsigned n = 0;

        /* All that was written long ago is fetched at once. */
        for (unsigned i = 0; n < o->n; i++, n += ROW_PIECE) {
                ret_look->piece[i] = table_piece(table, o->piece[i]);
                __builtin_prefetch(ret_look->piece[i]);
                __builtin_prefetch(ret_look->piece[i] + ROW_PIECE / 2);
        }
        take_syns(ret_look, o->first);
        for (unsigned i = 2; i < o->n; i++)
                take(ret_look, row_at(ret_look, i), i, o->first);
        ret_look->by[0] = ~ret_look->by[1] & UINT32_MAX >> (ROW_MAX - o->n);
}

/* Zeek's letter for each kind of segment of each end, in the order in which they came first (zeek_note_segment()). */
static inline void
fill_history(const struct look *l, char *history)
{
        static const char letters[] = "ADFFadff";
        uint32_t kinds[] = { l->fin, l->data & ~l->fin, ~(l->data | l->fin) & ~UINT32_C(3) }, firsts = 0;

        for (unsigned i = 0; i < 3; i++)
                for (unsigned side = 0; side < 2; side++) {
                        uint32_t set = kinds[i] & l->by[side];

                        firsts |= set & -set;
                }
        *history++ = 'S';
        *history++ = 'h';
        for (; firsts != 0; firsts &= firsts - 1) {
                unsigned i = first_of(firsts);

                *history++ = letters[(l->by[1] >> i & 1) << 2 | (l->fin >> i & 1) << 1 | (l->data >> i & 1)];
        }
        *history = '\0';
}

static inline void
fill_payload(const struct look *l, unsigned side, uint32_t end, struct facts_of_direction *f)
{
        uint32_t mine = l->data & l->by[side], late = mine & behind(first_of(l->fin & l->by[!side]));
        uint32_t theirs, run;
        const struct row *row;
        unsigned i, goodbye;

        SEEN_IF(mine, f->first_payload, l->at[first_of(mine)]);
        SEEN_IF(mine, f->last_payload, l->at[last_of(mine)]);
        if (!mine) {
                SEEN_IF(false, f->last_payload_frame, 0);
                SEEN_IF(false, f->last_answered, false);
                SEEN_IF(false, f->last_is_goodbye, false);
                SEEN_IF(false, f->goodbye_bytes, 0);
                f->last_run.value = f->after_peer_fin.value = 0;
                return;
        }
        i = last_of(mine);
        row = row_at(l, i);
        goodbye = row_what(row);
        theirs = l->data & l->by[!side];
        SEEN(f->last_payload_frame, row->frame);
        SEEN(f->last_answered, theirs > mine);
        SEEN_IF(goodbye & ROW_GOODBYE_KNOWN, f->last_is_goodbye, !!(goodbye & ROW_GOODBYE));
        SEEN_IF(goodbye & ROW_GOODBYE, f->goodbye_bytes, row->n_payload);
        theirs &= before(i);
        run = theirs ? mine & behind(last_of(theirs)) : mine;
        f->last_run.value = end - l->number[first_of(run)];
        f->after_peer_fin.value = late ? end - l->number[first_of(late)] : 0;
}

/* What @side sent. */
static inline void
fill_direction(const struct orderly *o, const struct look *l, unsigned side, struct facts_of_direction *f)
{
        const struct end *d = &l->end[side];
        const unsigned i = first_of(l->fin & l->by[side]);
        const struct row *syn = row_at(l, 0), *answer = row_at(l, 1), *window = row_at(l, last_of(l->by[!side]));
        uint32_t end = o->next[side] - 1;
        uint64_t bytes = end - row_at(l, side + 1)->ack;
        unsigned acked = i + 1, scale = 0;

        fill_payload(l, side, end, f);
        f->packets.value = d->n_packets;
        f->payloads.value = d->n_payloads;
        f->bytes.value = f->acked.value = f->payload_seen.value = f->fin_position.value = bytes;
        f->fin_at.value = l->at[i];
        f->fin_frame.value = row_at(l, i)->frame;
        f->before_fin.value = l->at[i - 1];
        while (!(l->by[!side] >> acked & 1) || row_at(l, acked)->ack != o->next[side])
                acked++;
        f->fin_acked_at.value = l->at[acked];
        if (row_what(syn) & row_what(answer) & ROW_SCALE)
                scale = (side ? syn : answer)->n_payload & 15;
        f->window.value = (uint64_t)window->window << scale;
}

static inline void
fill_end(const struct look *l, unsigned side, struct facts_of_end *f)
{
        const struct end *d = &l->end[side];
        unsigned i = last_of(l->by[side]), syn = row_what(row_at(l, side)), what = row_what(row_at(l, i));

        f->last_heard.value = l->at[i];
        SEEN_IF(d->ttl > 0, f->ttl, d->ttl);
        SEEN_IF(d->ttl > 0, f->timestamps, !!(what & ROW_TIMESTAMPS));
        SEEN_IF(d->answers_in != UINT64_MAX, f->answers_in, d->answers_in + 1);
        KNOWN(f->os, syn & (ROW_OTHER_OS | ROW_LINUX) ? HOW_INFERRED : HOW_UNKNOWN,
              syn & ROW_OTHER_OS ? OS_OTHER : syn & ROW_LINUX ? OS_LINUX : 0);
}

static inline void
fill_name(const struct orderly *o, const struct look *l, struct tracked *t)
{
        t->file = t->last_file = o->file;
        t->first_frame = o->first_frame;
        t->last_frame = row_at(l, o->n - 1u)->frame;
        t->family = o->head.realm & REALM_IPV4 ? AF_INET : AF_INET6;
        t->vlan = o->head.realm >> REALM_VLAN_SHIFT;
        memcpy(t->address, o->head.address, sizeof(t->address));
        memcpy(t->port, o->head.port, sizeof(t->port));
        for (unsigned side = 0; side < 2; side++) {
                t->first_seq[side] = row_at(l, side + 1)->ack;
                t->isn[side] = t->first_seq[side] - 1;
        }
        fill_history(l, t->history);
}

/* Whose FIN came first: the other's own acknowledges it. */
static inline void
fill_fins(const struct orderly *o, const struct look *l, struct facts *f)
{
        bool client_knew = row_at(l, first_of(l->fin & l->by[0]))->ack == o->next[1];
        bool server_knew = row_at(l, first_of(l->fin & l->by[1]))->ack == o->next[0];

        f->crossed.value = !client_knew && !server_knew;
        SEEN_IF(client_knew != server_knew, f->first_fin, client_knew ? SIDE_SERVER : SIDE_CLIENT);
}

bool
orderly_facts(const struct table *table, const struct orderly *o, int64_t until, bool cut, struct tracked *t)
{
        struct facts *f = &t->facts;
        struct look l;

        if ((o->flags & (ORDERLY_ENDED | ORDERLY_SHORT | ORDERLY_LAST)) != ORDERLY_ENDED || o->first <= 0)
                return false;
        if (t->rev == 0)
                fill_constant(t);
        look(table, o, &l);
        fill_name(o, &l, t);
        f->seen.cut = cut || o->flags & ORDERLY_CUT;
        f->seen.evicted = o->flags & ORDERLY_EVICTED;
        f->seen.until = until;
        f->first.value = f->last_syn.value = o->first;
        f->last.value = o->last;
        f->last_syn_ack.value = l.at[1];
        f->mptcp.value = row_what(row_at(&l, 0)) & row_what(row_at(&l, 1)) & ROW_MPTCP;
        KNOWN(f->ssh, o->head.port[1] == PORT_SSH ? HOW_INFERRED : HOW_UNKNOWN, o->head.port[1] == PORT_SSH);
        fill_fins(o, &l, f);
        for (unsigned side = 0; side < 2; side++) {
                fill_direction(o, &l, side, &f->from[side]);
                fill_end(&l, side, &f->end[side]);
        }
        return true;
}
