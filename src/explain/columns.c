/*
 * A table on a terminal: columns as wide as their longest cell if that fits, else the widest
 * columns give way until it does, first down to their longest word, then without mercy.
 */
#include "explain/columns.h"

#include <string.h>

#include "explain/wrap.h"

#define COLUMNS_MAX 16
#define COLUMN_GAP 2
#define COLUMN_LEAST 3

struct cell {
        const char *at;
        const char *end;
        bool in_bold;
};

struct columns {
        FILE *out;
        size_t n;
        size_t indent;
        bool bold;
        size_t width[COLUMNS_MAX];
};

static const char *cell_end(const char *text)
{
        while (*text != '\0' && *text != EXPLAIN_CELL && *text != EXPLAIN_ROW)
                text++;
        return text;
}

/* Takes one column off the widest that is wider than its floor. */
static bool narrow(struct columns *columns, const size_t *floor)
{
        size_t *widest = NULL;

        for (size_t i = 0; i < columns->n; i++)
                if (columns->width[i] > floor[i] &&
                    (widest == NULL || columns->width[i] > *widest))
                        widest = &columns->width[i];
        if (widest == NULL)
                return false;
        --*widest;
        return true;
}

static size_t total(const struct columns *columns)
{
        size_t sum = columns->indent + COLUMN_GAP * (columns->n - 1);

        for (size_t i = 0; i < columns->n; i++)
                sum += columns->width[i];
        return sum;
}

static void fit(struct columns *columns, const char *text, size_t width)
{
        size_t word[COLUMNS_MAX] = { 0 }, least[COLUMNS_MAX];

        for (size_t i = 0;; i = (i + 1) % columns->n) {
                const char *end = cell_end(text);
                const size_t cell = wrap_columns(text, end), longest = wrap_longest_word(text, end);

                if (cell > columns->width[i])
                        columns->width[i] = cell;
                if (longest > word[i])
                        word[i] = longest;
                if (*end == '\0')
                        break;
                text = end + 1;
        }
        for (size_t i = 0; i < columns->n; i++)
                least[i] = COLUMN_LEAST;
        while (total(columns) > width && (narrow(columns, word) || narrow(columns, least)))
                ;
}

/* Prints one row, in as many lines as its longest cell takes. Spaces are written only before
 * something that follows them. */
static void write_row(const struct columns *columns, struct cell *cells, bool head)
{
        for (bool more = true, any = true; more; ) {
                size_t owed = columns->indent;

                any = false;
                more = false;
                for (size_t i = 0; i < columns->n; i++) {
                        struct wrapped line;
                        size_t used = 0;

                        if (wrap_next(&cells[i].at, cells[i].end, columns->width[i], &line)) {
                                fprintf(columns->out, "%*s", (int)owed, "");
                                owed = 0;
                                if (head)
                                        cells[i].in_bold = true;
                                wrap_print(columns->out, &line, columns->bold, &cells[i].in_bold);
                                used = line.n_columns;
                                any = true;
                        }
                        if (cells[i].at < cells[i].end)
                                more = true;
                        owed += columns->width[i] - used + COLUMN_GAP;
                }
                if (any)
                        fputc('\n', columns->out);
        }
}

static void write_rule(const struct columns *columns)
{
        fprintf(columns->out, "%*s", (int)columns->indent, "");
        for (size_t i = 0; i < columns->n; i++) {
                fprintf(columns->out, "%*s", i > 0 ? COLUMN_GAP : 0, "");
                for (size_t j = 0; j < columns->width[i]; j++)
                        fputc('-', columns->out);
        }
        fputc('\n', columns->out);
}

void explain_columns_write(FILE *out, const struct explain_block *table, size_t indent, size_t width, bool bold)
{
        struct columns columns = { .out = out, .n = table->n_columns, .indent = indent, .bold = bold };
        const char *text = table->text;

        if (columns.n == 0 || columns.n > COLUMNS_MAX)
                return;
        fit(&columns, text, width);
        for (bool head = true;; head = false) {
                struct cell cells[COLUMNS_MAX] = { 0 };
                const char *end = text;

                for (size_t i = 0; i < columns.n; i++) {
                        end = cell_end(text);
                        cells[i] = (struct cell){ .at = text, .end = end };
                        text = end + (*end != '\0');
                }
                write_row(&columns, cells, head);
                if (head)
                        write_rule(&columns);
                if (*end == '\0')
                        return;
        }
}
