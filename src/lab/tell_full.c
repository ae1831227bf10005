/* One play in full. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint/rules.h"
#include "lab/tell.h"
#include "report/ladder.h"
#include "wire/segment_text.h"
#include "words/tcp_state.h"

#define COLUMNS 80
#define MAX_ROWS 160

static void heading(FILE *file, const char *text, bool bold)
{
        fprintf(file, "\n%s%s%s\n", bold ? "\033[1m" : "", text, bold ? "\033[0m" : "");
}

/* Text from `column` on, wrapped to 80 columns. */
static void wrap(FILE *file, int column, const char *text)
{
        int at = column;

        while (*text) {
                int n = (int)strcspn(text, " ");

                if (at > column && at + 1 + n > COLUMNS) {
                        fprintf(file, "\n%*s", column, "");
                        at = column;
                } else if (at > column) {
                        putc(' ', file);
                        at++;
                }
                fprintf(file, "%.*s", n, text);
                at += n;
                text += n;
                while (*text == ' ')
                        text++;
        }
        putc('\n', file);
}

/* A clause of the tables as a sentence of its own. */
static void wrap_sentence(FILE *file, int column, const char *clause)
{
        char text[512];
        size_t n = (size_t)snprintf(text, sizeof(text) - 1, "%s", clause);

        if (n == 0 || n >= sizeof(text) - 1)
                return;
        if (text[0] >= 'a' && text[0] <= 'z' && !strchr("(=_", text[strcspn(text, " (=_")]))
                text[0] = (char)(text[0] - 'a' + 'A');
        if (!strchr(".?!", text[n - 1]))
                strcpy(text + n, ".");
        wrap(file, column, text);
}

static const char *who(enum act_side side)
{
        static const char *const names[] = { "client", "server", "listener", "system" };

        return names[side];
}

static void write_rule(FILE *file, const struct rule *r, const char *whose)
{
        char text[640];

        fprintf(file, "           ");
        if (whose)
                snprintf(text, sizeof(text), "%s: %s", whose, r->why);
        else
                snprintf(text, sizeof(text), "%s", r->why);
        wrap_sentence(file, 11, text);
        snprintf(text, sizeof(text), "[%s: %s]", r->name, r->at);
        fprintf(file, "           ");
        wrap(file, 11, text);
        if (r->kernels) {
                fprintf(file, "           Other kernels: ");
                wrap(file, 26, r->kernels);
        }
}

static void write_steps(FILE *file, const struct play *play)
{
        char act[TELL_MAX], result[TELL_MAX];

        for (size_t i = 0; i < play->n_steps; i++) {
                const struct step *s = &play->steps[i];
                const struct rule *r = s->expected.rule;
                size_t stop = i + 1 < play->n_steps ? play->steps[i + 1].answered_before : play->pair.n_answered;

                tell_result(s, result);
                fprintf(file, *result ? "  %-8s %-31s %s\n" : "  %-8s %s%s\n",
                        who(s->act.side), tell_act(&s->act, act), result);
                if (r && (i == 0 || r != play->steps[i - 1].expected.rule)) /* else said just before */
                        write_rule(file, r, NULL);
                for (size_t k = s->answered_before; k < stop; k++)
                        write_rule(file, play->pair.answered[k].rule,
                                   play->pair.answered[k].end == CLIENT ? "then the client" : "then the server");
        }
}

struct rows {
        struct ladder_row rows[MAX_ROWS];
        char labels[MAX_ROWS][2 * TELL_MAX + 8];
        size_t n;
};

static void add(struct rows *r, int64_t time_ns, enum ladder_kind kind, const char *label)
{
        if (r->n == MAX_ROWS)
                return;
        snprintf(r->labels[r->n], sizeof(r->labels[0]), "%s", label);
        r->rows[r->n] = (struct ladder_row){ .time_ns = time_ns, .kind = kind, .label = r->labels[r->n] };
        r->n++;
}

static void add_steps(struct rows *r, const struct play *play)
{
        char act[TELL_MAX], result[TELL_MAX], label[2 * TELL_MAX + 8];

        for (size_t i = 0; i < play->n_steps; i++) {
                const struct step *s = &play->steps[i];

                if (verb_is_segment(s->act.verb))
                        continue;
                tell_act(&s->act, act);
                tell_result(s, result);
                snprintf(label, sizeof(label), "%s%s%s", act, result[0] ? " = " : "", result);
                add(r, s->time_ns,
                    s->act.side == ACT_CLIENT      ? LADDER_ACT_LEFT
                    : s->act.side == ACT_NAMESPACE ? LADDER_BETWEEN
                                                   : LADDER_ACT_RIGHT,
                    label);
        }
}

/* A segment as the wire showed it. */
static void add_segment(struct rows *r, int64_t time_ns, const struct segment *s, bool from_client, uint32_t isn[2])
{
        char text[SEGMENT_TEXT_MAX];
        int from = from_client ? 0 : 1;

        if (s->flags & SEGMENT_SYN)
                isn[from] = s->seq;
        segment_text(s, isn[from], isn[!from], text);
        add(r, time_ns, from_client ? LADDER_TO_RIGHT : LADDER_TO_LEFT, text);
}

static void add_frames(struct rows *r, const struct play *play)
{
        const struct sniffer *sniffer = play_capture(play);
        uint32_t isn[2] = { 0 };
        struct segment s;

        for (size_t i = 0; i < sniffer->n_frames; i++) {
                const struct sniffer_frame *f = &sniffer->frames[i];

                if (segment_read(f->bytes, f->n_bytes, &s) == 0)
                        add_segment(r, f->time_ns, &s, play_from_client(play, &s), isn);
        }
}

static int by_time(const void *a, const void *b)
{
        const struct ladder_row *x = a, *y = b;

        if (x->time_ns != y->time_ns)
                return x->time_ns < y->time_ns ? -1 : 1;
        return x < y ? -1 : x > y;
}

/* What the model says was sent, where the wire cannot be seen. */
static void add_emissions(struct rows *r, const struct play *play)
{
        char text[TELL_MAX];

        for (size_t i = 0; i < play->n_steps; i++) {
                size_t stop = i + 1 < play->n_steps ? play->steps[i + 1].emitted_before : play->pair.n_emitted;

                for (size_t e = play->steps[i].emitted_before; e < stop; e++) {
                        const char *word = tell_emitted(&play->pair.emitted[e], text);

                        if (word)
                                add(r, play->steps[i].time_ns,
                                    play->pair.emitted[e].from == CLIENT ? LADDER_TO_RIGHT : LADDER_TO_LEFT, word);
                }
        }
}

static void write_ladder(FILE *file, const struct play *play, bool utf8)
{
        struct rows *r = calloc(1, sizeof(*r));
        struct ladder_options options = { .utf8 = utf8, .max_rows = 60 };

        if (!r)
                return;
        add_steps(r, play);
        if (play_capture(play))
                add_frames(r, play);
        else
                add_emissions(r, play);
        qsort(r->rows, r->n, sizeof(*r->rows), by_time);
        ladder_write(file, "client", "server", r->rows, r->n, &options);
        free(r);
}

static void write_end(FILE *file, const struct play *play, int end)
{
        const struct endpoint *e = &play->pair.end[end];
        struct account a = endpoint_account(e);
        bool sending = e->holder == HOLDER_SOCKET && e->state != TCP_STATE_CLOSE;
        char poll[LOOK_POLL_TEXT_MAX];
        const struct look *look = NULL;

        if (play->n_steps > 0 && play->steps[play->n_steps - 1].looked[end])
                look = &play->steps[play->n_steps - 1].look[end];
        if (play->pair.by_hand[end]) {
                fprintf(file, "  %-7s made of segments by hand\n", who((enum act_side)end));
                return;
        }
        fprintf(file, "  %-7s ", who((enum act_side)end));
        if (look)
                fprintf(file, "%s, poll %s\n          ", tcp_state_name(look->state),
                        look_poll_text(look->poll, poll));
        else
                fprintf(file, "no descriptor any more\n          ");
        if (e->voided)
                fprintf(file, "counters void after connect(AF_UNSPEC)\n");
        else if (e->written == 0)
                fprintf(file, "wrote nothing\n");
        else
                fprintf(file,
                        "wrote %" PRIu64 ": %" PRIu64 " acknowledged, %" PRIu64 " uncertain,\n"
                        "          %" PRIu64 " %s\n",
                        e->written, a.acked, a.uncertain, a.unsent, sending ? "not yet sent" : "never sent");
        if (!e->voided && e->received > 0)
                fprintf(file, "          received %" PRIu64 ", of which %" PRIu64 " %s unread\n", e->received,
                        endpoint_inq(e), look ? "lie" : "were left");
        if (!e->voided && !endpoint_saw_fin(e) && e->state == TCP_STATE_CLOSE && look &&
            e->was_connected)
                fprintf(file, "          the peer's FIN never came: a recv() = 0 here is a truncation\n");
}

void tell_full(FILE *file, const struct play *play, bool utf8, bool bold)
{
        const struct scenario *s = play->scenario;

        fprintf(file, "%s%s%s  (IPv%d)\n", bold ? "\033[1m" : "", s->name, bold ? "\033[0m" : "",
                play->family == AF_INET ? 4 : 6);
        if (s->shows)
                wrap_sentence(file, 0, s->shows);
        heading(file, "Calls", bold);
        write_steps(file, play);
        heading(file, play_capture(play) ? "On the wire" : "On the wire, by the model", bold);
        write_ladder(file, play, utf8);
        heading(file, "At the end", bold);
        write_end(file, play, CLIENT);
        write_end(file, play, SERVER);
        if (s->advice) {
                heading(file, "What to do", bold);
                fprintf(file, "  ");
                wrap_sentence(file, 2, s->advice);
        }
}
