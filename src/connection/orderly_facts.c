/*
 * From the row of segments of a connection to its facts, with no struct connection in between. What stands in a row
 * says most of it: there is one SYN and its answer, nothing came twice, nothing is missing. So most facts are the same
 * for all of them and are written once; the others follow from a pass over the segments (orderly_look.h), and from
 * which of them is the first or the last of its kind.
 *
 * Most connections have ended in order, and then still more is known beforehand: that is compiled apart, and has a
 * place of its own to write to.
 *
 * tests/connection/orderly.c holds the facts against those that give.c makes of the same segments.
 */
#include "connection/orderly_facts.h"

#include <sys/socket.h>

#include "connection/orderly_look.h"
#include "connection/state_fact.h"

/* Made anew for each of its uses: what is constant in one of them costs nothing there. */
#define IN_PLACE static inline __attribute__((always_inline))

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

/* Zeek's letter for each kind of segment of each end, in the order in which they came first (zeek_note_segment()). */
static inline void
fill_history(const struct look *l, char *history)
{
        static const char letters[] = "ADFFadff";
        uint32_t kinds[] = { l->fin, l->data & ~l->fin, ~(l->data | l->fin | LOOK_SYNS) }, firsts = 0;

        for (unsigned i = 0; i < 3; i++)
                for (unsigned side = 0; side < 2; side++) {
                        uint32_t set = kinds[i] & l->of[side].set;

                        firsts |= set & -set;
                }
        *history++ = 'S';
        *history++ = 'h';
        for (; firsts != 0; firsts &= firsts - 1) {
                unsigned i = first_of(firsts);

                *history++ = letters[(l->of[1].set >> i & 1) << 2 | (l->fin >> i & 1) << 1 | (l->data >> i & 1)];
        }
        if (l->o->flags & ORDERLY_RESET)
                *history++ = look_by(look_row(l, l->n)) ? 'r' : 'R';
        *history = '\0';
}

/* Both ends said something: they were ESTABLISHED to Zeek, and CLOSED with their FIN. A RST after both FINs is nothing to Zeek (zeek_state()). */
static enum conn_state
conn_state(const struct look *l)
{
        bool fin_0 = l->fin & l->of[0].set, fin_1 = l->fin & l->of[1].set;

        if (fin_0 && fin_1)
                return CONN_STATE_SF;
        if (l->o->flags & ORDERLY_RESET)
                return look_by(look_row(l, l->n)) ? CONN_STATE_RSTR : CONN_STATE_RSTO;
        return fin_0 ? CONN_STATE_S2 : fin_1 ? CONN_STATE_S3 : CONN_STATE_S1;
}

IN_PLACE void
fill_payload(const struct look *l, unsigned side, uint32_t end, bool ended, struct facts_of_direction *f)
{
        const uint32_t mine = l->data & l->of[side].set, fin = l->fin & l->of[!side].set;
        uint32_t theirs = l->data & l->of[!side].set, late = 0, run;
        const struct row *row;
        unsigned i;

        if (!mine) {
                SEEN_IF(false, f->first_payload, 0);
                SEEN_IF(false, f->last_payload, 0);
                SEEN_IF(false, f->last_payload_frame, 0);
                SEEN_IF(false, f->last_answered, false);
                SEEN_IF(false, f->last_is_goodbye, false);
                SEEN_IF(false, f->goodbye_bytes, 0);
                f->last_run.value = f->after_peer_fin.value = 0;
                return;
        }
        i = last_of(mine);
        row = look_row(l, i);
        SEEN(f->first_payload, l->at[first_of(mine)]);
        SEEN(f->last_payload, l->at[i]);
        SEEN(f->last_payload_frame, row->frame);
        SEEN(f->last_answered, theirs > mine);
        SEEN_IF(row_what(row) & ROW_GOODBYE_KNOWN, f->last_is_goodbye, row_what(row) & ROW_GOODBYE);
        SEEN_IF(row_what(row) & ROW_GOODBYE, f->goodbye_bytes, row->n_payload);
        theirs &= all_before(i);
        run = theirs ? mine & all_behind(last_of(theirs)) : mine;
        f->last_run.value = end - l->number[first_of(run)];
        if (ended || fin)
                late = mine & all_behind(first_of(fin));
        f->after_peer_fin.value = late ? end - l->number[first_of(late)] : 0;
}

IN_PLACE void
fill_fin(const struct look *l, unsigned side, bool ended, struct facts_of_direction *f)
{
        const struct looked_end *d = &l->of[side], *other = &l->of[!side];
        bool sent = ended || l->fin & d->set, acked = ended || (sent && l->o->acked[side] == d->end);
        unsigned i = sent ? first_of(l->fin & d->set) : 0, acked_by = i + 1;

        while (acked && !(other->set >> acked_by & 1 && look_row(l, acked_by)->ack == d->end))
                acked_by++;
        if (!ended) {
                SEEN(f->fin, sent);
                SEEN(f->fin_acked, acked);
        }
        SEEN_IF(sent, f->fin_position, d->end - 1 - d->base);
        SEEN_IF(sent, f->fin_at, l->at[i]);
        SEEN_IF(sent, f->fin_frame, look_row(l, i)->frame);
        SEEN_IF(sent, f->fin_repeats, 0);
        SEEN_IF(sent, f->before_fin, l->at[i - 1]);
        SEEN_IF(acked, f->fin_acked_at, l->at[acked_by]);
}

/* What the receiver said last of its window. That of a SYN is not scaled. */
static inline uint64_t
window(const struct look *l, unsigned receiver)
{
        const struct row *last = look_row(l, last_of(l->of[receiver].set));
        const struct row *syn = look_row(l, 0), *answer = look_row(l, 1);

        if (l->of[receiver].n_packets == 1 || !(row_what(syn) & row_what(answer) & ROW_SCALE))
                return last->window;
        return (uint64_t)last->window << ((receiver ? answer : syn)->n_payload & 15);
}

/* What @side sent. */
IN_PLACE void
fill_direction(const struct look *l, unsigned side, bool ended, struct facts_of_direction *f)
{
        const struct looked_end *d = &l->of[side];
        const uint32_t end = d->end - (ended || l->fin & d->set), bytes = end - d->base;
        /* A FIN is no byte, nor is the SYN, which may not be acknowledged. */
        const int32_t acked = ended ? (int32_t)bytes : (int32_t)(l->o->acked[side] - d->base);

        f->packets.value = d->n_packets;
        f->payloads.value = d->n_payloads;
        f->bytes.value = f->payload_seen.value = bytes;
        f->acked.value = acked < 0 ? 0 : acked > (int32_t)bytes ? bytes : (uint32_t)acked;
        f->window.value = window(l, !side);
        fill_payload(l, side, end, ended, f);
        fill_fin(l, side, ended, f);
}

/* What @side still waits for: note_request() and note_answer() over the row. Some time after the first segment that is
 * not answered another was sent, which counts once the first is. */
static void
fill_waiting(const struct look *l, unsigned side, struct facts_of_end *f)
{
        const struct looked_end *d = &l->of[side];
        const uint32_t requests = look_requests(l, side);
        unsigned since = ROW_MAX, later = ROW_MAX;
        uint32_t end = d->base - 1;

        for (unsigned i = 0; i < l->n; i++) {
                const struct row *row = look_row(l, i);

                if (requests >> i & 1) {
                        end = l->number[i] + (i < 2 ? 1 : row->n_payload + (l->fin >> i & 1u));
                        if (since == ROW_MAX)
                                since = i;
                        else if (later == ROW_MAX)
                                later = i;
                } else if (l->of[!side].set >> i & 1 && since != ROW_MAX && row_what(row) & SEGMENT_ACK) {
                        if (row->ack == end) {
                                since = later = ROW_MAX;
                        } else if (later != ROW_MAX && (int32_t)(row->ack - l->number[later]) > 0) {
                                since = later;
                                later = ROW_MAX;
                        }
                }
        }
        SEEN(f->unanswered_since, l->at[since]);
        SEEN(f->unanswered_last, l->at[last_of(requests)]);
        SEEN(f->unanswered_frame, look_row(l, since)->frame);
        SEEN_IF(since > 0, f->before_unanswered, l->at[since - 1]);
}

IN_PLACE void
fill_end(const struct look *l, unsigned side, bool ended, struct facts_of_end *f)
{
        const struct looked_end *d = &l->of[side];
        const unsigned i = last_of(d->set), syn = row_what(look_row(l, side)), what = row_what(look_row(l, i));

        f->last_heard.value = l->at[i];
        SEEN_IF(d->ttl > 0, f->ttl, d->ttl);
        SEEN_IF(d->ttl > 0, f->timestamps, what & ROW_TIMESTAMPS);
        SEEN_IF(d->answers_in != UINT64_MAX, f->answers_in, d->answers_in + 1);
        INFERRED_IF(syn & (ROW_OTHER_OS | ROW_LINUX), f->os, syn & ROW_OTHER_OS ? OS_OTHER : OS_LINUX);
        if (ended)
                return;
        if (l->o->acked[side] != d->end) {
                fill_waiting(l, side, f);
        } else {
                SEEN_IF(false, f->unanswered_since, 0);
                SEEN_IF(false, f->unanswered_last, 0);
                SEEN_IF(false, f->unanswered_frame, 0);
                SEEN_IF(false, f->before_unanswered, 0);
        }
}

IN_PLACE void
fill_name(const struct look *l, struct tracked *t)
{
        const struct orderly *o = l->o;

        t->file = t->last_file = o->file;
        t->first_frame = o->first_frame;
        t->last_frame = look_row(l, o->n - 1u)->frame;
        t->family = o->head.realm & REALM_IPV4 ? AF_INET : AF_INET6;
        t->vlan = o->head.realm >> REALM_VLAN_SHIFT;
        memcpy(t->address, o->head.address, sizeof(t->address));
        memcpy(t->port, o->head.port, sizeof(t->port));
        for (unsigned side = 0; side < 2; side++) {
                t->first_seq[side] = l->of[side].base;
                t->isn[side] = l->of[side].base - 1;
        }
        fill_history(l, t->history);
}

/* Whose FIN came first: the other's own acknowledges it. */
IN_PLACE void
fill_fins(const struct look *l, bool ended, struct facts *f)
{
        const uint32_t fin_0 = l->fin & l->of[0].set, fin_1 = l->fin & l->of[1].set;
        bool both = ended || (fin_0 && fin_1);
        bool client_knew = both && look_row(l, first_of(fin_0))->ack == l->of[1].end;
        bool server_knew = both && look_row(l, first_of(fin_1))->ack == l->of[0].end;

        SEEN_IF(both, f->crossed, !client_knew && !server_knew);
        SEEN_IF(client_knew != server_knew, f->first_fin, client_knew ? SIDE_SERVER : SIDE_CLIENT);
}

IN_PLACE void
fill(const struct look *l, int64_t until, bool cut, bool ended, struct tracked *t)
{
        const struct orderly *o = l->o;
        struct facts *f = &t->facts;

        if (t->rev == 0)
                fill_constant(t);
        fill_name(l, t);
        f->seen.cut = cut || o->flags & ORDERLY_CUT;
        f->seen.evicted = o->flags & ORDERLY_EVICTED;
        f->seen.until = until;
        f->first.value = f->last_syn.value = o->first;
        f->last.value = o->last;
        f->last_syn_ack.value = l->at[1];
        f->mptcp.value = row_what(look_row(l, 0)) & row_what(look_row(l, 1)) & ROW_MPTCP;
        INFERRED_IF(o->head.port[1] == PORT_SSH, f->ssh, true);
        fill_fins(l, ended, f);
        for (unsigned side = 0; side < 2; side++) {
                fill_direction(l, side, ended, &f->from[side]);
                fill_end(l, side, ended, &f->end[side]);
        }
}

/* It has not ended in order, or a RST came. */
static __attribute__((noinline)) const struct tracked *
fill_other(const struct look *l, int64_t until, bool cut, struct tracked *t)
{
        struct facts *f = &t->facts;

        fill(l, until, cut, false, t);
        t->conn_state = conn_state(l);
        f->established.value = l->o->flags & ORDERLY_OPEN;
        f->both_acked.value = l->o->flags & ORDERLY_ENDED;
        orderly_fill_reset(l, t);
        return t;
}

const struct tracked *
orderly_facts(const struct table *table, const struct orderly *o, int64_t until, bool cut, struct row_facts *facts)
{
        struct look l;

        if (o->n > 32 || (o->flags & (ORDERLY_ANSWERED | ORDERLY_SHORT)) != ORDERLY_ANSWERED || o->first <= 0 || o->next[1] == 0)
                return NULL;
        look(table, o, &l);
        if ((o->flags & (ORDERLY_ENDED | ORDERLY_RESET)) != ORDERLY_ENDED)
                return fill_other(&l, until, cut, &facts->other);
        fill(&l, until, cut, true, &facts->ended);
        return &facts->ended;
}
