/* The list of claims, worst first. */
#include "lab/claims/write.h"

#include <string.h>
#include <sys/utsname.h>

#define WIDTH 80
#define INDENT 8

const char *claims_family_name(int family)
{
        return family == AF_INET ? "IPv4" : "IPv6";
}

void claims_write_word(FILE *file, const struct claim_found *found, bool colour)
{
        static const char *const colours[N_CLAIM_WORDS] = { "31;1", "33;1", "32", "2" };
        bool tested = found->word != CLAIM_NOT_TESTED;
        char name[INDENT];

        snprintf(name, sizeof(name), "%s%s", tested ? claim_word_name(found->word) : "",
                 found->settled ? "" : "?");
        if (colour)
                fprintf(file, "\033[%sm%s\033[0m%*s", colours[found->word], name, (int)(INDENT - strlen(name)), "");
        else
                fprintf(file, "%-*s", INDENT, name);
}

/* Copies the three pieces into one line after the other; a word is never cut. */
void claims_write_text(FILE *file, size_t indent, const char *lead, const char *text, const char *tail)
{
        const char *pieces[] = { lead, text, tail };
        size_t column = indent;
        bool begun = false, blank = false;

        for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++)
                for (const char *p = pieces[i]; *p;) {
                        size_t n = strcspn(p, " ");

                        if (*p == ' ') {
                                blank = true;
                                p++;
                                continue;
                        }
                        /* What the next piece appends without a blank belongs to the word. */
                        size_t whole = n + (p[n] == 0 && i + 1 < 3 ? strcspn(pieces[i + 1], " ") : 0);

                        if (begun && blank && column + 1 + whole > WIDTH) {
                                fprintf(file, "\n%*s", (int)indent, "");
                                column = indent;
                        } else if (begun && blank) {
                                fputc(' ', file);
                                column++;
                        }
                        fprintf(file, "%.*s", (int)n, p);
                        column += n;
                        begun = true;
                        blank = false;
                        p += n;
                }
        fputc('\n', file);
}

/* qsort() does not keep the order of equals: few enough to insert. */
static void sort(struct claim_found *found, size_t n)
{
        for (size_t i = 1; i < n; i++) {
                struct claim_found f = found[i];
                size_t k = i;

                for (; k > 0 && found[k - 1].word > f.word; k--)
                        found[k] = found[k - 1];
                found[k] = f;
        }
}

static void write_head(FILE *file, const struct claim_found *found, size_t n)
{
        size_t words[N_CLAIM_WORDS] = { 0 }, disagree = 0, open = 0;
        struct utsname name;

        for (size_t i = 0; i < n; i++) {
                words[found[i].word]++;
                open += found[i].word != CLAIM_NOT_TESTED && !found[i].settled;
                for (size_t k = 0; k < found[i].n; k++)
                        disagree += found[i].verdicts[k]->n_disagree;
        }
        fprintf(file, "What is said about how TCP connections end, tested just now");
        if (uname(&name) == 0)
                fprintf(file, "\non %s %.40s", name.sysname, name.release);
        fprintf(file, ": %zu false, %zu partly, %zu true", words[CLAIM_FALSE], words[CLAIM_PARTLY],
                words[CLAIM_TRUE]);
        if (words[CLAIM_NOT_TESTED])
                fprintf(file, ", %zu not tested", words[CLAIM_NOT_TESTED]);
        fprintf(file, "\n");
        if (n > 1)
                fprintf(file, "Partly: some cases bear it out. A claim that speaks of every case (\"always\",\n"
                              "\"only\", \"never\", \"means\") is false by a single case against it.\n");
        if (open)
                fprintf(file, "A word with \"?\" (%zu) could be another if every case could be tested.\n", open);
        if (disagree)
                fprintf(file, "In %zu cases the kernel did what the model does not allow.\n", disagree);
}

/* What stands before the sentence of what is right. The sentences are whole, so that either fits. */
const char *claims_lead(const struct claim_found *found)
{
        return found->word == CLAIM_TRUE ? "Yes: " : "In fact ";
}

/* "1 of 4 cases bears it out, 1 not tested", and the name to ask by. */
static void write_count(FILE *file, const struct claim_found *found)
{
        char text[240];
        size_t n = 0;

        for (size_t i = 0; i < found->n; i++) {
                const struct claim_verdict *v = found->verdicts[i], *other = found->verdicts[0];
                size_t tested = v->n_bear_out + v->n_contradict;
                bool same = v->n_bear_out == other->n_bear_out && v->n_contradict == other->n_contradict;

                if (i > 0 && same)
                        continue;
                n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s%s", i ? "; " : "",
                                      i ? claims_family_name(v->family) : "", i ? ": " : "");
                if (tested > 0)
                        n += (size_t)snprintf(text + n, sizeof(text) - n, "%zu of %zu case%s bear%s it out",
                                              v->n_bear_out, tested, tested == 1 ? "" : "s",
                                              tested == 1 || v->n_bear_out == 1 ? "s" : "");
                if (found->claim->kind == CLAIM_ALWAYS && v->n_bear_out > 0 && v->n_contradict > 0)
                        n += (size_t)snprintf(text + n, sizeof(text) - n, ", not every one");
                if (v->n_not_tested)
                        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%zu not tested", tested ? ", " : "",
                                              v->n_not_tested);
                if (v->n_disagree)
                        n += (size_t)snprintf(text + n, sizeof(text) - n, ", %zu not as the model says",
                                              v->n_disagree);
        }
        fprintf(file, "%*s", INDENT, "");
        claims_write_text(file, INDENT, found->claim->name, ": ", text);
}

static const char *first_reason(const struct claim_found *found)
{
        for (size_t i = 0; i < found->n; i++)
                for (size_t k = 0; k < found->claim->n_cases; k++)
                        if (found->verdicts[i]->cases[k].why[0])
                                return found->verdicts[i]->cases[k].why;
        return "no case could be played";
}

void claims_write_list(FILE *file, struct claim_found *found, size_t n, bool colour)
{
        sort(found, n);
        write_head(file, found, n);
        for (size_t i = 0; i < n; i++) {
                const struct claim *c = found[i].claim;

                fputc('\n', file);
                claims_write_word(file, &found[i], colour);
                claims_write_text(file, INDENT, "\"", c->sentence, "\"");
                fprintf(file, "%*s", INDENT, "");
                if (found[i].word == CLAIM_NOT_TESTED)
                        claims_write_text(file, INDENT, "Not tested: ", first_reason(&found[i]), ".");
                else
                        claims_write_text(file, INDENT, claims_lead(&found[i]), c->right, ".");
                write_count(file, &found[i]);
        }
        if (n > 1)
                fprintf(file, "\nA name shows one with all its cases: finis lab --claims %s\n", found[0].claim->name);
}
