/* The loop: stops come in; calls and ends go out to the files that know what they mean (tracer_internal.h). */
#include "trace/tracer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "trace/filter.h"
#include "trace/tracer_internal.h"

#define OPTIONS (PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | \
                 PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_TRACESYSGOOD)

/* How often the wait is interrupted, and it is looked where the threads wait; and how often it is asked who is done. */
#define TICK_US 20000
#define SETTLE_NS (100000 * INT64_C(1000))

/* At the end: so often, so long apart. */
#define LAST_LOOKS 25
#define LAST_LOOK_NS 10000000

/* Whose stack is walked must be stopped; and with all calls the handing over would be. */
static bool listens(const struct tracer_options *options)
{
        return !options->all_calls && !options->where;
}

static void child(const struct tracer_options *options, int go, struct tracer_word *word)
{
        char byte;
        int listener;

        if (read(go, &byte, 1) != 1)
                _exit(125);
        word->error = filter_install(options->all_calls, listens(options), &word->no_new_privs, &listener);
        if (!word->error && listens(options))
                word->error = notified_hand_over(go, listener);
        if (word->error) {
                /* Before the end of a process that is traced it stops, its files still open: nobody is to
                 * wait for more. */
                close(go);
                _exit(125);
        }
        /* Not sooner: a signal stops who is traced, and the tracer waits for nothing but what is handed
         * over until then. */
        if (options->mask)
                sigprocmask(SIG_SETMASK, options->mask, NULL);
        execvp(options->command[0], options->command);
        word->exec_error = errno;
        _exit(errno == ENOENT ? 127 : 126);
}

static int start(struct tracer *tracer, char why[static REFUSAL_MAX])
{
        int go[2], r = 0;

        snprintf(why, REFUSAL_MAX, "starting the program");
        tracer->word = mmap(NULL, sizeof(*tracer->word), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (tracer->word == MAP_FAILED) {
                tracer->word = NULL;
                return -errno;
        }
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, go) < 0)
                return -errno;
        fflush(NULL);
        tracer->pid = fork();
        if (tracer->pid == 0) {
                close(go[1]);
                child(&tracer->options, go[0], tracer->word);
        }
        if (tracer->pid < 0)
                r = -errno;
        if (r == 0 && ptrace(PTRACE_SEIZE, tracer->pid, NULL, OPTIONS) < 0) {
                r = -errno;
                refusal_explain(tracer->pid, false, -r, why);
        }
        /* The child waits for the byte until it is traced: from then on its filter has somebody to stop for. */
        if (r == 0 && write(go[1], "", 1) != 1)
                r = -EPIPE;
        close(go[0]);
        if (r == 0 && listens(&tracer->options))
                tracer->notified.fd = notified_take(go[1]);
        close(go[1]);
        if (r == 0)
                r = notified_start(tracer);
        if (r < 0 && tracer->pid > 0) {
                kill(tracer->pid, SIGKILL);
                waitpid(tracer->pid, NULL, __WALL);
        }
        return r;
}

static int attach(struct tracer *tracer, char why[static REFUSAL_MAX])
{
        char path[48];
        DIR *directory;
        int r = 0, n = 0;

        snprintf(path, sizeof(path), "/proc/%d/task", tracer->options.attach);
        directory = opendir(path);
        if (!directory) {
                r = errno == ENOENT ? -ESRCH : -errno;
                refusal_explain(tracer->options.attach, true, -r, why);
                return r;
        }
        for (struct dirent *entry; r == 0 && (entry = readdir(directory));) {
                pid_t tid = atoi(entry->d_name);

                if (tid <= 0)
                        continue;
                if (ptrace(PTRACE_SEIZE, tid, NULL, OPTIONS) < 0) {
                        r = errno == ESRCH ? 0 : -errno;
                        continue;
                }
                ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
                threads_get(&tracer->threads, tid);
                n++;
        }
        closedir(directory);
        tracer->pid = tracer->options.attach;
        tracer->every_call = true;
        r = r ? r : n ? 0 : -ESRCH;
        if (r < 0)
                refusal_explain(tracer->options.attach, true, -r, why);
        return r;
}

int tracer_start(const struct tracer_options *options, const struct tracer_hooks *hooks, struct tracer **ret_tracer,
                 char why[static REFUSAL_MAX])
{
        struct tracer *tracer = calloc(1, sizeof(*tracer));
        int r;

        snprintf(why, REFUSAL_MAX, "out of memory");
        if (!tracer)
                return -ENOMEM;
        tracer->options = *options;
        tracer->hooks = *hooks;
        namespaces_init(&tracer->namespaces);
        openings_init(&tracer->openings);
        notified_init(&tracer->notified);
        /* Before the program can end its first socket. Without it less is known, and said. */
        if (ended_open(&tracer->ended) < 0)
                tracer->ended = NULL;
        if (diag_open(&tracer->diag) < 0)
                tracer->diag = NULL;
        r = options->attach ? attach(tracer, why) : start(tracer, why);
        if (r < 0) {
                tracer_free(tracer);
                return r;
        }
        *ret_tracer = tracer;
        return 0;
}

struct tracer *tracer_free(struct tracer *tracer)
{
        if (!tracer)
                return NULL;
        notified_stop(tracer);
        threads_deinit(&tracer->threads);
        sockets_deinit(&tracer->sockets);
        if (tracer->ended)
                ended_close(tracer->ended);
        diag_close(tracer->diag);
        namespaces_deinit(&tracer->namespaces);
        notice_close(tracer->notice);
        notified_deinit(&tracer->notified);
        if (tracer->word)
                munmap(tracer->word, sizeof(*tracer->word));
        free(tracer);
        return NULL;
}

pid_t tracer_pid(const struct tracer *tracer)
{
        return tracer->pid;
}

struct tracer_word tracer_word(const struct tracer *tracer)
{
        return tracer->word ? *tracer->word : (struct tracer_word){ 0 };
}

struct tracer_unseen tracer_unseen(const struct tracer *tracer)
{
        struct tracer_unseen unseen = tracer->unseen;

        unseen.namespaces = tracer->namespaces.refused;
        return unseen;
}

uint64_t tracer_lost(const struct tracer *tracer)
{
        return tracer->ended ? ended_lost(tracer->ended) + namespaces_lost(&tracer->namespaces) : UINT64_MAX;
}

static bool stops_at_calls(const struct tracer *tracer, const struct traced_thread *thread)
{
        return tracer->every_call || failing_stops(tracer, thread);
}

static void resume(const struct tracer *tracer, struct traced_thread *thread, int signal)
{
        thread->stops = thread->call || thread->begins_again || stops_at_calls(tracer, thread);
        ptrace(thread->stops ? PTRACE_SYSCALL : PTRACE_CONT, thread->tid, NULL, signal);
}

/* The call that the thread stands at, if it is one of ours. */
static bool at_call(struct traced_thread *thread, uint64_t number, const uint64_t *arguments)
{
        thread->call = call_find((long)number);
        if (!thread->call)
                return false;
        for (size_t i = 0; i < 6; i++)
                thread->arguments[i] = arguments[i];
        return true;
}

/* Of a call whose result is wanted, the thread's call stays set. */
static void at_filter(struct tracer *tracer, struct traced_thread *thread)
{
        struct __ptrace_syscall_info info;

        if (ptrace(PTRACE_GET_SYSCALL_INFO, thread->tid, sizeof(info), &info) <= 0 ||
            info.op != PTRACE_SYSCALL_INFO_SECCOMP || !at_call(thread, info.seccomp.nr, info.seccomp.args))
                return;
        if (!tracer_call_begins(tracer, thread))
                thread->call = NULL;
}

/* Another ABI of the machine has other numbers for its calls. */
static void note_interface(struct tracer *tracer, struct traced_process *process, uint32_t arch)
{
        process->foreign = arch != CALLS_ARCH;
        tracer->unseen.foreign = tracer->unseen.foreign || process->foreign;
}

/* With a filter the calls of a connection's life stop the thread once more, for it. */
static bool begins_here(const struct tracer *tracer, const struct call *call)
{
        return call->kind >= CALL_SEND || tracer->every_call;
}

/* A stop at the beginning or the end of a call. */
static void at_boundary(struct tracer *tracer, struct traced_thread *thread)
{
        struct __ptrace_syscall_info info;

        failing_spend(&tracer->failing);
        if (ptrace(PTRACE_GET_SYSCALL_INFO, thread->tid, sizeof(info), &info) <= 0)
                return;
        note_interface(tracer, thread->process, info.arch);
        if (thread->process->foreign)
                return;
        if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
                thread->begins_again = thread->begins_again && notified_meets((long)info.entry.nr);
                if (!stops_at_calls(tracer, thread) || !at_call(thread, info.entry.nr, info.entry.args) ||
                    !begins_here(tracer, thread->call) || !tracer_call_begins(tracer, thread))
                        thread->call = NULL;
        } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && thread->call) {
                tracer_call_ends(tracer, thread, info.exit.rval);
                thread->call = NULL;
        }
}

/* A new process begins with its maker's descriptors; one that has run already may have changed them. */
static void at_birth(struct tracer *tracer, const struct traced_thread *maker, pid_t tid)
{
        bool is_new = threads_find(&tracer->threads, tid) == NULL;
        struct traced_thread *thread = threads_get(&tracer->threads, tid);

        if (thread && is_new)
                process_inherit(thread->process, maker->process);
}

/* The one thread that is left of its process; NULL: no memory, and it goes on unseen. */
static struct traced_thread *at_exec(struct tracer *tracer, const struct traced_thread *leader)
{
        pid_t tid = leader->tid;
        struct __ptrace_syscall_info info;
        unsigned long former = 0;
        struct traced_thread *thread;

        ptrace(PTRACE_GETEVENTMSG, tid, NULL, &former);
        thread = threads_exec(&tracer->threads, tid, (pid_t)former);
        if (!thread) {
                ptrace(PTRACE_CONT, tid, NULL, 0);
                return NULL;
        }
        thread->call = NULL;
        if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) > 0)
                note_interface(tracer, thread->process, info.arch);
        tracer_execs(tracer, thread);
        return thread;
}

static void at_event(struct tracer *tracer, struct traced_thread *thread, int event)
{
        unsigned long message = 0;

        ptrace(PTRACE_GETEVENTMSG, thread->tid, NULL, &message);
        switch (event) {
        case PTRACE_EVENT_FORK:
        case PTRACE_EVENT_VFORK:
        case PTRACE_EVENT_CLONE:
                at_birth(tracer, thread, (pid_t)message);
                break;
        case PTRACE_EVENT_EXIT:
                /* Killed in the middle of an attempt: what it had begun is still to be noted. */
                if (thread->call && thread->call->kind == CALL_CONNECT)
                        tracer_call_ends(tracer, thread, -EINTR);
                if (thread->process->n_threads > 0 && --thread->process->n_threads == 0)
                        tracer_exits(tracer, thread, (int)message);
                break;
        default:
                break;
        }
}

static void tell_stopped(struct tracer *tracer, pid_t tid, bool stopped)
{
        if (tid != tracer->pid || tracer->stopped == stopped || !tracer->hooks.stopped)
                return;
        tracer->stopped = stopped;
        tracer->hooks.stopped(tracer->hooks.context, stopped);
}

static void stopped(struct tracer *tracer, pid_t tid, int status)
{
        struct traced_thread *thread = threads_get(&tracer->threads, tid);
        int event = status >> 16, signal = WSTOPSIG(status);

        if (!thread) {
                ptrace(PTRACE_CONT, tid, NULL, 0);
                return;
        }
        /* Whatever else it does, it goes on; killed while it was stopped it comes by here too, or is gone. */
        if (event != PTRACE_EVENT_STOP || signal == SIGTRAP)
                tell_stopped(tracer, tid, false);
        if (event == PTRACE_EVENT_STOP) {
                /* A stop of the whole group stays one; else it is the first of a new thread, or was asked for. */
                if (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU) {
                        ptrace(PTRACE_LISTEN, tid, NULL, NULL);
                        tell_stopped(tracer, tid, true);
                        return;
                }
                failing_interrupted(tracer, thread);
                resume(tracer, thread, 0);
        } else if (event == PTRACE_EVENT_SECCOMP) {
                at_filter(tracer, thread);
                resume(tracer, thread, 0);
        } else if (event == PTRACE_EVENT_EXEC) {
                thread = at_exec(tracer, thread);
                if (thread)
                        resume(tracer, thread, 0);
        } else if (event) {
                at_event(tracer, thread, event);
                resume(tracer, thread, 0);
        } else if (signal == (SIGTRAP | 0x80)) {
                at_boundary(tracer, thread);
                resume(tracer, thread, 0);
        } else {
                if (signal == SIGPIPE)
                        tracer_sigpipe(tracer, thread);
                notified_signalled(tracer, thread);
                resume(tracer, thread, signal);
        }
}

static void detach_all(struct tracer *tracer)
{
        for (size_t i = 0; i < THREADS_BUCKETS; i++)
                for (struct traced_thread *t = tracer->threads.buckets[i]; t; t = t->next) {
                        int status;

                        if (ptrace(PTRACE_INTERRUPT, t->tid, NULL, NULL) != 0 ||
                            waitpid(t->tid, &status, __WALL) != t->tid || !WIFSTOPPED(status))
                                continue;
                        if (t->tid == t->process->pid)
                                tracer_leaves(tracer, t);
                        ptrace(PTRACE_DETACH, t->tid, NULL,
                               status >> 16 || WSTOPSIG(status) == (SIGTRAP | 0x80) ? 0 : WSTOPSIG(status));
                }
}

/* Interrupts the wait for a stop. */
static void tick(bool on)
{
        struct itimerval interval = { .it_interval.tv_usec = on ? TICK_US : 0, .it_value.tv_usec = on ? TICK_US : 0 };

        setitimer(ITIMER_REAL, &interval, NULL);
}

/* A program that calls all the time never lets the wait be interrupted. */
static void do_what_is_due(struct tracer *tracer)
{
        struct timespec t;
        int64_t now;

        clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
        now = t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
        if (now - tracer->ticked_ns < TICK_US * INT64_C(1000))
                return;
        tracer->ticked_ns = now;
        opening_tick(tracer);
        failing_tick(tracer);
        tracer_hears(tracer);
        if (now - tracer->settled_ns < SETTLE_NS)
                return;
        tracer->settled_ns = now;
        tracer_settle(tracer, false);
}

static void take_notices(struct tracer *tracer)
{
        uint64_t cookies[16];
        size_t n;

        while ((n = notice_take(tracer->notice, cookies, sizeof(cookies) / sizeof(*cookies))) > 0)
                for (size_t i = 0; i < n; i++)
                        failing_died(tracer, cookies[i]);
}

static void gone(struct tracer *tracer, pid_t tid)
{
        struct traced_thread *thread = threads_find(&tracer->threads, tid);

        if (thread)
                threads_drop(&tracer->threads, thread);
}

/* What the wait gave: @tid is -1 where it was interrupted. True if the program itself is gone. */
static bool take(struct tracer *tracer, pid_t tid, int status)
{
        bool own = tid == tracer->pid;

        take_notices(tracer);
        notified_release(tracer);
        do_what_is_due(tracer);
        if (tid < 0)
                return false;
        if (WIFSTOPPED(status)) {
                stopped(tracer, tid, status);
                return false;
        }
        if (own)
                tell_stopped(tracer, tid, false);
        gone(tracer, tid);
        return own;
}

int tracer_run(struct tracer *tracer, volatile sig_atomic_t *stop, int *ret_status)
{
        *ret_status = 0;
        if (notice_open(&tracer->notice) < 0)
                tracer->notice = NULL;
        if (tracer->notice && tracer->ended)
                notice_hear(tracer->notice, ended_fd(tracer->ended));
        tick(true);
        while (!*stop) {
                int status;
                pid_t tid = waitpid(-1, &status, __WALL);

                if (tid < 0 && errno != EINTR)
                        break; /* ECHILD: all are gone */
                notified_lock(tracer);
                if (take(tracer, tid, status))
                        *ret_status = status;
                notified_unlock(tracer);
        }
        tick(false);
        notified_stop(tracer);
        detach_all(tracer);
        /* The last acknowledgements are on their way. */
        tracer->hurries = true;
        for (int i = 0; i < LAST_LOOKS && tracer->sockets.n_closing > 0; i++) {
                tracer_settle(tracer, false);
                if (tracer->sockets.n_closing > 0)
                        nanosleep(&(struct timespec){ .tv_nsec = LAST_LOOK_NS }, NULL);
        }
        tracer_settle(tracer, true);
        return 0;
}
