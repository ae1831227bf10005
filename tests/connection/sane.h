/* What holds of every connection given out, whatever the segments were. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connection/tracker.h"

#define SANE(what)                                                                                 \
        do {                                                                                       \
                if (!(what)) {                                                                     \
                        fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #what);  \
                        abort();                                                                   \
                }                                                                                  \
        } while (0)

static inline bool sane_at_most(struct fact_count a, struct fact_count b)
{
        return !fact_known(a.how) || !fact_known(b.how) || a.value <= b.value;
}

static inline void sane(const struct tracked *t)
{
        const struct facts *f = &t->facts;

        for (size_t i = 0; i < facts_count(); i++)
                SANE(facts_how(f, i) < N_HOWS && facts_how(f, i) != HOW_TOLD);
        for (unsigned side = 0; side < 2; side++) {
                const struct facts_of_direction *d = &f->from[side];
                const struct facts_of_end *e = &f->end[side];

                SANE(fact_known(d->packets.how) && fact_known(d->payload_seen.how));
                SANE(sane_at_most(d->acked, d->bytes));
                SANE(sane_at_most(d->acked_by_reset, d->bytes));
                SANE(sane_at_most(d->retransmitted, d->payload_seen));
                SANE(sane_at_most(d->payloads, d->packets));
                SANE(sane_at_most(d->after_peer_fin, d->payload_seen));
                SANE(!fact_is(d->fin_acked) || fact_is(d->fin));
                SANE(!fact_known(d->fin_position.how) || fact_is(d->fin));
                SANE(d->packets.value > 0 || !fact_is(d->fin));
                SANE(!fact_known(e->os.how) || e->os.value < N_OSES);
                SANE(!fact_known(e->repeated.how) || e->repeated.value < N_SEGMENT_KINDS);
                SANE(!fact_known(e->keepalives_unanswered.how) || sane_at_most(e->keepalives_unanswered, d->packets));
                SANE(!fact_known(e->repeats_unanswered.how) || sane_at_most(e->repeats_unanswered, d->packets));
                SANE(!fact_known(e->unanswered_last.how) || fact_known(e->unanswered_since.how));
        }
        SANE(!fact_is(f->both_acked) || (fact_is(f->from[0].fin_acked) && fact_is(f->from[1].fin_acked)));
        SANE(f->n_resets <= FACTS_RESETS_MAX && f->n_resets <= f->n_resets_in_all);
        SANE(fact_known(f->first.how) && fact_known(f->last.how) && f->first.value <= f->last.value);
        for (size_t i = 0; i < f->n_resets; i++) {
                const struct facts_of_reset *r = &f->resets[i];

                SANE(r->by.value == SIDE_CLIENT || r->by.value == SIDE_SERVER);
                SANE(!fact_known(r->validity.how) || r->validity.value < RESET_VALIDITY_UNKNOWN);
                SANE(!fact_known(r->answers.how) || r->answers.value < N_SEGMENT_KINDS);
                SANE(!fact_known(r->ack_position.how) || fact_is(r->has_ack));
                SANE(fact_known(r->answers.how) == fact_known(r->answers_at.how));
        }
        SANE(memchr(t->history, 0, sizeof(t->history)) && t->conn_state < N_CONN_STATES);
        SANE(t->rev >= 1);
}
