/* finis: finds the subcommand, runs it, and answers for what it wrote to stdout. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/say.h"
#include "cli/commands.h"
#include "cli/suggest.h"

enum { STATUS_DONE = 0, STATUS_COULD_NOT = 2 };

struct command {
        const char *name;
        int (*run)(int argc, char **argv);
        const char *line;
};

static const struct command commands[] = {
        { "read", read_main, "say how every connection in captures ended, and why" },
        { "watch", watch_main, "say how the connections of this host end, as they end" },
        { "lab", lab_main, "stage every known ending here, check the kernel against the model" },
        { "run", run_main, "run a program, say how each of its connections ended and why" },
        { "stage", stage_main, "be a peer that ends connections as told, to test programs with" },
        { "explain", explain_main, "say what an errno, signal, ending, cause or reset reason means" },
        { NULL, NULL, NULL },
};

static const struct command *command_find(const char *name)
{
        for (const struct command *c = commands; c->name; c++)
                if (strcmp(c->name, name) == 0)
                        return c;
        return NULL;
}

static const char *command_near(const char *name)
{
        const char *nearest = NULL;
        size_t best = (size_t)-1, distance;

        for (const struct command *c = commands; c->name; c++)
                if (suggest_near(name, c->name, &distance) && distance < best) {
                        best = distance;
                        nearest = c->name;
                }
        return nearest;
}

static void usage(FILE *f)
{
        fputs("finis tells how TCP connections end, and what became of the data.\n"
              "\n"
              "usage: finis COMMAND [ARGUMENT...]\n"
              "\n",
              f);
        for (const struct command *c = commands; c->name; c++)
                fprintf(f, "  %-9s %s\n", c->name, c->line);
        fputs("  help      say how a command is used: finis help COMMAND\n"
              "\n"
              "  --help, --version\n"
              "\n"
              "Exit status: 0 done; 1 lab found a disagreement, or read or watch --check\n"
              "something bad; 2 could not (a line says why); run exits as its program does.\n"
              "More: man finis\n",
              f);
}

static int unknown_command(const char *name)
{
        const char *near = command_near(name);

        fputs(name[0] == '-' ? "finis: no such option: '" : "finis: unknown command '", stderr);
        say_typed(stderr, name);
        if (near)
                fprintf(stderr, "': did you mean '%s'?\n", near);
        else if (strchr(name, '.') && access(name, F_OK) == 0)
                fputs("': to read a capture: finis read FILE\n", stderr);
        else
                fprintf(stderr, "': 'finis help' lists %s\n", name[0] == '-' ? "what there is" : "the commands");
        return STATUS_COULD_NOT;
}

static bool asks_for_help(const char *word)
{
        return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int help(int argc, char **argv)
{
        char *ask_for_help[] = { argv[0], (char[]){ "--help" }, NULL };
        const struct command *command;

        if (argc < 1 || asks_for_help(argv[0])) {
                usage(stdout);
                return STATUS_DONE;
        }
        command = command_find(argv[0]);
        return command ? command->run(2, ask_for_help) : unknown_command(argv[0]);
}

static int dispatch(int argc, char **argv)
{
        const struct command *command;

        if (argc < 2) {
                usage(stderr);
                return STATUS_COULD_NOT;
        }
        if (strcmp(argv[1], "--version") == 0) {
                puts("finis " FINIS_VERSION);
                return STATUS_DONE;
        }
        if (asks_for_help(argv[1]))
                return help(argc - 2, argv + 2);
        command = command_find(argv[1]);
        return command ? command->run(argc - 1, argv + 1) : unknown_command(argv[1]);
}

/* Descriptors 0 to 2 may come closed; the next socket would then get their number, and what
 * is printed would go to a peer. What stands in for stdout refuses to be written, so that
 * lost output is still an error. */
static int claim_standard_descriptors(void)
{
        static const int modes[] = { O_WRONLY, O_RDONLY, O_WRONLY };

        for (int fd = 0; fd <= 2; fd++)
                if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) != fd)
                        return -EBADF;
        return 0;
}

/* A pipe or socket whose reader has gone: polled rather than taken from errno, since a write
 * that failed long ago has left no errno. */
static int reader_has_gone(int fd)
{
        struct pollfd p = { .fd = fd, .events = POLLOUT };

        return poll(&p, 1, 0) == 1 && (p.revents & POLLERR);
}

/* Why writes to stdout fail, where the one that did left no errno: a further one fails for the same
 * reason. If it does not, it ends the line that was torn. */
static int why_writing_fails(void)
{
        return write(STDOUT_FILENO, "\n", 1) < 0 ? errno : 0;
}

/* The status of the command, unless what it printed got lost on the way. A reader that left
 * early had enough: that is no failure. (Where SIGPIPE is not ignored it ends us before.) */
static int finish_output(int status)
{
        int failed = ferror(stdout), error = 0, gone;

        if (fflush(stdout) != 0)
                error = errno;
        gone = error == EPIPE || reader_has_gone(STDOUT_FILENO);
        if (failed && error == 0 && !gone)
                error = why_writing_fails();
        if (fclose(stdout) != 0 && error == 0)
                error = errno;

        if (gone || (!failed && error == 0))
                return status;
        fprintf(stderr, "finis: cannot write to standard output%s%s; what is there is cut short\n",
                error ? ": " : "", error ? strerror(error) : "");
        return STATUS_COULD_NOT;
}

int main(int argc, char **argv)
{
        if (claim_standard_descriptors() < 0)
                return STATUS_COULD_NOT;
        return finish_output(dispatch(argc, argv));
}
