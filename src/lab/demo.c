/* The demo: when does send() say ECONNRESET, when EPIPE, and why comes no SIGPIPE with the one? */
#include "lab/demo.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "lab/claims.h"
#include "lab/tell.h"
#include "words/tcp_state.h"

#define CELL_MAX 128
#define LEFT 33
#define NAME 16
#define COMMAND_MOST 42 /* in 80 columns, with what it is for beside it */

static const struct scenario cases[] = {
        { .name = "the peer had read all", .acts = "c.send10 s.recv10 s.close c.send1 c.send1 c.send1 c.recv c.recv" },
        { .name = "the peer left a byte unread",
          .acts = "c.send10 s.recv9 s.close c.send1 c.send1 c.send1 c.recv c.recv" },
};

static void row(FILE *file, const char *what, const char *left, const char *right)
{
        char line[3 * CELL_MAX];
        size_t n = (size_t)snprintf(line, sizeof(line), "%-*s%-*s%s", NAME, what, LEFT, left, right);

        while (n > 0 && line[n - 1] == ' ')
                line[--n] = 0;
        fprintf(file, "%s\n", line);
}

/* What the server put on the wire in this step, after the result of the call. */
static void cell(const struct play *play, size_t i, char text[static CELL_MAX])
{
        size_t stop = i + 1 < play->n_steps ? play->steps[i + 1].emitted_before : play->pair.n_emitted, n;
        const struct step *s = &play->steps[i];
        char result[TELL_MAX], word[TELL_MAX];
        const char *sent = NULL;

        tell_result(s, result);
        n = (size_t)snprintf(text, CELL_MAX, "%.48s%s", result,
                             s->seen.value < 0 && !s->seen.sigpipe ? ", no signal" : "");
        for (size_t e = s->emitted_before; e < stop; e++)
                if (play->pair.emitted[e].from == SERVER && !play->pair.emitted[e].data)
                        sent = tell_emitted(&play->pair.emitted[e], word) ?: sent;
        if (sent && (int)s->act.side == SERVER)
                snprintf(text + n, CELL_MAX - n, ", sends %.20s", sent);
        else if (sent)
                snprintf(text + n, CELL_MAX - n, ", lost: draws a RST");
}

static void state_cell(const struct play *play, size_t i, char text[static CELL_MAX])
{
        snprintf(text, CELL_MAX, "is now in %s", tcp_state_name(play->steps[i].look[CLIENT].state));
}

static void write_calls(FILE *file, const struct play plays[2])
{
        char left[CELL_MAX], right[CELL_MAX], act[TELL_MAX], what[CELL_MAX];

        row(file, "", "The peer had read all", "The peer left a byte unread");
        row(file, "", "---------------------", "---------------------------");
        for (size_t i = 0; i < plays[0].n_steps; i++) {
                const struct lab_act *a = &plays[0].steps[i].act;

                tell_act(a, act);
                if (a->verb == VERB_RECV)
                        strcpy(act, "recv()");
                snprintf(what, sizeof(what), "%s %.60s", a->side == ACT_CLIENT ? "you " : "peer", act);
                cell(&plays[0], i, left);
                cell(&plays[1], i, right);
                row(file, what, left, right);
                if (a->verb == VERB_CLOSE) {
                        state_cell(&plays[0], i, left);
                        state_cell(&plays[1], i, right);
                        row(file, "your socket", left, right);
                }
        }
}

static void heading(FILE *file, const char *text, bool bold)
{
        fprintf(file, "\n%s%s%s\n", bold ? "\033[1m" : "", text, bold ? "\033[0m" : "");
}

static void write_claims(FILE *file, const struct stage_rights *rights, struct sniffer *sniffer)
{
        size_t n[N_CLAIM_WORDS] = { 0 }, total = claim_count();
        static struct claim_verdict verdict;

        for (size_t i = 0; i < total; i++) {
                if (claim_test(claim_at(i), AF_INET, rights, sniffer, false, &verdict) < 0)
                        n[CLAIM_NOT_TESTED]++;
                else
                        n[verdict.word]++;
        }
        fprintf(file, "\nOf %zu claims from manuals, books and forums, tested here and now, this kernel\n", total);
        fprintf(file, "bears out %zu, contradicts %zu, and bears out %zu in part", n[CLAIM_TRUE], n[CLAIM_FALSE],
                n[CLAIM_PARTLY]);
        if (n[CLAIM_NOT_TESTED])
                fprintf(file, "; %zu take longer", n[CLAIM_NOT_TESTED]);
        fprintf(file, ".\n");
}

/* As it was called: from the build tree it is not in PATH. */
static void write_next(FILE *file)
{
        static const struct {
                const char *arguments, *what;
        } next[] = {
                { "explain ECONNRESET", "which calls say it, why, what to do" },
                { "lab --claims", "what people say, and what is right" },
                { "lab two-writes", "the ways such a second write can go" },
                { "lab", "every known ending, on this kernel" },
        };
        const char *finis = strchr(program_invocation_name, '/') ? program_invocation_name : "finis";
        int width = (int)strlen(finis) + 20;
        bool beside = width <= COMMAND_MOST;

        for (size_t i = 0; i < sizeof(next) / sizeof(*next); i++) {
                char command[256];

                snprintf(command, sizeof(command), "%.200s %s", finis, next[i].arguments);
                if (beside)
                        fprintf(file, "  %-*s %s\n", width, command, next[i].what);
                else
                        fprintf(file, "  %s\n      %s\n", command, next[i].what);
        }
}

int demo_run(FILE *file, const struct stage_rights *rights, struct sniffer *sniffer, bool colour)
{
        static struct play plays[2];
        struct utsname name = { .release = "?" };
        int status = 0;

        for (size_t i = 0; i < 2; i++) {
                play_run(&cases[i], AF_INET, rights, sniffer, &plays[i]);
                play_end(&plays[i]);
                if (plays[i].skipped) {
                        fprintf(stderr, "finis lab: playing \"%s\": %s\n", cases[i].name, plays[i].why);
                        return 2;
                }
                if (plays[i].disagrees)
                        status = 1;
        }
        uname(&name);
        fprintf(file, "A peer closes its connection, and you go on sending: two real connections, made\n"
                      "just now on Linux %s.\n\n", name.release);
        write_calls(file, plays);
        for (size_t i = 0; i < 2; i++)
                if (plays[i].disagrees)
                        fprintf(file, "\nThis kernel did what finis does not know: %s\n", plays[i].why);
        heading(file, "Why they differ", colour);
        fputs("On the left the peer closes with a FIN; what you send then meets a closed socket\n"
              "and is answered by a RST. Your socket is in CLOSE_WAIT, a FIN having come, and\n"
              "there a RST leaves the error EPIPE. On the right the peer's kernel resets at\n"
              "once, because data lay unread: that RST meets ESTABLISHED and leaves the error\n"
              "ECONNRESET.\n"
              "The error is one slot, read once: the first call that asks takes it. SIGPIPE\n"
              "comes with EPIPE alone, so there is none with ECONNRESET. Once the slot is empty\n"
              "a dead connection answers every send with EPIPE and SIGPIPE, and recv() with 0,\n"
              "just as if all had been well.\n", file);
        write_claims(file, rights, sniffer);
        heading(file, "What to type next", colour);
        write_next(file);
        return status;
}
