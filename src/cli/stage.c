/* finis stage: a peer that ends connections as told. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/say.h"
#include "cli/commands.h"
#include "cli/lines.h"
#include "cli/stage.h"
#include "lab/stage/report.h"
#include "report/json.h"

enum { STATUS_DONE = 0, STATUS_COULD_NOT = 2 };

/* What is still on its way when the command has ended is taken, in so many turns at most. */
#define LAST_TURNS 1000

struct show {
        const struct stage_command *command;
        struct stage *stage;
        struct lines *lines; /* nobody who reads slowly is to change the times of the endings */
        FILE *out;
        FILE *log;
        int signals;
        pid_t child; /* 0 without, or once it has ended */
        int n_interrupts;
        int status;
        bool untold; /* where it listens; close_log() knows why */
        sigset_t mask;
};

static void tell(const struct stage_result *result, void *context)
{
        struct show *show = context;

        if (show->command->quiet)
                return;
        if (show->command->json)
                stage_write_json(show->out, result);
        else
                stage_write_line(show->out, result);
}

static void say_ready(const struct show *show)
{
        char text[STAGE_ADDRESS_TEXT_MAX];
        struct json j;

        stage_address_text(stage_address(show->stage), text);
        if (show->command->json) {
                json_begin(&j, show->out);
                json_object(&j, NULL);
                json_uint(&j, "stage", 1);
                json_text(&j, "listening", text);
                json_object_end(&j);
                json_end(&j);
        } else {
                fprintf(show->out, "listening on %s\n", text);
        }
        fflush(show->out);
}

/* A wildcard address is nothing to connect to: the loopback address stands for it. */
static const char *host_to_reach(const struct stage_address *address, char text[static STAGE_ADDRESS_TEXT_MAX])
{
        stage_address_host(address, text);
        if (!strcmp(text, "0.0.0.0"))
                return "127.0.0.1";
        return !strcmp(text, "::") ? "::1" : text;
}

static void set_environment(const struct stage_address *address)
{
        char text[STAGE_ADDRESS_TEXT_MAX], both[STAGE_ADDRESS_TEXT_MAX + 16], port[16];
        const char *host = host_to_reach(address, text);

        snprintf(port, sizeof(port), "%u", stage_address_port(address));
        snprintf(both, sizeof(both), strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
        setenv("FINIS_STAGE", both, 1);
        setenv("FINIS_STAGE_HOST", host, 1);
        setenv("FINIS_STAGE_PORT", port, 1);
}

static int start_command(struct show *show)
{
        pid_t parent = getpid();

        fflush(NULL);
        show->child = fork();
        if (show->child < 0) {
                show->child = 0;
                return -errno;
        }
        if (show->child > 0)
                return 0;
        /* It does not outlive a stage that was killed. */
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent)
                _exit(125);
        sigprocmask(SIG_SETMASK, &show->mask, NULL);
        set_environment(stage_address(show->stage));
        execl("/bin/sh", "sh", "-c", show->command->run_for, (char *)NULL);
        fprintf(stderr, "finis stage: running /bin/sh: %s\n", strerror(errno));
        _exit(127);
}

static void reap(struct show *show)
{
        int status;

        if (!show->child || waitpid(show->child, &status, WNOHANG) != show->child)
                return;
        show->child = 0;
        show->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* True when the show is over. */
static bool take_signals(struct show *show)
{
        struct signalfd_siginfo info;

        while (read(show->signals, &info, sizeof(info)) == sizeof(info)) {
                if (info.ssi_signo == SIGCHLD) {
                        reap(show);
                        continue;
                }
                if (!show->child)
                        return true;
                /* The command is told, and decides; who asks again ends it. */
                kill(show->child, show->n_interrupts++ ? SIGKILL : (int)info.ssi_signo);
        }
        return show->command->run_for && !show->child;
}

static int play(struct show *show)
{
        struct pollfd fds[] = { { .fd = stage_fd(show->stage), .events = POLLIN },
                                { .fd = show->signals, .events = POLLIN } };

        for (;;) {
                int64_t wait = stage_wait_ns(show->stage);
                struct timespec t = { wait / 1000000000, wait % 1000000000 };
                int r;

                if (ppoll(fds, 2, wait < 0 ? NULL : &t, NULL) < 0 && errno != EINTR)
                        return -errno;
                r = stage_turn(show->stage);
                if (r < 0)
                        return r;
                if (r > 0 && !show->command->run_for)
                        return 0;
                if (fds[1].revents && take_signals(show))
                        break;
        }
        for (int i = 0; i < LAST_TURNS && poll(fds, 1, 0) > 0; i++)
                stage_turn(show->stage);
        return 0;
}

static void raise_limits(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
                limit.rlim_cur = limit.rlim_max;
                setrlimit(RLIMIT_NOFILE, &limit);
        }
}

/* Better said before it begins than at the first connection. */
static int check_rights(const struct stage_options *o)
{
        for (size_t i = 0; i < o->n_steps; i++)
                if (o->steps[i].ending->act == STAGE_DESTROY && stage_may_destroy() < 0) {
                        fputs("finis stage: sock-destroyed needs CAP_NET_ADMIN; disconnect sends the same segment "
                              "without\n", stderr);
                        return -EPERM;
                }
        return 0;
}

static int open_log(struct show *show)
{
        const char *log = show->command->log;
        int r;

        show->log = log ? fopen(log, "we") : show->command->run_for ? stderr : stdout;
        if (!show->log) {
                r = -errno;
                fputs("finis stage: opening the log ", stderr);
                say_typed(stderr, log);
                fprintf(stderr, ": %s\n", strerror(-r));
                return r;
        }
        r = lines_open(fileno(show->log), &show->lines);
        if (r < 0) {
                fprintf(stderr, "finis stage: starting to write: %s\n", strerror(-r));
                return r;
        }
        show->out = lines_stream(show->lines);
        return 0;
}

/* A reader that left had enough: that is no failure. */
static int close_log(struct show *show)
{
        int r = lines_close(show->lines);

        if (show->command->log && fclose(show->log) != 0 && r == 0)
                r = -errno;
        if (r == 0 || r == -EPIPE)
                return 0;
        fprintf(stderr, "finis stage: writing %s: %s%s\n",
                show->untold         ? "where it listens"
                : show->command->log ? "the log"
                                     : "what happened",
                strerror(-r), show->untold && !show->command->log ? "; --log FILE and --for COMMAND do without" : "");
        return r;
}

static int open_stage(struct show *show)
{
        char text[STAGE_ADDRESS_TEXT_MAX];
        const char *why;
        int r = stage_new(&show->command->options, tell, show, &show->stage, &why);

        if (r < 0)
                fprintf(stderr, "finis stage: %s: %s %s: %s%s\n", show->command->options.steps[0].ending->name, why,
                        stage_address_text(&show->command->options.listen, text), strerror(-r),
                        r == -EACCES       ? "; a port from 1024 on needs no rights"
                        : r == -EADDRINUSE ? "; --listen takes another port, or 0 for a free one"
                                           : "");
        return r;
}

static int run(struct show *show)
{
        sigset_t signals;
        int r;

        sigemptyset(&signals);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGHUP);
        sigaddset(&signals, SIGCHLD);
        sigprocmask(SIG_BLOCK, &signals, &show->mask);
        show->signals = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
        if (show->signals < 0 || open_stage(show) < 0)
                return STATUS_COULD_NOT;
        if (stage_notice(show->stage))
                fprintf(stderr, "finis stage: %s\n", stage_notice(show->stage));
        if (!show->command->run_for || show->command->log)
                say_ready(show);
        /* Nobody comes to a stage that could not say where it is. */
        show->untold = !show->command->run_for && lines_wait(show->lines) < 0;
        r = show->command->run_for ? start_command(show) : 0;
        if (r == 0 && !show->untold)
                r = play(show);
        if (r < 0)
                fprintf(stderr, "finis stage: %s\n", strerror(-r));
        show->stage = stage_free(show->stage);
        return r < 0 ? STATUS_COULD_NOT : show->status;
}

int stage_main(int argc, char **argv)
{
        static struct stage_command command;
        struct show show = { .command = &command, .signals = -1 };
        int r = stage_options(&command, argc, argv), status;

        if (r != 0) {
                free(command.answer);
                return r < 0 ? STATUS_COULD_NOT : STATUS_DONE;
        }
        if (command.list) {
                (command.json ? stage_list_json : stage_list_text)(stdout);
                return STATUS_DONE;
        }
        if (check_rights(&command.options) < 0 || open_log(&show) < 0) {
                free(command.answer);
                return STATUS_COULD_NOT;
        }
        raise_limits();
        status = run(&show);
        if (show.signals >= 0)
                close(show.signals);
        if (close_log(&show) < 0)
                status = status ?: STATUS_COULD_NOT;
        free(command.answer);
        return status;
}
