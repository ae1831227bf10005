/* Tests of src/cli/suggest.c: how far apart words lie, and which are near enough to ask about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/suggest.h"

static void single_mistakes_are_counted(void **state)
{
        static const struct {
                const char *a, *b;
                size_t distance;
        } rows[] = {
                { "", "", 0 },
                { "", "lab", 3 },
                { "lab", "lab", 0 },
                { "lab", "LAB", 0 },
                { "lba", "lab", 1 },
                { "la", "lab", 1 },
                { "labb", "lab", 1 },
                { "lob", "lab", 1 },
                { "explian", "explain", 1 },
                { "xeplian", "explain", 2 },
                { "kitten", "sitting", 3 },
                { "ca", "abc", 3 },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                assert_int_equal(suggest_distance(rows[i].a, rows[i].b), rows[i].distance);
                assert_int_equal(suggest_distance(rows[i].b, rows[i].a), rows[i].distance);
        }
}

static void a_word_too_long_is_infinitely_far(void **state)
{
        char word[65];

        (void)state;
        for (size_t i = 0; i < 64; i++)
                word[i] = 'a';
        word[64] = '\0';
        assert_true(suggest_distance(word, "lab") == SIZE_MAX);
        assert_true(suggest_distance("lab", word) == SIZE_MAX);
        word[63] = '\0';
        assert_int_equal(suggest_distance(word, ""), 63);
        assert_int_equal(suggest_distance(word, word), 0);
}

static void near_words_are_asked_about_and_far_ones_not(void **state)
{
        static const struct {
                const char *word, *known;
                int near;
        } rows[] = {
                { "lba", "lab", 1 },
                { "l", "lab", 1 },
                { "EXP", "explain", 1 },
                { "explane", "explain", 1 },
                { "ECONRESET", "ECONNRESET", 1 },
                { "", "lab", 0 },
                { "xyz", "lab", 0 },
                { "watch", "lab", 0 },
                { "EPIPE", "ETIMEDOUT", 0 },
                { "labyrinth", "lab", 0 },
        };
        size_t distance;

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                assert_int_equal(suggest_near(rows[i].word, rows[i].known, &distance),
                                 rows[i].near);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(single_mistakes_are_counted),
                cmocka_unit_test(a_word_too_long_is_infinitely_far),
                cmocka_unit_test(near_words_are_asked_about_and_far_ones_not),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
