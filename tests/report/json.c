/* The JSON writer, byte by byte. Whether a JSON reader agrees is asked by record_schema.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "report/json.h"

/* Writes by `calls` on a struct json *j; compares the line. */
#define assert_json(expected, calls)                                                               \
        do {                                                                                       \
                char *text = NULL;                                                                 \
                size_t size = 0;                                                                   \
                FILE *file = open_memstream(&text, &size);                                         \
                struct json writer, *j = &writer;                                                  \
                                                                                                   \
                assert_non_null(file);                                                             \
                json_begin(j, file);                                                               \
                calls;                                                                             \
                assert_int_equal(json_end(j), 0);                                                  \
                assert_int_equal(fclose(file), 0);                                                 \
                assert_string_equal(text, expected "\n");                                          \
                free(text);                                                                        \
        } while (0)

static void commas_stand_between_values_and_nowhere_else(void **state)
{
        (void)state;
        assert_json("{\"a\":1,\"b\":[],\"c\":[1,[2],{}],\"d\":{\"e\":null},\"f\":true}",
                json_object(j, NULL); json_uint(j, "a", 1);
                json_array(j, "b"); json_array_end(j);
                json_array(j, "c"); json_uint(j, NULL, 1);
                json_array(j, NULL); json_uint(j, NULL, 2); json_array_end(j);
                json_object(j, NULL); json_object_end(j); json_array_end(j);
                json_object(j, "d"); json_null(j, "e"); json_object_end(j);
                json_bool(j, "f", true); json_object_end(j));
}

static void integers_are_exact_to_the_last(void **state)
{
        (void)state;
        assert_json("0", json_uint(j, NULL, 0));
        assert_json("18446744073709551615", json_uint(j, NULL, UINT64_MAX));
}

static void text_from_outside_is_escaped(void **state)
{
        static const struct {
                const char *what, *in;
                size_t n;
                const char *out;
        } cases[] = {
#define CASE(what, in, out) { what, in, sizeof(in) - 1, out }
                CASE("plain", "nginx", "\"nginx\"\n"),
                CASE("quote, backslash", "a\"b\\c", "\"a\\\"b\\\\c\"\n"),
                CASE("a line break, a tab, NUL", "a\nb\tc\0d", "\"a\\u000ab\\u0009c\\u0000d\"\n"),
                CASE("an escape sequence", "\033[31m", "\"\\u001b[31m\"\n"),
                CASE("DEL", "\x7f", "\"\\u007f\"\n"),
                CASE("C1: CSI as one character", "\xc2\x9b", "\"\\u009b\"\n"),
                CASE("right-to-left override", "\xe2\x80\xae", "\"\\u202e\"\n"),
                CASE("line separator", "\xe2\x80\xa8", "\"\\u2028\"\n"),
                CASE("letters of two, three, four bytes", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
                     "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"\n"),
                CASE("a lone continuation", "a\x80z", "\"a\\ufffdz\"\n"),
                CASE("a byte that never occurs", "\xff", "\"\\ufffd\"\n"),
                CASE("a character cut by the end", "\xe2\x82", "\"\\ufffd\"\n"),
                CASE("a character cut by a letter", "\xe2\x82z", "\"\\ufffdz\"\n"),
                CASE("longer than need be", "\xc0\xaf", "\"\\ufffd\\ufffd\"\n"),
                CASE("longer than need be, three bytes", "\xe0\x80\xaf", "\"\\ufffd\\ufffd\\ufffd\"\n"),
                CASE("a surrogate", "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"\n"),
                CASE("past the last character", "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"\n"),
#undef CASE
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char *text = NULL;
                size_t size = 0;
                FILE *file = open_memstream(&text, &size);
                struct json j;

                json_begin(&j, file);
                json_text_n(&j, NULL, cases[i].in, cases[i].n);
                json_end(&j);
                fclose(file);
                if (strcmp(text, cases[i].out) != 0)
                        fail_msg("%s: got %s", cases[i].what, text);
                free(text);
        }
}

/* Every byte at every place of a longer text, against a writer that looks at one byte after the other. */
static void no_byte_hides_among_others(void **state)
{
        (void)state;
        for (unsigned byte = 0; byte < 0x80; byte++)
                for (size_t place = 0; place < 20; place++) {
                        char in[20], expected[64], *text = NULL;
                        size_t size = 0, n = 0;
                        FILE *file = open_memstream(&text, &size);
                        struct json j;

                        memset(in, place % 2 ? ' ' : '~', sizeof(in));
                        in[place] = (char)byte;
                        for (size_t i = 0; i < sizeof(in); i++) {
                                unsigned char c = (unsigned char)in[i];

                                if (c < 0x20 || c == 0x7f)
                                        n += (size_t)snprintf(expected + n, sizeof(expected) - n, "\\u%04x", c);
                                else
                                        n += (size_t)snprintf(expected + n, sizeof(expected) - n, "%s%c",
                                                              c == '"' || c == '\\' ? "\\" : "", c);
                        }
                        json_begin(&j, file);
                        json_text_n(&j, NULL, in, sizeof(in));
                        json_end(&j);
                        fclose(file);
                        assert_int_equal(size, n + 3);
                        assert_memory_equal(text + 1, expected, n);
                        free(text);
                }
}

/* More than the writer's buffer holds, in pieces of all sizes. */
static void long_text_comes_out_whole(void **state)
{
        static char in[3 * JSON_BUFFER_SIZE];

        (void)state;
        memset(in, 'x', sizeof(in));
        for (size_t n = JSON_BUFFER_SIZE - 40; n < JSON_BUFFER_SIZE + 40; n++) {
                char *text = NULL;
                size_t size = 0;
                FILE *file = open_memstream(&text, &size);
                struct json j;

                json_begin(&j, file);
                json_array(&j, NULL);
                json_text_n(&j, NULL, in, n);
                json_uint(&j, NULL, UINT64_MAX);
                json_time(&j, NULL, 0);
                json_text_n(&j, NULL, in, sizeof(in));
                json_array_end(&j);
                assert_int_equal(json_end(&j), 0);
                fclose(file);
                assert_int_equal(size, 1 + n + 2 + 1 + 20 + 1 + 32 + 1 + sizeof(in) + 2 + 1 + 1);
                assert_memory_equal(text + 2 + n, "\",18446744073709551615,\"1970-01-01T00:00:00.000000000Z\",\"xxx",
                                    60);
                free(text);
        }
}

static void no_text_is_null(void **state)
{
        (void)state;
        assert_json("null", json_text(j, NULL, NULL));
        assert_json("\"\"", json_text(j, NULL, ""));
}

static void times_are_utc_with_nine_digits(void **state)
{
        (void)state;
        assert_json("\"1970-01-01T00:00:00.000000000Z\"", json_time(j, NULL, 0));
        assert_json("\"1969-12-31T23:59:59.999999999Z\"", json_time(j, NULL, -1));
        assert_json("\"2026-11-22T05:56:00.123456789Z\"", json_time(j, NULL, 1795326960123456789));
        assert_json("\"2000-02-29T23:59:59.000000001Z\"", json_time(j, NULL, 951868799000000001));
        assert_json("\"2000-03-01T00:00:00.000000000Z\"", json_time(j, NULL, 951868800000000000));
        assert_json("\"2100-02-28T12:00:00.000000000Z\"", json_time(j, NULL, 4107499200000000000));
        assert_json("\"2100-03-01T00:00:00.000000000Z\"", json_time(j, NULL, 4107542400000000000));
        assert_json("\"2262-04-11T23:47:16.854775807Z\"", json_time(j, NULL, INT64_MAX));
        assert_json("\"1677-09-21T00:12:43.145224192Z\"", json_time(j, NULL, INT64_MIN));
}

static void spans_are_exact_and_short(void **state)
{
        (void)state;
        assert_json("0", json_seconds(j, NULL, 0));
        assert_json("5", json_seconds(j, NULL, 5000000000));
        assert_json("6.234567", json_seconds(j, NULL, 6234567000));
        assert_json("0.000000001", json_seconds(j, NULL, 1));
        assert_json("0.05", json_seconds(j, NULL, 50000000));
        assert_json("-1.5", json_seconds(j, NULL, -1500000000));
        assert_json("-9223372036.854775808", json_seconds(j, NULL, INT64_MIN));
}

static void what_is_not_known_is_null(void **state)
{
        (void)state;
        assert_json("[null,null,null,null]", json_array(j, NULL);
                json_maybe_uint(j, NULL, (struct maybe_u64){ .value = 7 });
                json_maybe_bool(j, NULL, (struct maybe_bool){ .value = true });
                json_maybe_time(j, NULL, (struct maybe_i64){ .value = 7 });
                json_maybe_seconds(j, NULL, (struct maybe_i64){ .value = 7 }); json_array_end(j));
        assert_json("[7,false]", json_array(j, NULL); json_maybe_uint(j, NULL, known_u64(7));
                json_maybe_bool(j, NULL, known_bool(false)); json_array_end(j));
}

static void the_locale_changes_nothing(void **state)
{
        static const char *const with_comma[] = { "de_DE.UTF-8", "de_DE", "fr_FR.UTF-8" };
        size_t i;

        (void)state;
        for (i = 0; i < sizeof(with_comma) / sizeof(with_comma[0]); i++)
                if (setlocale(LC_ALL, with_comma[i]))
                        break;
        if (i == sizeof(with_comma) / sizeof(with_comma[0])) {
                print_message("# no locale with a decimal comma is installed\n");
                skip();
        }
        assert_json("[1.5,1000000]", json_array(j, NULL); json_seconds(j, NULL, 1500000000);
                json_uint(j, NULL, 1000000); json_array_end(j));
        setlocale(LC_ALL, "C");
}

static void a_full_disk_is_told(void **state)
{
        FILE *file = fopen("/dev/full", "w");
        struct json j;

        (void)state;
        if (!file)
                skip();
        setvbuf(file, NULL, _IONBF, 0);
        json_begin(&j, file);
        json_text(&j, NULL, "x");
        assert_int_equal(json_end(&j), -ENOSPC);
        fclose(file);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(commas_stand_between_values_and_nowhere_else),
                cmocka_unit_test(integers_are_exact_to_the_last),
                cmocka_unit_test(text_from_outside_is_escaped),
                cmocka_unit_test(no_byte_hides_among_others),
                cmocka_unit_test(long_text_comes_out_whole),
                cmocka_unit_test(no_text_is_null),
                cmocka_unit_test(times_are_utc_with_nine_digits),
                cmocka_unit_test(spans_are_exact_and_short),
                cmocka_unit_test(what_is_not_known_is_null),
                cmocka_unit_test(the_locale_changes_nothing),
                cmocka_unit_test(a_full_disk_is_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
