/* The options of `finis lab`. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/lab.h"
#include "cli/wrong.h"
#include "lab/moment.h"

static void usage(FILE *file)
{
        fputs("usage: finis lab [OPTION...] [NAME...]\n"
              "\n"
              "Makes TCP connections end in every known way, with real sockets on this kernel,\n"
              "and holds every call's outcome against a model of Linux. NAME is a scenario, the\n"
              "beginning of its name, a shell pattern, a theme, or acts of your own, such as\n"
              "'seq:c.send10,s.close'. One scenario is told in full, several as a table;\n"
              "without a NAME all are played.\n"
              "\n"
              "  --list            the scenarios by theme\n"
              "  --full, --table   tell each in full, or in a table\n"
              "  --json            one JSON object a scenario and address family\n"
              "  --pcap DIR        write NAME.ipv4.pcap and .json into DIR, made if missing\n"
              "  --claims          what manuals, books and forums say, tested here\n"
              "  --random N        search: N random sequences, all held against the model\n"
              "  --seed S          begin elsewhere (1); --first K: with the Kth sequence\n"
              "  --for SECONDS     search for so long\n"
              "  --quick           leave out what waits for timers of the kernel\n"
              "  --ipv4, --ipv6    this family only\n"
              "  --no-namespace    plain sockets on loopback, even where more is allowed\n"
              "  --jobs N          play N scenarios at once\n"
              "  --demo            the two classic cases, side by side\n"
              "  --help            this\n"
              "\n"
              "Exit status: 0 all agree; 1 the kernel did what the model does not allow;\n"
              "2 could not. See finis-lab(1).\n",
              file);
}

enum { OPTION_LIST = 256, OPTION_FULL, OPTION_TABLE, OPTION_JSON, OPTION_PCAP, OPTION_CLAIMS, OPTION_QUICK,
       OPTION_IPV4, OPTION_IPV6, OPTION_NO_NAMESPACE, OPTION_JOBS, OPTION_DEMO,
       OPTION_RANDOM, OPTION_SEED, OPTION_FIRST, OPTION_FOR };

static const struct option long_options[] = {
        { "list", no_argument, NULL, OPTION_LIST },
        { "full", no_argument, NULL, OPTION_FULL },
        { "table", no_argument, NULL, OPTION_TABLE },
        { "json", no_argument, NULL, OPTION_JSON },
        { "pcap", required_argument, NULL, OPTION_PCAP },
        { "claims", no_argument, NULL, OPTION_CLAIMS },
        { "quick", no_argument, NULL, OPTION_QUICK },
        { "ipv4", no_argument, NULL, OPTION_IPV4 },
        { "ipv6", no_argument, NULL, OPTION_IPV6 },
        { "no-namespace", no_argument, NULL, OPTION_NO_NAMESPACE },
        { "jobs", required_argument, NULL, OPTION_JOBS },
        { "demo", no_argument, NULL, OPTION_DEMO },
        { "random", required_argument, NULL, OPTION_RANDOM },
        { "seed", required_argument, NULL, OPTION_SEED },
        { "first", required_argument, NULL, OPTION_FIRST },
        { "for", required_argument, NULL, OPTION_FOR },
        { "help", no_argument, NULL, 'h' },
        { 0 },
};

/* A number for the search. */
static int set_number(const char *option, const char *text, uint64_t *ret_n)
{
        char *end;
        unsigned long long n;

        errno = 0;
        n = strtoull(text, &end, 10);
        if (*end || end == text || errno || *text == '-')
                return wrong_word("lab", option, text, "a number is needed");
        *ret_n = n;
        return 0;
}

static int set_jobs(struct lab *lab, const char *text)
{
        char *end;
        unsigned long n = strtoul(text, &end, 10);

        if (*end || n < 1 || n > 32)
                return wrong_word("lab", "--jobs", text, "a number from 1 to 32 is needed");
        lab->jobs = (unsigned)n;
        return 0;
}

/* Nothing that was typed is dropped in silence. */
static int check_combination(const struct lab *lab, char **names, bool searches)
{
        const char *why = NULL;

        if (searches && !lab->random)
                why = "--seed and --first go with --random N or --for SECONDS";
        else if ((lab->random || lab->demo) && *names)
                why = "--random, --for and --demo take no names";
        else if (lab->random + lab->demo + lab->claims + lab->list > 1)
                why = "of --list, --claims, --random and --demo only one at a time";
        else if ((lab->list || lab->demo || lab->random) && (lab->output == OUTPUT_JSON || lab->pcap))
                why = "--json and --pcap do not go with --list, --demo or --random";
        else if (lab->claims && lab->pcap)
                why = "--pcap does not go with --claims";
        for (; *names && !why; names++)
                if (!**names)
                        why = "a name is empty";
        return why ? wrong_line("finis lab: %s; finis lab --help shows what there is", why) : 0;
}

int lab_options(struct lab *lab, int argc, char **argv)
{
        bool table = false, full = false, ipv4 = false, ipv6 = false, searches = false;
        uint64_t seconds = 0;
        int option, r = 0;

        lab->search.seed = 1;
        optind = 0;
        opterr = 0;
        while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
                switch (option) {
                case OPTION_LIST:
                        lab->list = true;
                        break;
                case OPTION_FULL:
                        full = true;
                        break;
                case OPTION_TABLE:
                        table = true;
                        break;
                case OPTION_JSON:
                        lab->output = OUTPUT_JSON;
                        break;
                case OPTION_PCAP:
                        lab->pcap = optarg;
                        break;
                case OPTION_CLAIMS:
                        lab->claims = true;
                        break;
                case OPTION_QUICK:
                        lab->quick = true;
                        break;
                case OPTION_IPV4:
                        ipv4 = true;
                        break;
                case OPTION_IPV6:
                        ipv6 = true;
                        break;
                case OPTION_NO_NAMESPACE:
                        lab->no_namespace = true;
                        break;
                case OPTION_JOBS:
                        if (set_jobs(lab, optarg) < 0)
                                return -EINVAL;
                        break;
                case OPTION_DEMO:
                        lab->demo = true;
                        break;
                case OPTION_RANDOM:
                        lab->random = true;
                        r = set_number("--random", optarg, &lab->search.n);
                        break;
                case OPTION_SEED:
                        searches = true;
                        r = set_number("--seed", optarg, &lab->search.seed);
                        break;
                case OPTION_FIRST:
                        searches = true;
                        r = set_number("--first", optarg, &lab->search.first);
                        break;
                case OPTION_FOR:
                        lab->random = true;
                        r = set_number("--for", optarg, &seconds);
                        break;
                case 'h':
                        usage(stdout);
                        return 1;
                default:
                        return wrong_option("lab", option, argv, long_options);
                }
                if (r < 0)
                        return r;
        }
        lab->search.for_ns = (int64_t)(seconds < 1000000 ? seconds : 1000000) * SECOND_NS;
        if (lab->random && !lab->search.n && !seconds) {
                fputs("finis lab: --random 0 and --for 0 play nothing; give a number or a time from 1 on\n", stderr);
                return -EINVAL;
        }
        r = check_combination(lab, argv + optind, searches);
        if (r < 0)
                return r;
        lab->ipv4 = ipv4 || !ipv6;
        lab->ipv6 = ipv6 || !ipv4;
        if (lab->output != OUTPUT_JSON && full)
                lab->output = OUTPUT_FULL;
        if (lab->claims || lab->demo || lab->random)
                return 0;
        if (lab_choose(lab, argv + optind) < 0)
                return -ENOENT;
        if (lab->output != OUTPUT_JSON && !table && lab->selection.n == 1 && argv[optind])
                lab->output = OUTPUT_FULL;
        return 0;
}

