/* Tests of src/explain/render.c, columns.c and wrap.c: what a page looks like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "explain/columns.h"
#include "explain/render.h"
#include "explain/wrap.h"

static char *rendered(const struct explain_page *page, size_t width, bool bold)
{
        const struct explain_style style = { .width = width, .bold = bold };
        char *text = NULL;
        size_t n = 0;
        FILE *memory = open_memstream(&text, &n);

        assert_non_null(memory);
        if (page != NULL)
                explain_render(memory, page, &style);
        else
                explain_list(memory, &style);
        fclose(memory);
        return text;
}

static char *table_text(const char *cells, size_t n_columns, size_t width, bool bold)
{
        const struct explain_block table = { EXPLAIN_TABLE, n_columns, cells };
        char *text = NULL;
        size_t n = 0;
        FILE *memory = open_memstream(&text, &n);

        assert_non_null(memory);
        explain_columns_write(memory, &table, 2, width, bold);
        fclose(memory);
        return text;
}

/* Code and the model's tables keep their width: does the line stand in one of the page's? */
static bool is_code(const struct explain_page *page, const char *line, size_t n)
{
        for (size_t i = 0; page != NULL && i < page->n_blocks; i++) {
                const char *text = page->blocks[i].text;

                if (page->blocks[i].kind == EXPLAIN_MODEL)
                        text = strchr(text, EXPLAIN_CELL) + 1;
                else if (page->blocks[i].kind != EXPLAIN_CODE)
                        continue;
                for (; *text != '\0'; text += strcspn(text, "\n"), text += *text == '\n')
                        if (strcspn(text, "\n") + 4 == n && memcmp(text, line + 4, n - 4) == 0)
                                return true;
        }
        return false;
}

static void assert_fits(const struct explain_page *page, size_t width)
{
        char *text = rendered(page, width, false);

        for (const char *line = text; *line != '\0';) {
                const size_t n = strcspn(line, "\n");

                if (n > width && (n > 80 || !is_code(page, line, n)))
                        fail_msg("%s at %zu columns: %.*s", page ? page->file : "list", width,
                                 (int)n, line);
                if (n > 0 && line[n - 1] == ' ')
                        fail_msg("%s at %zu columns ends in a space: %.*s",
                                 page ? page->file : "list", width, (int)n, line);
                assert_int_equal(line[n], '\n');
                line += n + 1;
        }
        free(text);
}

static void nothing_is_wider_than_the_terminal(void **state)
{
        static const size_t widths[] = { 80, 79, 66, 50, 40, 30, 20 };

        (void)state;
        assert_true(n_explain_pages > 0);
        for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
                assert_fits(NULL, widths[i]);
                for (size_t j = 0; j < n_explain_pages; j++)
                        assert_fits(&explain_pages[j], widths[i]);
        }
}

static void a_wide_terminal_changes_nothing_and_a_tiny_one_is_taken_for_twenty(void **state)
{
        (void)state;
        for (size_t j = 0; j < n_explain_pages; j++) {
                char *wide = rendered(&explain_pages[j], 1000, false);
                char *full = rendered(&explain_pages[j], 80, false);
                char *tiny = rendered(&explain_pages[j], 0, false);
                char *least = rendered(&explain_pages[j], 20, false);

                assert_string_equal(wide, full);
                assert_string_equal(tiny, least);
                free(wide);
                free(full);
                free(tiny);
                free(least);
        }
}

/* Takes the escapes out, and checks that each line closes what it opens. */
static void strip_escapes(char *text)
{
        bool bold = false;
        char *to = text;

        for (const char *at = text; *at != '\0';) {
                if (strncmp(at, "\033[1m", 4) == 0 || strncmp(at, "\033[0m", 4) == 0) {
                        assert_true(bold == (at[2] == '0'));
                        bold = at[2] == '1';
                        at += 4;
                        continue;
                }
                *to++ = *at++;
        }
        assert_false(bold);
        *to = '\0';
}

static void bold_changes_nothing_but_the_weight(void **state)
{
        static const size_t widths[] = { 80, 33 };

        (void)state;
        for (size_t i = 0; i < 2 * n_explain_pages; i++) {
                const struct explain_page *page = &explain_pages[i / 2];
                char *plain = rendered(page, widths[i % 2], false);
                char *bold = rendered(page, widths[i % 2], true);

                for (const char *c = plain; *c != '\0'; c++)
                        assert_true(*c == '\n' || (*c >= ' ' && *c <= '~'));
                assert_non_null(strchr(bold, '\033'));
                strip_escapes(bold);
                assert_string_equal(bold, plain);
                free(plain);
                free(bold);
        }
}

/* Every page ends with words that one can type next; each must be there to type. */
static void what_a_page_names_as_next_can_be_typed(void **state)
{
        (void)state;
        for (size_t i = 0; i < n_explain_pages; i++) {
                const struct explain_page *page = &explain_pages[i];

                assert_true(page->n_blocks >= 3);
                assert_int_equal(page->blocks[0].kind, EXPLAIN_PARAGRAPH);
                assert_string_equal(page->blocks[page->n_blocks - 2].text, "See also");
                const char *text = page->blocks[page->n_blocks - 1].text;
                while (*text != '\0') {
                        const size_t n = strcspn(text, ",");
                        bool found = false;

                        for (size_t j = 0; j < n_explain_words && !found; j++)
                                found = strlen(explain_words[j].name) == n &&
                                        memcmp(explain_words[j].name, text, n) == 0 &&
                                        explain_words[j].page != page;
                        if (!found)
                                fail_msg("%s: see also %.*s", page->file, (int)n, text);
                        text += n;
                        text += strspn(text, ", ");
                }
        }
}

static void text_is_cut_at_spaces(void **state)
{
        static const struct {
                const char *text;
                size_t width;
                const char *lines; /* joined by | */
        } rows[] = {
                { "", 10, "" },
                { "   ", 10, "" },
                { "one", 10, "one" },
                { "one two", 7, "one two" },
                { "one two", 6, "one|two" },
                { "one two three", 3, "one|two|thr|ee" },
                { "  one   two", 4, "one|two" },
                { "abcdefgh", 3, "abc|def|gh" },
                { "\001one two\002 x", 7, "\001one two\002|x" },
                { "\003abc\004 de", 3, "\003abc\004|de" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                const char *text = rows[i].text, *end = text + strlen(text);
                struct wrapped line;
                char joined[64] = "";

                while (wrap_next(&text, end, rows[i].width, &line)) {
                        assert_true(line.n_columns <= rows[i].width);
                        assert_int_equal(line.n_columns,
                                         wrap_columns(line.start, line.start + line.n_bytes));
                        if (joined[0] != '\0')
                                strcat(joined, "|");
                        strncat(joined, line.start, line.n_bytes);
                }
                assert_string_equal(joined, rows[i].lines);
        }
}

static void a_table_that_fits_is_as_wide_as_its_cells(void **state)
{
        char *text = table_text("a\037what\036long cell\037x\036b\037\036\037y", 2, 80, false);

        (void)state;
        assert_string_equal(text,
                "  a          what\n"
                "  ---------  ----\n"
                "  long cell  x\n"
                "  b\n"
                "             y\n");
        free(text);
}

static void a_table_that_does_not_fit_wraps_its_widest_cells(void **state)
{
        char *text = table_text("k\037text\036one\037some words that go on\036two\037x", 2, 18, false);

        (void)state;
        assert_string_equal(text,
                "  k    text\n"
                "  ---  -----------\n"
                "  one  some words\n"
                "       that go on\n"
                "  two  x\n");
        free(text);
}

static void a_word_wider_than_its_column_is_cut(void **state)
{
        char *text = table_text("a\037b\036abcdefghij\037klmnopqrst", 2, 14, false);

        (void)state;
        assert_string_equal(text,
                "  a      b\n"
                "  -----  -----\n"
                "  abcde  klmno\n"
                "  fghij  pqrst\n");
        free(text);
}

static void bold_in_a_cell_does_not_run_into_the_next(void **state)
{
        char *text = table_text("h\037i\036\001aaa bbb\002\037c ddd", 2, 10, true);

        (void)state;
        assert_string_equal(text,
                "  \033[1mh\033[0m    \033[1mi\033[0m\n"
                "  ---  ---\n"
                "  \033[1maaa\033[0m  c\n"
                "  \033[1mbbb\033[0m  ddd\n");
        free(text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_is_wider_than_the_terminal),
                cmocka_unit_test(a_wide_terminal_changes_nothing_and_a_tiny_one_is_taken_for_twenty),
                cmocka_unit_test(bold_changes_nothing_but_the_weight),
                cmocka_unit_test(what_a_page_names_as_next_can_be_typed),
                cmocka_unit_test(text_is_cut_at_spaces),
                cmocka_unit_test(a_table_that_fits_is_as_wide_as_its_cells),
                cmocka_unit_test(a_table_that_does_not_fit_wraps_its_widest_cells),
                cmocka_unit_test(a_word_wider_than_its_column_is_cut),
                cmocka_unit_test(bold_in_a_cell_does_not_run_into_the_next),
        };

        return cmocka_run_group_tests_name("explain/render", tests, NULL, NULL);
}
