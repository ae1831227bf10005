/* Attempts that came to nothing are judged without the tables of rules: the rules say the same, whatever is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "both_ways.h"
#include "random_facts.h"

/* The RST of an attempt that was refused, most of it being so. */
static void make_nearly_refusal(struct facts_of_reset *reset, uint64_t *seed)
{
        forget_most_of_reset(reset, seed, random_next(seed) % 2 ? 10 : 50);
        if (mostly(seed))
                reset->by = (struct fact_side){ HOW_SEEN, mostly(seed) ? SIDE_SERVER : SIDE_CLIENT };
        if (mostly(seed))
                reset->answers = (struct fact_segment){ HOW_INFERRED, SEGMENT_KIND_SYN };
        if (mostly(seed))
                reset->has_ack = seen_flag(mostly(seed));
        if (mostly(seed))
                reset->window = seen_count(0);
        if (mostly(seed))
                reset->payload = seen_count(0);
        if (mostly(seed))
                reset->options = seen_flag(false);
        if (mostly(seed))
                reset->obeyed = (struct fact_flag){ HOW_INFERRED, true };
        if (mostly(seed))
                reset->after_both_acked = seen_flag(false);
}

/* Facts at random, most of what an attempt that came to nothing needs being so. */
static void make_nearly_attempt(struct facts *f, uint64_t *seed)
{
        random_facts(f, seed, 100);
        if (mostly(seed))
                f->seen = (struct facts_seen){ .source = mostly(seed) ? SOURCE_CAPTURE : f->seen.source,
                                               .sides = SIDES_SEEN_BOTH,
                                               .midstream = !mostly(seed), .gaps = !mostly(seed),
                                               .cut = random_next(seed) % 2, .until = f->seen.until };
        if (mostly(seed))
                f->icmp.how = HOW_UNKNOWN;
        if (mostly(seed))
                f->established = seen_flag(false);
        if (mostly(seed))
                f->syns = seen_count(1 + random_next(seed) % 4);
        if (mostly(seed))
                f->syn_acks = seen_count(0);
        if (mostly(seed))
                f->late_syn_acks = seen_count(0);
        if (mostly(seed))
                f->both_acked = seen_flag(false);
        if (mostly(seed))
                f->filter_answers.how = f->mptcp.how = HOW_UNKNOWN;
        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
                struct facts_of_direction *from = &f->from[side];
                struct facts_of_end *end = &f->end[side];
                struct fact_os os = end->os;

                /* Many facts of an end lead elsewhere: one or two at a time. */
                forget_most_of_end(end, seed, random_next(seed) % 4 ? 0 : 10);
                end->os = mostly(seed) ? os : (struct fact_os){ HOW_INFERRED, OS_LINUX };
                if (mostly(seed))
                        from->bytes = seen_count(0);
                if (mostly(seed))
                        from->payloads = seen_count(0);
                if (mostly(seed))
                        from->fin = seen_flag(false);
        }
        /* What stands behind the last RST is what was there before. */
        for (size_t i = 0; i < FACTS_RESETS_MAX; i++)
                make_nearly_refusal(&f->resets[i], seed);
        f->n_resets = mostly(seed) ? random_next(seed) % 2 : random_next(seed) % 3;
        f->n_resets_in_all = f->n_resets + !mostly(seed);
}

static bool was_refused(struct judging *j)
{
        return judge_attempt(j) && j->reset;
}

static void the_rules_say_the_same_of_an_attempt_that_is_judged_without_them(void **state)
{
        (void)state;
        hold_many(150000, make_nearly_attempt, judge_attempt, 30);
        hold_many(10000, make_nearly_attempt, was_refused, 10);
}

static void and_of_any_facts(void **state)
{
        (void)state;
        hold_any(50000, judge_attempt);
}

static void whatever_fact_is_added_the_rules_say_the_same(void **state)
{
        (void)state;
        add_each_fact(100, make_nearly_attempt, judge_attempt);
        add_each_fact(100, make_nearly_attempt, was_refused);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_rules_say_the_same_of_an_attempt_that_is_judged_without_them),
                cmocka_unit_test(and_of_any_facts),
                cmocka_unit_test(whatever_fact_is_added_the_rules_say_the_same),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
