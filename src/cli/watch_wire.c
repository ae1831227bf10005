/* Facts of the wire into facts of the kernel. */
#include "cli/watch_wire.h"

#include <stdlib.h>

#define FILL(kind, name, sentence)                                                                                     \
        if (!fact_known(to->name.how) && fact_known(from->name.how))                                                   \
                to->name = from->name;

static void fill_connection(struct facts *to, const struct facts *from)
{
        FACTS_OF_CONNECTION(FILL)
        to->icmp_frame.how = HOW_UNKNOWN;
}

static void fill_end(struct facts_of_end *to, const struct facts_of_end *from)
{
        FACTS_OF_END(FILL)
        to->unanswered_frame.how = HOW_UNKNOWN;
}

static void fill_direction(struct facts_of_direction *to, const struct facts_of_direction *from)
{
        FACTS_OF_DIRECTION(FILL)
        to->last_payload_frame.how = to->fin_frame.how = HOW_UNKNOWN;
}

static void fill_reset(struct facts_of_reset *to, const struct facts_of_reset *from)
{
        FACTS_OF_RESET(FILL)
}

static int earlier(const void *a, const void *b)
{
        const struct facts_of_reset *one = a, *other = b;

        return (one->at.value > other->at.value) - (one->at.value < other->at.value);
}

/* The n-th of one side in the one is the n-th in the other. */
static void merge_resets(struct facts *f, const struct facts *wire, bool whole)
{
        bool used[FACTS_RESETS_MAX] = { false };
        size_t n = f->n_resets;

        for (size_t i = 0; i < wire->n_resets; i++) {
                struct facts_of_reset reset = wire->resets[i];
                size_t k = 0;

                reset.frame.how = reset.answers_frame.how = HOW_UNKNOWN;
                if (!whole)
                        reset.position.how = reset.ack_position.how = HOW_UNKNOWN;
                if (!fact_known(reset.by.how))
                        continue;
                while (k < n && (used[k] || f->resets[k].by.value != reset.by.value))
                        k++;
                if (k < n) {
                        used[k] = true;
                        fill_reset(&f->resets[k], &reset);
                } else if (f->n_resets < FACTS_RESETS_MAX) {
                        f->resets[f->n_resets++] = reset;
                }
        }
        if (f->n_resets_in_all < wire->n_resets_in_all)
                f->n_resets_in_all = wire->n_resets_in_all;
        if (f->n_resets_in_all < f->n_resets)
                f->n_resets_in_all = f->n_resets;
        qsort(f->resets, f->n_resets, sizeof(*f->resets), earlier);
}

/* Was one sent by an end of which no kernel here knows? */
static bool reset_from_afar(const struct facts *f)
{
        for (size_t i = 0; i < f->n_resets; i++)
                if (fact_known(f->resets[i].by.how) && f->resets[i].by.value <= SIDE_SERVER &&
                    !fact_is(f->end[f->resets[i].by.value].local))
                        return true;
        return false;
}

void watch_wire_merge(struct facts *f, const struct facts *wire, const struct live_connection *c)
{
        /* Else its positions count from where it began to be seen. */
        bool whole = !wire->seen.midstream && !wire->seen.gaps;

        if (whole)
                fill_connection(f, wire);
        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
                struct facts_of_direction *to = &f->from[side];
                const struct facts_of_direction *from = &wire->from[side];

                if (whole) {
                        fill_end(&f->end[side], &wire->end[side]);
                        fill_direction(to, from);
                        continue;
                }
                if (!fact_known(f->end[side].os.how))
                        f->end[side].os = wire->end[side].os;
                if (!fact_known(f->end[side].ttl.how))
                        f->end[side].ttl = wire->end[side].ttl;
                to->last_is_goodbye = from->last_is_goodbye;
        }
        merge_resets(f, wire, whole);
        if (c->n_ends == 2 || !reset_from_afar(f))
                return;
        f->seen.source = SOURCE_CAPTURE;
        f->seen.gaps |= wire->seen.gaps;
        if (whole)
                f->seen.sides = wire->seen.sides;
}
