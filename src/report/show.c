/* One record in full. */
#include "report/show.h"

#include <inttypes.h>
#include <time.h>

#include "report/phrase.h"
#include "report/sentence.h"
#include "report/show_parts.h"

#define SECOND_NS INT64_C(1000000000)
#define CAUSE_WIDTH 24

void show_heading(FILE *file, const char *text, const struct style *style)
{
        fprintf(file, "\n%s%s%s\n", style_on(style, STYLE_BOLD), text, style_off(style));
}

void show_row(FILE *file, const char *name, const char *text, const struct style *style)
{
        fprintf(file, "%*s%-*s", SHOW_INDENT, "", SHOW_COLUMN, name);
        phrase_write(file, text, style->width, SHOW_INDENT + SHOW_COLUMN, SHOW_INDENT + SHOW_COLUMN);
}

static void put_paragraph(FILE *file, const char *text, const struct style *style)
{
        phrase_write(file, text, style->width, SHOW_INDENT, 0);
}

static void put_head(FILE *file, const struct record *r, const char *where, const struct style *style)
{
        static const char *const bears[] = {
                [SEVERITY_FINE] = STYLE_GREEN, [SEVERITY_NOTABLE] = STYLE_YELLOW, [SEVERITY_BAD] = STYLE_RED };
        struct phrase ends = { 0 }, when = { 0 };

        phrase_add(&ends, "%s  ", r->id);
        sentence_end(&ends, &r->client);
        phrase_add(&ends, " %s ", style_arrow(style));
        sentence_end(&ends, &r->server);
        fputs(style_on(style, STYLE_BOLD), file);
        phrase_write(file, ends.text, style->width, SHOW_INDENT, 1);
        fputs(style_off(style), file);
        phrase_add(&when, "%s: ", ending_name(r->ending));
        fprintf(file, "%*s%s%s%s", SHOW_INDENT, "", style_on(style, bears[r->severity]), severity_name(r->severity),
                style_off(style));
        when = (struct phrase){ 0 };
        if (r->started.known) {
                time_t seconds = (time_t)(r->started.value / SECOND_NS - (r->started.value % SECOND_NS < 0));
                int64_t ns = r->started.value % SECOND_NS;
                struct tm tm;
                char text[32];

                if (gmtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) > 0)
                        phrase_add(&when, ", %s.%06u UTC", text, (unsigned)((ns < 0 ? ns + SECOND_NS : ns) / 1000));
        }
        if (r->duration.known) {
                phrase_add(&when, ", for ");
                phrase_span(&when, r->duration.value);
        }
        if (r->first_frame.known && r->last_frame.known)
                phrase_add(&when, ", frames %" PRIu64 " to %" PRIu64 "%s%s", r->first_frame.value, r->last_frame.value,
                           *where ? " " : "", where);
        phrase_write(file, when.text, style->width, SHOW_INDENT,
                     SHOW_INDENT + (unsigned)phrase_columns(severity_name(r->severity)));
}

static void put_ending(FILE *file, const struct record *r, const struct style *style)
{
        struct phrase p = { 0 }, loss = { 0 };

        sentence_ending(&p, r);
        phrase_capital(&p);
        phrase_add(&p, ".");
        if (sentence_loss(&loss, r)) {
                phrase_capital(&loss);
                phrase_add(&p, " %s.", loss.text);
        }
        if (r->reset.seen && r->reset.frame.known) {
                phrase_add(&p, " The reset is frame %" PRIu64, r->reset.frame.value);
                if (r->reset.count > 1)
                        phrase_add(&p, ", the first of %" PRIu64, r->reset.count);
                if (r->reset.kind == RESET_KIND_ACTIVE)
                        phrase_add(&p, ", sent of its own accord");
                else if (r->reset.kind == RESET_KIND_REPLY)
                        phrase_add(&p, r->reset.unasked
                                       ? ", in the shape of an answer, though nothing can have drawn it"
                                       : ", an answer to a segment that could not be taken");
                if (r->reset.by == SIDE_NETWORK)
                        phrase_add(&p, "; it did not come from the end that it names");
                if (r->reset.obeyed.known && !r->reset.obeyed.value)
                        phrase_add(&p, "; its receiver did not obey it");
                phrase_add(&p, ".");
        }
        put_paragraph(file, p.text, style);
}

static void put_why(FILE *file, const struct record *r, const struct style *style)
{
        if (r->n_causes == 0)
                return;
        show_heading(file, "Why", style);
        if (r->cause != CAUSE_NONE)
                put_paragraph(file,
                              r->certainty == CERTAINTY_CERTAIN ? "Certain:"
                              : r->n_causes > 1 ? "Likely the first of these; the others are not ruled out:"
                                                : "Likely:",
                              style);
        else if (r->n_causes > 1)
                put_paragraph(file, "Any of these makes what was seen, the likeliest first:", style);
        else
                put_paragraph(file, "Possible:", style);
        for (size_t i = 0; i < r->n_causes; i++) {
                fprintf(file, "%*s%-*s", SHOW_INDENT, "", CAUSE_WIDTH, cause_name(r->causes[i]));
                phrase_write(file, cause_sentence(r->causes[i]), style->width, SHOW_INDENT + CAUSE_WIDTH,
                             SHOW_INDENT + CAUSE_WIDTH);
        }
        if (r->causes[0] != CAUSE_UNKNOWN)
                fprintf(file, "%*sMore of it: finis explain %s\n", SHOW_INDENT, "", cause_name(r->causes[0]));
}

static void put_retry(FILE *file, const struct record *r, const struct style *style)
{
        struct phrase p = { 0 };

        if (r->ending == ENDING_ORDERLY || r->ending == ENDING_OPEN || r->ending == ENDING_UNSEEN ||
            r->ending == ENDING_HALF_CLOSED)
                return;
        show_heading(file, "May the last request be sent again?", style);
        phrase_add(&p, "%s (%s): %s",
                   r->retry == RETRY_SAFE              ? "Yes"
                   : r->retry == RETRY_MAYBE_PROCESSED ? "Only if doing it twice does no harm"
                                                       : "Not known",
                   retry_name(r->retry), retry_sentence(r->retry));
        put_paragraph(file, p.text, style);
}

/* What the verdict does not rest on. */
static void put_limits(FILE *file, const struct record *r, const struct style *style)
{
        struct phrase p = { 0 };

        if (r->seen.sides != SIDES_SEEN_BOTH && r->ending != ENDING_UNANSWERED)
                phrase_add(&p, " Segments of %s were seen.",
                           r->seen.sides == SIDES_SEEN_CLIENT   ? "the client alone"
                           : r->seen.sides == SIDES_SEEN_SERVER ? "the server alone"
                                                                : "neither side");
        if (r->seen.gaps)
                phrase_add(&p, " Segments are missing from the capture.");
        if (r->seen.cut)
                phrase_add(&p, " Frames were cut short by the capture.");
        switch (r->seen.roles) {
        case ROLES_PORTS:
                phrase_add(&p, " Its beginning was not seen: who is the client was told from the ports.");
                break;
        case ROLES_FIRST:
                phrase_add(&p, " Its beginning was not seen: that the first sender is the client is a guess.");
                break;
        case ROLES_TOLD:
        case ROLES_SYN:
        case ROLES_SYN_ACK:
        case N_ROLES:
                break;
        }
        if (r->ongoing && r->ending != ENDING_OPEN && r->ending != ENDING_UNSEEN)
                phrase_add(&p, " It may have gone on after the capture ended.");
        if (p.n == 0)
                return;
        show_heading(file, "What could not be seen", style);
        put_paragraph(file, p.text + 1, style);
}

void show_write(FILE *file, const struct record *r, const char *where, const struct style *style)
{
        put_head(file, r, where, style);
        show_heading(file, "How it ended", style);
        put_ending(file, r, style);
        put_why(file, r, style);
        show_heading(file, "What became of the bytes", style);
        show_bytes(file, r, style);
        show_told(file, r, style);
        put_retry(file, r, style);
        put_limits(file, r, style);
        if (r->n_evidence > 0)
                show_heading(file, "What speaks for it", style);
        for (size_t i = 0; i < r->n_evidence; i++) {
                fprintf(file, "%*s- ", SHOW_INDENT, "");
                phrase_write(file, r->evidence[i], style->width, SHOW_INDENT + 2, SHOW_INDENT + 2);
        }
}
