/* One claim in full: what was played, what it predicts there, what the kernel did. */
#include <string.h>

#include "lab/claims/write.h"

#define WIDTH 80
#define AT_ACT 13
#define AT_RESULT 35

/* Writes up to a column, at least two blanks. */
static size_t pad(FILE *file, size_t column, size_t to)
{
        size_t n = column + 2 <= to ? to - column : 2;

        fprintf(file, "%*s", (int)n, "");
        return column + n;
}

static void write_fact(FILE *file, const struct claim_fact *f, size_t column)
{
        const char *lead = f->premise ? "given " : "claimed ";
        const char *answer = f->bearing == BEARING_NOT_TESTED ? "not seen"
                             : f->bearing == BEARING_BEARS_OUT ? "yes"
                                                               : "no";
        size_t need = strlen(lead) + strlen(f->claimed) + 2 + strlen(answer);

        if (column + 2 + need > WIDTH) {
                fprintf(file, "\n%*s", AT_ACT + 2, "");
        } else {
                pad(file, column, WIDTH - need);
        }
        fprintf(file, "%s%s: %s\n", lead, f->claimed, answer);
}

static void write_line(FILE *file, const char *side, const char *what, const char *seen, const struct claim_fact *fact)
{
        size_t column = (size_t)fprintf(file, "     %-*s%s", AT_ACT - 5, side, what);

        if (seen[0]) {
                column = pad(file, column, AT_RESULT);
                column += (size_t)fprintf(file, "%s", seen);
        }
        if (fact)
                write_fact(file, fact, column);
        else
                fputc('\n', file);
}

static const char *who_name(char side)
{
        return side == 'c' ? "client" : side == 's' ? "server" : side == 'l' ? "listen" : "kernel";
}

static void write_act(FILE *file, const struct case_verdict *v, size_t i)
{
        const struct claim_act *a = &v->acts[i];
        bool written = false;

        for (size_t k = 0; k < v->n_facts; k++) {
                const struct claim_fact *f = &v->facts[k];

                if (f->act != i || !f->of_call)
                        continue;
                write_line(file, written ? "" : who_name(a->side), written ? "" : a->act, written ? "" : a->result, f);
                written = true;
        }
        if (!written)
                write_line(file, who_name(a->side), a->act, a->result, NULL);
        for (size_t k = 0; k < v->n_facts; k++) {
                const struct claim_fact *f = &v->facts[k];

                if (f->act == i && !f->of_call)
                        write_line(file, "", f->what, f->seen, f);
        }
}

static void write_case(FILE *file, const struct claim_case *c, size_t number, const struct case_verdict *v)
{
        const char *bearing = bearing_name(v->bearing);
        size_t column = (size_t)fprintf(file, "\n  %zu  %s", number, c->situation);

        if (column - 1 + 2 + strlen(bearing) > WIDTH)
                fprintf(file, "\n%*s%s\n", (int)(WIDTH - strlen(bearing)), "", bearing);
        else
                fprintf(file, "%*s%s\n", (int)(WIDTH - (column - 1) - strlen(bearing)), "", bearing);
        for (size_t i = 0; i < v->n_acts; i++)
                write_act(file, v, i);
        if (v->why[0]) {
                fprintf(file, "     ");
                claims_write_text(file, 5, "Not tested: ", v->why, ".");
        }
        if (v->disagrees) {
                fprintf(file, "     ");
                claims_write_text(file, 5, "The model does not allow this: ", v->disagreement, ".");
        }
}

static bool same_bearings(const struct claim_verdict *a, const struct claim_verdict *b)
{
        for (size_t i = 0; i < a->claim->n_cases; i++)
                if (a->cases[i].bearing != b->cases[i].bearing || a->cases[i].disagrees != b->cases[i].disagrees)
                        return false;
        return true;
}

void claim_write_full(FILE *file, const struct claim_found *found, bool colour)
{
        const struct claim *c = found->claim;

        claims_write_word(file, found, colour);
        fprintf(file, "%s\n\n  ", c->name);
        claims_write_text(file, 2, "\"", c->sentence, "\"");
        fprintf(file, "  ");
        claims_write_text(file, 2, "Source: ", c->source, ".");
        fprintf(file, "  ");
        claims_write_text(file, 2, claims_lead(found), c->right, ".");
        if (c->kind == CLAIM_ALWAYS && found->word == CLAIM_FALSE)
                fprintf(file, "  It speaks of every case: one against it makes it false.\n");
        for (size_t k = 0; k < found->n; k++) {
                if (k > 0 && same_bearings(found->verdicts[0], found->verdicts[k])) {
                        fprintf(file, "\n  %s: the same.\n", claims_family_name(found->verdicts[k]->family));
                        continue;
                }
                if (found->n > 1)
                        fprintf(file, "\n  %s\n", claims_family_name(found->verdicts[k]->family));
                for (size_t i = 0; i < c->n_cases; i++)
                        write_case(file, &c->cases[i], i + 1, &found->verdicts[k]->cases[i]);
        }
}
