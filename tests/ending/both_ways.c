/* The same facts, judged by the rules and without them. */
#include "both_ways.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

#include "random_facts.h"
#include "report/record_json.h"

static void write_record(const struct record *r, struct json *ret_json)
{
        json_begin(ret_json, NULL);
        json_record(ret_json, NULL, r, 0);
}

bool same_both_ways(const struct facts *f, size_t i, short_way way)
{
        static struct json by_any, by_rules;
        struct record a, b, untouched;
        struct judging j = { .f = f, .r = &untouched };

        record_init(&a, f->seen.source, "1.1");
        judge(f, &a, NULL);
        record_init(&b, f->seen.source, "1.1");
        judge_by_rules(f, &b, NULL);
        write_record(&a, &by_any);
        write_record(&b, &by_rules);
        if (by_any.n_buffer != by_rules.n_buffer || memcmp(by_any.buffer, by_rules.buffer, by_any.n_buffer) != 0)
                fail_msg("facts %zu:\n%.*s\n%.*s", i, (int)by_any.n_buffer, by_any.buffer, (int)by_rules.n_buffer,
                         by_rules.buffer);
        assert_true(a.reset.unasked == b.reset.unasked);
        record_init(&untouched, f->seen.source, "1.1");
        return way(&j);
}

void hold_many(size_t n, maker make, short_way way, size_t least)
{
        uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);
        size_t n_short = 0;

        for (size_t i = 0; i < n; i++) {
                struct facts f;

                make(&f, &seed);
                n_short += same_both_ways(&f, i, way);
        }
        assert_in_range(n_short * 100 / n, least, 90);
}

void hold_any(size_t n, short_way way)
{
        uint64_t seed = UINT64_C(0x2545f4914f6cdd1d);

        for (size_t i = 0; i < n; i++) {
                struct facts f;

                random_facts(&f, &seed, i % 2 ? 100 : 50);
                same_both_ways(&f, i, way);
        }
}

void add_each_fact(size_t rounds, maker make, short_way way)
{
        uint64_t seed = UINT64_C(0xd1b54a32d192ed03);

        for (size_t round = 0; round < rounds; round++) {
                struct facts plain, any;

                do
                        make(&plain, &seed);
                while (!same_both_ways(&plain, round, way));
                do
                        random_facts(&any, &seed, 100);
                while (any.n_resets == 0);
#define ADD(kind, name, sentence)                                                                  \
        {                                                                                          \
                struct facts f = plain;                                                            \
                f.ADD_PLACE name = any.ADD_PLACE name;                                             \
                f.ADD_PLACE name.how = HOW_TOLD;                                                   \
                same_both_ways(&f, round, way);                                                    \
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
#define ADD_PLACE resets[0].
                FACTS_OF_RESET(ADD)
#undef ADD_PLACE
        }
}

bool mostly(uint64_t *seed)
{
        return random_next(seed) % 60 > 0;
}

#define FORGET(kind, name, sentence)                                                               \
        if (random_next(seed) % 100 >= known)                                                      \
                facts->name.how = HOW_UNKNOWN;

void forget_most_of_end(struct facts_of_end *facts, uint64_t *seed, unsigned known)
{
        FACTS_OF_END(FORGET)
}

void forget_most_of_reset(struct facts_of_reset *facts, uint64_t *seed, unsigned known)
{
        FACTS_OF_RESET(FORGET)
}
