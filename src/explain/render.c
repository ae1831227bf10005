/*
 * Pages on a terminal, in the manner of a manual page: headings at the left, text two columns in,
 * code four. Nothing is wider than 80 columns; a narrower terminal gets narrower text.
 */
#include "explain/render.h"

#include <stdlib.h>
#include <string.h>

#include "explain/columns.h"
#include "explain/model.h"
#include "explain/wrap.h"

#define INDENT 2
#define CODE_INDENT 4

static size_t usable_width(const struct explain_style *style)
{
        if (style->width < EXPLAIN_WIDTH_LEAST)
                return EXPLAIN_WIDTH_LEAST;
        return style->width < EXPLAIN_WIDTH_MOST ? style->width : EXPLAIN_WIDTH_MOST;
}

/* Writes the text with its first line at `indent`, where the cursor stands, the rest below it. */
static void write_wrapped(FILE *out, const char *text, size_t indent, const struct explain_style *style)
{
        const char *end = text + strlen(text);
        struct wrapped line;
        bool in_bold = false;

        for (bool first = true; wrap_next(&text, end, usable_width(style) - indent, &line);
             first = false) {
                if (!first)
                        fprintf(out, "%*s", (int)indent, "");
                wrap_print(out, &line, style->bold, &in_bold);
                fputc('\n', out);
        }
}

static void write_heading(FILE *out, const char *text, const struct explain_style *style)
{
        if (style->bold)
                fputs("\033[1m", out);
        write_wrapped(out, text, 0, &(struct explain_style){ .width = style->width });
        if (style->bold)
                fputs("\033[0m", out);
}

static void write_code(FILE *out, const char *text)
{
        while (*text != '\0') {
                const size_t n = strcspn(text, "\n");

                if (n > 0)
                        fprintf(out, "%*s%.*s", CODE_INDENT, "", (int)n, text);
                fputc('\n', out);
                text += n + (text[n] == '\n');
        }
}

static void write_model(FILE *out, const char *text)
{
        const char *written = strchr(text, EXPLAIN_CELL);
        char name[16] = "", *table = NULL;
        size_t n_table = 0;

        if (written == NULL)
                return;
        snprintf(name, sizeof(name), "%.*s", (int)(written - text), text);
        FILE *memory = open_memstream(&table, &n_table);
        int r = memory == NULL ? -1 : explain_model_write(memory, name);
        if (memory != NULL)
                fclose(memory);
        write_code(out, r == 0 && table != NULL ? table : written + 1);
        free(table);
}

static void write_item(FILE *out, const char *text, const struct explain_style *style)
{
        const char *behind = strchr(text, EXPLAIN_CELL);

        if (behind == NULL)
                return;
        const size_t n_mark = (size_t)(behind - text);
        fprintf(out, "%*s%.*s ", INDENT, "", (int)n_mark, text);
        write_wrapped(out, behind + 1, INDENT + n_mark + 1, style);
}

static void write_block(FILE *out, const struct explain_block *block, const struct explain_style *style)
{
        switch (block->kind) {
        case EXPLAIN_PARAGRAPH:
                fprintf(out, "%*s", INDENT, "");
                write_wrapped(out, block->text, INDENT, style);
                break;
        case EXPLAIN_HEADING:
                write_heading(out, block->text, style);
                break;
        case EXPLAIN_ITEM:
                write_item(out, block->text, style);
                break;
        case EXPLAIN_TABLE:
                explain_columns_write(out, block, INDENT, usable_width(style), style->bold);
                break;
        case EXPLAIN_CODE:
                write_code(out, block->text);
                break;
        case EXPLAIN_MODEL:
                write_model(out, block->text);
                break;
        }
}

void explain_render(FILE *out, const struct explain_page *page, const struct explain_style *style)
{
        write_heading(out, page->title, style);
        for (size_t i = 0; i < page->n_blocks; i++) {
                const struct explain_block *block = &page->blocks[i];
                const bool first = i == 0;

                /* A heading stands close to its text, and items stand together. */
                if (!first && block[-1].kind != EXPLAIN_HEADING &&
                    !(block->kind == EXPLAIN_ITEM && block[-1].kind == EXPLAIN_ITEM))
                        fputc('\n', out);
                write_block(out, block, style);
        }
}

const char *explain_kind_heading(enum explain_kind kind)
{
        static const char *const headings[N_EXPLAIN_KINDS] = {
                [EXPLAIN_KIND_ERRNO] = "Errors that a call returns",
                [EXPLAIN_KIND_SIGNAL] = "Signals",
                [EXPLAIN_KIND_ENDING] = "Endings",
                [EXPLAIN_KIND_CAUSE] = "Causes",
                [EXPLAIN_KIND_RESET_REASON] = "Reset reasons of the kernel (tcp:tcp_send_reset)",
                [EXPLAIN_KIND_CONN_STATE] = "Zeek's conn_state",
                [EXPLAIN_KIND_CLAIM] = "Claims that are often heard",
                [EXPLAIN_KIND_TERM] = "Terms",
        };

        return headings[kind];
}

void explain_list(FILE *out, const struct explain_style *style)
{
        size_t widest = 0;

        for (size_t i = 0; i < n_explain_words; i++)
                if (strlen(explain_words[i].name) > widest)
                        widest = strlen(explain_words[i].name);
        /* Where two columns do not fit, the line goes below the word. */
        const bool narrow = INDENT + widest + 2 + 24 > usable_width(style);
        const size_t column = narrow ? 2 * INDENT : INDENT + widest + 2;

        for (size_t i = 0; i < n_explain_words; i++) {
                const struct explain_word *word = &explain_words[i];

                if (i == 0 || word[-1].kind != word->kind) {
                        if (i > 0)
                                fputc('\n', out);
                        write_heading(out, explain_kind_heading(word->kind), style);
                }
                fprintf(out, "%*s", INDENT, "");
                if (narrow) {
                        write_wrapped(out, word->name, INDENT, style);
                        fprintf(out, "%*s", (int)column, "");
                } else {
                        fprintf(out, "%-*s  ", (int)widest, word->name);
                }
                write_wrapped(out, word->line, column, style);
        }
}
