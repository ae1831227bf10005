/*
 * Text of a page, cut at spaces. Pages are ASCII, so a byte is a column, except for the marks
 * below 32, which take none.
 */
#include "explain/wrap.h"

#include "explain/page.h"

static bool is_mark(char c)
{
        return (unsigned char)c < ' ';
}

bool wrap_next(const char **text, const char *end, size_t width, struct wrapped *ret_line)
{
        const char *at = *text;

        while (at < end && *at == ' ')
                at++;
        if (at == end)
                return false;

        const char *start = at, *last_space = NULL;
        size_t n = 0, n_at_space = 0;
        for (; at < end && (n < width || is_mark(*at) || *at == ' '); at++) {
                if (*at == ' ') {
                        last_space = at;
                        n_at_space = n;
                        if (n >= width)
                                break;
                }
                n += !is_mark(*at);
        }
        if (at < end && last_space != NULL) {
                at = last_space;
                n = n_at_space;
        }
        for (*text = at; at[-1] == ' '; at--)
                n--;
        *ret_line = (struct wrapped){ .start = start, .n_bytes = (size_t)(at - start), .n_columns = n };
        return true;
}

size_t wrap_columns(const char *text, const char *end)
{
        size_t n = 0;

        for (; text < end; text++)
                n += !is_mark(*text);
        return n;
}

size_t wrap_longest_word(const char *text, const char *end)
{
        size_t longest = 0, n = 0;

        for (; text < end; text++) {
                n = *text == ' ' ? 0 : n + !is_mark(*text);
                if (n > longest)
                        longest = n;
        }
        return longest;
}

void wrap_print(FILE *out, const struct wrapped *line, bool bold, bool *in_bold)
{
        if (bold && *in_bold)
                fputs("\033[1m", out);
        for (size_t i = 0; i < line->n_bytes; i++) {
                const char c = line->start[i];

                if (!is_mark(c)) {
                        fputc(c, out);
                        continue;
                }
                if (c != EXPLAIN_BOLD_ON && c != EXPLAIN_BOLD_OFF)
                        continue;
                *in_bold = c == EXPLAIN_BOLD_ON;
                if (bold)
                        fputs(*in_bold ? "\033[1m" : "\033[0m", out);
        }
        if (bold && *in_bold)
                fputs("\033[0m", out);
}
