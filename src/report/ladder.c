/* The ladder: ten columns of time, two bars with a lane between them, and notes.
 *
 *   0.000102  ├─ 1000 bytes 1:1001 ACK 1 ─────────────►│  no one reads them
 *
 * What does not fit into the lane or beside it goes on in further lines of the same row, so nothing
 * is lost but the middle of a long story, and that is counted. */
#include "report/ladder.h"

#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>

enum {
        WIDTH = 80,
        WIDTH_MIN = 60,
        ROWS = 40,
        ROWS_MIN = 8,
        TIME_WIDTH = 10,
        NOTE_MAX = 26,
        SILENCE_NS = 1000000000,
        TEXT_MAX = 128,
        TIME_MAX = 32,
};

struct glyphs {
        const char *bar, *gap, *from_left, *from_right, *dash, *right, *left, *lost, *act, *ellipsis;
};

static const struct glyphs drawn = { "│", "┊", "├", "┤", "─", "►", "◄", "×", "●", "…" };
static const struct glyphs typed = { "|", ":", "|", "|", "-", ">", "<", "x", "*", "..." };

struct page {
        FILE *file;
        const struct glyphs *glyphs;
        bool utf8;
        size_t lane;            /* columns between the bars */
        size_t note;            /* columns beside them; 0 when no row has a note */
        int time;               /* columns of the times */
        int64_t start_ns;
};

/* A piece of a text that fits into a line. */
struct piece {
        const char *text;
        size_t n_bytes;
        size_t n_columns;
};

bool ladder_utf8(void)
{
        locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t) 0);
        bool utf8;

        if (!locale)
                return false;
        utf8 = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
        freelocale(locale);
        return utf8;
}

/* The bytes of the character at @text: one column each, wide ones are not known here. */
static size_t character(const char *text)
{
        unsigned char c = (unsigned char)*text;
        size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

        for (size_t i = 1; i < n; ++i)
                if (((unsigned char)text[i] & 0xc0) != 0x80)
                        return 1;
        return n;
}

static size_t columns(const char *text)
{
        size_t n = 0;

        for (; *text; text += character(text))
                ++n;
        return n;
}

/* Cuts the next line of at most @width columns off @*text, at a space if there is one. */
static struct piece cut(const char **text, size_t width)
{
        struct piece piece = { .text = *text };
        size_t n_bytes = 0, n_columns = 0;

        while ((*text)[n_bytes] && n_columns < width) {
                n_bytes += character(*text + n_bytes);
                ++n_columns;
                if ((*text)[n_bytes] == ' ' || !(*text)[n_bytes]) {
                        piece.n_bytes = n_bytes;
                        piece.n_columns = n_columns;
                }
        }
        if (piece.n_bytes == 0) {
                piece.n_bytes = n_bytes;
                piece.n_columns = n_columns;
        }
        *text += piece.n_bytes;
        while (**text == ' ')
                ++*text;
        return piece;
}

/* Nothing that a terminal would obey: C0, DEL, C1, and bytes that are no UTF-8. */
static void put_piece(const struct page *page, struct piece piece)
{
        const char *text = piece.text, *end = piece.text + piece.n_bytes;

        while (text < end) {
                unsigned char c = (unsigned char)*text;
                size_t n = character(text);
                bool bad = c < 0x20 || c == 0x7f || (n == 1 && c >= 0x80) ||
                           (c == 0xc2 && (unsigned char)text[1] < 0xa0) || (n > 1 && !page->utf8);

                if (bad)
                        fputc('?', page->file);
                else
                        fwrite(text, n, 1, page->file);
                text += n;
        }
}

static void put_many(const struct page *page, const char *glyph, size_t n)
{
        while (n--)
                fputs(glyph, page->file);
}

/* Nobody vouches for the times of a capture: what is too far apart is as far as can be. */
static int64_t between(int64_t from_ns, int64_t to_ns)
{
        int64_t span;

        if (__builtin_sub_overflow(to_ns, from_ns, &span) || span == INT64_MIN)
                return to_ns > from_ns ? INT64_MAX : -INT64_MAX;
        return span;
}

static int format_time(const struct page *page, int64_t time_ns, char text[static TIME_MAX])
{
        int64_t since = between(page->start_ns, time_ns);
        const char *sign = since < 0 ? "-" : "";
        uint64_t us = (uint64_t)(since < 0 ? -since : since) / 1000;

        return snprintf(text, TIME_MAX, "%s%" PRIu64 ".%06" PRIu64, sign, us / 1000000, us % 1000000);
}

static void put_time(const struct page *page, int64_t time_ns)
{
        char text[TIME_MAX];

        format_time(page, time_ns, text);
        fprintf(page->file, "%*s  ", page->time, text);
}

/* The end of a line: what stands beside the ladder. */
static void put_end(const struct page *page, const char **note)
{
        if (*note && **note) {
                fputs("  ", page->file);
                put_piece(page, cut(note, page->note));
        }
        fputc('\n', page->file);
}

/* A text alone between two bars: at the left, at the right or in the middle. */
static void put_text(const struct page *page, const char *left, const char *right, struct piece piece, int where)
{
        size_t free = page->lane - piece.n_columns - 2;
        size_t before = where < 0 ? 1 : where > 0 ? free + 1 : free / 2 + 1;

        fputs(left, page->file);
        put_many(page, " ", before);
        put_piece(page, piece);
        put_many(page, " ", page->lane - before - piece.n_columns);
        fputs(right, page->file);
}

static void put_arrow(const struct page *page, enum ladder_kind kind, struct piece piece)
{
        const struct glyphs *g = page->glyphs;
        bool to_right = kind == LADDER_TO_RIGHT || kind == LADDER_LOST_TO_RIGHT;
        bool lost = kind == LADDER_LOST_TO_RIGHT || kind == LADDER_LOST_TO_LEFT;
        size_t n_dashes = page->lane - piece.n_columns - 4;
        size_t n_blank = 0;

        /* What is lost stops halfway. */
        if (lost) {
                n_blank = n_dashes / 2;
                n_dashes -= n_blank;
        }
        if (to_right) {
                fprintf(page->file, "%s%s ", g->from_left, g->dash);
                put_piece(page, piece);
                fputc(' ', page->file);
                put_many(page, g->dash, n_dashes);
                fputs(lost ? g->lost : g->right, page->file);
                put_many(page, " ", n_blank);
                fputs(g->bar, page->file);
        } else {
                fputs(g->bar, page->file);
                put_many(page, " ", n_blank);
                fputs(lost ? g->lost : g->left, page->file);
                put_many(page, g->dash, n_dashes);
                fputc(' ', page->file);
                put_piece(page, piece);
                fprintf(page->file, " %s%s", g->dash, g->from_right);
        }
}

static void put_first(const struct page *page, enum ladder_kind kind, struct piece piece)
{
        const struct glyphs *g = page->glyphs;

        switch (kind) {
        case LADDER_TO_RIGHT:
        case LADDER_TO_LEFT:
        case LADDER_LOST_TO_RIGHT:
        case LADDER_LOST_TO_LEFT:
                put_arrow(page, kind, piece);
                break;
        case LADDER_ACT_LEFT:
                put_text(page, g->act, g->bar, piece, -1);
                break;
        case LADDER_ACT_RIGHT:
                put_text(page, g->bar, g->act, piece, 1);
                break;
        case LADDER_BETWEEN:
                put_text(page, g->bar, g->bar, piece, 0);
                break;
        }
}

/* Where further lines of a label stand: on the side where it begins. */
static int side_of(enum ladder_kind kind)
{
        switch (kind) {
        case LADDER_TO_RIGHT:
        case LADDER_LOST_TO_RIGHT:
        case LADDER_ACT_LEFT:
                return -1;
        case LADDER_TO_LEFT:
        case LADDER_LOST_TO_LEFT:
        case LADDER_ACT_RIGHT:
                return 1;
        case LADDER_BETWEEN:
                break;
        }
        return 0;
}

static void put_row(const struct page *page, const struct ladder_row *row)
{
        const char *label = row->label ? row->label : "";
        const char *note = row->note;
        size_t room = page->lane - 6;

        put_time(page, row->time_ns);
        put_first(page, row->kind, cut(&label, room));
        put_end(page, &note);
        while (*label || (note && *note)) {
                fprintf(page->file, "%*s  ", page->time, "");
                put_text(page, page->glyphs->bar, page->glyphs->bar, cut(&label, room), side_of(row->kind));
                put_end(page, &note);
        }
}

/* Time passes, or rows are left out. */
static void put_gap(const struct page *page, const char *text)
{
        const char *rest = text, *none = NULL;

        put_many(page, " ", (size_t)page->time - columns(page->glyphs->ellipsis));
        fprintf(page->file, "%s  ", page->glyphs->ellipsis);
        put_text(page, page->glyphs->gap, page->glyphs->gap, cut(&rest, page->lane - 2), 0);
        put_end(page, &none);
}

static void put_silence(const struct page *page, int64_t silence_ns)
{
        char text[TEXT_MAX];

        if (silence_ns < SILENCE_NS)
                return;
        snprintf(text, sizeof(text), "%" PRId64 ".%03" PRId64 " s of silence", silence_ns / 1000000000,
                 silence_ns / 1000000 % 1000);
        put_gap(page, text);
}

static void put_left_out(const struct page *page, const struct ladder_row *from, const struct ladder_row *to,
                         uint64_t n)
{
        int64_t ms = between(from->time_ns, to->time_ns) / 1000000;
        char text[TEXT_MAX];

        /* A clock may have been set back on the way. */
        if (ms >= 0)
                snprintf(text, sizeof(text), "%" PRIu64 " more, in %" PRId64 ".%03" PRId64 " s", n, ms / 1000,
                         ms % 1000);
        else
                snprintf(text, sizeof(text), "%" PRIu64 " more", n);
        put_gap(page, text);
}

/* Each name over its bar, the right one further out if need be; two lines where one is too short. */
static void put_names(const struct page *page, const char *left, const char *right, size_t width)
{
        size_t n_left = columns(left), n_right = columns(right);
        size_t room = page->lane + 2;
        struct piece piece_left = { left, strlen(left), n_left };
        struct piece piece_right = { right, strlen(right), n_right };

        fprintf(page->file, "%*s  ", page->time, "seconds");
        put_piece(page, piece_left);
        if (n_left + 2 + n_right <= width - (size_t)page->time - 2) {
                put_many(page, " ", n_left + 2 + n_right <= room ? room - n_left - n_right : 2);
        } else {
                fprintf(page->file, "\n%*s  ", page->time, "");
                put_many(page, " ", n_right < room ? room - n_right : 0);
        }
        put_piece(page, piece_right);
        fputc('\n', page->file);
}

static void measure(struct page *page, size_t width, const struct ladder_row *rows, size_t n_rows)
{
        char text[TIME_MAX];
        size_t note = 0;

        page->time = TIME_WIDTH;
        for (size_t i = 0; i < n_rows; ++i) {
                size_t n = rows[i].note ? columns(rows[i].note) : 0;
                int n_time = format_time(page, rows[i].time_ns, text);

                if (n_time > page->time)
                        page->time = n_time;

                if (n > note)
                        note = n;
        }
        page->note = note < NOTE_MAX ? note : NOTE_MAX;
        page->lane = width - (size_t)page->time - 2 - 2 - (page->note ? page->note + 2 : 0);
}

int ladder_write(FILE *file, const char *left, const char *right, const struct ladder_row *rows, size_t n_rows,
                 const struct ladder_options *options)
{
        size_t width = options->width ? options->width : WIDTH;
        size_t max = options->max_rows ? options->max_rows : ROWS;
        struct page page = {
                .file = file,
                .glyphs = options->utf8 ? &drawn : &typed,
                .utf8 = options->utf8,
                .start_ns = n_rows ? rows[0].time_ns : 0,
        };
        size_t n_head = n_rows, n_out = 0;

        if (width < WIDTH_MIN)
                width = WIDTH_MIN;
        if (max < ROWS_MIN)
                max = ROWS_MIN;
        /* The end is what the reader came for: it gets two thirds. */
        if (n_rows > max) {
                n_head = max / 3;
                n_out = n_rows - max;
        }
        measure(&page, width, rows, n_rows);
        put_names(&page, left, right, width);
        for (size_t i = 0; i < n_rows; ++i) {
                if (i == n_head && n_out > 0) {
                        put_left_out(&page, &rows[i], &rows[i + n_out], n_out);
                        i += n_out;
                } else if (i > 0 && options->n_left_out > 0 && i == options->left_out_before) {
                        put_left_out(&page, &rows[i - 1], &rows[i], options->n_left_out);
                } else if (i > 0) {
                        put_silence(&page, between(rows[i - 1].time_ns, rows[i].time_ns));
                }
                put_row(&page, &rows[i]);
        }
        return ferror(file) ? -EIO : 0;
}
