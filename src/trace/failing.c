/* Threads are stopped only where that changes nothing for them, and only so often. */
#include "trace/failing.h"

#include <errno.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "trace/registers.h"
#include "trace/tracer_internal.h"

/* At 10 µs or so each: a few percent of a processor. */
#define STOPS_PER_TICK 50

/* The first call is told the error; those after it, of an end or of EPIPE, show what the program made of it. */
#define RESULTS_WANTED 4

/* So many threads are asked where they wait, in a tick. */
#define ASKED_PER_TICK 8

/* Seen to wait there so lately, it was there still. */
#define WAITED_LATELY_NS INT64_C(250000000)

/* With less than that in its queue a socket blocks no sender: the least buffer that a program can ask for. */
#define NO_SENDER_WAITS 2048

/* Then only the moment of the death is news. */
static bool sees_all_calls(const struct tracer *tracer)
{
        return tracer->options.all_calls || tracer->every_call;
}

static bool is_of(const struct failing_socket *one, const struct traced_thread *thread)
{
        return one->cookie && one->pid == thread->process->pid;
}

bool failing_stops(const struct tracer *tracer, const struct traced_thread *thread)
{
        if (!tracer->failing.any || tracer->failing.n_stops == 0)
                return false;
        for (size_t i = 0; i < FAILING_MAX; i++)
                if (is_of(&tracer->failing.sockets[i], thread))
                        return true;
        return false;
}

void failing_spend(struct failing *failing)
{
        if (!failing->any || failing->n_stops == 0 || --failing->n_stops > 0)
                return;
        /* From now on calls pass unseen: whether an error waits still is to be asked anew. */
        for (size_t i = 0; i < FAILING_MAX; i++)
                failing->sockets[i].pending = true;
}

/* By what the table of descriptors holds: its cookie and one. */
static bool is_followed(const struct tracer *tracer, const struct traced_thread *thread, uint64_t entry)
{
        for (size_t i = 0; i < FAILING_MAX; i++)
                if (is_of(&tracer->failing.sockets[i], thread) && tracer->failing.sockets[i].cookie + 1 == entry)
                        return true;
        return false;
}

/*
 * A sleep that an interruption does not end for the program: it is taken up again (signal(7)). A wait in
 * epoll_wait(2), or with a time-out on a socket, would fail with EINTR, so such a thread is left alone. Not so on the
 * dead socket itself: its error comes before the signal.
 */
static bool may_be_interrupted(const struct tracer *tracer, const struct traced_thread *thread)
{
        const pid_t tid = thread->tid;
        long number;
        uint64_t first;

        if (!process_waits_in(tid, &number, &first) ||
            is_followed(tracer, thread, process_cookie(thread->process, (int)first)))
                return true;
        switch (number) {
#ifdef SYS_poll
        case SYS_poll:
#endif
#ifdef SYS_select
        case SYS_select:
#endif
        case SYS_ppoll:
        case SYS_pselect6:
        case SYS_nanosleep:
        case SYS_clock_nanosleep:
        case SYS_futex:
        case SYS_wait4:
        case SYS_waitid:
                return true;
        case SYS_read:
        case SYS_write:
                return !process_has_socket(tid, (int)first);
        default:
                return false;
        }
}

static void interrupt(struct tracer *tracer)
{
        for (size_t i = 0; i < THREADS_BUCKETS; i++)
                for (struct traced_thread *t = tracer->threads.buckets[i]; t; t = t->next)
                        if (failing_stops(tracer, t) && !t->call && may_be_interrupted(tracer, t))
                                ptrace(PTRACE_INTERRUPT, t->tid, NULL, NULL);
}

static void count(struct failing *failing)
{
        failing->any = false;
        for (size_t i = 0; i < FAILING_MAX; i++)
                failing->any = failing->any || failing->sockets[i].cookie;
}

static void follow(struct tracer *tracer, uint64_t cookie, pid_t pid, bool pending)
{
        struct failing *failing = &tracer->failing;

        failing->sockets[failing->n++ % FAILING_MAX] = (struct failing_socket){ cookie, pid, pending, RESULTS_WANTED };
        failing->any = true;
}

static int descriptor_of(const struct traced_process *process, uint64_t cookie)
{
        for (size_t fd = 0; fd < process->n_cookies; fd++)
                if (process->cookies[fd] == cookie + 1)
                        return (int)fd;
        return -1;
}

/* A thread of a process that has the socket, and the descriptor. One that is on its way out has given it up. */
static struct traced_thread *next_holder(const struct tracer *tracer, uint64_t cookie, struct traced_thread *after,
                                         int *ret_fd)
{
        bool past = after == NULL;

        for (size_t i = 0; i < THREADS_BUCKETS; i++)
                for (struct traced_thread *t = tracer->threads.buckets[i]; t; t = t->next) {
                        bool lives = t->tid == t->process->pid && t->process->n_threads > 0;
                        int fd = past && lives ? descriptor_of(t->process, cookie) : -1;

                        if (fd >= 0) {
                                *ret_fd = fd;
                                return t;
                        }
                        past = past || t == after;
                }
        return NULL;
}

/* The error was gone when we came: a call that waited has it. */
static void deduce_who_was_told(struct traced_socket *socket, const struct look *look)
{
        int64_t died_ns = socket->died_ns ?: look->at_ns;
        const struct call *call = died_ns - socket->waiter.at_ns < WAITED_LATELY_NS ? socket->waiter.call : NULL;

        if (call && call->kind == CALL_CARRY)
                socket->swallowed = call->name;
        else if (call)
                socket->told = call->name;
        socket->told_receiving = look->outq < NO_SENDER_WAITS;
}

void failing_died(struct tracer *tracer, uint64_t cookie)
{
        struct traced_socket *socket = sockets_find(&tracer->sockets, cookie);
        struct traced_thread *holder = NULL;
        struct look look;
        bool known = false;
        int fd;

        if (!socket || socket->died_ns || !socket->established_ns)
                return;
        while ((holder = next_holder(tracer, cookie, holder, &fd))) {
                if (!known && look_through(holder->process->pidfd, fd, LOOK_END, cookie, NULL, &look) == 0 &&
                    look.cookie == cookie) {
                        known = true;
                        sockets_seen(&tracer->sockets, socket, &look);
                        if (look.state != TCP_STATE_CLOSE)
                                return; /* an error of another kind: what was asked of it has come */
                        socket->died_ns = look.at_ns;
                        socket->died_with_error = look.error_pending;
                        /* What a call is told from now on is no more than that the slot is empty. */
                        socket->error_taken = socket->error_taken || !look.error_pending;
                        if (!look.error_pending && !socket->error && !sees_all_calls(tracer))
                                deduce_who_was_told(socket, &look);
                }
                if (known && !sees_all_calls(tracer))
                        follow(tracer, cookie, holder->process->pid, look.error_pending);
        }
        interrupt(tracer);
}

void failing_forget(struct tracer *tracer, struct traced_socket *socket, pid_t pid, const struct look *look)
{
        if (!tracer->failing.any)
                return;
        for (size_t i = 0; i < FAILING_MAX; i++) {
                struct failing_socket *one = &tracer->failing.sockets[i];

                if (one->cookie != socket->cookie || one->pid != pid)
                        continue;
                if (one->pending && !look->error_pending && !socket->error_taken)
                        deduce_who_was_told(socket, look);
                one->cookie = 0;
        }
        count(&tracer->failing);
}

bool failing_was_waiting(const struct tracer *tracer, uint64_t cookie)
{
        if (sees_all_calls(tracer))
                return true;
        for (size_t i = 0; i < FAILING_MAX; i++)
                if (tracer->failing.sockets[i].cookie == cookie)
                        return !tracer->failing.sockets[i].pending;
        return false;
}

void failing_told(struct tracer *tracer, uint64_t cookie, bool error)
{
        if (!tracer->failing.any)
                return;
        for (size_t i = 0; i < FAILING_MAX; i++) {
                struct failing_socket *one = &tracer->failing.sockets[i];

                if (one->cookie == cookie && (error || one->n_results < RESULTS_WANTED) && --one->n_results == 0)
                        one->cookie = 0;
        }
        count(&tracer->failing);
}

/* On its way out of a call the thread has its result in its registers. */
static void take_result(struct tracer *tracer, struct traced_thread *thread)
{
        struct registers registers;
        const struct call *call;

        if (registers_of(thread->tid, &registers) < 0 || !registers.in_call || !registers.has_arguments)
                return;
        call = call_find(registers.number);
        if (!call || call->kind < CALL_SEND)
                return;
        thread->call = call;
        for (size_t i = 0; i < 6; i++)
                thread->arguments[i] = registers.arguments[i];
        tracer_call_ends(tracer, thread, registers.result);
        thread->call = NULL;
}

/* The error was there a moment ago; a call that had begun before may have taken it since. */
static void look_whether_it_waits_still(struct tracer *tracer, const struct traced_thread *thread,
                                        struct failing_socket *one)
{
        struct traced_socket *socket = sockets_find(&tracer->sockets, one->cookie);
        struct look look;
        int fd = socket ? descriptor_of(thread->process, one->cookie) : -1;

        if (fd < 0 || !one->pending || look_through(thread->process->pidfd, fd, LOOK_END, one->cookie, NULL, &look) < 0)
                return;
        one->pending = false;
        if (look.error_pending || socket->error_taken)
                return;
        socket->error_taken = true;
        deduce_who_was_told(socket, &look);
}

void failing_interrupted(struct tracer *tracer, struct traced_thread *thread)
{
        if (!failing_stops(tracer, thread))
                return;
        take_result(tracer, thread);
        for (size_t i = 0; i < FAILING_MAX; i++)
                if (is_of(&tracer->failing.sockets[i], thread))
                        look_whether_it_waits_still(tracer, thread, &tracer->failing.sockets[i]);
}

static void look_where_it_waits(struct tracer *tracer, const struct traced_thread *thread)
{
        struct traced_socket *socket;
        const struct call *call;
        uint64_t first, cookie;
        long number;

        if (thread->call || thread->process->foreign || thread->process->n_cookies == 0 ||
            !process_waits_in(thread->tid, &number, &first) ||
            !(call = call_find(number)) || call->kind < CALL_SEND || call->fd != 0)
                return;
        cookie = process_cookie(thread->process, (int)first);
        socket = cookie > 1 ? sockets_find(&tracer->sockets, cookie - 1) : NULL;
        if (socket)
                socket->waiter = (struct socket_waiter){ call, tracer_now() };
}

/* Whoever waits on a socket is told of its end first. */
static void look_where_they_wait(struct tracer *tracer)
{
        struct failing *failing = &tracer->failing;
        size_t n = 0;

        for (size_t i = 0; i < THREADS_BUCKETS && n < ASKED_PER_TICK; i++) {
                size_t bucket = failing->next_bucket++ % THREADS_BUCKETS;

                for (struct traced_thread *t = tracer->threads.buckets[bucket]; t; t = t->next, n++)
                        look_where_it_waits(tracer, t);
        }
}

void failing_tick(struct tracer *tracer)
{
        struct failing *failing = &tracer->failing;
        bool ran_out = failing->any && failing->n_stops == 0;

        if (sees_all_calls(tracer))
                return;
        failing->n_stops = STOPS_PER_TICK;
        if (ran_out)
                interrupt(tracer);
        look_where_they_wait(tracer);
}
