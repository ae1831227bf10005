/* What ended in order is judged without the tables of rules: the rules say the same of it, whatever is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ending/judging.h"
#include "random_facts.h"
#include "report/record_json.h"

/* As the line, with the evidence. */
static void
write_record(const struct record *r, struct json *ret_json)
{
        json_begin(ret_json, NULL);
        json_record(ret_json, NULL, r, RECORD_JSON_EVIDENCE);
}

/* True where the tables were not asked. */
static bool
same_both_ways(const struct facts *f, size_t i)
{
        static struct json by_any, by_rules;
        struct record a, b, untouched;
        struct evidence evidence_a, evidence_b;
        struct judging j = { .f = f, .r = &untouched };

        record_init(&a, f->seen.source, "1.1");
        judge(f, &a, &evidence_a);
        record_init(&b, f->seen.source, "1.1");
        judge_by_rules(f, &b, &evidence_b);
        write_record(&a, &by_any);
        write_record(&b, &by_rules);
        if (by_any.n_buffer != by_rules.n_buffer || memcmp(by_any.buffer, by_rules.buffer, by_any.n_buffer) != 0)
                fail_msg("facts %zu:\n%.*s\n%.*s", i, (int)by_any.n_buffer, by_any.buffer, (int)by_rules.n_buffer,
                         by_rules.buffer);
        record_init(&untouched, f->seen.source, "1.1");
        return judge_orderly(&j);
}

#define FORGET(kind, name, sentence)                                                               \
        if (random_next(seed) % 100 >= known)                                                      \
                facts->name.how = HOW_UNKNOWN;

static void
forget_of_end(struct facts_of_end *facts, uint64_t *seed, unsigned known)
{
        FACTS_OF_END(FORGET)
}

static bool
mostly(uint64_t *seed)
{
        return random_next(seed) % 40 > 0;
}

/* Facts at random, most of what an orderly connection needs being so. */
static void
make_nearly_orderly(struct facts *f, uint64_t *seed)
{
        random_facts(f, seed, 100);
        if (mostly(seed))
                f->both_acked = (struct fact_flag){ HOW_SEEN, true };
        if (mostly(seed))
                f->icmp.how = HOW_UNKNOWN;
        if (mostly(seed))
                f->n_resets = 0;
        if (mostly(seed))
                f->n_resets_in_all = mostly(seed) ? f->n_resets : 0;
        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
                struct facts_of_direction *from = &f->from[side];
                struct facts_of_end *end = &f->end[side];
                struct fact_os os = end->os;

                /* Many facts of an end lead elsewhere: one or two at a time. */
                forget_of_end(end, seed, random_next(seed) % 4 ? 0 : 10);
                end->os = mostly(seed) ? os : (struct fact_os){ HOW_INFERRED, OS_LINUX };
                if (random_next(seed) % 16 == 0)
                        end->error_set = (struct fact_error){ HOW_TOLD, (int)(random_next(seed) % 200) };
                if (mostly(seed))
                        from->fin = (struct fact_flag){ HOW_SEEN, true };
                if (mostly(seed) && !fact_known(from->bytes.how))
                        from->bytes.how = HOW_INFERRED;
                if (mostly(seed))
                        from->acked = from->bytes;
                if (mostly(seed))
                        from->acked_by_reset.how = HOW_UNKNOWN;
        }
}

static void
the_rules_say_the_same_of_what_is_judged_without_them(void **state)
{
        uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);
        size_t n_without = 0, n = 150000;

        (void)state;
        for (size_t i = 0; i < n; i++) {
                struct facts f;

                make_nearly_orderly(&f, &seed);
                n_without += same_both_ways(&f, i);
        }
        assert_in_range(n_without, n / 10, n - n / 10);
}

static void
and_of_any_facts(void **state)
{
        uint64_t seed = UINT64_C(0x2545f4914f6cdd1d);

        (void)state;
        for (size_t i = 0; i < 50000; i++) {
                struct facts f;

                random_facts(&f, &seed, i % 2 ? 100 : 50);
                same_both_ways(&f, i);
        }
}

/* One fact after the other is made known of what needs none of the rules. */
static void
whatever_fact_is_added_the_rules_say_the_same(void **state)
{
        uint64_t seed = UINT64_C(0xd1b54a32d192ed03);

        (void)state;
        for (size_t round = 0; round < 40; round++) {
                struct facts plain, any;

                do
                        make_nearly_orderly(&plain, &seed);
                while (!same_both_ways(&plain, round));
                random_facts(&any, &seed, 100);
#define ADD(kind, name, sentence)                                                                  \
        {                                                                                          \
                struct facts f = plain;                                                            \
                f.ADD_PLACE name = any.ADD_PLACE name;                                             \
                f.ADD_PLACE name.how = HOW_TOLD;                                                   \
                same_both_ways(&f, round);                                                         \
        }
#define ADD_PLACE
                FACTS_OF_CONNECTION(ADD)
#undef ADD_PLACE
#define ADD_PLACE end[round % 2].
                FACTS_OF_END(ADD)
#undef ADD_PLACE
#define ADD_PLACE from[round % 2].
                FACTS_OF_DIRECTION(ADD)
#undef ADD_PLACE
        }
}

int
main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_rules_say_the_same_of_what_is_judged_without_them),
                cmocka_unit_test(and_of_any_facts),
                cmocka_unit_test(whatever_fact_is_added_the_rules_say_the_same),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
