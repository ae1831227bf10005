/*
 * Does a capture lack frames that were there? Then that it does not hold a RST proves nothing. A byte that its own end
 * acknowledged did arrive, and one that its own end sent was there to be seen. A hole in what came is no proof where
 * nobody acknowledged it: it may have been lost on the way.
 */
#include "ending/join.h"
#include "ending/judging.h"

bool join_shows_loss(const struct facts *f, enum side end)
{
        const struct facts_of_direction *sent = &f->from[end], *came = &f->from[other_side(end)];

        if (f->seen.sides != SIDES_SEEN_BOTH)
                return false;
        return count_above(sent->missing, 0) ||
               (count_above(came->missing, 0) && fact_known(came->acked.how) && fact_known(came->bytes.how) &&
                came->acked.value > came->bytes.value - came->missing.value);
}
