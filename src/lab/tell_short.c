/* A play in two or three lines. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "endpoint/rules.h"
#include "lab/tell.h"

#define INDENT 6
#define COLUMNS 80

/* Pieces set apart, wrapped. */
struct paragraph {
        FILE *file;
        size_t column;
};

static void put(struct paragraph *p, const char *separator, const char *piece)
{
        size_t n = strlen(separator) + strlen(piece);

        if (p->column == 0) {
                fprintf(p->file, "%*s%s", INDENT, "", piece);
                p->column = INDENT + strlen(piece);
        } else if (p->column + n + 1 > COLUMNS) {
                fprintf(p->file, "%.*s\n%*s%s", (int)strcspn(separator, " "), separator, INDENT, "", piece);
                p->column = INDENT + strlen(piece);
        } else {
                fprintf(p->file, "%s%s", separator, piece);
                p->column += n;
        }
}

/* Counts that are what was asked for tell nothing. */
static bool telling(const struct step *s)
{
        bool receives = s->act.verb >= VERB_RECV && s->act.verb <= VERB_DRAIN;

        if (!s->is_call || !s->has_result)
                return false;
        if (s->seen.value < 0 || s->seen.sigpipe || s->act.verb == VERB_SO_ERROR)
                return s->seen.error != EAGAIN;
        return receives && s->act.verb != VERB_DRAIN ? s->seen.value == 0 : false;
}

static bool same(const struct step *a, const struct step *b)
{
        return a->act.verb == b->act.verb && a->seen.value == b->seen.value && a->seen.error == b->seen.error &&
               a->seen.sigpipe == b->seen.sigpipe;
}

static void put_told(struct paragraph *p, const struct play *play, int end)
{
        char result[TELL_MAX], piece[2 * TELL_MAX];
        const char *who = end == CLIENT ? "client: " : "server: ";
        bool first = true;

        for (size_t i = 0; i < play->n_steps; i++) {
                const struct step *s = &play->steps[i];
                unsigned times = 1;

                if ((int)s->act.side != end || !telling(s))
                        continue;
                while (i + 1 < play->n_steps && (int)play->steps[i + 1].act.side == end &&
                       telling(&play->steps[i + 1]) && same(s, &play->steps[i + 1])) {
                        times++;
                        i++;
                }
                snprintf(piece, sizeof(piece), "%s%s %s%s", first ? who : "", verb_name(s->act.verb),
                         tell_result(s, result), times > 1 ? " and again" : "");
                put(p, first ? "; " : ", ", piece);
                first = false;
        }
}

static void put_wire(struct paragraph *p, const struct play *play)
{
        char text[TELL_MAX], piece[2 * TELL_MAX];
        bool first = true;

        for (size_t i = 0; i < play->pair.n_emitted; i++) {
                const struct emitted *e = &play->pair.emitted[i];
                const char *word = tell_emitted(e, text);

                if (!word)
                        continue;
                snprintf(piece, sizeof(piece), "%s%s %s", first ? "wire: " : "", e->from == CLIENT ? "c" : "s", word);
                put(p, first ? "; " : ", ", piece);
                first = false;
        }
}

void tell_short(FILE *file, const struct play *play)
{
        struct paragraph p = { .file = file };

        put_told(&p, play, CLIENT);
        put_told(&p, play, SERVER);
        put_wire(&p, play);
        if (p.column > 0)
                putc('\n', file);
}
