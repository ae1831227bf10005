/*
 * The facts of a connection of which there are only SYNs, all alike, and at most a RST that refuses them. Nearly all is
 * the same for all of the one kind, and for all of the other.
 */
#include "connection/orderly_facts.h"

#include <sys/socket.h>

#include "connection/state_fact.h"
#include "connection/table.h"

static void fill_constant_direction(struct facts_of_direction *f)
{
        SEEN(f->packets, 0);
        SEEN(f->payload_seen, 0);
        SEEN(f->payloads, 0);
        SEEN(f->retransmitted, 0);
        SEEN(f->bytes, 0);
        SEEN(f->acked, 0);
        SEEN(f->missing, 0);
        SEEN(f->last_run, 0);
        SEEN(f->after_peer_fin, 0);
        SEEN(f->fin, false);
        SEEN(f->fin_acked, false);
}

static void fill_constant_end(struct facts_of_end *f)
{
        SEEN(f->last_heard, 0);
        SEEN(f->repeats_unanswered, 0);
        SEEN(f->keepalives_unanswered, 0);
        SEEN(f->probes_unanswered, 0);
        SEEN(f->keepalives, 0);
        SEEN(f->went_on, false);
        SEEN(f->challenge_acks, 0);
}

static void fill_constant_reset(struct facts_of_reset *f)
{
        SEEN(f->by, SIDE_SERVER);
        SEEN(f->at, 0);
        SEEN(f->frame, 0);
        SEEN(f->before, 0);
        SEEN(f->repeats, 0);
        SEEN(f->has_ack, true);
        SEEN(f->window, 0);
        SEEN(f->options, false);
        SEEN(f->ttl, 0);
        SEEN(f->payload, 0);
        SEEN(f->validity, RESET_VALIDITY_EXACT);
        SEEN(f->ack_position, 0);
        SEEN(f->ack_impossible, false);
        SEEN(f->after_both_acked, false);
        SEEN(f->went_on, false);
        INFERRED(f->obeyed, true);
}

/* Who is silent was not seen, and yet nothing of it is missing. */
static void fill_constant_silent(struct facts *f)
{
        struct facts_of_direction *to = &f->from[SIDE_SERVER];

        INFERRED(f->from[SIDE_CLIENT].acked, 0);
        INFERRED(f->from[SIDE_CLIENT].missing, 0);
        SEEN_IF(false, f->from[SIDE_CLIENT].after_peer_fin, 0);
        memset(to, 0, sizeof(*to));
        SEEN(to->packets, 0);
        SEEN(to->payload_seen, 0);
        INFERRED(to->payloads, 0);
        INFERRED(to->bytes, 0);
        INFERRED(to->acked, 0);
        INFERRED(to->missing, 0);
        INFERRED(to->retransmitted, 0);
        INFERRED(to->fin, false);
        INFERRED(to->fin_acked, false);
}

static void fill_constant_refused(struct facts *f)
{
        struct facts_of_direction *to = &f->from[SIDE_SERVER];

        SEEN(f->from[SIDE_CLIENT].acked_by_reset, 0);
        SEEN(to->packets, 1);
        SEEN(to->window_shut, false);
        SEEN(to->window, 0);
        fill_constant_end(&f->end[SIDE_SERVER]);
        fill_constant_reset(&f->resets[0]);
        f->n_resets = f->n_resets_in_all = 1;
}

/* What is the same of all; what is known of all, but differs, is 0. */
static __attribute__((noinline)) void fill_constant(bool refused, struct tracked *t)
{
        struct facts *f = &t->facts;

        memset(t, 0, sizeof(*t));
        t->rev = 1;
        t->isn_known[SIDE_CLIENT] = true;
        t->conn_state = refused ? CONN_STATE_REJ : CONN_STATE_S0;
        strcpy(t->history, refused ? "Sr" : "S");
        f->seen.source = SOURCE_CAPTURE;
        f->seen.roles = ROLES_SYN;
        f->seen.sides = SIDES_SEEN_BOTH;
        SEEN(f->first, 0);
        SEEN(f->last, 0);
        SEEN(f->syns, 0);
        SEEN(f->last_syn, 0);
        SEEN(f->answered_syns, 0);
        SEEN(f->syn_data, false);
        SEEN(f->syn_acks, 0);
        SEEN(f->late_syn_acks, 0);
        SEEN(f->established, false);
        SEEN(f->reused, false);
        SEEN(f->both_acked, false);
        SEEN(f->end[SIDE_CLIENT].unanswered_since, 0);
        SEEN(f->end[SIDE_CLIENT].unanswered_last, 0);
        SEEN(f->end[SIDE_CLIENT].unanswered_frame, 0);
        fill_constant_end(&f->end[SIDE_CLIENT]);
        for (unsigned side = 0; side < 2; side++)
                fill_constant_direction(&f->from[side]);
        if (refused)
                fill_constant_refused(f);
        else
                fill_constant_silent(f);
}

static int64_t time_of(const struct orderly *o, const struct row *row)
{
        return o->first + row_since(row);
}

static void fill_name(const struct orderly *o, uint32_t last_frame, struct tracked *t)
{
        t->file = t->last_file = o->file;
        t->first_frame = o->first_frame;
        t->last_frame = last_frame;
        t->family = o->head.realm & REALM_IPV4 ? AF_INET : AF_INET6;
        t->vlan = o->head.realm >> REALM_VLAN_SHIFT;
        head_address(&o->head, 0, t->address[0]);
        head_address(&o->head, 1, t->address[1]);
        memcpy(t->port, o->head.port, sizeof(t->port));
        t->first_seq[SIDE_CLIENT] = o->next[0];
        t->isn[SIDE_CLIENT] = o->next[0] - 1;
}

/* @row is the last SYN. */
static void fill_client(const struct table *table, const struct orderly *o, unsigned n_syns, bool refused,
                        const struct row *row, struct facts_of_end *f)
{
        const unsigned syn = row_what(table_row(table, o, 0));
        unsigned ttl = 0;

        for (unsigned i = 0; i < n_syns; i++)
                if (table_row(table, o, i)->ttl > ttl)
                        ttl = table_row(table, o, i)->ttl;
        f->last_heard.value = f->unanswered_last.value = time_of(o, row);
        f->unanswered_since.value = o->first;
        f->unanswered_frame.value = o->first_frame;
        SEEN_IF(ttl > 0, f->ttl, ttl);
        SEEN_IF(ttl > 0, f->timestamps, row_what(row) & ROW_TIMESTAMPS);
        INFERRED_IF(syn & (ROW_OTHER_OS | ROW_LINUX), f->os, syn & ROW_OTHER_OS ? OS_OTHER : OS_LINUX);
        if (!refused) {
                f->repeats_unanswered.value = n_syns - 1;
                SEEN_IF(n_syns > 1, f->repeated, SEGMENT_KIND_SYN);
        }
}

/* @syn is the last one, at @at, which a RST of no number answers; it came at @before where it had come before. */
static void fill_reset(const struct orderly *o, const struct row *row, const struct row *syn, int64_t at,
                       int64_t before, bool again, struct facts_of_reset *f)
{
        bool ipv4 = o->head.realm & REALM_IPV4, answers = row->window == 0 && row->ts_value == 0;

        f->at.value = o->last;
        f->frame.value = row->frame;
        f->before.value = at;
        f->window.value = row->window;
        f->ttl.value = row->ttl;
        SEEN_IF(ipv4, f->ip_id, row->ip_id);
        SEEN_IF(answers, f->answers, SEGMENT_KIND_SYN);
        SEEN_IF(answers, f->answers_at, at);
        SEEN_IF(answers, f->answers_frame, syn->frame);
        SEEN_IF(answers, f->answers_repeat, again);
        SEEN_IF(answers, f->drew_data, false);
        /* Its window is 0, that of the SYN is not. */
        SEEN_IF(answers && ipv4, f->mirrors, false);
        SEEN_IF(answers && again, f->before_answers, before);
}

struct tracked *orderly_facts_syn(const struct table *table, const struct orderly *o, int64_t until, bool cut,
                                  struct row_facts *facts)
{
        const bool refused = o->flags & ORDERLY_RESET;
        const unsigned n_syns = o->n - refused;
        const struct row *syn = table_row(table, o, n_syns - 1);
        const int64_t at = time_of(o, syn), before = n_syns > 1 ? time_of(o, table_row(table, o, n_syns - 2)) : 0;
        struct tracked *t = refused ? &facts->refused : &facts->silent;
        struct facts *f = &t->facts;

        if (t->rev == 0)
                fill_constant(refused, t);
        fill_name(o, table_row(table, o, o->n - 1u)->frame, t);
        f->seen.cut = cut || o->flags & ORDERLY_CUT;
        f->seen.evicted = o->flags & ORDERLY_EVICTED;
        f->seen.until = until;
        f->first.value = o->first;
        f->last.value = o->last;
        f->syns.value = f->from[SIDE_CLIENT].packets.value = n_syns;
        f->last_syn.value = at;
        SEEN_IF(n_syns > 1 && at > before, f->syn_gap, (uint64_t)(at - before));
        if (!refused)
                SEEN_IF(n_syns > 1 && at > before, f->end[SIDE_CLIENT].unanswered_gap, (uint64_t)(at - before));
        INFERRED_IF(o->head.port[1] == PORT_SSH, f->ssh, true);
        fill_client(table, o, n_syns, refused, syn, &f->end[SIDE_CLIENT]);
        if (!refused)
                return t;
        SEEN_IF(o->flags & ORDERLY_SIBLINGS, f->siblings_reset, true);
        f->from[SIDE_SERVER].window.value = syn->window;
        f->end[SIDE_SERVER].last_heard.value = o->last;
        fill_reset(o, table_row(table, o, n_syns), syn, at, before, n_syns > 1, &f->resets[0]);
        return t;
}
