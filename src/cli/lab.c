/* finis lab: plays scenarios and says what was found. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/lab.h"
#include "cli/wrong.h"
#include "lab/claims.h"
#include "lab/demo.h"
#include "lab/moment.h"
#include "lab/play_json.h"
#include "lab/random.h"
#include "lab/rights.h"
#include "lab/tell.h"
#include "lab/workers.h"
#include "report/ladder.h"

#define COLUMNS 80

static volatile sig_atomic_t interrupted;

static void on_sigint(int signal_number)
{
        (void)signal_number;
        interrupted = 1;
}

static void list(const struct lab *lab)
{
        enum theme theme = N_THEMES;

        for (size_t i = 0; i < lab->selection.n; i++) {
                const struct scenario *s = lab->selection.scenarios[i];

                if (s->theme != theme) {
                        theme = s->theme;
                        if (theme != N_THEMES)
                                printf("%s%s: %s\n", i ? "\n" : "", theme_name(theme), theme_sentence(theme));
                }
                printf("  %s\n", s->name);
        }
}

static void keep_capture(const char *directory, const struct play *play, char why[static PLAY_WHY_MAX])
{
        int r = play_write_pcap(directory, play);

        if (r == -ENODATA)
                snprintf(why, PLAY_WHY_MAX, "%s: %s", play->rights->own_namespace
                         ? "capturing" : "that needs a network namespace of its own", play->rights->why_not);
        else if (r < 0)
                snprintf(why, PLAY_WHY_MAX, "%s", strerror(-r));
}

/* In the worker: what is to be said of one play. */
static void write_play(FILE *file, struct play *const *plays, size_t n_plays, struct found *found, void *context)
{
        const struct lab *lab = context;
        const struct play *play = plays[0];
        bool first = play->family == AF_INET || !lab->ipv4;

        (void)n_plays;
        if (lab->pcap && !play->skipped)
                keep_capture(lab->pcap, play, found->unkept);
        if (lab->output == OUTPUT_JSON) {
                play_write_json(file, play);
        } else if (lab->output == OUTPUT_FULL) {
                if (first || play->disagrees)
                        tell_full(file, play, lab->utf8, lab->colour);
                else
                        fprintf(file, "\nThe same over IPv6: %s.\n",
                                play->skipped ? "not played" : "the model agrees there too");
        } else if ((first || play->disagrees) && !play->skipped) {
                tell_short(file, play);
        }
}

static void clear_progress(const struct lab *lab)
{
        if (lab->progress)
                fputs("\r\033[K", stderr);
}

static void count_why(struct lab *lab, const struct found *found)
{
        for (size_t i = 0; i < lab->n_whys; i++)
                if (!strcmp(lab->skipped_why[i], found->why)) {
                        lab->n_skipped_why[i]++;
                        return;
                }
        if (lab->n_whys < sizeof(lab->skipped_why) / sizeof(*lab->skipped_why)) {
                strcpy(lab->skipped_why[lab->n_whys], found->why);
                lab->n_skipped_why[lab->n_whys++] = 1;
        }
}

static void count(struct lab *lab, const struct found *found)
{
        lab->n_plays += found->n_plays - found->n_skipped;
        lab->n_plays_skipped += found->n_skipped;
        lab->n_agree += found->verdict == VERDICT_AGREES;
        lab->n_disagree += found->verdict == VERDICT_DISAGREES;
        lab->n_failed += found->verdict == VERDICT_FAILED;
        lab->n_skipped += found->verdict == VERDICT_SKIPPED;
        if (found->verdict == VERDICT_SKIPPED)
                count_why(lab, found);
}

static void print_verdict(const struct lab *lab, const struct found *found)
{
        static const char *const words[] = { "agrees", "DISAGREES", "not played", "FAILED" };
        static const char *const colours[] = { "\033[32m", "\033[31m", "\033[33m", "\033[31m" };
        const char *name = found->scenario->name, *word = words[found->verdict];
        int gap = COLUMNS - 2 - (int)strlen(name) - (int)strlen(word);

        printf("  %s%*s%s%s%s\n", name, gap > 1 ? gap : 1, "", lab->colour ? colours[found->verdict] : "", word,
               lab->colour ? "\033[0m" : "");
        if (found->verdict == VERDICT_DISAGREES || found->verdict == VERDICT_FAILED)
                printf("      %s%s%s\n", found->why, found->rule[0] ? "\n      rule: " : "", found->rule);
}

static void take(const struct found *found, void *context)
{
        struct lab *lab = context;
        enum theme theme = found->scenario->theme;

        clear_progress(lab);
        count(lab, found);
        if (found->unkept[0] && lab->n_unkept++ == 0)
                memcpy(lab->unkept, found->unkept, sizeof(lab->unkept));
        if (lab->output == OUTPUT_TABLE) {
                if (theme != N_THEMES && (!lab->any_theme || theme != lab->theme))
                        printf("%s%s: %s\n", lab->any_theme ? "\n" : "", theme_name(theme), theme_sentence(theme));
                lab->theme = theme;
                lab->any_theme = true;
                print_verdict(lab, found);
        }
        if (lab->output == OUTPUT_FULL && found->verdict == VERDICT_SKIPPED)
                printf("%s: not played here: %s\n", found->scenario->name, found->why);
        else if (found->n_text > 0)
                fwrite(found->text, 1, found->n_text, stdout);
        if (lab->output == OUTPUT_FULL && (found->verdict == VERDICT_DISAGREES || found->verdict == VERDICT_FAILED))
                printf("\nDISAGREES: %s%s%s\n", found->why, found->rule[0] ? "; rule " : "", found->rule);
}

static bool tick(size_t n_done, size_t n, void *context)
{
        const struct lab *lab = context;

        if (lab->progress && n_done < n) {
                fprintf(stderr, "\r\033[Kplayed %zu of %zu", n_done, n);
                fflush(stderr);
        }
        return interrupted;
}

static void print_sums(const struct lab *lab, double seconds)
{
        FILE *file = lab->output == OUTPUT_JSON ? stderr : stdout;

        if (lab->output == OUTPUT_FULL && lab->selection.n == 1 && lab->n_skipped == 0)
                return;
        fprintf(file, "\n%zu scenario%s, %zu plays in %.1f s: %zu agree, %zu disagree", lab->selection.n,
                lab->selection.n == 1 ? "" : "s", lab->n_plays, seconds, lab->n_agree, lab->n_disagree);
        if (lab->n_failed)
                fprintf(file, ", %zu failed", lab->n_failed);
        fprintf(file, ", %zu not played\n", lab->n_skipped);
        if (lab->n_left_out)
                fprintf(file, "  %zu that wait for timers were left out (--quick)\n", lab->n_left_out);
        for (size_t i = 0; i < lab->n_whys; i++)
                fprintf(file, "  %zu not played: %s\n", lab->n_skipped_why[i], lab->skipped_why[i]);
        if (interrupted)
                fprintf(file, "  interrupted: the rest was not played\n");
}

static int play_all(struct lab *lab)
{
        struct workers_options options = {
                .scenarios = lab->selection.scenarios,
                .n = lab->selection.n,
                .ipv4 = lab->ipv4,
                .ipv6 = lab->ipv6,
                .namespace = !lab->no_namespace,
                .n_workers = lab->jobs,
                .write = write_play,
                .take = take,
                .tick = tick,
                .context = lab,
        };
        struct sigaction action = { .sa_handler = on_sigint };
        int64_t started = now_ns();
        int r;

        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        r = workers_run(&options);
        clear_progress(lab);
        if (r < 0) {
                fprintf(stderr, "finis lab: starting a process to play in: %s\n", strerror(-r));
                return 2;
        }
        print_sums(lab, (double)(now_ns() - started) / SECOND_NS);
        if (lab->n_unkept)
                wrong_line("finis lab: writing captures to %s: %s (%zu scenario%s)", lab->pcap, lab->unkept,
                           lab->n_unkept, lab->n_unkept == 1 ? "" : "s");
        if (lab->n_disagree + lab->n_failed > 0)
                return 1;
        return interrupted || lab->n_unkept || lab->n_skipped == lab->selection.n ? 2 : 0;
}

static int make_directory(const char *path)
{
        struct stat status;

        if (mkdir(path, 0777) == 0)
                return 0;
        if (errno == EEXIST && stat(path, &status) == 0) {
                if (S_ISDIR(status.st_mode))
                        return 0;
                errno = ENOTDIR;
        }
        wrong_line("finis lab: making the directory %s for captures: %s", path, strerror(errno));
        return -errno;
}

/* SIGINT waits until a claim was tested: the calls of one are not to be interrupted by it. */
static bool stop_testing(void)
{
        sigset_t pending;

        return sigpending(&pending) == 0 && sigismember(&pending, SIGINT) == 1;
}

static int test_claims(struct claims_options *options, struct claims_tally *tally)
{
        struct sigaction action = { .sa_handler = on_sigint };
        sigset_t signals;

        sigaction(SIGINT, &action, NULL);
        sigemptyset(&signals);
        sigaddset(&signals, SIGINT);
        sigprocmask(SIG_BLOCK, &signals, NULL);
        options->stop = stop_testing;
        return claims_run(options, tally);
}

static int play_with(const struct lab *lab, char **names, const struct stage_rights *rights, struct sniffer *sniffer)
{
        struct claims_options options = { .ipv4 = lab->ipv4,
                                          .ipv6 = lab->ipv6,
                                          .timers = !lab->quick,
                                          .json = lab->output == OUTPUT_JSON,
                                          .full = lab->output == OUTPUT_FULL,
                                          .colour = lab->colour,
                                          .rights = rights,
                                          .sniffer = sniffer };
        struct claims_tally tally = { 0 };
        char *text = NULL;
        size_t n_text = 0;
        sigset_t before;
        int r;

        /* While it plays SIGPIPE is blocked, for the calls; stdout gets its own back. */
        options.file = open_memstream(&text, &n_text);
        sigprocmask(SIG_SETMASK, NULL, &before);
        r = options.file ? calls_prepare() : -ENOMEM;
        if (r < 0) {
                fprintf(stderr, "finis lab: preparing to play: %s\n", strerror(-r));
                return 2;
        }
        options.progress = lab->progress ? stderr : NULL;
        options.pattern = names[0];
        if (names[0] && names[1]) {
                wrong_line("finis lab: --claims takes one name or pattern, not also \"%s\"", names[1]);
                return 2;
        }
        if (lab->demo)
                r = demo_run(options.file, rights, sniffer, lab->colour);
        else
                r = test_claims(&options, &tally);
        fclose(options.file);
        sigprocmask(SIG_SETMASK, &before, NULL);
        fwrite(text, 1, n_text, stdout);
        free(text);
        if (lab->demo)
                return r;
        if (r == -ENOENT)
                wrong_line("finis lab: no claim \"%s\"; finis lab --claims lists them", names[0]);
        else if (r < 0)
                fprintf(stderr, "finis lab: testing the claims: %s\n", strerror(-r));
        if (tally.stopped)
                fputs("finis lab: interrupted: the other claims were not tested\n", stderr);
        if (tally.n_disagree > 0)
                return 1;
        return r < 0 || tally.stopped ? 2 : 0;
}

/* What needs no worker is played in this process. */
static int play_here(const struct lab *lab, char **names)
{
        struct stage_rights rights;
        struct sniffer *sniffer;
        int r;

        rights_take(!lab->no_namespace, &rights, &sniffer);
        r = play_with(lab, names, &rights, sniffer);
        sniffer_close(sniffer);
        sniffer_close(rights.wire_sniffer);
        return r;
}

static bool stop_search(void)
{
        return interrupted;
}

static int search(struct lab *lab)
{
        struct sigaction action = { .sa_handler = on_sigint };
        struct random_options *o = &lab->search;
        struct random_sums sums;
        int r;

        o->ipv4 = lab->ipv4;
        o->ipv6 = lab->ipv6;
        o->namespace = !lab->no_namespace;
        o->n_workers = lab->jobs;
        o->progress = lab->progress;
        o->file = stdout;
        o->stop = stop_search;
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        r = random_run(o, &sums);
        if (r < 0) {
                fprintf(stderr, "finis lab: starting the search: %s\n", strerror(-r));
                return 2;
        }
        printf("%" PRIu64 " random sequences with seed %" PRIu64 " in %.1f s (%.0f a second): %" PRIu64 " disagree\n",
               sums.n_played, o->seed, sums.seconds, sums.seconds > 0 ? (double)sums.n_played / sums.seconds : 0,
               sums.n_disagree);
        if (sums.n_not_played)
                printf("  %" PRIu64 " could not be played to their end\n", sums.n_not_played);
        if (sums.why_not[0])
                printf("  without segments by hand, and below 20,000 open tuples: %s\n", sums.why_not);
        if (sums.n_died)
                printf("  %" PRIu64 " processes died\n", sums.n_died);
        return sums.n_disagree + sums.n_died > 0;
}

int lab_main(int argc, char **argv)
{
        struct lab lab = { 0 };
        const char *no_colour = getenv("NO_COLOR");
        int r = lab_options(&lab, argc, argv);

        if (r != 0)
                return r < 0 ? 2 : 0;
        lab.colour = isatty(STDOUT_FILENO) && !(no_colour && *no_colour);
        lab.progress = isatty(STDERR_FILENO);
        lab.utf8 = ladder_utf8();
        if (lab.random)
                r = search(&lab);
        else if (lab.demo || lab.claims)
                r = play_here(&lab, argv + optind);
        else if (lab.list)
                list(&lab);
        else if (lab.pcap && make_directory(lab.pcap) < 0)
                r = 2;
        else
                r = play_all(&lab);
        free(lab.selection.scenarios);
        return r;
}
