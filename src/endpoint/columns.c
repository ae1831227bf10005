/* Prints tables. */
#include "endpoint/columns.h"

#include <stdbool.h>
#include <string.h>

/* How much of the text goes on this line: whole words, at most `width`. */
static size_t line_length(const char *text, size_t width)
{
        size_t n = strlen(text), last = 0;

        if (n <= width)
                return n;
        for (size_t i = 0; i <= width; i++)
                if (text[i] == ' ')
                        last = i;
        return last ? last : width;
}

static void end_line(FILE *file, char *line)
{
        size_t n = strlen(line);

        while (n > 0 && line[n - 1] == ' ')
                line[--n] = 0;
        fprintf(file, "%s\n", line);
}

void columns_row(const struct columns *c, const char *const cells[])
{
        const char *rest[COLUMNS_MAX] = { NULL };
        bool more = true;

        for (size_t i = 0; i < c->n; i++)
                rest[i] = cells[i] ? cells[i] : "";
        while (more) {
                char line[256] = "";
                size_t at = 0;

                more = false;
                for (size_t i = 0; i < c->n; i++) {
                        size_t n = line_length(rest[i], (size_t)c->width[i]);

                        at += (size_t)snprintf(line + at, sizeof(line) - at,
                                               "%-*.*s", c->width[i] + 2, (int)n, rest[i]);
                        rest[i] += n;
                        while (*rest[i] == ' ')
                                rest[i]++;
                        more = more || *rest[i];
                }
                end_line(c->file, line);
        }
}

void columns_header(const struct columns *c, const char *const headers[])
{
        char rules[COLUMNS_MAX][80];
        const char *cells[COLUMNS_MAX];

        columns_row(c, headers);
        for (size_t i = 0; i < c->n; i++) {
                memset(rules[i], '-', (size_t)c->width[i]);
                rules[i][c->width[i]] = 0;
                cells[i] = rules[i];
        }
        columns_row(c, cells);
}
