/* The options end at the first word that is none, or at "--": what follows is the command, untouched. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run.h"
#include "cli/wrong.h"

static void usage(FILE *f)
{
        fputs("usage: finis run [OPTION...] [FILTER...] -- COMMAND [ARGUMENT...]\n"
              "       finis run [OPTION...] [FILTER...] -p PID\n"
              "\n"
              "Runs a program and says how each of its TCP connections ended: who ended it, by\n"
              "which act, what the program was told, and what became of the bytes. Needs no\n"
              "rights. The program's streams, signals and status are its own.\n"
              "\n"
              "  --calls            trace sending and receiving too: names the call that was\n"
              "                     told of the end even if it waited for it (slower: each such\n"
              "                     call stops the program)\n"
              "  --where            the stack of the call that was told, and of the close that\n"
              "                     sent a RST: module and offset, as addr2line takes them\n"
              "  --tracer WAY       ptrace (the usual); bpf: the program runs untouched, and\n"
              "                     what the other end on this host did is seen too, but no\n"
              "                     calls; needs rights; auto: bpf if that works here\n"
              "  --all              the connections that ended well too\n"
              "  -v, --verbose      as they end; otherwise at the end of the program\n"
              "  --json             the records, one object a line; see finis-record(5)\n"
              "  --evidence         what speaks for each verdict\n"
              "  --output FILE      write there, and not to standard error\n"
              "  --error-exitcode N exit with N if a connection ended badly\n"
              "  -p, --pid PID      attach to a process that runs, until it ends or Ctrl-C\n"
              "  --help             this\n"
              "\n"
              "A FILTER is KEY=VALUE[,VALUE...], also with != < > <= >=; all must hold:\n"
              "\n",
              f);
        filter_help(f);
        fputs("\n"
              "Exit status: the program's; 125 finis could not, 126 and 127 the program could\n"
              "not be run, 128+N it was ended by signal N. See finis-run(1).\n",
              f);
}

static int wrong(const char *option, const char *text, const char *why)
{
        return wrong_word("run", option, text, why);
}

static int one_too_many(const char *word)
{
        return wrong_line("finis run: '%s' is one too many: --pid attaches to one process, and runs no command", word);
}

static int number(const char *name, const char *text, long least, long most, const char *why, long *ret)
{
        char *end;
        long n;

        errno = 0;
        n = strtol(text, &end, 10);
        if (errno || *end || end == text || n < least || n > most)
                return wrong(name, text, why);
        *ret = n;
        return 0;
}

static int tracer(const char *text, enum run_tracer *ret)
{
        static const char *const names[] = { [RUN_TRACER_PTRACE] = "ptrace",
                                             [RUN_TRACER_BPF] = "bpf", [RUN_TRACER_AUTO] = "auto" };

        for (size_t i = 0; i < 3; i++)
                if (strcmp(text, names[i]) == 0) {
                        *ret = (enum run_tracer)i;
                        return 0;
                }
        return wrong("--tracer", text, "it can be ptrace, bpf or auto");
}

/* Calls and stacks are only seen by stopping the program; a process that runs is in no cgroup of ours. */
static int fit_together(struct run_options *options)
{
        bool needs_ptrace = options->attach || options->all_calls || options->where;

        if (options->tracer == RUN_TRACER_BPF && options->attach)
                return wrong("--tracer bpf", "", "it cannot attach; finis watch --pid PID watches a process by BPF");
        if (options->tracer == RUN_TRACER_BPF && needs_ptrace)
                return wrong("--tracer bpf", "",
                             "it sees neither calls nor stacks; --calls and --where need --tracer ptrace");
        if (needs_ptrace)
                options->tracer = RUN_TRACER_PTRACE;
        return 0;
}

static int take_filters(struct run_options *options, int argc, char **argv, int *index)
{
        char why[FILTER_WHY_MAX];

        while (*index < argc && filter_is_word(argv[*index])) {
                if (filter_add(&options->filter, argv[*index], why) < 0)
                        return wrong("", "", why);
                ++*index;
        }
        return 0;
}

int run_options(struct run_options *options, int argc, char **argv)
{
        enum { CALLS = 256, TRACER, WHERE, ALL, JSON, EVIDENCE, OUTPUT, STATUS };
        static const struct option known[] = {
                { "calls", no_argument, NULL, CALLS }, { "where", no_argument, NULL, WHERE },
                { "tracer", required_argument, NULL, TRACER }, { "all", no_argument, NULL, ALL },
                { "verbose", no_argument, NULL, 'v' }, { "json", no_argument, NULL, JSON },
                { "evidence", no_argument, NULL, EVIDENCE },
                { "output", required_argument, NULL, OUTPUT }, { "error-exitcode", required_argument, NULL, STATUS },
                { "pid", required_argument, NULL, 'p' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
        };
        bool dashes;
        long n;
        int c;

        *options = (struct run_options){ 0 };
        optind = 1;
        opterr = 0;
        while ((c = getopt_long(argc, argv, "+:vp:h", known, NULL)) != -1) {
                switch (c) {
                case CALLS: options->all_calls = true; break;
                case TRACER:
                        if (tracer(optarg, &options->tracer) < 0)
                                return -EINVAL;
                        break;
                case WHERE: options->where = true; break;
                case ALL: options->all = true; break;
                case JSON: options->json = true; break;
                case EVIDENCE: options->evidence = true; break;
                case OUTPUT: options->output = optarg; break;
                case STATUS:
                        if (number("--error-exitcode", optarg, 1, 255, "a number from 1 to 255 is needed", &n) < 0)
                                return -EINVAL;
                        options->error_status = (int)n;
                        break;
                case 'v': options->verbose = true; break;
                case 'p':
                        if (options->attach)
                                return one_too_many(optarg);
                        if (number("--pid", optarg, 1, 1 << 22, "the number of a process is needed", &n) < 0)
                                return -EINVAL;
                        options->attach = (pid_t)n;
                        break;
                case 'h': usage(stdout); return 1;
                default: return wrong_option("run", c, argv, known);
                }
        }
        dashes = optind > 1 && strcmp(argv[optind - 1], "--") == 0;
        if (!dashes && take_filters(options, argc, argv, &optind) < 0)
                return -EINVAL;
        if (optind < argc && strcmp(argv[optind], "--") == 0)
                optind++;
        if (options->attach && optind < argc)
                return one_too_many(argv[optind]);
        if (!options->attach && optind >= argc)
                return wrong("no command", "", "finis run -- COMMAND [ARGUMENT...]");
        options->command = options->attach ? NULL : argv + optind;
        return fit_together(options);
}
