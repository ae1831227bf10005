/* finis explain: prints the pages for the words that were asked for, or a list of all words. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/say.h"
#include "cli/commands.h"
#include "cli/suggest.h"
#include "cli/wrong.h"
#include "explain/lookup.h"
#include "explain/model.h"
#include "explain/render.h"

#define STATUS_COULD_NOT 2
#define SUGGESTIONS_MAX 3

static void usage(void)
{
        fputs("usage: finis explain [WORD...]\n"
              "       finis explain --all\n"
              "       finis explain --table NAME\n"
              "\n"
              "Says what a word means, what the program is told, why, and what to do about it.\n"
              "A word is an errno (ECONNRESET, 104, -104, \"broken pipe\"), a signal, an ending,\n"
              "a cause, a reset reason of the kernel, Zeek's conn_state, a claim, or a term,\n"
              "such as SO_LINGER, recv or LAST_ACK. Neither case matters nor whether \"_\", \"-\"\n"
              "or a space joins it.\n"
              "Without a word: all words, with a line each. With --all: all pages.\n"
              "With --table: what the model says of send, recv, poll, close, rst, timers, icmp.\n"
              "\n"
              "Exit status: 0 done; 2 a word has no page, or a name no table.\n"
              "See finis-explain(1).\n",
              stdout);
}

/* COLUMNS is what the user says, the terminal what is so; a file or a pipe gets the full width. */
static struct explain_style style_of_stdout(void)
{
        const bool terminal = isatty(STDOUT_FILENO) == 1;
        const char *columns = getenv("COLUMNS"), *no_color = getenv("NO_COLOR"),
                   *term = getenv("TERM");
        struct explain_style style = {
                .width = EXPLAIN_WIDTH_MOST,
                .bold = terminal && (no_color == NULL || *no_color == '\0') && term != NULL &&
                        strcmp(term, "dumb") != 0,
        };
        struct winsize size;

        if (columns != NULL && *columns >= '1' && *columns <= '9')
                style.width = strtoul(columns, NULL, 10);
        else if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
                style.width = size.ws_col;
        return style;
}

struct suggestions {
        const struct explain_page *pages[SUGGESTIONS_MAX];
        const char *names[SUGGESTIONS_MAX];
        size_t n;
        size_t distance; /* of each of them */
};

/* The first word of a page stands for its aliases. */
static const char *name_of(const struct explain_page *page)
{
        for (size_t i = 0; i < n_explain_words; i++)
                if (explain_words[i].page == page)
                        return explain_words[i].name;
        return page->title;
}

static void consider(struct suggestions *found, const char *typed, const char *key, const struct explain_page *page,
                     const char *name)
{
        size_t distance;

        if (!suggest_near(typed, key, &distance) || (found->n > 0 && distance > found->distance))
                return;
        if (found->n > 0 && distance < found->distance)
                found->n = 0;
        found->distance = distance;
        for (size_t i = 0; i < found->n; i++)
                if (found->pages[i] == page)
                        return;
        if (found->n < SUGGESTIONS_MAX) {
                found->pages[found->n] = page;
                found->names[found->n++] = name;
        }
}

static void suggest(const char *word, struct suggestions *found)
{
        char key[EXPLAIN_KEY_MAX];

        *found = (struct suggestions){ 0 };
        explain_key(word, key);
        for (size_t i = 0; i < n_explain_words; i++)
                consider(found, key, explain_words[i].key, explain_words[i].page,
                         explain_words[i].name);
        for (size_t i = 0; i < n_explain_aliases; i++)
                consider(found, key, explain_aliases[i].key, explain_aliases[i].page,
                         name_of(explain_aliases[i].page));
}

/* An error as the kernel's sources and traces write it, -104, is a word and no option. */
static void take_minus_from_numbers(int argc, char **argv)
{
        for (int i = 1; i < argc; i++)
                if (argv[i][0] == '-' && argv[i][1] != '\0' &&
                    argv[i][1 + strspn(argv[i] + 1, "0123456789")] == '\0')
                        argv[i]++;
}

static void complain(const char *word)
{
        struct suggestions found;

        fputs("finis explain: no page for '", stderr);
        say_typed(stderr, word);
        suggest(word, &found);
        if (found.n == 0) {
                fputs("': 'finis explain' lists the words\n", stderr);
                return;
        }
        fputs("': did you mean ", stderr);
        for (size_t i = 0; i < found.n; i++)
                fprintf(stderr, "%s%s", i == 0 ? "" : i + 1 < found.n ? ", " : " or ",
                        found.names[i]);
        fputs("?\n", stderr);
}

static void render_after(const struct explain_page *page, const struct explain_style *style, bool first)
{
        if (!first)
                fputs("\n\n", stdout);
        explain_render(stdout, page, style);
}

static int explain_words_asked(char **words, int n_words, const struct explain_style *style)
{
        const struct explain_page *phrase = explain_find_phrase(words, (size_t)n_words);
        bool first = true;
        int status = 0;

        if (phrase != NULL) {
                explain_render(stdout, phrase, style);
                return 0;
        }
        for (int i = 0; i < n_words; i++) {
                const struct explain_page *page = explain_find(words[i]);

                if (page == NULL)
                        page = explain_find_within(words[i]);
                if (page == NULL) {
                        complain(words[i]);
                        status = STATUS_COULD_NOT;
                        continue;
                }
                render_after(page, style, first);
                first = false;
        }
        return status;
}

static int write_table(const char *name)
{
        if (explain_model_write(stdout, name) == 0)
                return 0;
        wrong_line("finis explain: the model has no table '%s': 'finis help explain' names them", name);
        return STATUS_COULD_NOT;
}

int explain_main(int argc, char **argv)
{
        static const struct option options[] = {
                { "all", no_argument, NULL, 'a' },
                { "help", no_argument, NULL, 'h' },
                { "table", required_argument, NULL, 't' },
                { NULL, 0, NULL, 0 },
        };
        const struct explain_style style = style_of_stdout();
        const char *table = NULL;
        bool all = false;

        optind = 0; /* start anew: main() may have used getopt */
        opterr = 0;
        take_minus_from_numbers(argc, argv);
        for (int c; (c = getopt_long(argc, argv, ":aht:", options, NULL)) != -1;) {
                if (c == 'h') {
                        usage();
                        return 0;
                }
                if (c == 't') {
                        table = optarg;
                } else if (c == 'a') {
                        all = true;
                } else {
                        wrong_option("explain", c, argv, options);
                        return STATUS_COULD_NOT;
                }
        }
        /* Nothing that was typed is dropped in silence. */
        if ((all || table) && (optind < argc || (all && table))) {
                wrong_line("finis explain: --all and --table NAME stand alone: 'finis help explain' shows how");
                return STATUS_COULD_NOT;
        }
        if (table)
                return write_table(table);
        if (all) {
                for (size_t i = 0; i < n_explain_pages; i++)
                        render_after(&explain_pages[i], &style, i == 0);
                return 0;
        }
        if (optind == argc) {
                explain_list(stdout, &style);
                return 0;
        }
        return explain_words_asked(argv + optind, argc - optind, &style);
}
