/* The options of `finis stage`. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/stage.h"
#include "cli/suggest.h"
#include "cli/wrong.h"

#define ANSWER_MAX (UINT64_C(1) << 30)
#define FILLER_MAX 65536

static void usage(FILE *file)
{
        fputs("usage: finis stage ENDING[@WHEN][,ENDING...] [OPTION...]\n"
              "\n"
              "A peer that ends connections in the way asked for: listens, and tells in a line\n"
              "a connection what it did and what the wire did. Several endings are given to\n"
              "connection after connection; the last one stays.\n"
              "\n"
              "  --list              the endings, and what a client is told of each\n"
              "  --listen ADDR:PORT  listen here (127.0.0.1:0: a free port)\n"
              "  --for COMMAND       run it with the address in FINIS_STAGE, FINIS_STAGE_HOST\n"
              "                      and FINIS_STAGE_PORT; exit as it does\n"
              "  --after WHEN        accept, first-byte, received=N, sent=N, answer, time=T,\n"
              "                      idle=T, pattern=TEXT or fin; several: the first counts\n"
              "  --answer FILE|TEXT  answer this, and end after it\n"
              "  --answer-after WHEN begin the answer then (first-byte)\n"
              "  --to HOST:PORT      put a server behind it: carry all faithfully until then\n"
              "  --sequence LIST     the endings, as the first argument\n"
              "  --cycle             begin the sequence again at its end\n"
              "  --every T, --piece N  of drip: N bytes (1), then a pause (100ms)\n"
              "  --count N           end after N connections\n"
              "  --json              a JSON object a connection\n"
              "  --log FILE          write the lines there\n"
              "  --quiet             write none\n"
              "  --help              this\n"
              "\n"
              "Exit status: 0 done, or the command's; 2 could not. See finis-stage(1).\n",
              file);
}

enum { OPTION_LIST = 256, OPTION_LISTEN, OPTION_FOR, OPTION_AFTER, OPTION_ANSWER, OPTION_ANSWER_AFTER, OPTION_TO,
       OPTION_SEQUENCE, OPTION_CYCLE, OPTION_EVERY, OPTION_PIECE, OPTION_COUNT, OPTION_JSON, OPTION_LOG, OPTION_QUIET };

static const struct option long_options[] = {
        { "list", no_argument, NULL, OPTION_LIST },
        { "listen", required_argument, NULL, OPTION_LISTEN },
        { "for", required_argument, NULL, OPTION_FOR },
        { "after", required_argument, NULL, OPTION_AFTER },
        { "answer", required_argument, NULL, OPTION_ANSWER },
        { "answer-after", required_argument, NULL, OPTION_ANSWER_AFTER },
        { "to", required_argument, NULL, OPTION_TO },
        { "sequence", required_argument, NULL, OPTION_SEQUENCE },
        { "cycle", no_argument, NULL, OPTION_CYCLE },
        { "every", required_argument, NULL, OPTION_EVERY },
        { "piece", required_argument, NULL, OPTION_PIECE },
        { "count", required_argument, NULL, OPTION_COUNT },
        { "json", no_argument, NULL, OPTION_JSON },
        { "log", required_argument, NULL, OPTION_LOG },
        { "quiet", no_argument, NULL, OPTION_QUIET },
        { "help", no_argument, NULL, 'h' },
        { 0 },
};

static int wrong(const char *option, const char *text, const char *why)
{
        return wrong_word("stage", option, text, why);
}

static int set_number(const char *option, const char *text, uint64_t most, uint64_t *ret_n)
{
        unsigned long long n;
        char *end;

        errno = 0;
        n = strtoull(text, &end, 10);
        if (*text < '0' || *text > '9' || *end || errno || n < 1 || n > most)
                return wrong(option, text, "a number from 1 on is needed");
        *ret_n = n;
        return 0;
}

static int set_address(const char *option, const char *text, bool zero_allowed, struct stage_address *ret)
{
        int r = stage_address_parse(text, zero_allowed, ret);

        if (r == -ENOENT)
                return wrong(option, text, "no such address or host");
        return r < 0 ? wrong(option, text, "ADDRESS:PORT is needed, such as 127.0.0.1:8080 or [::1]:8080") : 0;
}

static int set_trigger(const char *option, const char *text, struct trigger *ret)
{
        const char *why;

        return trigger_parse(text, ret, &why) < 0 ? wrong(option, text, why) : 0;
}

static int unknown_ending(const char *name)
{
        const char *nearest = NULL;
        size_t best = (size_t)-1, distance;

        for (size_t i = 0; stage_ending_at(i); i++)
                if (suggest_near(name, stage_ending_at(i)->name, &distance) && distance < best) {
                        best = distance;
                        nearest = stage_ending_at(i)->name;
                }
        return wrong_line("finis stage: no such ending: %s; %s%s%s", name,
                          nearest ? "did you mean " : "finis stage --list shows what there is",
                          nearest ?: "", nearest ? "?" : "");
}

/* "refused,reset@sent=100,serve" */
static int set_sequence(struct stage_command *command, char *text)
{
        struct stage_options *o = &command->options;
        char *rest = text, *item;

        while ((item = strsep(&rest, ","))) {
                struct stage_step *step = &o->steps[o->n_steps];
                char *at = strchr(item, '@');
                int r;

                if (o->n_steps == STAGE_STEPS_MAX) {
                        fprintf(stderr, "finis stage: a sequence has at most %d endings\n", STAGE_STEPS_MAX);
                        return -E2BIG;
                }
                if (at)
                        *at++ = 0;
                if (stage_ending_find(item, &step->ending) < 0)
                        return unknown_ending(item);
                if (at && (r = set_trigger("@WHEN", at, &step->after[step->n_after++])) < 0)
                        return r;
                o->n_steps++;
        }
        return 0;
}

static int read_file(struct stage_command *command, const char *name, int fd, uint64_t size)
{
        size_t n = 0;
        ssize_t r = 0;

        if (size > ANSWER_MAX || !(command->answer = malloc(size + 1))) {
                close(fd);
                return wrong("--answer", name, "the file is too large to be held in memory");
        }
        while (n < size && (r = read(fd, command->answer + n, size - n)) > 0)
                n += (size_t)r;
        if (r < 0)
                r = -errno;
        close(fd);
        if (r < 0)
                return wrong("--answer", name, strerror((int)-r));
        command->options.n_answer = n;
        return 0;
}

/* "/srv/reply", "./reply", "../reply": nobody means that as an answer. */
static bool is_path(const char *text)
{
        return text[0] == '/' || !strncmp(text, "./", 2) || !strncmp(text, "../", 3);
}

/* A file where there is one of that name; else the text itself. */
static int set_answer(struct stage_command *command, const char *text)
{
        struct stat s;
        int fd, r;

        free(command->answer);
        command->answer = NULL;
        command->options.has_answer = true;
        if (*text && stat(text, &s) == 0 && S_ISREG(s.st_mode)) {
                fd = open(text, O_RDONLY | O_CLOEXEC);
                r = fd < 0 ? wrong("--answer", text, strerror(errno))
                           : read_file(command, text, fd, (uint64_t)s.st_size);
        } else if (is_path(text)) {
                r = wrong("--answer", text, stat(text, &s) < 0 ? strerror(errno) : "it is no regular file");
        } else {
                command->answer = malloc(strlen(text) + 1);
                r = !command->answer ||
                    trigger_unescape(text, command->answer, strlen(text), &command->options.n_answer) < 0
                            ? wrong("--answer", text,
                                    "\\n, \\r, \\t, \\0, \\\\ and \\xHH are known, and no such file is there")
                            : 0;
        }
        if (r == 0 && command->options.n_answer == 0)
                r = wrong("--answer", text, "the answer is empty");
        command->options.answer = command->answer;
        return r;
}

/* Bytes where bytes are asked for and none are given. */
static int set_filler(struct stage_command *command)
{
        static const char line[] = "finis stage\n";

        command->answer = malloc(FILLER_MAX);
        if (!command->answer)
                return -ENOMEM;
        for (size_t i = 0; i < FILLER_MAX; i++)
                command->answer[i] = (uint8_t)line[i % (sizeof(line) - 1)];
        command->options.answer = command->answer;
        command->options.n_answer = FILLER_MAX;
        command->options.has_answer = command->options.endless = true;
        return 0;
}

static bool counts_sent(const struct stage_step *step)
{
        for (size_t i = 0; i < step->n_after; i++)
                if (step->after[i].kind == TRIGGER_SENT)
                        return true;
        return step->ending->act == STAGE_DRIP;
}

static bool waits_for_itself(const struct stage_step *step)
{
        for (size_t i = 0; i < step->n_after; i++)
                if (step->after[i].kind != TRIGGER_SENT && step->after[i].kind != TRIGGER_ANSWER)
                        return false;
        return step->ending->act == STAGE_DRIP;
}

static int check_step(struct stage_options *o, size_t index, const struct trigger *after, size_t n_after)
{
        struct stage_step *step = &o->steps[index];
        const struct stage_ending *e = step->ending;
        bool explicit = step->n_after > 0, last = index + 1 == o->n_steps && (!o->cycle || o->n_steps == 1);

        if (stage_ending_of_listener(e)) {
                if (step->n_after && (e->act != STAGE_REFUSE || step->after[0].kind != TRIGGER_TIME))
                        return wrong("ENDING", e->name, e->act == STAGE_REFUSE
                                                        ? "only @time=T can follow it: how long it lasts"
                                                        : "it knows no time: no connection comes about");
                if (e->act != STAGE_REFUSE && !last)
                        return wrong("ENDING", e->name,
                                     "only the last of a sequence: the stage is not told of attempts");
                return 0;
        }
        if (e->act == STAGE_SERVE)
                return explicit ? wrong("ENDING", e->name, "it ends when the client has closed; @WHEN does not fit")
                                : 0;
        if (!explicit && n_after) {
                memcpy(step->after, after, n_after * sizeof(*after));
                step->n_after = n_after;
        }
        if (!step->n_after && o->has_to && e->due != TRIGGER_ACCEPT)
                return wrong("ENDING", e->name, "with --to say when: --after WHEN");
        if (!step->n_after)
                trigger_init(o->has_answer && !o->endless && !o->has_to
                             ? (e->answers ? TRIGGER_ANSWER : TRIGGER_FIRST_BYTE) : e->due,
                             &step->after[step->n_after++]);
        for (size_t i = 0; i < step->n_after; i++) {
                const struct trigger *t = &step->after[i];

                if (t->kind == TRIGGER_ANSWER && !o->has_to && (!o->has_answer || o->endless))
                        return wrong("--after", "answer", "there is none; give --answer or --to");
                if (t->kind == TRIGGER_SENT && !o->has_to && !o->endless && t->n > o->n_answer)
                        return wrong("--after", "sent", "the answer has fewer bytes");
        }
        if (waits_for_itself(step))
                return wrong("ENDING", e->name, "it is the answer, and cannot wait for it; give another @WHEN");
        return 0;
}

static int check(struct stage_command *command, const struct trigger *after, size_t n_after)
{
        struct stage_options *o = &command->options;
        bool needs_bytes = false;
        int r;

        if (o->n_steps == 0) {
                fputs("finis stage: which ending? finis stage --list shows what there is\n", stderr);
                return -EINVAL;
        }
        if (o->has_to && o->has_answer) {
                fputs("finis stage: --answer and --to: the server behind answers; give one of the two\n", stderr);
                return -EINVAL;
        }
        for (size_t i = 0; i < n_after; i++)
                needs_bytes = needs_bytes || after[i].kind == TRIGGER_SENT;
        for (size_t i = 0; i < o->n_steps; i++) {
                needs_bytes = needs_bytes || counts_sent(&o->steps[i]);
                if (o->steps[i].ending->act == STAGE_DRIP && o->has_to)
                        return wrong("--to", "drip", "a server's bytes are carried as they come, not in drops");
        }
        if (needs_bytes && !o->has_answer && !o->has_to && (r = set_filler(command)) < 0)
                return r;
        for (size_t i = 0; i < o->n_steps; i++)
                if ((r = check_step(o, i, after, n_after)) < 0)
                        return r;
        return 0;
}

int stage_options(struct stage_command *command, int argc, char **argv)
{
        struct stage_options *o = &command->options;
        static struct trigger after[TRIGGERS_MAX];
        uint64_t piece = 1;
        size_t n_after = 0;
        int option, r = 0;

        o->every_ns = UINT64_C(100000000);
        trigger_init(TRIGGER_FIRST_BYTE, &o->answer_after);
        stage_address_parse("127.0.0.1:0", true, &o->listen);
        optind = 0;
        opterr = 0;
        while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
                switch (option) {
                case OPTION_LIST:
                        command->list = true;
                        break;
                case OPTION_LISTEN:
                        r = set_address("--listen", optarg, true, &o->listen);
                        break;
                case OPTION_FOR:
                        command->run_for = optarg;
                        break;
                case OPTION_AFTER:
                        r = n_after == TRIGGERS_MAX ? wrong("--after", optarg, "at most four can be given")
                                                    : set_trigger("--after", optarg, &after[n_after++]);
                        break;
                case OPTION_ANSWER:
                        r = set_answer(command, optarg);
                        break;
                case OPTION_ANSWER_AFTER:
                        r = set_trigger("--answer-after", optarg, &o->answer_after);
                        if (r == 0 && (o->answer_after.kind == TRIGGER_SENT || o->answer_after.kind == TRIGGER_ANSWER))
                                r = wrong("--answer-after", optarg, "an answer cannot wait for itself");
                        break;
                case OPTION_TO:
                        o->has_to = true;
                        r = set_address("--to", optarg, false, &o->to);
                        break;
                case OPTION_SEQUENCE:
                        r = set_sequence(command, optarg);
                        break;
                case OPTION_CYCLE:
                        o->cycle = true;
                        break;
                case OPTION_EVERY:
                        r = trigger_parse_time(optarg, &o->every_ns) < 0
                            ? wrong("--every", optarg, "a time such as 100ms is needed") : 0;
                        break;
                case OPTION_PIECE:
                        r = set_number("--piece", optarg, FILLER_MAX, &piece);
                        break;
                case OPTION_COUNT:
                        r = set_number("--count", optarg, UINT64_MAX, &o->max_connections);
                        break;
                case OPTION_JSON:
                        command->json = true;
                        break;
                case OPTION_LOG:
                        command->log = optarg;
                        break;
                case OPTION_QUIET:
                        command->quiet = true;
                        break;
                case 'h':
                        usage(stdout);
                        return 1;
                default:
                        return wrong_option("stage", option, argv, long_options);
                }
                if (r < 0)
                        return r;
        }
        o->piece = piece;
        if (command->list)
                return 0;
        for (; argv[optind]; optind++)
                if ((r = set_sequence(command, argv[optind])) < 0)
                        return r;
        return check(command, after, n_after);
}
