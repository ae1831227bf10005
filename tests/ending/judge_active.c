/* One active RST and nothing else is judged without the tables of rules: the rules say the same, whatever is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "both_ways.h"
#include "random_facts.h"

/* An active RST, most of it being so. */
static void make_nearly_active(struct facts_of_reset *reset, uint64_t *seed)
{
        /* Many of its facts are doubts. */
        forget_most_of_reset(reset, seed, random_next(seed) % 2 ? 2 : 10);
        if (mostly(seed))
                reset->by = (struct fact_side){ HOW_SEEN, !mostly(seed)          ? SIDE_UNKNOWN
                                                          : random_next(seed) % 2 ? SIDE_SERVER
                                                                                  : SIDE_CLIENT };
        if (mostly(seed))
                reset->at.how = HOW_SEEN;
        if (mostly(seed))
                reset->has_ack = seen_flag(mostly(seed));
        if (mostly(seed))
                reset->window = seen_count(random_next(seed) % 4);
        if (mostly(seed))
                reset->options = seen_flag(random_next(seed) % 2);
        if (mostly(seed))
                reset->payload = seen_count(0);
        if (mostly(seed))
                reset->validity = (struct fact_validity){ HOW_SEEN, RESET_VALIDITY_EXACT };
        if (mostly(seed))
                reset->obeyed = (struct fact_flag){ HOW_INFERRED, true };
        if (mostly(seed))
                reset->after_both_acked = seen_flag(false);
        if (mostly(seed))
                reset->not_arrived.how = HOW_UNKNOWN;
}

/* All of its bytes acknowledged, most of it being so. */
static void make_nearly_done(struct facts_of_direction *from, uint64_t *seed)
{
        if (mostly(seed))
                from->bytes = seen_count(random_next(seed) % 3 ? random_next(seed) % 500 : 0);
        if (mostly(seed))
                from->acked = from->bytes;
        if (random_next(seed) % 2)
                from->acked_by_reset = from->bytes;
        if (random_next(seed) % 8 == 0)
                from->acked = seen_count(random_next(seed) % 500);
        if (mostly(seed))
                from->fin = seen_flag(false);
        if (mostly(seed))
                from->packets = seen_count(1 + random_next(seed) % 9);
}

/* Facts at random, most of what such a connection needs being so. */
static void make_nearly_reset(struct facts *f, uint64_t *seed)
{
        random_facts(f, seed, 100);
        if (mostly(seed))
                f->seen = (struct facts_seen){ .source = mostly(seed) ? SOURCE_CAPTURE : f->seen.source,
                                               .sides = mostly(seed) ? SIDES_SEEN_BOTH : f->seen.sides,
                                               .midstream = !mostly(seed), .gaps = !mostly(seed),
                                               .cut = random_next(seed) % 2, .until = f->seen.until };
        if (mostly(seed))
                f->established = seen_flag(random_next(seed) % 3 > 0);
        if (mostly(seed))
                f->both_acked = seen_flag(false);
        if (mostly(seed))
                f->siblings_reset.how = f->mptcp.how = HOW_UNKNOWN;
        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
                struct facts_of_end *end = &f->end[side];
                struct fact_os os = end->os;

                /* Many facts of an end lead elsewhere: one or two at a time. */
                forget_most_of_end(end, seed, random_next(seed) % 4 ? 0 : 10);
                end->os = mostly(seed) ? os : (struct fact_os){ HOW_INFERRED, OS_LINUX };
                make_nearly_done(&f->from[side], seed);
        }
        /* What stands behind the last RST is what was there before. */
        for (size_t i = 0; i < FACTS_RESETS_MAX; i++)
                make_nearly_active(&f->resets[i], seed);
        f->n_resets = mostly(seed) ? 1 : random_next(seed) % 3;
        f->n_resets_in_all = mostly(seed) ? f->n_resets : random_next(seed) % 3;
}

static bool server_reset(struct judging *j)
{
        return judge_active(j) && j->named == SIDE_SERVER;
}

static void the_rules_say_the_same_of_a_reset_that_is_judged_without_them(void **state)
{
        (void)state;
        hold_many(200000, make_nearly_reset, judge_active, 15);
        hold_many(10000, make_nearly_reset, server_reset, 5);
}

static void and_of_any_facts(void **state)
{
        (void)state;
        hold_any(50000, judge_active);
}

static void whatever_fact_is_added_the_rules_say_the_same(void **state)
{
        (void)state;
        add_each_fact(200, make_nearly_reset, judge_active);
        add_each_fact(100, make_nearly_reset, server_reset);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_rules_say_the_same_of_a_reset_that_is_judged_without_them),
                cmocka_unit_test(and_of_any_facts),
                cmocka_unit_test(whatever_fact_is_added_the_rules_say_the_same),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
