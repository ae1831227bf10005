/* What is typed behind --after, and the search for a pattern in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "lab/stage/ending.h"
#include "lab/stage/trigger.h"

static const char *const good[] = { "accept", "first-byte", "received=1",  "received=18446744073709551615", "sent=5",
                                    "answer", "time=0s",    "time=250ms",  "idle=3s",                       "time=7us",
                                    "fin",    "pattern=ab", "pattern=\\x00\\x5c" };

static void what_is_typed_is_written_back_the_same(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
                char text[TRIGGER_TEXT_MAX];
                struct trigger t;
                const char *why;

                assert_int_equal(trigger_parse(good[i], &t, &why), 0);
                assert_string_equal(trigger_text(&t, text), good[i]);
        }
}

static void case_and_the_choice_of_hyphens_do_not_matter(void **state)
{
        struct trigger t;
        const char *why;

        (void)state;
        assert_int_equal(trigger_parse("FIRST_byte", &t, &why), 0);
        assert_int_equal(t.kind, TRIGGER_FIRST_BYTE);
        assert_int_equal(t.n, 1);
}

static void what_means_nothing_is_refused_with_a_reason(void **state)
{
        static const char *const bad[] = { "", "=", "never", "sent", "sent=", "sent=0", "sent=-1", "sent=1x", "sent= 1",
                                           "sent=18446744073709551616", "accept=1", "time=", "time=1h", "time=-1s",
                                           "time=99999999999999999999s",
                                           "time=9000000000000m", "pattern=", "pattern=\\",
                                           "pattern=\\x1", "pattern=\\q", "received=1=1", "averyverylongnameindeed=1" };

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
                struct trigger t = { .n = 42 };
                const char *why = NULL;

                assert_int_equal(trigger_parse(bad[i], &t, &why), -EINVAL);
                assert_non_null(why);
                assert_int_equal(t.n, 42); /* untouched */
        }
}

static void times_have_units_and_milliseconds_without(void **state)
{
        static const struct {
                const char *text;
                uint64_t ns;
        } cases[] = { { "1", 1000000 }, { "1us", 1000 }, { "1ms", 1000000 },
                      { "2s", 2000000000 }, { "3m", UINT64_C(180000000000) } };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                uint64_t ns;

                assert_int_equal(trigger_parse_time(cases[i].text, &ns), 0);
                assert_int_equal(ns, cases[i].ns);
        }
}

static void escapes_become_bytes(void **state)
{
        uint8_t bytes[8];
        size_t n;

        (void)state;
        assert_int_equal(trigger_unescape("a\\n\\r\\t\\0\\\\\\xfF", bytes, sizeof(bytes), &n), 0);
        assert_int_equal(n, 7);
        assert_memory_equal(bytes, "a\n\r\t\0\\\xff", 7);
        assert_int_equal(trigger_unescape("123456789", bytes, sizeof(bytes), &n), -E2BIG);
}

static void a_pattern_of_256_bytes_fits_and_no_more(void **state)
{
        char text[300] = "pattern=";
        struct trigger t;
        const char *why;

        (void)state;
        memset(text + 8, 'x', 256);
        assert_int_equal(trigger_parse(text, &t, &why), 0);
        assert_int_equal(t.pattern_length, 256);
        text[8 + 256] = 'x';
        assert_int_equal(trigger_parse(text, &t, &why), -EINVAL);
}

/* Streams of two letters repeat themselves as much as a stream can. */
static void a_pattern_is_found_wherever_the_pieces_are_cut(void **state)
{
        unsigned seed = 1;

        (void)state;
        for (int round = 0; round < 20000; round++) {
                uint8_t stream[64];
                struct trigger t = { 0 };
                char text[24] = "pattern=";
                size_t length = 1 + (size_t)rand_r(&seed) % 8, at = 0, found = 0, n = sizeof(stream);
                const uint8_t *expected;
                uint16_t k = 0;
                const char *why;

                for (size_t i = 0; i < n; i++)
                        stream[i] = rand_r(&seed) & 1 ? 'a' : 'b';
                for (size_t i = 0; i < length; i++)
                        text[8 + i] = rand_r(&seed) & 1 ? 'a' : 'b';
                assert_int_equal(trigger_parse(text, &t, &why), 0);
                expected = memmem(stream, n, t.pattern, length);
                while (at < n && !found) {
                        size_t piece = (size_t)rand_r(&seed) % 7, used;

                        if (piece > n - at)
                                piece = n - at;
                        used = trigger_match(&t, &k, stream + at, piece);
                        if (used)
                                found = at + used;
                        at += piece;
                }
                assert_int_equal(found, expected ? (size_t)(expected - stream) + length : 0);
        }
}

static void every_ending_is_found_by_each_of_its_names(void **state)
{
        const struct stage_ending *e, *found;

        (void)state;
        for (size_t i = 0; (e = stage_ending_at(i)); i++) {
                assert_int_equal(e->act, i);
                assert_int_equal(stage_ending_find(e->name, &found), 0);
                assert_ptr_equal(found, e);
                for (size_t k = 0; k < 3 && e->aliases[k]; k++) {
                        assert_int_equal(stage_ending_find(e->aliases[k], &found), 0);
                        assert_ptr_equal(found, e);
                }
        }
        assert_int_equal(stage_ending_find("", &found), -ENOENT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_typed_is_written_back_the_same),
                cmocka_unit_test(case_and_the_choice_of_hyphens_do_not_matter),
                cmocka_unit_test(what_means_nothing_is_refused_with_a_reason),
                cmocka_unit_test(times_have_units_and_milliseconds_without),
                cmocka_unit_test(escapes_become_bytes),
                cmocka_unit_test(a_pattern_of_256_bytes_fits_and_no_more),
                cmocka_unit_test(a_pattern_is_found_wherever_the_pieces_are_cut),
                cmocka_unit_test(every_ending_is_found_by_each_of_its_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
