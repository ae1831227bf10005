/*
 * One active RST, without the tables: no FIN, nothing unacknowledged, no doubt about the RST, and no kernel or program
 * that told anything. What the rules would conclude stands here at once; a test judges facts both ways. Health checks
 * end like this, some without the last segment of the handshake, and whoever closes without reading or waiting.
 */
#include <errno.h>

#include "ending/cause_rules.h"
#include "ending/judging.h"

/* The bytes of both directions arrived, and neither end closed its own. */
static bool is_done(const struct facts_of_direction *from)
{
        bool known = fact_known(from->bytes.how) && fact_known(from->acked.how) && fact_is_not(from->fin) &&
                     count_above(from->packets, 0);
        bool by_reset = fact_known(from->acked_by_reset.how) && (from->acked_by_reset.value >= from->bytes.value);

        return known && ((from->acked.value >= from->bytes.value) || by_reset);
}

/* It did not ask in vain, and its kernel said nothing. */
static bool is_quiet(const struct facts_of_end *end)
{
        return !(count_above(end->keepalives, 0) || count_above(end->keepalives_unanswered, 0) ||
                 count_above(end->repeats_unanswered, 0) || count_above(end->probes_unanswered, 0) ||
                 fact_is(end->gave_up) || fact_is(end->abort_on_timeout)) && !told_of_end(end);
}

/* Its kernel told nothing of its RST. */
static bool says_nothing(const struct facts_of_end *end)
{
        return !(fact_known(end->reason.how) || fact_is(end->abort_on_close) || fact_is(end->abort_on_linger) ||
                 fact_is(end->abort_on_memory) || fact_is(end->abort_on_data) || fact_is(end->counts_no_reset) ||
                 fact_is(end->went_on));
}

/* Of the shape that an end's own accord makes (judge_reset.c). */
static bool is_active(const struct facts_of_reset *reset)
{
        return fact_is(reset->has_ack) && fact_known(reset->window.how) && !count_above(reset->payload, 0) &&
               (count_above(reset->window, 0) || fact_is(reset->options)) && !reset_answers_syn(reset);
}

/* One end's, taken by the other. */
static bool is_taken(const struct facts_of_reset *reset)
{
        bool by_end = fact_known(reset->by.how) && (reset->by.value == SIDE_CLIENT || reset->by.value == SIDE_SERVER);
        bool exact = fact_known(reset->validity.how) && (reset->validity.value == RESET_VALIDITY_EXACT);
        bool taken = fact_is(reset->obeyed) && !fact_is(reset->after_both_acked) && !fact_is(reset->not_arrived);

        return by_end && exact && taken;
}

static bool is_doubtful(const struct facts_of_reset *reset)
{
        return fact_is(reset->not_sent) || fact_is(reset->went_on) || fact_is(reset->behind) ||
               fact_is(reset->ack_impossible) || fact_is(reset->ttl_differs) || fact_is(reset->ip_id_jumps) ||
               fact_is(reset->mirrors);
}

/* A server's may be a refusal before the handshake is done; a client's means the same before it as after. */
static bool is_plain(const struct facts *f)
{
        const struct facts_of_reset *reset = &f->resets[0];
        bool alone = (f->n_resets == 1) && (f->n_resets_in_all == 1), whole = !(f->seen.gaps || f->seen.midstream);

        return alone && whole && is_active(reset) && is_taken(reset) && !is_doubtful(reset) &&
               ((reset->by.value == SIDE_CLIENT) || fact_is(f->established)) &&
               is_done(&f->from[SIDE_CLIENT]) && is_done(&f->from[SIDE_SERVER]) && is_quiet(&f->end[SIDE_CLIENT]) &&
               is_quiet(&f->end[SIDE_SERVER]) && says_nothing(&f->end[reset->by.value]) &&
               !(fact_known(reset->reason.how) || fact_is(f->mptcp) || fact_is(f->siblings_reset) ||
                 fact_is(f->both_acked));
}

/* Nothing is known of what its program did but that there was something to read, or that it had been accepted. */
static void fill_causes(const struct judging *j)
{
        const struct facts *f = j->f;
        const enum side by = j->named == SIDE_SERVER ? SIDE_SERVER : SIDE_CLIENT;
        const struct facts_of_end *end = &f->end[by];
        struct record *r = j->r;
        bool nothing_came = f->from[other_side(by)].bytes.value == 0;
        bool accepted = by == SIDE_CLIENT || count_above(f->from[by].payloads, 0) || fact_is(end->accepted);

        for (unsigned i = 0; i < cause_rule_of_active.n_causes; i++) {
                enum cause cause = cause_rule_of_active.causes[i];

                r->causes[r->n_causes] = cause;
                r->n_causes += !((nothing_came && (cause == CAUSE_UNREAD_DATA)) ||
                                 (accepted && (cause == CAUSE_LISTENER_CLOSED)));
        }
        r->causes[r->n_causes] = CAUSE_UNKNOWN;
        r->n_causes += !(fact_known(end->os.how) && (end->os.value == OS_LINUX));
}

static void fill_direction(const struct facts_of_direction *from, enum closed closed, struct record_direction *d)
{
        uint64_t bytes = from->bytes.value, by_reset = from->acked_by_reset.value;

        d->bytes = known_u64(bytes);
        d->acked = known_u64(from->acked.value < bytes ? from->acked.value : bytes);
        if (fact_known(from->acked_by_reset.how))
                d->acked_by_reset = known_u64(by_reset < bytes ? by_reset : bytes);
        d->uncertain = known_u64(0);
        d->closed = closed;
        d->fin_acked.known = fact_known(from->fin_acked.how);
        d->retransmitted = counted(from->retransmitted);
        d->missing = counted(from->missing);
        d->packets = counted(from->packets);
        d->fate = bytes > 0 ? FATE_ACKED : FATE_NONE;
}

/* The other end's socket has the error that the RST left; in the handshake a server's program has none yet. */
static void fill_next(const struct facts *f, enum side side, struct record_next *next)
{
        const struct fact_os os = f->end[side].os;

        if (fact_known(os.how) && os.value == OS_LINUX &&
            (fact_is(f->established) || count_above(f->from[SIDE_SERVER].payloads, 0)))
                tell_error(ECONNRESET, next);
}

bool judge_active(struct judging *j)
{
        const struct facts *f = j->f;
        struct record *r = j->r;

        if (!is_plain(f))
                return false;
        j->reset = j->shown = &f->resets[0];
        j->named = f->resets[0].by.value;
        j->shape = RESET_KIND_ACTIVE;
        r->ending = ENDING_RESET;
        r->ended_by = j->named;
        judge_times(j);
        fill_causes(j);
        fill_direction(&f->from[SIDE_CLIENT], j->named == SIDE_CLIENT ? CLOSED_RESET : CLOSED_NO, &r->to_server);
        fill_direction(&f->from[SIDE_SERVER], j->named == SIDE_SERVER ? CLOSED_RESET : CLOSED_NO, &r->to_client);
        judge_severity(j);
        r->retry = r->to_server.bytes.value > 0 ? RETRY_MAYBE_PROCESSED : RETRY_SAFE;
        if (j->named == SIDE_CLIENT)
                fill_next(f, SIDE_SERVER, &r->server_next);
        else
                fill_next(f, SIDE_CLIENT, &r->client_next);
        return true;
}
