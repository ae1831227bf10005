/* Forgetting facts, and judging again; and judging each by the rules alone, too. */
#include "forget.h"

#include <stdio.h>
#include <string.h>

#include "ending/judging.h"
#include "random_facts.h"
#include "report/record_json.h"

#define PRINTED_MAX 5

static const char *complaint(const struct record *all, const struct record *less)
{
        const char *fault = record_fault(less);

        if (fault)
                return fault;
        if (less->certainty > all->certainty)
                return "knowing less, it is surer";
        if (less->cause != CAUSE_NONE && less->cause != all->cause)
                return "knowing less, it states another cause";
        return NULL;
}

/* False where the rules alone say otherwise. */
static bool judge_facts(const struct facts *f, struct record *ret_record)
{
        static struct json line, line_by_rules;
        struct record by_rules;

        record_init(ret_record, f->seen.source, "1.1");
        judge(f, ret_record, NULL);
        record_init(&by_rules, f->seen.source, "1.1");
        judge_by_rules(f, &by_rules, NULL);
        json_begin(&line, NULL);
        json_record(&line, NULL, ret_record, 0);
        json_begin(&line_by_rules, NULL);
        json_record(&line_by_rules, NULL, &by_rules, 0);
        return line.n_buffer == line_by_rules.n_buffer && !memcmp(line.buffer, line_by_rules.buffer, line.n_buffer);
}

static void report(const char *name, const struct record *all, const struct record *less, const char *what, size_t a,
                   size_t b)
{
        char first[FACT_NAME_MAX], second[FACT_NAME_MAX] = "";

        facts_name(a, first);
        if (b != a)
                facts_name(b, second);
        printf("# %s: without %s %s: %s (%s %s %s, was %s %s %s)\n", name, first, second, what,
               ending_name(less->ending), certainty_name(less->certainty),
               less->cause == CAUSE_NONE ? "-" : cause_name(less->cause), ending_name(all->ending),
               certainty_name(all->certainty), all->cause == CAUSE_NONE ? "-" : cause_name(all->cause));
}

unsigned forget_and_judge(const struct facts *f, const char *name, unsigned n_pairs, uint64_t *seed)
{
        struct record all, less;
        unsigned n_faults = 0;
        size_t n = facts_count(), known[1024], n_known = 0;

        if (!judge_facts(f, &all)) {
                printf("# %s: the rules say otherwise\n", name);
                n_faults++;
        }
        for (size_t i = 0; i < n && n_known < sizeof(known) / sizeof(*known); i++)
                if (fact_known(facts_how(f, i)))
                        known[n_known++] = i;
        for (size_t i = 0; i < n_known + n_pairs && n_known > 0; i++) {
                size_t a = i < n_known ? known[i] : known[random_next(seed) % n_known];
                size_t b = i < n_known ? a : known[random_next(seed) % n_known];
                struct facts fewer = *f;
                const char *what;

                facts_forget(&fewer, a);
                facts_forget(&fewer, b);
                what = judge_facts(&fewer, &less) ? complaint(&all, &less) : "the rules say otherwise";
                if (what && ++n_faults <= PRINTED_MAX)
                        report(name, &all, &less, what, a, b);
        }
        return n_faults;
}
