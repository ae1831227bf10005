/*
 * One beyond reach is a stray at first: garbage, a forgery, another connection of the same ends. Only when the next
 * goes on from there, or the other end acknowledges it, is it the stream itself, of which the capture lost a great
 * piece.
 */
#include "connection/suspect.h"

#include "connection/holes.h"

/* Whether it goes on from what was not believed yet of that side. */
static bool goes_on(const struct extra *extra, unsigned side, int64_t position)
{
        return (extra->suspects[side] && suspect_near(position - extra->suspect[side])) ||
               (extra->suspects_ack[side] && suspect_near(position - extra->suspect_ack[side]));
}

bool suspect_confirmed(struct step *step)
{
        unsigned side = step->sender;
        struct extra *extra = step_extra(step);
        int64_t end = step->position + step->s->n_payload;
        struct direction *d = step->d;
        bool known;

        step->c->flags |= CONNECTION_SUSPECT;
        if (!extra || extra->interleaved[side] >= INTERLEAVED)
                return false;
        known = goes_on(extra, side, step->position);
        /* What the first brought was a piece of the stream after all. */
        if (known && extra->suspects[side] && extra->suspect_from[side] > d->next &&
            step->position >= extra->suspect[side]) {
                holes_add(step, side, d->next, extra->suspect_from[side]);
                d->next = extra->suspect[side];
        }
        extra->suspects[side] = !known;
        extra->suspect_from[side] = step->position;
        extra->suspect[side] = end;
        return known;
}

bool suspect_confirmed_ack(struct step *step)
{
        unsigned side = !step->sender;
        struct extra *extra = step_extra(step);
        bool known;

        step->c->flags |= CONNECTION_SUSPECT;
        if (!extra || extra->interleaved[side] >= INTERLEAVED)
                return false;
        known = goes_on(extra, side, step->ack_position);
        extra->suspects_ack[side] = true;
        extra->suspect_ack[side] = step->ack_position;
        return known;
}

void suspect_believe(struct step *step)
{
        unsigned side = !step->sender;
        struct extra *extra = table_extra_of(step->table, step->c);
        struct direction *o = step->o;

        if (!extra || !extra->suspects[side] || step->ack_position < extra->suspect[side] ||
            extra->suspect_from[side] < o->next || !suspect_near(step->ack_position - extra->suspect[side]))
                return;
        if (extra->suspect_from[side] > o->next)
                holes_add(step, side, o->next, extra->suspect_from[side]);
        o->next = extra->suspect[side];
        extra->suspects[side] = false;
}

void suspect_clear(struct step *step, unsigned side)
{
        struct extra *extra = table_extra_of(step->table, step->c);

        if (!extra || !(step->c->flags & CONNECTION_SUSPECT) || step->s->n_payload == 0 || !extra->suspects[side])
                return;
        extra->suspects[side] = false;
        if (extra->interleaved[side] < INTERLEAVED)
                extra->interleaved[side]++;
}

void suspect_clear_ack(struct step *step, unsigned side)
{
        struct extra *extra = table_extra_of(step->table, step->c);

        if (extra)
                extra->suspects_ack[side] = false;
}
