/* The totals of many records in words. */
#include "report/summary.h"

#include <string.h>

#include "report/phrase.h"

/* Of an ending so many reasons are named, the commonest; the others are counted. */
enum { GROUPS_SHOWN = 4 };
enum { COUNT_WIDTH = 9, ENDING_WIDTH = 12, WHY_INDENT = 24 };

/* Best first: what is read as a table should not begin with its exceptions. */
static const enum ending order[] = {
        ENDING_ORDERLY, ENDING_RESET, ENDING_TIMED_OUT, ENDING_REFUSED, ENDING_UNANSWERED,
        ENDING_HALF_CLOSED, ENDING_OPEN, ENDING_UNSEEN,
};

static void add_causes(struct phrase *p, const struct totals_group *group)
{
        unsigned n = (unsigned)__builtin_popcount(group->causes), shown = 0;

        if (group->cause != CAUSE_NONE) {
                phrase_add(p, "%s", cause_name((enum cause)group->cause));
                return;
        }
        for (; shown < TOTALS_CAUSES_SHOWN && group->first[shown] != CAUSE_NONE; shown++)
                phrase_add(p, "%s%s", shown == 0 ? "" : shown + 1 == n ? " or " : ", ",
                           cause_name((enum cause)group->first[shown]));
        if (n > shown)
                phrase_add(p, " or %u other%s", n - shown, n - shown == 1 ? "" : "s");
}

/* The largest group of this ending that is smaller than the last one told, in a fixed order. */
static const struct totals_group *next_group(const struct totals *t, enum ending ending,
                                             const struct totals_group *last)
{
        const struct totals_group *best = NULL;

        for (size_t i = 0; i < t->n_groups; i++) {
                const struct totals_group *g = &t->groups[i];
                bool later = !last || g->n < last->n || (g->n == last->n && g > last);

                if (g->ending == ending && g->n > 0 && later && (!best || g->n > best->n))
                        best = g;
        }
        return best;
}

/* The commonest reasons of an ending, a line each; the first line begins behind what stands there already. */
static void write_reasons(FILE *file, const struct totals *t, enum ending ending, unsigned n_before,
                          const struct style *style)
{
        const struct totals_group *group = NULL;
        uint64_t told = 0;

        for (size_t i = 0; told < t->endings[ending]; i++) {
                struct phrase p = { 0 };

                group = i < GROUPS_SHOWN ? next_group(t, ending, group) : NULL;
                if (!group && i == 0)
                        break;
                if (group && group->n < t->endings[ending]) {
                        phrase_count(&p, group->n);
                        phrase_add(&p, " ");
                } else if (!group) {
                        phrase_count(&p, t->endings[ending] - told);
                        phrase_add(&p, " otherwise");
                }
                if (group)
                        add_causes(&p, group);
                told += group ? group->n : t->endings[ending] - told;
                phrase_write(file, p.text, style->width, WHY_INDENT, n_before);
                n_before = 0;
        }
        if (n_before > 0)
                fputc('\n', file);
}

/* What an ending without a cause means; NULL of those that have one. */
static const char *meaning_of(enum ending ending)
{
        switch (ending) {
        case ENDING_HALF_CLOSED:
                return "one side had closed, the other was not seen to";
        case ENDING_OPEN:
                return "still open when the capture ends";
        case ENDING_UNSEEN:
                return "too little was seen to say";
        case ENDING_ORDERLY:
        case ENDING_REFUSED:
        case ENDING_UNANSWERED:
        case ENDING_RESET:
        case ENDING_TIMED_OUT:
        case N_ENDINGS:
                break;
        }
        return NULL;
}

static bool has_causes(enum ending ending)
{
        return ending == ENDING_REFUSED || ending == ENDING_UNANSWERED || ending == ENDING_RESET ||
               ending == ENDING_TIMED_OUT;
}

static void write_ending(FILE *file, const struct totals *t, enum ending ending, const struct style *style)
{
        const char *meaning = meaning_of(ending);
        struct phrase count = { 0 }, bad = { 0 }, all = { 0 };
        bool more;

        phrase_count(&count, t->endings[ending]);
        if (t->bad[ending] > 0 && t->bad[ending] < t->endings[ending]) {
                phrase_count(&bad, t->bad[ending]);
                phrase_add(&bad, " of them bad");
                phrase_count(&all, t->endings[ending]);
        } else if (t->bad[ending] > 0) {
                phrase_add(&bad, t->endings[ending] > 1 ? "all of them bad" : "bad");
        }
        more = bad.n > 0 || meaning || has_causes(ending);
        fprintf(file, "%*s  %s%-*s%s", COUNT_WIDTH, count.text,
                style_on(style, t->bad[ending] > 0       ? STYLE_RED
                                : t->notable[ending] > 0 ? STYLE_YELLOW
                                                         : STYLE_GREEN),
                more ? ENDING_WIDTH : 0, ending_name(ending), style_off(style));
        if (!more) {
                fputc('\n', file);
        } else if (bad.n > 0 && has_causes(ending) && t->endings[ending] > 1) {
                fprintf(file, " %s; causes%s%s:\n", bad.text, all.n > 0 ? " of all " : "", all.text);
                write_reasons(file, t, ending, 0, style);
        } else if (has_causes(ending)) {
                fprintf(file, " %s%s", bad.text, bad.n > 0 ? ": " : "");
                write_reasons(file, t, ending, WHY_INDENT + (unsigned)(bad.n > 0 ? bad.n + 2 : 0), style);
        } else {
                fprintf(file, " %s%s%s\n", bad.text, bad.n > 0 && meaning ? ": " : "", meaning ? meaning : "");
        }
}

static void write_bytes(FILE *file, const struct totals *t, const struct style *style)
{
        struct phrase p = { 0 };

        phrase_bytes(&p, t->bytes);
        phrase_add(&p, " sent");
        if (t->lost > 0) {
                phrase_add(&p, ", up to ");
                phrase_bytes(&p, t->lost);
                phrase_add(&p, " lost");
        }
        if (t->uncertain > 0) {
                phrase_add(&p, ", ");
                phrase_bytes(&p, t->uncertain);
                phrase_add(&p, " unacknowledged, fate uncertain");
        }
        if (t->lost == 0 && t->uncertain == 0 && t->bytes > 0)
                phrase_add(&p, ", none known to be lost or in doubt");
        phrase_write(file, p.text, style->width, 2, 0);
}

static void write_missing(FILE *file, const struct totals *t, const struct style *style)
{
        struct phrase p = { 0 };

        phrase_add(&p, "The capture lost segments: of ");
        phrase_count(&p, t->n_missing);
        phrase_add(&p, " connection%s, and of others, too, perhaps", t->n_missing == 1 ? "" : "s");
        phrase_write(file, p.text, style->width, 2, 0);
}

void summary_write(FILE *file, const struct totals *totals, const struct style *style)
{
        for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
                if (totals->endings[order[i]] > 0)
                        write_ending(file, totals, order[i], style);
        if (totals->n > 0)
                write_bytes(file, totals, style);
        if (totals->n_missing > 0)
                write_missing(file, totals, style);
}
