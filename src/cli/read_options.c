/* The options of `finis read`, its filters and files. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/read.h"
#include "cli/read_run.h"
#include "cli/suggest.h"
#include "cli/wrong.h"
#include "report/ladder.h"

static void usage(FILE *file)
{
        fputs("usage: finis read [OPTION...] [FILTER...] FILE...\n"
              "       finis read --show ID FILE...\n"
              "       finis read [OPTION...] [FILTER...] --client FILE --server FILE\n"
              "\n"
              "Says of every TCP connection in captures how it ended, who ended it, why, and\n"
              "what became of the bytes: a summary, then what is bad, worst first. FILE is a\n"
              "pcap or pcapng, compressed or not; - is standard input. Several are read as one.\n"
              "\n"
              "  --show ID          one connection in full, with its segments (1.3: file 1,\n"
              "                     frame 3; any frame of it will do; or: worst)\n"
              "  --all              list all connections, as they end; --json, --csv and\n"
              "                     --zeek always have all\n"
              "  --limit N          list so many (10)\n"
              "  --sort KEY         severity, time, bytes, lost, duration or idle\n"
              "  --json             the records, one object a line; see finis-record(5)\n"
              "  --csv, --zeek      as CSV; as a conn.log of Zeek\n"
              "  --evidence         with what speaks for each verdict\n"
              "  --check            exit 1 if anything is bad\n"
              "  --extract ID -w OUT  write its frames to a pcapng, and print the filter that\n"
              "                     shows them in Wireshark; a FILTER or all for several\n"
              "  --anonymize        written without payload, under other addresses\n"
              "  --key WORDS        the same other addresses the next time\n"
              "  --client A --server B  two captures of the same connections, taken at the\n"
              "                     two ends, as one: what one sent and the other never got\n"
              "  --strict           exit 2 if a capture is damaged or cut short\n"
              "  --vlan             the same addresses in two VLANs are two connections\n"
              "  --max-connections N  remember so many at once (1000000)\n"
              "  --help             this\n"
              "\n"
              "A FILTER is KEY=VALUE[,VALUE...], also with != < > <= >=; all must hold:\n"
              "\n",
              file);
        filter_help(file);
        fputs("\n"
              "Exit status: 0 done; 1 --check found something bad; 2 could not read something.\n"
              "See finis-read(1).\n",
              file);
}

enum {
        OPTION_SHOW = 256,
        OPTION_ALL,
        OPTION_LIMIT,
        OPTION_SORT,
        OPTION_JSON,
        OPTION_CSV,
        OPTION_ZEEK,
        OPTION_EVIDENCE,
        OPTION_CHECK,
        OPTION_STRICT,
        OPTION_VLAN,
        OPTION_MAX_CONNECTIONS,
        OPTION_EXTRACT,
        OPTION_ANONYMIZE,
        OPTION_KEY,
        OPTION_CLIENT,
        OPTION_SERVER,
};

static const struct option long_options[] = {
        { "show", required_argument, NULL, OPTION_SHOW },
        { "all", no_argument, NULL, OPTION_ALL },
        { "limit", required_argument, NULL, OPTION_LIMIT },
        { "sort", required_argument, NULL, OPTION_SORT },
        { "json", no_argument, NULL, OPTION_JSON },
        { "csv", no_argument, NULL, OPTION_CSV },
        { "zeek", no_argument, NULL, OPTION_ZEEK },
        { "evidence", no_argument, NULL, OPTION_EVIDENCE },
        { "check", no_argument, NULL, OPTION_CHECK },
        { "strict", no_argument, NULL, OPTION_STRICT },
        { "vlan", no_argument, NULL, OPTION_VLAN },
        { "max-connections", required_argument, NULL, OPTION_MAX_CONNECTIONS },
        { "extract", required_argument, NULL, OPTION_EXTRACT },
        { "anonymize", no_argument, NULL, OPTION_ANONYMIZE },
        { "key", required_argument, NULL, OPTION_KEY },
        { "client", required_argument, NULL, OPTION_CLIENT },
        { "server", required_argument, NULL, OPTION_SERVER },
        { "help", no_argument, NULL, 'h' },
        { 0 },
};

static const char *const sorts[] = {
        [READ_SORT_SEVERITY] = "severity", [READ_SORT_TIME] = "time",         [READ_SORT_BYTES] = "bytes",
        [READ_SORT_LOST] = "lost",         [READ_SORT_DURATION] = "duration", [READ_SORT_IDLE] = "idle",
};

static int wrong(const char *option, const char *text, const char *why)
{
        return wrong_word("read", option, text, why);
}

static int set_sort(struct read_options *options, const char *text)
{
        for (size_t i = 0; i < sizeof(sorts) / sizeof(sorts[0]); i++)
                if (sorts[i] && strcmp(sorts[i], text) == 0) {
                        options->sort = (enum read_sort)i;
                        return 0;
                }
        return wrong("--sort", text, "it can be severity, time, bytes, lost, duration or idle");
}

static int set_number(const char *option, const char *text, size_t *ret_n)
{
        unsigned long long n;
        char *end;

        errno = 0;
        n = strtoull(text, &end, 10);
        if (*text < '0' || *text > '9' || *end || errno || n < 1 || n > UINT32_MAX)
                return wrong(option, text, "a number from 1 on is needed");
        *ret_n = (size_t)n;
        return 0;
}

static int set_format(struct read_options *options, enum read_format format)
{
        if (options->format != READ_EYES && options->format != format)
                return wrong("--json, --csv and --zeek", "", "only one of them at a time");
        options->format = format;
        return 0;
}

static int set_show(struct read_options *options, const char *text)
{
        uint32_t file;
        uint64_t frame;

        if (strcmp(text, "worst") != 0 && read_parse_id(text, &file, &frame) < 0)
                return wrong("--show", text, "an id is needed, such as 1.3 (file 1, frame 3), or worst");
        options->show = text;
        return 0;
}

/* An id, a filter, or all: of what the other filters leave. */
static int set_extract(struct read_options *options, const char *word)
{
        char why[FILTER_WHY_MAX];

        options->extract = filter_is_word(word) || strcmp(word, "all") == 0 ? "" : word;
        if (filter_is_word(word) && filter_add(&options->filter, word, why) < 0)
                return wrong("", "", why);
        return 0;
}

static int read_option(struct read_options *options, int option, char **argv)
{
        switch (option) {
        case OPTION_SHOW:
                return set_show(options, optarg);
        case OPTION_ALL:
                options->all = true;
                return 0;
        case OPTION_LIMIT:
                return set_number("--limit", optarg, &options->limit);
        case OPTION_SORT:
                return set_sort(options, optarg);
        case OPTION_JSON:
                return set_format(options, READ_JSON);
        case OPTION_CSV:
                return set_format(options, READ_CSV);
        case OPTION_ZEEK:
                return set_format(options, READ_ZEEK);
        case OPTION_EVIDENCE:
                options->evidence = true;
                return 0;
        case OPTION_CHECK:
                options->check = true;
                return 0;
        case OPTION_STRICT:
                options->strict = true;
                return 0;
        case OPTION_VLAN:
                options->by_vlan = true;
                return 0;
        case OPTION_MAX_CONNECTIONS:
                return set_number("--max-connections", optarg, &options->max_connections);
        case OPTION_EXTRACT:
                return set_extract(options, optarg);
        case 'w':
                options->write = optarg;
                return 0;
        case OPTION_ANONYMIZE:
                options->anonymize = true;
                return 0;
        case OPTION_KEY:
                options->key = optarg;
                return 0;
        case OPTION_CLIENT:
                options->client = optarg;
                return 0;
        case OPTION_SERVER:
                options->server = optarg;
                return 0;
        case 'h':
                usage(stdout);
                return 1;
        default:
                /* -r, as tcpdump, tshark and zeek have it. */
                if (option == '?' && optopt == 'r')
                        return wrong("", "-r", "files are named without it: finis read FILE");
                return wrong_option("read", option, argv, long_options);
        }
}

/* Whoever types sort=time means the option. */
static int wrong_filter(const char *word, const char *why)
{
        size_t n = strcspn(word, "=<>!");

        for (const struct option *o = long_options; o->name; o++)
                if (o->has_arg == required_argument && strlen(o->name) == n && strncmp(word, o->name, n) == 0 &&
                    o->val != OPTION_CLIENT && o->val != OPTION_SERVER)
                        return wrong_line("finis read: %s: no filter, but an option: --%s", word, o->name);
        return wrong("", "", why);
}

/* A word that is no option: a filter, or a file. A file that is there goes before a key that is not known. */
static int read_word(struct read_options *options, const char *word, bool only_files)
{
        char why[FILTER_WHY_MAX];

        if (!only_files && filter_is_word(word)) {
                if (filter_add(&options->filter, word, why) == 0)
                        return 0;
                if (access(word, F_OK) < 0)
                        return wrong_filter(word, why);
        }
        if (!*word)
                return wrong("", "", "a file's name is empty");
        options->paths[options->n_paths++] = word;
        return 0;
}

/* Nothing that was typed is dropped in silence. */
static int check_combination(const struct read_options *options)
{
        size_t n_stdin = 0;

        for (size_t i = 0; i < options->n_paths; i++)
                n_stdin += strcmp(options->paths[i], "-") == 0;
        if (n_stdin > 1)
                return wrong("", "-", "standard input can be read once only");
        if (options->client || options->server) {
                if (!options->client || !options->server || options->n_paths > 0)
                        return wrong("", "", "--client A and --server B go together, and without other files");
        } else if (options->n_paths == 0) {
                return wrong("", "", "no file is named; finis read FILE..., or - for standard input");
        }
        if (options->show && (options->format != READ_EYES || options->all || options->sort))
                return wrong("", "", "--show goes with none of --json, --csv, --zeek, --all, --sort");
        /* --all is, since run and watch leave out of their records what is not asked for. */
        if (options->format != READ_EYES && (options->limit || options->sort))
                return wrong("", "", "--limit and --sort are for eyes: --json, --csv and --zeek print all");
        if (options->evidence && (options->format == READ_CSV || options->format == READ_ZEEK))
                return wrong("", "", "--evidence has no place in --csv and --zeek");
        if (options->write && !options->extract && !options->anonymize)
                return wrong("", "", "-w goes with --extract and --anonymize");
        if (options->key && !options->anonymize)
                return wrong("", "", "--key goes with --anonymize");
        if ((options->extract || options->anonymize) &&
            (options->format != READ_EYES || options->all || options->show || options->check || options->evidence ||
             options->limit || options->sort))
                return wrong("", "", "--extract and --anonymize go with none of --show, --json, --csv, --zeek, --all, "
                             "--check, --evidence, --limit, --sort");
        return 0;
}

static struct style style_of_stdout(void)
{
        const char *columns = getenv("COLUMNS"), *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
        bool terminal = isatty(STDOUT_FILENO) == 1;
        struct style style = { .width = STYLE_WIDTH, .utf8 = ladder_utf8() };
        struct winsize size;

        style.colour = terminal && (!no_color || !*no_color) && term && strcmp(term, "dumb") != 0;
        if (columns && *columns >= '1' && *columns <= '9')
                style.width = (unsigned)strtoul(columns, NULL, 10);
        else if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
                style.width = size.ws_col;
        /* Longer lines are hard to read, shorter ones cannot hold two addresses. */
        if (style.width > 100)
                style.width = 100;
        if (style.width < 60)
                style.width = 60;
        return style;
}

int read_options(struct read_options *options, int argc, char **argv)
{
        int option, r;
        bool only_files = false;

        *options = (struct read_options){ .style = style_of_stdout() };
        options->paths = calloc((size_t)argc, sizeof(*options->paths));
        if (!options->paths)
                return -ENOMEM;
        optind = 0;
        opterr = 0;
        /* '-' in front: words come in their place, as option 1, so that "--" can be told from them. */
        for (;;) {
                option = getopt_long(argc, argv, "-:hw:", long_options, NULL);
                if (option == -1)
                        break;
                r = option == 1 ? read_word(options, optarg, false) : read_option(options, option, argv);
                if (r != 0)
                        return r;
        }
        only_files = optind > 0 && optind <= argc && strcmp(argv[optind - 1], "--") == 0;
        for (; optind < argc; optind++) {
                r = read_word(options, argv[optind], only_files);
                if (r != 0)
                        return r;
        }
        return check_combination(options);
}

void read_options_deinit(struct read_options *options)
{
        free(options->paths);
        *options = (struct read_options){ 0 };
}
