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

static void fill_constant_direction(struct facts_of_direction *f)
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

static void fill_constant_end(struct facts_of_end *f)
{
        SEEN(f->last_heard, 0);
        SEEN(f->keepalives_unanswered, 0);
        SEEN(f->keepalives, 0);
        SEEN(f->probes_unanswered, 0);
        SEEN(f->repeats_unanswered, 0);
        SEEN(f->challenge_acks, 0);
        SEEN(f->went_on, false);
}

/* What no verdict rests on. */
static void forget(struct facts *f)
{
        for (unsigned side = 0; side < 2; side++) {
                SEEN_IF(false, f->from[side].payload_seen, 0);
                SEEN_IF(false, f->from[side].window, 0);
                SEEN_IF(false, f->from[side].fin_frame, 0);
                SEEN_IF(false, f->end[side].last_heard, 0);
        }
}

/* What is the same of all; what is known of all, but differs, is 0. */
static __attribute__((noinline)) void fill_constant(bool brief, struct tracked *t)
{
        struct facts *f = &t->facts;

        memset(t, 0, sizeof(*t));
        t->rev = 1;
        t->isn_known[0] = t->isn_known[1] = !brief;
        t->conn_state = CONN_STATE_SF;
        f->seen.source = SOURCE_CAPTURE;
        f->seen.roles = ROLES_SYN;
        f->seen.sides = SIDES_SEEN_BOTH;
        SEEN(f->first, 0);
        SEEN(f->last, 0);
        SEEN(f->syns, 1);
        SEEN(f->last_syn, 0);
        SEEN(f->answered_syns, 0);
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
        if (brief)
                forget(f);
}

/* How many letters are for what came behind a RST: data or a FIN, each for the first time. */
static inline unsigned late_letters(const struct look *l)
{
        const struct looked_end *d = &l->of[!look_by(look_row(l, l->n_before))];
        const int n_before = (int)l->n_before;

        return (d->fin >= n_before) + (d->first_payload >= n_before && d->first_payload != d->fin);
}

static inline void fill_history(const struct look *l, char *history)
{
        unsigned n = l->n_history, n_late;

        memcpy(history, l->history, sizeof(l->history));
        if (l->n_before < l->n) {
                n_late = late_letters(l);
                memmove(history + n - n_late + 1, history + n - n_late, n_late);
                history[n++ - n_late] = look_by(look_row(l, l->n_before)) ? 'r' : 'R';
        }
        history[n] = '\0';
}

/* Both ends said something: they were ESTABLISHED to Zeek, and CLOSED with their FIN. A RST after both FINs is nothing
 * to it (zeek_state()). */
static enum conn_state conn_state(const struct look *l)
{
        bool fin_0 = l->of[0].fin >= 0, fin_1 = l->of[1].fin >= 0;

        if (fin_0 && fin_1)
                return CONN_STATE_SF;
        if (l->n_before < l->n)
                return look_by(look_row(l, l->n_before)) ? CONN_STATE_RSTR : CONN_STATE_RSTO;
        return fin_0 ? CONN_STATE_S2 : fin_1 ? CONN_STATE_S3 : CONN_STATE_S1;
}

IN_PLACE void fill_payload(const struct look *l, unsigned side, bool brief, struct facts_of_direction *f)
{
        const struct looked_end *d = &l->of[side];
        const struct row *last;

        f->last_run.value = d->n_run;
        f->after_peer_fin.value = d->n_late;
        if (d->last_payload < 0) {
                SEEN_IF(false, f->first_payload, 0);
                SEEN_IF(false, f->last_payload, 0);
                SEEN_IF(false, f->last_payload_frame, 0);
                SEEN_IF(false, f->last_answered, false);
                SEEN_IF(false, f->last_is_goodbye, false);
                SEEN_IF(false, f->goodbye_bytes, 0);
                return;
        }
        last = look_row(l, (unsigned)d->last_payload);
        if (!brief) {
                SEEN(f->first_payload, look_time(l, d->first_payload));
                SEEN(f->last_payload, look_time(l, d->last_payload));
                SEEN(f->last_payload_frame, last->frame);
        }
        SEEN(f->last_answered, l->of[!side].last_payload > d->last_payload);
        SEEN_IF(row_what(last) & ROW_GOODBYE_KNOWN, f->last_is_goodbye, row_what(last) & ROW_GOODBYE);
        SEEN_IF(row_what(last) & ROW_GOODBYE, f->goodbye_bytes, last->n_payload);
}

/* Where the FIN of @side was acknowledged. */
static inline int acked_at(const struct look *l, unsigned side)
{
        int i = l->of[side].fin + 1;

        while (look_by(look_row(l, (unsigned)i)) == side || look_row(l, (unsigned)i)->ack != l->of[side].end)
                i++;
        return i;
}

IN_PLACE void fill_fin(const struct look *l, unsigned side, bool ended, bool brief, struct facts_of_direction *f)
{
        const struct looked_end *d = &l->of[side];
        bool sent = ended || d->fin >= 0, acked = ended || (sent && l->o->acked[side] == d->end);

        if (!ended) {
                SEEN(f->fin, sent);
                SEEN(f->fin_acked, acked);
        }
        SEEN_IF(sent, f->fin_position, d->end - 1 - d->base);
        SEEN_IF(sent, f->fin_at, look_time(l, d->fin));
        if (!brief)
                SEEN_IF(sent, f->fin_frame, look_row(l, (unsigned)d->fin)->frame);
        SEEN_IF(sent, f->fin_repeats, 0);
        SEEN_IF(sent, f->before_fin, look_time(l, d->fin - 1));
        SEEN_IF(acked, f->fin_acked_at, look_time(l, acked_at(l, side)));
}

/* What the receiver said last of its window. That of a SYN is not scaled. */
static inline uint64_t window(const struct look *l, unsigned receiver)
{
        const struct row *last = look_row(l, (unsigned)l->of[receiver].last);
        const struct row *syn = look_row(l, 0), *answer = look_row(l, 1);

        if (l->of[receiver].n_packets == 1 || !(row_what(syn) & row_what(answer) & ROW_SCALE))
                return last->window;
        return (uint64_t)last->window << ((receiver ? answer : syn)->n_payload & 15);
}

/* What @side sent. */
IN_PLACE void fill_direction(const struct look *l, unsigned side, bool ended, bool brief, struct facts_of_direction *f)
{
        const struct looked_end *d = &l->of[side];
        const uint32_t end = d->end - (ended || d->fin >= 0), bytes = end - d->base;
        /* A FIN is no byte, nor is the SYN, which may not be acknowledged. */
        const int32_t acked = ended ? (int32_t)bytes : (int32_t)(l->o->acked[side] - d->base);

        f->packets.value = d->n_packets;
        f->payloads.value = d->n_payloads;
        f->bytes.value = bytes;
        f->acked.value = acked < 0 ? 0 : acked > (int32_t)bytes ? bytes : (uint32_t)acked;
        if (!brief) {
                f->payload_seen.value = bytes;
                f->window.value = window(l, !side);
        }
        fill_payload(l, side, brief, f);
        fill_fin(l, side, ended, brief, f);
}

/* What @side still waits for: note_request() and note_answer() over the row. Some time after the first segment that is
 * not answered another was sent, which counts once the first is. */
static void fill_waiting(const struct look *l, unsigned side, struct facts_of_end *f)
{
        int since = -1, later = -1, last = -1;
        uint32_t end = 0;

        for (int i = 0; i < (int)l->n; i++) {
                const struct row *row = look_row(l, (unsigned)i);

                if (row_what(row) & SEGMENT_RST)
                        continue;
                if (look_by(row) == side) {
                        if (!look_wants(row))
                                continue;
                        end = l->number[i] + look_room(row);
                        last = i;
                        if (since < 0)
                                since = i;
                        else if (later < 0)
                                later = i;
                } else if (row->ack == end && row_what(row) & SEGMENT_ACK) {
                        since = later = -1;
                } else if (later >= 0 && (int32_t)(row->ack - l->number[later]) > 0) {
                        since = later;
                        later = -1;
                }
        }
        SEEN(f->unanswered_since, look_time(l, since));
        SEEN(f->unanswered_last, look_time(l, last));
        SEEN(f->unanswered_frame, look_row(l, (unsigned)since)->frame);
        SEEN_IF(since > 0, f->before_unanswered, look_time(l, since - 1));
}

/* The last segment of @side that wants an answer. */
static int last_asked(const struct look *l, unsigned side)
{
        int i = l->of[side].last;

        while (look_by(look_row(l, (unsigned)i)) != side || !look_wants(look_row(l, (unsigned)i)))
                i--;
        return i;
}

IN_PLACE void fill_end(const struct look *l, unsigned side, bool ended, bool brief, struct facts_of_end *f)
{
        const struct looked_end *d = &l->of[side];
        const unsigned syn = row_what(look_row(l, side)), last = row_what(look_row(l, (unsigned)d->last));

        if (!brief)
                f->last_heard.value = look_time(l, d->last);
        SEEN_IF(d->ttl > 0, f->ttl, d->ttl);
        SEEN_IF(d->ttl > 0, f->timestamps, last & ROW_TIMESTAMPS);
        if (!brief)
                SEEN_IF(d->answers_in != UINT64_MAX, f->answers_in, d->answers_in + 1);
        INFERRED_IF(syn & (ROW_OTHER_OS | ROW_LINUX), f->os, syn & ROW_OTHER_OS ? OS_OTHER : OS_LINUX);
        if (ended)
                return;
        if (brief) {
                /* Where a RST ended it no verdict rests on that. */
                bool waits = l->o->acked[side] != d->end && !(l->o->flags & ORDERLY_RESET);

                SEEN_IF(waits, f->unanswered_last, look_time(l, last_asked(l, side)));
        } else if (l->o->acked[side] != d->end) {
                fill_waiting(l, side, f);
        } else {
                SEEN_IF(false, f->unanswered_since, 0);
                SEEN_IF(false, f->unanswered_last, 0);
                SEEN_IF(false, f->unanswered_frame, 0);
                SEEN_IF(false, f->before_unanswered, 0);
        }
}

IN_PLACE void fill_name(const struct look *l, bool brief, struct tracked *t)
{
        const struct orderly *o = l->o;

        t->file = t->last_file = o->file;
        t->first_frame = o->first_frame;
        t->last_frame = look_row(l, o->n - 1u)->frame;
        t->family = o->head.realm & REALM_IPV4 ? AF_INET : AF_INET6;
        t->vlan = o->head.realm >> REALM_VLAN_SHIFT;
        head_address(&o->head, 0, t->address[0]);
        head_address(&o->head, 1, t->address[1]);
        memcpy(t->port, o->head.port, sizeof(t->port));
        for (unsigned side = 0; side < 2 && !brief; side++) {
                t->first_seq[side] = l->of[side].base;
                t->isn[side] = l->of[side].base - 1;
        }
        fill_history(l, t->history);
}

/* Whose FIN came first: the other's own acknowledges it. */
IN_PLACE void fill_fins(const struct look *l, bool ended, struct facts *f)
{
        const struct looked_end *client = &l->of[0], *server = &l->of[1];
        bool both = ended || (client->fin >= 0 && server->fin >= 0);
        bool client_knew = both && look_row(l, (unsigned)client->fin)->ack == server->end;
        bool server_knew = both && look_row(l, (unsigned)server->fin)->ack == client->end;

        SEEN_IF(both, f->crossed, !client_knew && !server_knew);
        SEEN_IF(client_knew != server_knew, f->first_fin, client_knew ? SIDE_SERVER : SIDE_CLIENT);
}

IN_PLACE void fill(const struct look *l, int64_t until, bool cut, bool ended, bool brief, struct tracked *t)
{
        const struct orderly *o = l->o;
        struct facts *f = &t->facts;

        if (t->rev == 0)
                fill_constant(brief, t);
        fill_name(l, brief, t);
        f->seen.cut = cut || o->flags & ORDERLY_CUT;
        f->seen.evicted = o->flags & ORDERLY_EVICTED;
        f->seen.until = until;
        f->first.value = f->last_syn.value = o->first;
        f->last.value = o->last;
        f->last_syn_ack.value = look_time(l, 1);
        f->mptcp.value = row_what(look_row(l, 0)) & row_what(look_row(l, 1)) & ROW_MPTCP;
        INFERRED_IF(o->head.port[1] == PORT_SSH, f->ssh, true);
        fill_fins(l, ended, f);
        for (unsigned side = 0; side < 2; side++) {
                fill_direction(l, side, ended, brief, &f->from[side]);
                fill_end(l, side, ended, brief, &f->end[side]);
        }
}

/* It has not ended in order, or a RST came. */
IN_PLACE struct tracked *fill_other(const struct look *l, int64_t until, bool cut, bool brief, struct tracked *t)
{
        struct facts *f = &t->facts;

        fill(l, until, cut, false, brief, t);
        t->conn_state = conn_state(l);
        f->established.value = l->o->flags & ORDERLY_OPEN;
        f->both_acked.value = l->o->flags & ORDERLY_ENDED;
        orderly_fill_resets(l, t);
        return t;
}

struct tracked *orderly_facts(const struct table *table, const struct orderly *o, int64_t until, bool cut,
                              struct row_facts *facts)
{
        struct look l;

        if (o->flags & (ORDERLY_SHORT | ORDERLY_ICMP) || o->first <= 0)
                return NULL;
        if (!(o->flags & ORDERLY_ANSWERED))
                return orderly_facts_syn(table, o, until, cut, facts);
        /* A RST of that number might be taken for one that has none. */
        if (o->next[1] == 0)
                return NULL;
        if (o->flags & ORDERLY_RESET && !orderly_is_told_late(table, o))
                return NULL;
        look(table, o, &l);
        if ((o->flags & (ORDERLY_ENDED | ORDERLY_RESET)) != ORDERLY_ENDED)
                return fill_other(&l, until, cut, false, &facts->other);
        fill(&l, until, cut, true, false, &facts->ended);
        return &facts->ended;
}

/* Where a RST is a reply, the time in which its sender ever answered speaks for or against it, and is not known here;
 * who sent but a SYN before it never did. */
static inline bool is_brief_reset(const struct table *table, const struct orderly *o)
{
        for (unsigned i = o->n_before; i < o->n; i++) {
                const struct row *row = table_row(table, o, i);

                if (row->window == 0 && !(row_what(row) & (ROW_TIMESTAMPS | SEGMENT_ACK)) &&
                    (o->n_before > 2 || look_by(row) != 0))
                        return false;
        }
        return orderly_is_told_late(table, o);
}

struct tracked *orderly_facts_brief(const struct table *table, const struct orderly *o, int64_t until, bool cut,
                                    struct tracked *t)
{
        const unsigned flags = o->flags & (ORDERLY_ANSWERED | ORDERLY_OPEN | ORDERLY_ENDED | ORDERLY_RESET);
        struct look l;

        if (o->flags & (ORDERLY_SHORT | ORDERLY_ICMP) || o->first <= 0 || o->next[1] == 0 || o->n > LOOK_BRIEF_MAX)
                return NULL;
        if (flags & ORDERLY_RESET ? !(flags & ORDERLY_ANSWERED) || !is_brief_reset(table, o)
                                  : flags != (ORDERLY_ANSWERED | ORDERLY_OPEN))
                return NULL;
        look_briefly(table, o, &l);
        return fill_other(&l, until, cut, true, t);
}
