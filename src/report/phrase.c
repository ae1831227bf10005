/* Putting phrases together, and laying them out. */
#include "report/phrase.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>

#include "base/say.h"

#define MS_NS 1000000
#define S_NS INT64_C(1000000000)

void phrase_add(struct phrase *p, const char *format, ...)
{
        va_list args;
        int n;

        va_start(args, format);
        n = vsnprintf(p->text + p->n, sizeof(p->text) - p->n, format, args);
        va_end(args);
        if (n < 0)
                p->text[p->n] = '\0';
        else
                p->n = p->n + (size_t)n < sizeof(p->text) ? p->n + (size_t)n : sizeof(p->text) - 1;
}

void phrase_count(struct phrase *p, uint64_t n)
{
        if (n >= 1000) {
                phrase_count(p, n / 1000);
                phrase_add(p, ",%03u", (unsigned)(n % 1000));
        } else {
                phrase_add(p, "%u", (unsigned)n);
        }
}

void phrase_bytes(struct phrase *p, uint64_t n)
{
        static const struct {
                uint64_t from, unit;
                const char *name;
        } units[] = {
                { UINT64_C(1000000000000), UINT64_C(1000000000000), "TB" },
                { 1000000000, 1000000000, "GB" },
                { 1000000, 1000000, "MB" },
        };

        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
                if (n >= units[i].from) {
                        uint64_t whole = n / units[i].unit, tenth = n % units[i].unit / (units[i].unit / 10);

                        phrase_count(p, whole);
                        if (whole < 100)
                                phrase_add(p, ".%u", (unsigned)tenth);
                        phrase_add(p, " %s", units[i].name);
                        return;
                }
        phrase_count(p, n);
        phrase_add(p, n == 1 ? " byte" : " bytes");
}

/* To the nearest of these units, so that no unit is ever told full: 59.96 s are 60.0 s, 999.9 ms 1.0 s. */
static int64_t rounded(int64_t ns, int64_t unit)
{
        return ns / unit + (ns % unit >= unit - unit / 2);
}

void phrase_span(struct phrase *p, int64_t span_ns)
{
        int64_t us = rounded(span_ns, 1000), ms = rounded(span_ns, MS_NS), tenths = rounded(span_ns, S_NS / 10);
        int64_t s = rounded(span_ns, S_NS), min = rounded(span_ns, 60 * S_NS), h = rounded(span_ns, 3600 * S_NS);

        if (span_ns < 0) {
                phrase_add(p, "-");
                phrase_span(p, span_ns == INT64_MIN ? INT64_MAX : -span_ns);
        } else if (span_ns == 0) {
                phrase_add(p, "0 s");
        } else if (us < 1000) {
                phrase_add(p, "%" PRId64 " us", us);
        } else if (ms < 1000) {
                phrase_add(p, "%" PRId64 " ms", ms);
        } else if (tenths < 1200) {
                phrase_add(p, "%" PRId64 ".%" PRId64 " s", tenths / 10, tenths % 10);
        } else if (s < 7200) {
                phrase_add(p, "%" PRId64 " min %" PRId64 " s", s / 60, s % 60);
        } else if (min < 48 * 60) {
                phrase_add(p, "%" PRId64 " h %" PRId64 " min", min / 60, min % 60);
        } else {
                phrase_add(p, "%" PRId64 " days %" PRId64 " h", h / 24, h % 24);
        }
}

void phrase_capital(struct phrase *p)
{
        if (*p->text >= 'a' && *p->text <= 'z')
                *p->text = (char)(*p->text - 'a' + 'A');
}

/* Bytes after the first of a character. */
static bool continues(char c)
{
        return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t columns_of(const char *text, size_t n)
{
        size_t columns = 0;

        for (size_t i = 0; i < n; i++)
                columns += !continues(text[i]);
        return columns;
}

size_t phrase_columns(const char *text)
{
        size_t n = 0;

        for (; *text; text++)
                n += !continues(*text);
        return n;
}

void phrase_write(FILE *file, const char *text, unsigned width, unsigned indent, unsigned n_before)
{
        size_t column = n_before;
        bool begins = true;

        if (n_before == 0) {
                fprintf(file, "%*s", (int)indent, "");
                column = indent;
        }
        while (*text) {
                size_t n = 0, n_columns;

                while (text[n] && text[n] != ' ')
                        n++;
                n_columns = columns_of(text, n);
                if (!begins && column + 1 + n_columns > width) {
                        fprintf(file, "\n%*s", (int)indent, "");
                        column = indent;
                        begins = true;
                }
                if (!begins) {
                        fputc(' ', file);
                        column++;
                }
                say_typed_n(file, text, n);
                column += n_columns;
                begins = false;
                text += n;
                while (*text == ' ')
                        text++;
        }
        fputc('\n', file);
}
