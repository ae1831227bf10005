/* A record as an entry of a list. */
#include "report/line.h"

#include <inttypes.h>

#include "report/phrase.h"
#include "report/sentence.h"

enum { INDENT = 6 };

static const char *colour_of(enum severity severity)
{
        switch (severity) {
        case SEVERITY_BAD:
                return STYLE_RED;
        case SEVERITY_NOTABLE:
                return STYLE_YELLOW;
        case SEVERITY_FINE:
        case N_SEVERITIES:
                break;
        }
        return STYLE_GREEN;
}

static void put_blanks(FILE *file, size_t n)
{
        fprintf(file, "%*s", (int)n, "");
}

void line_write_head(FILE *file, const struct record *r, const struct style *style)
{
        struct phrase client = { 0 }, server = { 0 }, right = { 0 };
        size_t column = phrase_columns(r->id);

        sentence_end(&client, &r->client);
        sentence_end(&server, &r->server);
        /* What is fine goes without saying, and colour alone is lost where it is pasted. */
        if (r->severity != SEVERITY_FINE)
                phrase_add(&right, "%s  ", severity_name(r->severity));
        phrase_add(&right, "%s", ending_name(r->ending));
        if (r->duration.known) {
                phrase_add(&right, "  ");
                phrase_span(&right, r->duration.value);
        }
        fprintf(file, "%s%s%s", style_on(style, colour_of(r->severity)), r->id, style_off(style));
        if (column + 1 < INDENT) {
                put_blanks(file, INDENT - column);
                column = INDENT;
        } else {
                put_blanks(file, 2);
                column += 2;
        }
        fprintf(file, "%s%s %s", style_on(style, STYLE_BOLD), client.text, style_arrow(style));
        column += client.n + 1 + phrase_columns(style_arrow(style)) + 1;
        if (column + server.n + 2 + right.n > style->width) {
                fputc('\n', file);
                put_blanks(file, INDENT);
                column = INDENT;
        } else {
                fputc(' ', file);
        }
        fprintf(file, "%s%s", server.text, style_off(style));
        column += server.n;
        put_blanks(file, column + right.n < style->width ? style->width - column - right.n : 2);
        fprintf(file, "%s\n", right.text);
}

void line_write_words(FILE *file, const struct record *r, const char *where, const struct style *style)
{
        struct phrase words = { 0 };

        if (r->rev > 1)
                phrase_add(&words, "(again, since more was seen:) ");
        sentence_record(&words, r);
        if (where)
                phrase_add(&words, "; %s", where);
        phrase_write(file, words.text, style->width, INDENT, 0);
}

void line_write(FILE *file, const struct record *r, const char *where, const struct style *style)
{
        line_write_head(file, r, style);
        line_write_words(file, r, where, style);
}

/* "5,000 bytes from the client and 70 bytes from the server, all acknowledged" */
void line_write_bytes(FILE *file, const struct record *r, const struct style *style)
{
        const struct record_direction *ways[] = { &r->to_server, &r->to_client };
        static const char *const from[] = { "from the client", "from the server" };
        struct phrase words = { 0 }, nothing = { 0 };

        if (r->ending != ENDING_ORDERLY && r->ending != ENDING_HALF_CLOSED)
                return;
        for (size_t i = 0; i < 2; i++) {
                if (ways[i]->fate != FATE_ACKED && ways[i]->fate != FATE_NONE)
                        return;
                if (ways[i]->bytes.known && ways[i]->bytes.value == 0) {
                        phrase_add(&nothing, "%s%s", nothing.n > 0 ? " nor " : "nothing ", from[i]);
                } else if (ways[i]->bytes.known) {
                        phrase_add(&words, "%s", words.n > 0 ? " and " : "");
                        phrase_bytes(&words, ways[i]->bytes.value);
                        phrase_add(&words, " %s", from[i]);
                }
        }
        if (words.n > 0)
                phrase_add(&words, ", all acknowledged");
        if (nothing.n > 0)
                phrase_add(&words, "%s%s", words.n > 0 ? "; " : "", nothing.text);
        if (words.n > 0)
                phrase_write(file, words.text, style->width, INDENT, 0);
}

void line_write_evidence(FILE *file, const struct record *r, const struct style *style)
{
        for (size_t i = 0; i < r->n_evidence; i++) {
                put_blanks(file, INDENT);
                fputs("- ", file);
                phrase_write(file, r->evidence[i], style->width, INDENT + 2, INDENT + 2);
        }
}
