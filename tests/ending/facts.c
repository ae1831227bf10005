/* The list of facts: whole, named, and each can be forgotten without touching another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "ending/facts.h"

static void of_a_new_connection_no_fact_is_known(void **state)
{
        struct facts f;

        (void)state;
        memset(&f, 0xff, sizeof(f));
        facts_init(&f, SOURCE_CAPTURE);
        for (size_t i = 0; i < facts_count(); i++)
                assert_int_equal(facts_how(&f, i), HOW_UNKNOWN);
}

static void every_fact_has_a_name_of_its_own_and_a_sentence(void **state)
{
        size_t n = facts_count();

        (void)state;
        for (size_t i = 0; i < n; i++) {
                char name[FACT_NAME_MAX];

                facts_name(i, name);
                assert_true(strlen(name) > 0 && strlen(name) < FACT_NAME_MAX - 1);
                assert_non_null(facts_sentence(i));
                assert_int_equal(facts_sentence(i)[strlen(facts_sentence(i)) - 1], '.');
                for (size_t k = 0; k < i; k++) {
                        char other[FACT_NAME_MAX];

                        facts_name(k, other);
                        assert_string_not_equal(name, other);
                }
        }
        assert_null(facts_sentence(n));
}

static void forgetting_a_fact_touches_no_other(void **state)
{
        struct facts all, f;

        (void)state;
        facts_init(&all, SOURCE_LAB);
#define KNOW(kind, name, sentence) all.name.how = HOW_TOLD;
        FACTS_OF_CONNECTION(KNOW)
#undef KNOW
        for (size_t side = 0; side < 2; side++) {
#define KNOW(kind, name, sentence) all.end[side].name.how = HOW_TOLD;
                FACTS_OF_END(KNOW)
#undef KNOW
#define KNOW(kind, name, sentence) all.from[side].name.how = HOW_TOLD;
                FACTS_OF_DIRECTION(KNOW)
#undef KNOW
        }
        for (size_t r = 0; r < FACTS_RESETS_MAX; r++) {
#define KNOW(kind, name, sentence) all.resets[r].name.how = HOW_TOLD;
                FACTS_OF_RESET(KNOW)
#undef KNOW
        }
        /* The list reaches every fact: all of them are known now. */
        for (size_t i = 0; i < facts_count(); i++)
                assert_int_equal(facts_how(&all, i), HOW_TOLD);

        for (size_t i = 0; i < facts_count(); i++) {
                f = all;
                facts_forget(&f, i);
                for (size_t k = 0; k < facts_count(); k++)
                        assert_int_equal(facts_how(&f, k), k == i ? HOW_UNKNOWN : HOW_TOLD);
        }
}

static void a_flag_that_is_not_known_is_neither_true_nor_false(void **state)
{
        struct fact_flag flag = { .how = HOW_UNKNOWN, .value = true };

        (void)state;
        assert_false(fact_is(flag));
        assert_false(fact_is_not(flag));
        flag.how = HOW_INFERRED;
        assert_true(fact_is(flag));
        assert_false(fact_is_not(flag));
        flag.value = false;
        assert_true(fact_is_not(flag));
}

static void a_fact_is_found_where_its_name_says(void **state)
{
        struct facts f;
        char name[FACT_NAME_MAX];

        (void)state;
        facts_init(&f, SOURCE_WATCH);
        f.end[SIDE_SERVER].unread = (struct fact_count){ .how = HOW_SEEN, .value = 100 };
        for (size_t i = 0; i < facts_count(); i++) {
                facts_name(i, name);
                assert_int_equal(facts_how(&f, i) == HOW_SEEN, strcmp(name, "server.unread") == 0);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(of_a_new_connection_no_fact_is_known),
                cmocka_unit_test(every_fact_has_a_name_of_its_own_and_a_sentence),
                cmocka_unit_test(forgetting_a_fact_touches_no_other),
                cmocka_unit_test(a_flag_that_is_not_known_is_neither_true_nor_false),
                cmocka_unit_test(a_fact_is_found_where_its_name_says),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
