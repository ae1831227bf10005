/*
 * A few are kept for each direction, in order. Where there is no more room the lowest is given up: its bytes are
 * counted as lost, and what comes of them later counts as sent again.
 */
#include "connection/holes.h"

void holes_add(struct step *step, unsigned side, int64_t start, int64_t end)
{
        struct extra *extra = step_extra(step);

        if (!extra)
                return;
        if (!extra->hole[side])
                extra->hole[side] = table_new_holes(step->table);
        if (!extra->hole[side]) {
                step_failed(step);
                return;
        }
        if (extra->n_holes[side] == HOLES_MAX) {
                extra->lost[side] += (uint64_t)(extra->hole[side][0].end - extra->hole[side][0].start);
                for (unsigned i = 1; i < HOLES_MAX; i++)
                        extra->hole[side][i - 1] = extra->hole[side][i];
                extra->n_holes[side]--;
        }
        /* No other base may move what is below now. */
        step->c->side[side].flags &= (uint16_t)~DIRECTION_SOFT;
        extra->hole[side][extra->n_holes[side]].start = start;
        extra->hole[side][extra->n_holes[side]].end = end;
        extra->n_holes[side]++;
}

static void remove_one(struct extra *extra, unsigned side, unsigned i)
{
        for (; i + 1 < extra->n_holes[side]; i++)
                extra->hole[side][i] = extra->hole[side][i + 1];
        extra->n_holes[side]--;
}

bool holes_at(const struct extra *extra, unsigned side, int64_t start, int64_t end)
{
        for (unsigned i = 0; i < extra->n_holes[side]; i++)
                if (start < extra->hole[side][i].end && extra->hole[side][i].start < end)
                        return true;
        return false;
}

int64_t holes_fill(struct extra *extra, unsigned side, int64_t start, int64_t end)
{
        int64_t filled = 0;

        for (unsigned i = extra->n_holes[side]; i-- > 0;) {
                int64_t a = extra->hole[side][i].start, b = extra->hole[side][i].end;
                int64_t from = start > a ? start : a, to = end < b ? end : b;

                if (from >= to)
                        continue;
                filled += to - from;
                if (from == a && to == b) {
                        remove_one(extra, side, i);
                } else if (from == a) {
                        extra->hole[side][i].start = to;
                } else if (to == b) {
                        extra->hole[side][i].end = from;
                } else if (extra->n_holes[side] < HOLES_MAX) {
                        for (unsigned k = extra->n_holes[side]; k > i + 1; k--)
                                extra->hole[side][k] = extra->hole[side][k - 1];
                        extra->hole[side][i + 1].start = to;
                        extra->hole[side][i + 1].end = b;
                        extra->hole[side][i].end = from;
                        extra->n_holes[side]++;
                } else {
                        /* No room to part it: the rest behind is given up. */
                        extra->lost[side] += (uint64_t)(b - to);
                        extra->hole[side][i].end = from;
                }
        }
        return filled;
}
