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
static void write_record(const struct record *r, struct json *ret_json)
{
        json_begin(ret_json, NULL);
        json_record(ret_json, NULL, r, RECORD_JSON_EVIDENCE);
}

static void name_record(struct record *r)
{
        static const char id[16] = "1.1", history[16] = "ShADadFf";

        r->id = id;
        r->history = history;
        r->conn_state_known = true;
        r->conn_state = CONN_STATE_SF;
        r->file = r->first_frame = r->last_frame = known_u64(1);
}

static void assert_same_lines(const struct json *a, const struct json *b, size_t i)
{
        if (a->n_buffer != b->n_buffer || memcmp(a->buffer, b->buffer, a->n_buffer) != 0)
                fail_msg("facts %zu:\n%.*s\n%.*s", i, (int)a->n_buffer, a->buffer, (int)b->n_buffer, b->buffer);
}

static size_t n_again;

/* A record that was made of other facts before is what the rules make of these, told in short and at length. */
static void same_again(const struct facts *f, size_t i)
{
        static struct json short_line, line, by_rules;
        static struct record again;
        static bool begun;
        struct record r;

        if (!begun)
                record_init(&again, SOURCE_CAPTURE, NULL);
        begun = true;
        if (!judge_again(f, &again))
                return;
        n_again++;
        name_record(&again);
        record_init(&r, f->seen.source, NULL);
        judge_by_rules(f, &r, NULL);
        name_record(&r);
        json_begin(&short_line, NULL);
        json_record(&short_line, NULL, &again, 0);
        assert_true(again.plain);
        again.plain = false;
        json_begin(&line, NULL);
        json_record(&line, NULL, &again, 0);
        again.plain = true;
        json_begin(&by_rules, NULL);
        json_record(&by_rules, NULL, &r, 0);
        assert_same_lines(&line, &by_rules, i);
        assert_same_lines(&short_line, &by_rules, i);
}

/* True where the tables were not asked. */
static bool same_both_ways(const struct facts *f, size_t i)
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
        assert_same_lines(&by_any, &by_rules, i);
        same_again(f, i);
        record_init(&untouched, f->seen.source, "1.1");
        return judge_orderly(&j);
}

#define FORGET(kind, name, sentence)                                                               \
        if (random_next(seed) % 100 >= known)                                                      \
                facts->name.how = HOW_UNKNOWN;

static void forget_of_end(struct facts_of_end *facts, uint64_t *seed, unsigned known)
{
        FACTS_OF_END(FORGET)
}

static bool mostly(uint64_t *seed)
{
        return random_next(seed) % 40 > 0;
}

/* Facts at random, most of what an orderly connection needs being so. */
static void make_nearly_orderly(struct facts *f, uint64_t *seed)
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

/* What a row of segments says of both ends, too. */
static void make_nearly_plain(struct facts *f, uint64_t *seed)
{
        make_nearly_orderly(f, seed);
        if (mostly(seed)) {
                f->seen = (struct facts_seen){ .source = SOURCE_CAPTURE, .roles = ROLES_SYN, .sides = SIDES_SEEN_BOTH,
                                               .midstream = !mostly(seed),
                                               .gaps = !mostly(seed), .both_ends = !mostly(seed),
                                               .cut = random_next(seed) % 2, .evicted = random_next(seed) % 2 };
        }
        if (mostly(seed))
                f->first = (struct fact_time){ HOW_SEEN, (int64_t)(random_next(seed) % 1000) };
        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
                struct facts_of_direction *from = &f->from[side];
                int64_t at = 1000 + (int64_t)(random_next(seed) % INT64_C(20000000000));

                if (mostly(seed))
                        from->fin_acked = (struct fact_flag){ HOW_SEEN, mostly(seed) };
                if (mostly(seed))
                        from->packets = (struct fact_count){ HOW_SEEN, random_next(seed) % 2000 };
                if (mostly(seed))
                        from->retransmitted = (struct fact_count){ HOW_SEEN, !mostly(seed) };
                if (mostly(seed))
                        from->missing = (struct fact_count){ HOW_SEEN, !mostly(seed) };
                if (mostly(seed))
                        from->before_fin = (struct fact_time){ HOW_SEEN, at - (int64_t)(random_next(seed) % 1000) };
                if (mostly(seed))
                        from->fin_at = (struct fact_time){ HOW_SEEN, at };
                if (mostly(seed))
                        from->fin_acked_at = (struct fact_time){ HOW_SEEN, at + (int64_t)(random_next(seed) % 1000) };
        }
}

static void a_record_that_is_made_again_is_what_the_rules_say(void **state)
{
        uint64_t seed = UINT64_C(0x6c62272e07bb0142);
        size_t n = 50000;

        (void)state;
        n_again = 0;
        for (size_t i = 0; i < n; i++) {
                struct facts f;

                make_nearly_plain(&f, &seed);
                same_again(&f, i);
        }
        assert_in_range(n_again, n / 10, n - n / 10);
}

static void the_rules_say_the_same_of_what_is_judged_without_them(void **state)
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

static void and_of_any_facts(void **state)
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
static void whatever_fact_is_added_the_rules_say_the_same(void **state)
{
        uint64_t seed = UINT64_C(0xd1b54a32d192ed03);

        (void)state;
        for (size_t round = 0; round < 80; round++) {
                struct facts plain, any;

                do
                        if (round % 2)
                                make_nearly_plain(&plain, &seed);
                        else
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
#define ADD_PLACE end[round / 2 % 2].
                FACTS_OF_END(ADD)
#undef ADD_PLACE
#define ADD_PLACE from[round / 2 % 2].
                FACTS_OF_DIRECTION(ADD)
#undef ADD_PLACE
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_rules_say_the_same_of_what_is_judged_without_them),
                cmocka_unit_test(a_record_that_is_made_again_is_what_the_rules_say),
                cmocka_unit_test(and_of_any_facts),
                cmocka_unit_test(whatever_fact_is_added_the_rules_say_the_same),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
