/* Tests of src/report/ladder.c: whole pictures, as a reader sees them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/ladder.h"

#define N(array) (sizeof(array) / sizeof(*(array)))

static char *draw(const char *left, const char *right, const struct ladder_row *rows, size_t n_rows,
                  const struct ladder_options *options)
{
        char *text = NULL;
        size_t n = 0;
        FILE *file;

        file = open_memstream(&text, &n);
        assert_non_null(file);
        assert_int_equal(ladder_write(file, left, right, rows, n_rows, options), 0);
        fclose(file);
        return text;
}

/* The columns of the longest line. */
static size_t width_of(const char *text)
{
        size_t longest = 0, n = 0;

        for (; *text; ++text) {
                if (*text == '\n')
                        n = 0;
                else if (((unsigned char)*text & 0xc0) != 0x80)
                        ++n;
                if (n > longest)
                        longest = n;
        }
        return longest;
}

static const struct ladder_row story[] = {
        { 1000000000, LADDER_TO_RIGHT, "SYN", NULL },
        { 1000031000, LADDER_TO_LEFT, "SYN ACK", NULL },
        { 1000050000, LADDER_ACT_LEFT, "send(1000) = 1000", NULL },
        { 1000102000, LADDER_TO_RIGHT, "1000 bytes 1:1001 ACK 1", NULL },
        { 6000110000, LADDER_ACT_RIGHT, "close() = 0", "1000 bytes lie unread" },
        { 6000131000, LADDER_TO_LEFT, "RST 1 ACK 1001 win 92",
          "active: sent of its own accord, with what it had received" },
        { 6000140000, LADDER_LOST_TO_RIGHT, "7 bytes 1001:1008 ACK 1", NULL },
        { 6000150000, LADDER_BETWEEN, "a NAT forgot the connection", NULL },
};

static void a_story_is_drawn(void **state)
{
        static const char expected[] =
                "   seconds  client 10.91.0.1:51234  server 10.91.0.2:7000\n"
                "  0.000000  ├─ SYN ───────────────────────────────►│\n"
                "  0.000031  │◄─────────────────────────── SYN ACK ─┤\n"
                "  0.000050  ● send(1000) = 1000                    │\n"
                "  0.000102  ├─ 1000 bytes 1:1001 ACK 1 ───────────►│\n"
                "         …  ┊          5.000 s of silence          ┊\n"
                "  5.000110  │                          close() = 0 ●  1000 bytes lie unread\n"
                "  5.000131  │◄───────────── RST 1 ACK 1001 win 92 ─┤  active: sent of its own\n"
                "            │                                      │  accord, with what it had\n"
                "            │                                      │  received\n"
                "  5.000140  ├─ 7 bytes 1001:1008 ACK 1 ──────×     │\n"
                "  5.000150  │     a NAT forgot the connection      │\n";
        char *text;
        (void)state;

        text = draw("client 10.91.0.1:51234", "server 10.91.0.2:7000", story, N(story),
                    &(struct ladder_options){ .utf8 = true });
        assert_string_equal(text, expected);
        free(text);
}

static void a_story_is_typed_where_the_locale_has_no_lines(void **state)
{
        static const char expected[] =
                "   seconds  client                                                  server\n"
                "  0.000000  |- SYN ----------------------------------------------------->|\n"
                "  0.000031  |<------------------------------------------------- SYN ACK -|\n"
                "  0.000050  * send(1000) = 1000                                          |\n"
                "  0.000102  |- 1000 bytes 1:1001 ACK 1 --------------------------------->|\n";
        char *text;
        (void)state;

        text = draw("client", "server", story, 4, &(struct ladder_options){ .width = 74 });
        assert_string_equal(text, expected);
        free(text);
}

static void no_line_is_wider_than_asked_for(void **state)
{
        static const unsigned widths[] = { 60, 61, 72, 80, 120 };
        static const struct ladder_row rows[] = {
                { 0, LADDER_TO_RIGHT, "a label that is so long that it can never stand in one line of any ladder, "
                  "whatever happens, and "
                  "a_word_without_any_space_in_it_that_goes_on_and_on_and_on_and_on_and_on_and_on",
                  "a note that is long as well, and_has_a_word_without_any_space_in_it_that_goes_on_and_on" },
                { 1, LADDER_TO_LEFT, "a label that is so long that it can never stand in one line of any ladder", "" },
                { 123456789000000, LADDER_ACT_RIGHT, "", "ünï" },
                { 123456789000001, LADDER_BETWEEN, "zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich",
                  NULL },
        };
        (void)state;

        for (size_t i = 0; i < N(widths); ++i)
                for (unsigned utf8 = 0; utf8 < 2; ++utf8) {
                        char *text;

                        text = draw("client [2001:db8::1]:50000", "server [2001:db8::2]:443", rows, N(rows),
                                    &(struct ladder_options){ .width = widths[i], .utf8 = utf8 });
                        assert_true(width_of(text) <= widths[i]);
                        /* Nothing of the labels is lost. */
                        assert_non_null(strstr(text, "whatever"));
                        assert_non_null(strstr(text, "ladder"));
                        free(text);
                }
}

static void the_middle_of_a_long_story_is_left_out_and_counted(void **state)
{
        struct ladder_row rows[100];
        char *text, *found;
        size_t n_lines = 0;
        (void)state;

        for (size_t i = 0; i < N(rows); ++i)
                rows[i] = (struct ladder_row){ (int64_t)i * 10000000, LADDER_TO_RIGHT,
                                                i == 0 ? "first" : i == 99 ? "last" : "ACK", NULL };
        text = draw("a", "b", rows, N(rows), &(struct ladder_options){ .max_rows = 12 });
        for (const char *p = text; *p; ++p)
                n_lines += *p == '\n';
        assert_int_equal(n_lines, 1 + 12 + 1);
        found = strstr(text, "88 more, in 0.880 s");
        assert_non_null(found);
        assert_non_null(strstr(text, "first"));
        assert_non_null(strstr(found, "last"));
        free(text);
}

static void a_terminal_is_told_nothing_by_a_label(void **state)
{
        static const struct ladder_row rows[] = {
                { 0, LADDER_ACT_LEFT, "a\x1b[31m\x07\x7f", "b\xc2\x9b\xff\xe2\x82" "c" },
        };
        char *text;
        (void)state;

        for (unsigned utf8 = 0; utf8 < 2; ++utf8) {
                text = draw("x\r", "y\x1b", rows, 1, &(struct ladder_options){ .utf8 = utf8 });
                for (const char *p = text; *p; ++p)
                        assert_true((unsigned char)*p >= 0x20 || *p == '\n');
                assert_null(strchr(text, 0x7f));
                assert_null(strstr(text, "\xc2\x9b"));
                assert_null(strchr(text, 0xff));
                assert_non_null(strstr(text, "a?[31m??"));
                free(text);
        }
}

static void an_empty_story_is_two_names(void **state)
{
        char *text;
        (void)state;

        text = draw("client", "server", NULL, 0, &(struct ladder_options){});
        assert_non_null(strstr(text, "client"));
        assert_non_null(strstr(text, "server\n"));
        free(text);
}

static void a_stream_that_fails_is_told(void **state)
{
        FILE *file;
        (void)state;

        file = fopen("/dev/full", "we");
        if (!file) {
                printf("# skipped: there is no /dev/full\n");
                skip();
        }
        setvbuf(file, NULL, _IONBF, 0);
        assert_int_equal(ladder_write(file, "a", "b", story, N(story), &(struct ladder_options){}), -EIO);
        fclose(file);
}

static void the_locale_of_the_environment_decides(void **state)
{
        (void)state;
        setenv("LC_ALL", "C", 1);
        assert_false(ladder_utf8());
        setenv("LC_ALL", "C.UTF-8", 1);
        assert_true(ladder_utf8());
        setenv("LC_ALL", "no_such_locale", 1);
        assert_false(ladder_utf8());
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_story_is_drawn),
                cmocka_unit_test(a_story_is_typed_where_the_locale_has_no_lines),
                cmocka_unit_test(no_line_is_wider_than_asked_for),
                cmocka_unit_test(the_middle_of_a_long_story_is_left_out_and_counted),
                cmocka_unit_test(a_terminal_is_told_nothing_by_a_label),
                cmocka_unit_test(an_empty_story_is_two_names),
                cmocka_unit_test(a_stream_that_fails_is_told),
                cmocka_unit_test(the_locale_of_the_environment_decides),
        };

        return cmocka_run_group_tests_name("report/ladder", tests, NULL, NULL);
}
