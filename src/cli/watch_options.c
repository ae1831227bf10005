/* What `finis watch` was asked for. */
#include "cli/watch.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/wrong.h"

static void usage(FILE *f)
{
        fputs("usage: finis watch [OPTION...] [FILTER...]\n"
              "\n"
              "Says how the TCP connections of this host end, as they end: who ended each, by\n"
              "which act of which program, why, and what became of the bytes. Those that ended\n"
              "badly are told; the others are counted. Ctrl-C stops it and prints the sums.\n"
              "\n"
              "  --all              the others too\n"
              "  --summary SECONDS  a table of endings, causes, peers, programs, so often\n"
              "  --json             the records, one object a line; see finis-record(5)\n"
              "  --evidence         what speaks for each verdict\n"
              "  --for SECONDS      stop after so long\n"
              "  --count N          stop after N records\n"
              "  --check            exit with 1 if a connection ended badly\n"
              "  --pid PID          only what a process holds or ended\n"
              "  --output FILE      write there, and not to standard output\n"
              "  --capture FILE     write the packets of what is told there, as pcapng\n"
              "  --unprivileged     as without rights: only what the kernel tells everybody\n"
              "  --help             this\n"
              "\n"
              "It needs CAP_BPF and CAP_PERFMON, and gives up what it can once it watches.\n"
              "Without them it says which is missing, and tells less.\n"
              "\n"
              "A FILTER is KEY=VALUE[,VALUE...], also with != < > <= >=; all must hold:\n"
              "\n",
              f);
        filter_help(f);
        fputs("\n"
              "Exit status: 0 done; 1 something was bad (--check); 2 could not.\n"
              "See finis-watch(1).\n",
              f);
}

static int wrong(const char *option, const char *text, const char *why)
{
        return wrong_word("watch", option, text, why);
}

static int number(const char *name, const char *text, double least, double most, const char *why, double *ret)
{
        char *end;
        double n;

        errno = 0;
        n = strtod(text, &end);
        if (errno || *end || end == text || !(n >= least && n <= most))
                return wrong(name, text, why);
        *ret = n;
        return 0;
}

static int whole_number(const char *name, const char *text, double most, const char *why, uint64_t *ret)
{
        double n;

        if (number(name, text, 1, most, why, &n) < 0)
                return -EINVAL;
        if ((double)(uint64_t)n != n)
                return wrong(name, text, why);
        *ret = (uint64_t)n;
        return 0;
}

static int take_filters(struct watch_options *options, int argc, char **argv)
{
        char why[FILTER_WHY_MAX];

        for (int i = optind; i < argc; i++) {
                if (!filter_is_word(argv[i]))
                        return wrong("", argv[i],
                                     "neither an option nor a filter; finis watch --help shows what there is");
                if (filter_add(&options->filter, argv[i], why) < 0)
                        return wrong("", "", why);
        }
        return 0;
}

int watch_options(struct watch_options *options, int argc, char **argv)
{
        enum { ALL = 256, SUMMARY, JSON, EVIDENCE, FOR, COUNT, CHECK, PID, OUTPUT, UNPRIVILEGED, CAPTURE };
        static const struct option known[] = {
                { "all", no_argument, NULL, ALL }, { "summary", required_argument, NULL, SUMMARY },
                { "json", no_argument, NULL, JSON }, { "evidence", no_argument, NULL, EVIDENCE },
                { "for", required_argument, NULL, FOR }, { "count", required_argument, NULL, COUNT },
                { "check", no_argument, NULL, CHECK }, { "pid", required_argument, NULL, PID },
                { "output", required_argument, NULL, OUTPUT }, { "unprivileged", no_argument, NULL, UNPRIVILEGED },
                { "capture", required_argument, NULL, CAPTURE },
                { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
        };
        uint64_t whole = 0;
        int c;

        *options = (struct watch_options){ 0 };
        optind = 1;
        opterr = 0;
        while ((c = getopt_long(argc, argv, ":h", known, NULL)) != -1) {
                switch (c) {
                case ALL: options->all = true; break;
                case JSON: options->json = true; break;
                case EVIDENCE: options->evidence = true; break;
                case CHECK: options->check = true; break;
                case UNPRIVILEGED: options->unprivileged = true; break;
                case CAPTURE: options->capture = optarg; break;
                case OUTPUT: options->output = optarg; break;
                case SUMMARY:
                        if (whole_number("--summary", optarg, 86400, "seconds are needed, from 1 on", &whole) < 0)
                                return -EINVAL;
                        options->summary_s = (unsigned)whole;
                        break;
                case FOR:
                        if (number("--for", optarg, 0.001, 1e9, "seconds are needed, such as 60 or 0.5",
                                   &options->for_s) < 0)
                                return -EINVAL;
                        break;
                case COUNT:
                        if (whole_number("--count", optarg, 1e15, "a number from 1 on is needed", &options->count) < 0)
                                return -EINVAL;
                        break;
                case PID:
                        if (whole_number("--pid", optarg, 1 << 22, "the number of a process is needed", &whole) < 0)
                                return -EINVAL;
                        options->pid = (uint32_t)whole;
                        break;
                case 'h': usage(stdout); return 1;
                default: return wrong_option("watch", c, argv, known);
                }
        }
        if (options->capture && options->unprivileged)
                return wrong("--capture", "", "not together with --unprivileged");
        if (options->json && options->summary_s)
                return wrong("--json", "", "not together with --summary");
        return take_filters(options, argc, argv);
}
