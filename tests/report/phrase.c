/* Amounts in words, and how text is laid out in lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "report/phrase.h"

#define MS INT64_C(1000000)
#define S (1000 * MS)

static void bytes_are_exact_up_to_a_million(void **state)
{
        static const struct {
                uint64_t n;
                const char *text;
        } cases[] = {
                { 0, "0 bytes" },
                { 1, "1 byte" },
                { 999, "999 bytes" },
                { 1000, "1,000 bytes" },
                { 999999, "999,999 bytes" },
                { 1000000, "1.0 MB" },
                { 99999999, "99.9 MB" },
                { 100000000, "100 MB" },
                { 1500000000, "1.5 GB" },
                { UINT64_MAX, "18,446,744 TB" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct phrase p = { 0 };

                phrase_bytes(&p, cases[i].n);
                assert_string_equal(p.text, cases[i].text);
        }
}

static void spans_have_the_unit_that_fits(void **state)
{
        static const struct {
                int64_t ns;
                const char *text;
        } cases[] = {
                { 0, "0 s" },
                { 499, "0 us" },
                { 999, "1 us" },
                { 999600, "1 ms" },
                { 999 * MS + 600000, "1.0 s" },
                { 15 * S + 188 * MS, "15.2 s" },
                { 12345, "12 us" },
                { 999 * MS, "999 ms" },
                { S, "1.0 s" },
                { 119 * S + 949 * MS, "119.9 s" },
                { 119 * S + 999 * MS, "2 min 0 s" },
                { 120 * S, "2 min 0 s" },
                { 7199 * S, "119 min 59 s" },
                { 7200 * S - 1, "2 h 0 min" },
                { 7200 * S, "2 h 0 min" },
                { 172800 * S, "2 days 0 h" },
                { -5 * S, "-5.0 s" },
                { INT64_MIN, "-106752 days 0 h" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct phrase p = { 0 };

                phrase_span(&p, cases[i].ns);
                assert_string_equal(p.text, cases[i].text);
        }
}

/* What phrase_write() makes of a text, compared. */
static void assert_lines(const char *text, unsigned width, unsigned indent, unsigned n_before, const char *expected)
{
        char *out = NULL;
        size_t n_out;
        FILE *file = open_memstream(&out, &n_out);

        assert_non_null(file);
        phrase_write(file, text, width, indent, n_before);
        fclose(file);
        assert_string_equal(out, expected);
        free(out);
}

static void lines_break_at_blanks_and_are_indented(void **state)
{
        (void)state;
        assert_lines("one two three", 9, 2, 0, "  one two\n  three\n");
        assert_lines("one two three", 10, 2, 2, "one two\n  three\n");
        assert_lines("one", 80, 0, 0, "one\n");
        assert_lines("", 80, 2, 0, "  \n");
        assert_lines("a-word-that-is-too-long b", 10, 1, 0, " a-word-that-is-too-long\n b\n");
}

static void a_column_is_a_character_and_not_a_byte(void **state)
{
        (void)state;
        assert_int_equal(phrase_columns("a→ö"), 3);
        assert_lines("ää öö üü", 5, 0, 0, "ää öö\nüü\n");
}

static void controls_do_not_get_through(void **state)
{
        (void)state;
        assert_lines("a\033[31mb\tc\x7f\xc2\x9b\xff", 80, 0, 0, "a?[31mb?c???\n");
}

static void what_does_not_fit_is_left_out(void **state)
{
        struct phrase p = { 0 };

        (void)state;
        for (size_t i = 0; i < PHRASE_MAX; i++)
                phrase_add(&p, "xyz");
        assert_int_equal(p.n, PHRASE_MAX - 1);
        assert_int_equal(strlen(p.text), PHRASE_MAX - 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(bytes_are_exact_up_to_a_million),
                cmocka_unit_test(spans_have_the_unit_that_fits),
                cmocka_unit_test(lines_break_at_blanks_and_are_indented),
                cmocka_unit_test(a_column_is_a_character_and_not_a_byte),
                cmocka_unit_test(controls_do_not_get_through),
                cmocka_unit_test(what_does_not_fit_is_left_out),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
