/* finis run: how the connections of a program ended, seen from its calls. */
#include "cli/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/run_bpf.h"
#include "cli/run_guard.h"
#include "cli/run_record.h"
#include "cli/run_show.h"
#include "cli/wrong.h"
#include "report/record_json.h"
#include "trace/tracer.h"

enum { STATUS_DONE = 0, STATUS_FAILED = 125 };

static volatile sig_atomic_t stop;
static volatile sig_atomic_t passes_to;

/* The program is told what we are told; the terminal tells its whole group by itself. */
static void pass_on(int signal)
{
        if (passes_to > 0)
                kill(passes_to, signal);
        else
                stop = 1;
}

/* A continued job: those who are told by the terminal have it already. */
static void take_job_signals(void)
{
        struct sigaction action = { .sa_handler = pass_on, .sa_flags = SA_RESTART };

        sigaction(SIGCONT, &action, NULL);
        sigaction(SIGUSR1, &action, NULL);
        sigaction(SIGUSR2, &action, NULL);
        action.sa_handler = SIG_IGN;
        sigaction(SIGTSTP, &action, NULL);
        sigaction(SIGTTIN, &action, NULL);
        sigaction(SIGTTOU, &action, NULL);
}

static void tick(int signal)
{
        (void)signal;
}

/* What ends us by default, and is the program's: until it can be passed on it waits. */
static void hold_signals(sigset_t *ret_mask)
{
        sigset_t held;

        sigemptyset(&held);
        sigaddset(&held, SIGTERM);
        sigaddset(&held, SIGHUP);
        sigaddset(&held, SIGUSR1);
        sigaddset(&held, SIGUSR2);
        sigprocmask(SIG_BLOCK, &held, ret_mask);
}

static void take_signals(pid_t pass)
{
        struct sigaction action = { .sa_handler = pass_on, .sa_flags = SA_RESTART };

        passes_to = pass;
        sigaction(SIGTERM, &action, NULL);
        sigaction(SIGHUP, &action, NULL);
        action.sa_handler = pass > 0 ? SIG_IGN : pass_on;
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGQUIT, &action, NULL);
        action.sa_handler = tick;
        action.sa_flags = 0; /* it is there to interrupt the wait */
        sigaction(SIGALRM, &action, NULL);
}

/* An error that a program was told of, or could have been, is worth a word, however everyday. */
static bool was_told(const struct traced_socket *socket, const struct record *r)
{
        return socket && (socket->error || socket->failed_unseen || (r->ending == ENDING_RESET && socket->act.known &&
                                            socket->act.before.state == TCP_STATE_CLOSE));
}

/* Alone, our words would come between those of others. */
static bool is_heard(const struct run_options *options)
{
        return options->attach || options->output || !run_guard_is_alone();
}

static void tell(void *context, const struct traced_socket *socket, const struct traced_socket *other)
{
        struct run_show *show = context;
        bool with_evidence = show->options->evidence || show->options->where;
        struct run_record r;
        sigset_t ticks, before;
        FILE *out;

        if (!is_heard(show->options))
                return;
        run_record(&r, socket, other, with_evidence);
        if (!run_show_counts(show, &r.record, was_told(socket, &r.record) || was_told(other, &r.record)))
                return;
        run_record_complete(&r, socket, other, with_evidence);
        out = run_show_where(show, &r.record);
        if (!out)
                return;
        sigemptyset(&ticks);
        sigaddset(&ticks, SIGALRM);
        sigprocmask(SIG_BLOCK, &ticks, &before);
        if (show->options->json)
                record_write_json(out, &r.record,
                                  show->options->evidence || show->options->where ? RECORD_JSON_EVIDENCE : 0);
        else
                run_record_write(out, &r, show->options->evidence, &show->style);
        run_show_written(show, out);
        sigprocmask(SIG_SETMASK, &before, NULL);
}

static void say_unseen(const struct tracer *tracer)
{
        struct tracer_unseen unseen = tracer_unseen(tracer);
        char why[REFUSAL_MAX];

        if (unseen.looks) {
                refusal_of_looks(unseen.looks, why);
                fprintf(stderr, "finis run: %s\n", why);
        }

        if (unseen.uring)
                fputs("finis run: the program uses io_uring, whose requests are no calls: acts may be missing\n",
                      stderr);
        if (unseen.foreign)
                fputs("finis run: a program of another system call interface was met, such as a 32-bit one: its calls "
                      "are not seen\n", stderr);
        if (unseen.mptcp)
                fputs("finis run: sockets of Multipath TCP were met; they are not followed\n", stderr);
        if (unseen.listener)
                fputs("finis run: a program asked for a listener of seccomp(2), and may not have one beside ours: "
                      "EBUSY; not so with --calls\n", stderr);
        if (unseen.leader)
                fputs("finis run: a process lost its first thread; before Linux 6.9 its sockets cannot be looked at "
                      "then\n", stderr);
        if (unseen.namespaces)
                fprintf(stderr, "finis run: some connections are in a network namespace we may not enter: %s; what the "
                        "kernel told of their ends is not known, and less is certain of them\n",
                        strerror(unseen.namespaces));
        if (tracer_lost(tracer) == UINT64_MAX)
                fputs("finis run: this kernel tells nothing of ended sockets; last counts are those before the close\n",
                      stderr);
        else if (tracer_lost(tracer))
                fputs("finis run: the kernel dropped messages about ended sockets; some last counts are older than "
                      "they could be\n", stderr);
}

static int status_of(const struct run_options *options, const struct run_show *show, const struct tracer *tracer,
                     int status)
{
        struct tracer_word word = tracer_word(tracer);

        if (word.error) {
                fprintf(stderr, "finis run: installing the filter of system calls: %s\n", strerror(-word.error));
                return STATUS_FAILED;
        }
        if (word.exec_error)
                wrong_line("finis run: running %s: %s", options->command[0], strerror(word.exec_error));
        else if (options->error_status && show->n_bad)
                return options->error_status;
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void program_stopped(void *context, bool stopped)
{
        (void)context;
        run_guard_stopped(stopped);
}

static int trace(const struct run_options *options, struct run_show *show)
{
        const struct tracer_options traced = { .command = options->command, .attach = options->attach,
                                               .all_calls = options->all_calls,
                                               .where = options->where, .mask = &options->mask };
        const struct tracer_hooks hooks = { .ended = tell, .stopped = options->attach ? NULL : program_stopped,
                                            .context = show };
        struct tracer *tracer;
        char why[REFUSAL_MAX];
        int r = tracer_start(&traced, &hooks, &tracer, why), status;

        if (r < 0) {
                fprintf(stderr, "finis run: %s\n", why);
                return STATUS_FAILED;
        }
        take_signals(options->attach ? 0 : tracer_pid(tracer));
        if (!options->attach)
                take_job_signals();
        sigprocmask(SIG_SETMASK, &options->mask, NULL);
        tracer_run(tracer, &stop, &status);
        /* Nothing ran, nothing is to be summed up. */
        if (is_heard(options) && !tracer_word(tracer).exec_error && !tracer_word(tracer).error) {
                run_show_summary(show);
                say_unseen(tracer);
        }
        status = status_of(options, show, tracer, status);
        tracer_free(tracer);
        return status;
}

struct work {
        const struct run_options *options;
        struct run_show *show;
};

static int work(void *context)
{
        const struct work *work = context;
        int status = trace(work->options, work->show);

        run_show_close(work->show);
        return status;
}

/* Attached, there is no filter that could be left without a tracer, and no job. */
static int trace_guarded(const struct run_options *options, struct run_show *show)
{
        struct work both = { options, show };

        return options->attach ? trace(options, show) : run_guard(work, &both, &options->mask);
}

/* By BPF if that was asked for; where it may be either, by ptrace if the other does not work, and that is said. */
static int run(const struct run_options *options, struct run_show *show)
{
        char why[RUN_BPF_WHY_MAX];
        int r;

        if (options->tracer == RUN_TRACER_PTRACE)
                return trace_guarded(options, show);
        r = run_bpf(show, &stop, take_signals, why);
        if (r >= 0)
                return r;
        fprintf(stderr, "finis run: without BPF: %s\n", why);
        return options->tracer == RUN_TRACER_AUTO ? trace_guarded(options, show) : STATUS_FAILED;
}

int run_main(int argc, char **argv)
{
        struct run_options options;
        struct run_show show;
        int r = run_options(&options, argc, argv), status;

        if (r != 0)
                return r < 0 ? STATUS_FAILED : STATUS_DONE;
        if (run_show_open(&show, &options) < 0)
                return STATUS_FAILED;
        if (options.attach)
                sigprocmask(SIG_SETMASK, NULL, &options.mask);
        else
                hold_signals(&options.mask);
        status = run(&options, &show);
        run_show_close(&show);
        return status;
}
