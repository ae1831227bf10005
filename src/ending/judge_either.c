/*
 * Why it ended where each end sent a RST, or may have, and which came first is not known: what would be said of either,
 * put together. If both would say the same, that is as sure as the less sure of them; else each of their causes is
 * possible.
 */
#include "ending/judging.h"

struct verdict {
        enum cause causes[N_CAUSES];
        size_t n;
        enum certainty certainty;
};

/* Its own, or one of which nobody knows whose it is. */
static const struct facts_of_reset *reset_of(const struct facts *f, enum side side)
{
        const struct facts_of_reset *nobodys = NULL;

        for (size_t i = 0; i < f->n_resets && i < FACTS_RESETS_MAX; i++) {
                if (!fact_known(f->resets[i].by.how))
                        nobodys = &f->resets[i];
                else if (f->resets[i].by.value == side)
                        return &f->resets[i];
        }
        return nobodys;
}

/* As if the other had sent none. */
static struct verdict verdict_on(struct judging *j, enum side side)
{
        struct verdict v = { 0 };

        j->reset = reset_of(j->f, side);
        j->named = side;
        j->shape = reset_shape(j->f, j->reset);
        judge_cause(j);
        v.certainty = j->r->certainty;
        for (; v.n < j->r->n_causes; v.n++)
                v.causes[v.n] = j->r->causes[v.n];
        return v;
}

void judge_either(struct judging *j)
{
        const struct facts_of_reset *first = j->reset;
        enum reset_kind shape = j->shape;
        struct verdict of[2];
        struct record *r = j->r;
        bool same;

        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++)
                of[side] = verdict_on(j, (enum side)side);
        j->reset = first;
        j->named = SIDE_UNKNOWN;
        j->shape = shape;
        same = of[SIDE_CLIENT].certainty != CERTAINTY_POSSIBLE && of[SIDE_SERVER].certainty != CERTAINTY_POSSIBLE &&
               of[SIDE_CLIENT].causes[0] == of[SIDE_SERVER].causes[0];
        r->n_causes = 0;
        r->cause = CAUSE_NONE;
        r->certainty = CERTAINTY_POSSIBLE;
        for (size_t i = 0; i < N_CAUSES; i++)
                for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++)
                        if (i < of[side].n)
                                record_add_cause(r, of[side].causes[i]);
        j->why = "Each end reset it, or may have, in the same moment: which came first is not known.";
        if (!same)
                return;
        r->certainty = of[SIDE_CLIENT].certainty < of[SIDE_SERVER].certainty ? of[SIDE_CLIENT].certainty
                                                                             : of[SIDE_SERVER].certainty;
        r->cause = r->causes[0];
}
