/* Attempts that came to nothing are judged without the tables of rules: the rules say the same, whatever is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ending/judging.h"
#include "random_facts.h"
#include "report/record_json.h"

static void
write_record(const struct record *r, struct json *ret_json)
{
        json_begin(ret_json, NULL);
        json_record(ret_json, NULL, r, 0);
}

/* True where the tables were not asked. */
static bool
same_both_ways(const struct facts *f, size_t i)
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
        return judge_attempt(&j);
}

static bool
mostly(uint64_t *seed)
{
        return random_next(seed) % 60 > 0;
}

#define FORGET(kind, name, sentence)                                                               \
        if (random_next(seed) % 100 >= known)                                                      \
                facts->name.how = HOW_UNKNOWN;

static void
forget_of_end(struct facts_of_end *facts, uint64_t *seed, unsigned known)
{
        FACTS_OF_END(FORGET)
}

static void
forget_of_reset(struct facts_of_reset *facts, uint64_t *seed, unsigned known)
{
        FACTS_OF_RESET(FORGET)
}

static struct fact_flag
flag(bool value)
{
        return (struct fact_flag){ HOW_SEEN, value };
}

static struct fact_count
count(uint64_t value)
{
        return (struct fact_count){ HOW_SEEN, value };
}

/* The RST of an attempt that was refused, most of it being so. */
static void
make_nearly_refusal(struct facts_of_reset *reset, uint64_t *seed)
{
        forget_of_reset(reset, seed, random_next(seed) % 2 ? 10 : 50);
        if (mostly(seed))
                reset->by = (struct fact_side){ HOW_SEEN, mostly(seed) ? SIDE_SERVER : SIDE_CLIENT };
        if (mostly(seed))
                reset->answers = (struct fact_segment){ HOW_INFERRED, SEGMENT_KIND_SYN };
        if (mostly(seed))
                reset->has_ack = flag(mostly(seed));
        if (mostly(seed))
                reset->window = count(0);
        if (mostly(seed))
                reset->payload = count(0);
        if (mostly(seed))
                reset->options = flag(false);
        if (mostly(seed))
                reset->obeyed = (struct fact_flag){ HOW_INFERRED, true };
        if (mostly(seed))
                reset->after_both_acked = flag(false);
}

/* Facts at random, most of what an attempt that came to nothing needs being so. */
static void
make_nearly_attempt(struct facts *f, uint64_t *seed)
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
                f->established = flag(false);
        if (mostly(seed))
                f->syns = count(1 + random_next(seed) % 4);
        if (mostly(seed))
                f->syn_acks = count(0);
        if (mostly(seed))
                f->late_syn_acks = count(0);
        if (mostly(seed))
                f->both_acked = flag(false);
        if (mostly(seed))
                f->filter_answers.how = f->mptcp.how = HOW_UNKNOWN;
        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
                struct facts_of_direction *from = &f->from[side];
                struct facts_of_end *end = &f->end[side];
                struct fact_os os = end->os;

                /* Many facts of an end lead elsewhere: one or two at a time. */
                forget_of_end(end, seed, random_next(seed) % 4 ? 0 : 10);
                end->os = mostly(seed) ? os : (struct fact_os){ HOW_INFERRED, OS_LINUX };
                if (mostly(seed))
                        from->bytes = count(0);
                if (mostly(seed))
                        from->payloads = count(0);
                if (mostly(seed))
                        from->fin = flag(false);
        }
        /* What stands behind the last RST is what was there before. */
        for (size_t i = 0; i < FACTS_RESETS_MAX; i++)
                make_nearly_refusal(&f->resets[i], seed);
        f->n_resets = mostly(seed) ? random_next(seed) % 2 : random_next(seed) % 3;
        f->n_resets_in_all = f->n_resets + !mostly(seed);
}

static void
the_rules_say_the_same_of_an_attempt_that_is_judged_without_them(void **state)
{
        uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);
        size_t n = 150000, n_without = 0, n_refused = 0;

        (void)state;
        for (size_t i = 0; i < n; i++) {
                struct facts f;
                bool without;

                make_nearly_attempt(&f, &seed);
                without = same_both_ways(&f, i);
                n_without += without;
                n_refused += without && f.n_resets > 0;
        }
        assert_in_range(n_without, n / 10, n - n / 10);
        assert_in_range(n_refused, n / 20, n_without - n / 20);
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

/* One fact after the other is made known of what needs none of the rules, or becomes another. */
static void
whatever_fact_is_added_the_rules_say_the_same(void **state)
{
        uint64_t seed = UINT64_C(0xd1b54a32d192ed03);

        (void)state;
        for (size_t round = 0; round < 200; round++) {
                struct facts attempt, any;

                do
                        make_nearly_attempt(&attempt, &seed);
                while (!same_both_ways(&attempt, round) || attempt.n_resets != round / 2 % 2);
                random_facts(&any, &seed, 100);
#define ADD(kind, name, sentence)                                                                  \
        {                                                                                          \
                struct facts f = attempt;                                                          \
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
                random_facts(&any, &seed, 100);
                if (any.n_resets == 0)
                        continue;
#define ADD_PLACE resets[0].
                FACTS_OF_RESET(ADD)
#undef ADD_PLACE
        }
}

int
main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_rules_say_the_same_of_an_attempt_that_is_judged_without_them),
                cmocka_unit_test(and_of_any_facts),
                cmocka_unit_test(whatever_fact_is_added_the_rules_say_the_same),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
