/* Plays the cases of a claim and finds the word for it. */
#include "lab/claims.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "lab/claims/judge.h"
#include "lab/claims/lists.h"
#include "lab/claims/notation.h"

size_t claim_count(void)
{
        size_t n = 0;

        for (size_t i = 0; i < n_claim_lists; i++)
                n += claim_lists[i]->n;
        return n;
}

const struct claim *claim_at(size_t index)
{
        for (size_t i = 0; i < n_claim_lists; i++) {
                if (index < claim_lists[i]->n)
                        return &claim_lists[i]->claims[index];
                index -= claim_lists[i]->n;
        }
        return NULL;
}

enum match { MATCH_NAME, MATCH_PREFIX, MATCH_PATTERN, N_MATCHES };

static bool matches(const char *name, const char *pattern, enum match match)
{
        switch (match) {
        case MATCH_NAME:
                return !strcmp(name, pattern);
        case MATCH_PREFIX:
                return !strncmp(name, pattern, strlen(pattern));
        case MATCH_PATTERN:
        case N_MATCHES:
                break;
        }
        return fnmatch(pattern, name, 0) == 0;
}

size_t claim_select(const char *pattern, const struct claim **ret_claims, size_t n)
{
        size_t found = 0, total = claim_count();

        /* The first way that finds any is meant. */
        for (enum match m = MATCH_NAME; m < N_MATCHES && found == 0; m++)
                for (size_t i = 0; i < total; i++) {
                        if (pattern && !matches(claim_at(i)->name, pattern, m))
                                continue;
                        if (ret_claims && found < n)
                                ret_claims[found] = claim_at(i);
                        found++;
                }
        return found;
}

enum claim_word claim_word_of(enum claim_kind kind, size_t n_bear_out, size_t n_contradict)
{
        if (n_bear_out + n_contradict == 0)
                return CLAIM_NOT_TESTED;
        if (n_contradict == 0)
                return CLAIM_TRUE;
        return kind == CLAIM_ALWAYS || n_bear_out == 0 ? CLAIM_FALSE : CLAIM_PARTLY;
}

bool claim_word_is_final(enum claim_kind kind, enum claim_word word)
{
        return word == CLAIM_PARTLY || (word == CLAIM_FALSE && kind == CLAIM_ALWAYS);
}

const char *claim_word_name(enum claim_word word)
{
        static const char *const names[N_CLAIM_WORDS] = { "false", "partly", "true", "not tested" };

        return names[word];
}

const char *bearing_name(enum bearing bearing)
{
        static const char *const names[] = { "not tested", "contradicts it", "bears it out" };

        return names[bearing];
}

static int test_case(const struct claim *claim, const struct claim_case *c, struct play *play, int family,
                     const struct stage_rights *rights, struct sniffer *sniffer, bool timers,
                     struct case_verdict *ret_verdict)
{
        struct scenario scenario = { .name = claim->name, .flags = c->flags };
        struct notation notation;
        const char *at;
        int r;

        r = notation_read(c->acts, &notation, &at);
        if (r < 0)
                return r;
        if ((c->flags & SCENARIO_TIMERS) && !timers) {
                *ret_verdict = (struct case_verdict){ .why = "it waits for timers of the kernel" };
                return 0;
        }
        scenario.acts = notation.acts;
        play_run(&scenario, family, rights, sniffer, play);
        judge_case(&notation, play, ret_verdict);
        play_end(play);
        return 0;
}

int claim_test(const struct claim *claim, int family, const struct stage_rights *rights, struct sniffer *sniffer,
               bool timers, struct claim_verdict *ret_verdict)
{
        struct claim_verdict *v = ret_verdict;
        struct play *play;
        int r = 0;

        if (claim->n_cases > CLAIM_MAX_CASES)
                return -EINVAL;
        play = malloc(sizeof(*play));
        if (!play)
                return -ENOMEM;
        memset(v, 0, sizeof(*v));
        v->claim = claim;
        v->family = family;
        for (size_t i = 0; i < claim->n_cases && r == 0; i++) {
                r = test_case(claim, &claim->cases[i], play, family, rights, sniffer, timers, &v->cases[i]);
                v->n_bear_out += r == 0 && v->cases[i].bearing == BEARING_BEARS_OUT;
                v->n_contradict += r == 0 && v->cases[i].bearing == BEARING_CONTRADICTS;
                v->n_not_tested += r == 0 && v->cases[i].bearing == BEARING_NOT_TESTED;
                v->n_disagree += r == 0 && v->cases[i].disagrees;
        }
        free(play);
        v->word = claim_word_of(claim->kind, v->n_bear_out, v->n_contradict);
        v->settled = v->n_not_tested == 0 || claim_word_is_final(claim->kind, v->word);
        return r;
}
