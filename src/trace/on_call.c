/* What the calls of a connection's life mean, at their beginning and at their end. */
#include <errno.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "trace/registers.h"
#include "trace/tracer_internal.h"

#define NO_SOCKET 1

int64_t
tracer_now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_REALTIME, &t);
        return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int
look_of(struct tracer *tracer, struct traced_thread *thread, int fd, enum look_kind kind, struct look *ret_look)
{
        uint64_t cookie = process_cookie(thread->process, fd);
        uint64_t expected = cookie > NO_SOCKET ? cookie - 1 : 0;
        struct notice *watch = kind == LOOK_BEGIN ? tracer->notice : NULL;
        int r = look_through(thread->process->pidfd, fd, kind, expected, watch, ret_look), pidfd;

        /* A leader that has exited has no descriptors any more. */
        if ((r == -EBADF || r == -ESRCH) && thread->tid != thread->process->pid &&
            process_has_socket(thread->tid, fd)) {
                pidfd = thread_pidfd(thread);
                r = pidfd >= 0 ? look_through(pidfd, fd, kind, expected, watch, ret_look) : pidfd;
                tracer->unseen.leader = tracer->unseen.leader || pidfd < 0;
                if (pidfd >= 0)
                        close(pidfd);
        }
        tracer->unseen.mptcp = tracer->unseen.mptcp || r == -EPROTONOSUPPORT;
        if ((r == -EPERM || r == -ENOSYS) && !tracer->unseen.looks)
                tracer->unseen.looks = -r;
        return r;
}

struct traced_socket *
tracer_socket(struct tracer *tracer, struct traced_thread *thread, int fd, enum look_kind kind, struct look *ret_look)
{
        struct traced_process *process = thread->process;
        struct traced_socket *socket;

        if (fd < 0)
                return NULL;
        if (kind == LOOK_END && process_cookie(process, fd) <= NO_SOCKET)
                kind = LOOK_ALL;
        if (look_of(tracer, thread, fd, kind, ret_look) < 0) {
                /* Only a program that asks for a descriptor's calls all the time makes it worth to remember. */
                if (tracer->options.all_calls)
                        process_remember(process, fd, NO_SOCKET);
                opening_seen(tracer, process, fd, NULL, NULL);
                return NULL;
        }
        socket = sockets_get(&tracer->sockets, ret_look->cookie);
        if (!socket)
                return NULL;
        process_remember(process, fd, ret_look->cookie + 1);
        /* Disconnected: it is as new, and what it was is not to be overwritten. */
        if (socket->act.known && socket->act.how == ACT_CONNECT_UNSPEC)
                return NULL;
        if (!socket->began_ns) {
                socket->began_ns = ret_look->at_ns;
                socket->pid = process->pid;
                memcpy(socket->comm, process_name(process, ret_look->at_ns), sizeof(socket->comm));
        }
        sockets_seen(&tracer->sockets, socket, ret_look);
        /* The number led to another socket than was thought. */
        if (kind == LOOK_END && !socket->has_local && look_of(tracer, thread, fd, LOOK_ALL, ret_look) == 0 &&
            ret_look->cookie == socket->cookie)
                sockets_seen(&tracer->sockets, socket, ret_look);
        opening_seen(tracer, process, fd, socket, ret_look);
        return socket;
}

static size_t
read_address(const struct traced_thread *thread, uint64_t address, uint64_t length, struct sockaddr_storage *ret)
{
        size_t n = length < sizeof(*ret) ? (size_t)length : sizeof(*ret);
        struct iovec to = { ret, n }, from = { (void *)(uintptr_t)address, n };
        ssize_t r;

        memset(ret, 0, sizeof(*ret));
        r = process_vm_readv(thread->tid, &to, 1, &from, 1, 0);
        return r < 0 ? 0 : (size_t)r;
}

/* A stopped thread's word is cheaper than more of its memory, and holds the whole of an IPv4 address. */
size_t
tracer_address(const struct traced_thread *thread, struct sockaddr_storage *ret_address)
{
        const size_t n_word = offsetof(struct sockaddr_in, sin_zero);
        long word;

        if (!thread->is_noticed && thread->arguments[2] >= n_word) {
                errno = 0;
                word = ptrace(PTRACE_PEEKDATA, thread->tid, (void *)(uintptr_t)thread->arguments[1], NULL);
                memset(ret_address, 0, sizeof(*ret_address));
                memcpy(ret_address, &word, n_word);
                if (errno == 0 && ret_address->ss_family != AF_INET6)
                        return n_word;
        }
        return read_address(thread, thread->arguments[1], thread->arguments[2], ret_address);
}

/* The other's address, for a connection that fails: its socket forgets it. */
void
tracer_takes_address(struct tracer *tracer, struct traced_socket *socket, const struct sockaddr_storage *address)
{
        if (address->ss_family == AF_INET) {
                const struct sockaddr_in *in = (const void *)address;

                sockets_named(&tracer->sockets, socket, AF_INET, (const void *)&in->sin_addr, ntohs(in->sin_port));
        } else if (address->ss_family == AF_INET6) {
                const struct sockaddr_in6 *in = (const void *)address;
                bool mapped = IN6_IS_ADDR_V4MAPPED(&in->sin6_addr);

                sockets_named(&tracer->sockets, socket, mapped ? AF_INET : AF_INET6,
                              in->sin6_addr.s6_addr + (mapped ? 12 : 0), ntohs(in->sin6_port));
        }
}

/*
 * One look is enough, afterwards: at the end of the call, or whenever comes next (opening.h). Only who disconnects must
 * be looked at before, and a socket that had its connection and begins another.
 */
static bool
connect_begins(struct tracer *tracer, struct traced_thread *thread)
{
        uint64_t cookie = process_cookie(thread->process, (int)thread->arguments[0]);
        struct traced_socket *socket = cookie > NO_SOCKET ? sockets_find(&tracer->sockets, cookie - 1) : NULL;
        struct sockaddr_storage address;
        sa_family_t family;
        struct look look;

        thread->called_ns = tracer_now();
        if (tracer_address(thread, &address) < sizeof(family))
                return false;
        family = address.ss_family;
        if (!socket && opening_is_of(tracer, thread->process, (int)thread->arguments[0]))
                socket = tracer_socket(tracer, thread, (int)thread->arguments[0], LOOK_ALL, &look);
        else if (!cookie && opening_begins(tracer, thread, &address))
                return false;
        if (family == AF_UNSPEC) {
                socket = tracer_socket(tracer, thread, (int)thread->arguments[0], LOOK_ALL, &look);
                if (socket && (look.state != TCP_STATE_CLOSE || socket->established_ns)) {
                        tracer_gives_up(tracer, socket, &look, thread->process, ACT_CONNECT_UNSPEC, "connect", 0);
                        tracer_notes_where(tracer, thread, &socket->reset_at);
                }
                return false;
        }
        if (socket && socket->act.known && socket->act.how == ACT_CONNECT_UNSPEC) {
                tracer_gives_out(tracer, socket);
        } else if (socket && socket->failed_unseen) {
                tracer_gives_out(tracer, socket);
        } else if (socket && socket->seen_to_begin && socket->connect_error && socket->connect_error != EINPROGRESS) {
                socket = tracer_socket(tracer, thread, (int)thread->arguments[0], LOOK_ALL, &look);
                if (socket && look.state == TCP_STATE_CLOSE)
                        tracer_gives_out(tracer, socket);
        }
        return family == AF_INET || family == AF_INET6;
}

static bool
is_to_be_restarted(int64_t result)
{
        return result <= -512 && result >= -516;
}

static void
connect_ends(struct tracer *tracer, struct traced_thread *thread, int64_t result)
{
        struct sockaddr_storage address;
        struct look look;
        struct traced_socket *socket = tracer_socket(tracer, thread, (int)thread->arguments[0], LOOK_BEGIN, &look);

        if (socket && !socket->seen_to_begin && result != -EISCONN && result != -EALREADY) {
                socket->role_known = socket->client = socket->seen_to_begin = true;
                socket->all_calls = tracer->options.all_calls;
                socket->began_ns = thread->called_ns;
                if (!socket->has_remote &&
                    read_address(thread, thread->arguments[1], thread->arguments[2], &address) >= sizeof(sa_family_t))
                        tracer_takes_address(tracer, socket, &address);
        }
        /* Interrupted, it goes on by itself. */
        if (!socket || is_to_be_restarted(result) || result == -EINTR || result == -EALREADY || result == -EISCONN)
                return;
        if (result == 0) {
                socket->connect_error = 0;
                socket->established_ns = socket->established_ns ?: look.at_ns;
                return;
        }
        socket->connect_error = (int)-result;
        if (result == -EINPROGRESS || result == -EAGAIN)
                return;
        socket->error = (int)-result;
        socket->error_taken = true;
        tracer_notes_where(tracer, thread, &socket->told_at);
        socket_called(socket, &(struct socket_call){ .name = "connect", .result = result, .at_ns = look.at_ns,
                                                     .pid = thread->process->pid, .took_error = true });
}

static void
accept_ends(struct tracer *tracer, struct traced_thread *thread, int64_t result)
{
        struct sockaddr_storage address;
        struct traced_socket *socket;
        struct look look;

        if (result < 0)
                return;
        process_forget(thread->process, (int)result, (int)result);
        socket = tracer_socket(tracer, thread, (int)result, LOOK_BEGIN, &look);
        if (!socket)
                return;
        socket->role_known = socket->seen_to_begin = true;
        socket->client = false;
        socket->established_ns = look.at_ns;
        /* One that was reset in the queue has forgotten the client's address; the call told it. */
        if (!socket->has_remote && thread->arguments[1] &&
            read_address(thread, thread->arguments[1], sizeof(struct sockaddr_in6), &address) >=
                    sizeof(struct sockaddr_in))
                tracer_takes_address(tracer, socket, &address);
}

static void
shutdown_begins(struct tracer *tracer, struct traced_thread *thread)
{
        struct look look;
        struct traced_socket *socket = tracer_socket(tracer, thread, (int)thread->arguments[0], LOOK_END, &look);
        int how = (int)thread->arguments[1];

        if (!socket || look.state == TCP_STATE_CLOSE) /* ENOTCONN */
                return;
        socket->shut_read = socket->shut_read || how == SHUT_RD || how == SHUT_RDWR;
        if ((how != SHUT_WR && how != SHUT_RDWR) || socket->shut.known)
                return;
        socket->shut = (struct socket_act){ .known = true, .how = ACT_SHUTDOWN, .at_ns = look.at_ns,
                                            .pid = thread->process->pid, .call = "shutdown",
                                            .alone = thread->process->n_threads == 1, .before = look };
        memcpy(socket->shut.comm, process_name(thread->process, look.at_ns), sizeof(socket->shut.comm));
}

/* At most so many: each takes milliseconds. */
#define STACKS_MOST 1000

void
tracer_notes_where(struct tracer *tracer, const struct traced_thread *thread, struct where **where)
{
        struct where now, *kept;

        if (!tracer->options.where || *where || tracer->n_stacks >= STACKS_MOST ||
            where_of(thread->process->pid, thread->tid, &now) < 0)
                return;
        tracer->n_stacks++;
        kept = malloc(sizeof(*kept));
        if (kept)
                *kept = now;
        *where = kept;
}

/* If this is the last descriptor. */
static bool
may_reset(const struct look *look)
{
        return look->state != TCP_STATE_CLOSE &&
               (look->unread > 0 || (look->linger_on && look->linger_s == 0) || look->linger2_negative);
}

static void
close_begins(struct tracer *tracer, struct traced_thread *thread, int fd)
{
        struct look look;
        struct traced_socket *socket;

        if (process_cookie(thread->process, fd) <= NO_SOCKET && !opening_is_of(tracer, thread->process, fd) &&
            !process_has_socket(thread->tid, fd)) {
                process_forget(thread->process, fd, fd);
                return;
        }
        socket = tracer_socket(tracer, thread, fd, LOOK_END, &look);
        process_forget(thread->process, fd, fd);
        if (!socket)
                return;
        tracer_gives_up(tracer, socket, &look, thread->process, ACT_CLOSE, thread->call->name, 0);
        if (may_reset(&look))
                tracer_notes_where(tracer, thread, &socket->reset_at);
}

struct range {
        struct tracer *tracer;
        struct traced_thread *thread;
        unsigned first, last;
};

static void
close_in_range(void *context, int fd)
{
        const struct range *range = context;

        if ((unsigned)fd >= range->first && (unsigned)fd <= range->last)
                close_begins(range->tracer, range->thread, fd);
}

/* A call on a socket that is known, or may be. */
static bool
is_of_a_socket(struct tracer *tracer, struct traced_thread *thread, int fd)
{
        struct look look;

        if (process_cookie(thread->process, fd) > NO_SOCKET)
                return true;
        if (process_cookie(thread->process, fd) == NO_SOCKET)
                return false;
        return tracer_socket(tracer, thread, fd, LOOK_ALL, &look) != NULL;
}

bool
tracer_call_begins(struct tracer *tracer, struct traced_thread *thread)
{
        const struct call *call = thread->call;
        struct range range = { tracer, thread, (unsigned)thread->arguments[0], (unsigned)thread->arguments[1] };
        int fd = call->fd >= 0 ? (int)thread->arguments[call->fd] : -1;

        switch (call->kind) {
        case CALL_CONNECT:
                return connect_begins(tracer, thread);
        case CALL_ACCEPT:
                return true;
        case CALL_SHUTDOWN:
                shutdown_begins(tracer, thread);
                return false;
        case CALL_CLOSE:
                close_begins(tracer, thread, fd);
                return false;
        case CALL_REPLACE:
                if (thread->arguments[0] != thread->arguments[1])
                        close_begins(tracer, thread, fd);
                return false;
        case CALL_CLOSE_RANGE:
                if (thread->arguments[2] & 4) /* CLOSE_RANGE_CLOEXEC only marks them */
                        return false;
                process_sockets(thread->tid, false, close_in_range, &range);
                process_forget(thread->process, (int)(range.first & INT_MAX), (int)(range.last & INT_MAX));
                return false;
        case CALL_EXEC:
                tracer_execs(tracer, thread);
                return false;
        case CALL_ERROR:
                return thread->arguments[1] == SOL_SOCKET && thread->arguments[2] == SO_ERROR &&
                       is_of_a_socket(tracer, thread, fd);
        case CALL_LISTENER:
                tracer->unseen.listener = tracer->unseen.listener ||
                                          (thread->arguments[0] == SECCOMP_SET_MODE_FILTER &&
                                           (thread->arguments[1] & SECCOMP_FILTER_FLAG_NEW_LISTENER));
                return false;
        case CALL_URING:
                tracer->unseen.uring = true;
                return false;
        case CALL_SEND:
        case CALL_RECEIVE:
                return !tracer->options.all_calls || is_of_a_socket(tracer, thread, fd);
        case CALL_CARRY:
                return !tracer->options.all_calls || is_of_a_socket(tracer, thread, fd) ||
                       is_of_a_socket(tracer, thread, (int)thread->arguments[call->other]);
        }
        return false;
}

/* The errors that a connection's end leaves in the socket's one slot. */
static bool
is_of_the_end(int error)
{
        return error == ECONNRESET || error == EPIPE || error == ETIMEDOUT || error == ECONNABORTED ||
               error == EHOSTUNREACH || error == ENETUNREACH || error == ECONNREFUSED;
}

/* An ICMP error ends no connection that stands: SO_ERROR gives it, and with IP_RECVERR every call (tcp_v4_err()). */
static bool
goes_on(struct tracer *tracer, struct traced_thread *thread, int fd, int error)
{
        struct look look;

        if (error == ECONNRESET || error == EPIPE || error == ETIMEDOUT || error == ECONNABORTED)
                return false;
        return tracer_socket(tracer, thread, fd, LOOK_END, &look) && look.state != TCP_STATE_CLOSE;
}

/* What was sent since the last answer is the request, as far as a connection tells. */
static void
count_run(struct traced_socket *socket, const struct call *call, int64_t result)
{
        if (result <= 0)
                return;
        if (call->kind == CALL_RECEIVE)
                socket->last_run = 0;
        else
                socket->last_run += (uint64_t)result;
        if (call->number == SYS_sendmmsg) /* counts messages */
                socket->all_calls = false;
}

/* sk_stream_error() sends it with every EPIPE that it gives, unless the call asked for none. */
static bool
raises_sigpipe(const struct traced_thread *thread, int64_t result)
{
        uint64_t flags = thread->call->number == SYS_sendmsg ? thread->arguments[2]
                         : thread->call->number == SYS_sendto || thread->call->number == SYS_sendmmsg
                         ? thread->arguments[3]
                                                                                                    : 0;

        return result == -EPIPE && thread->call->kind != CALL_RECEIVE && !(flags & MSG_NOSIGNAL);
}

/* Of a socket whose error was taken, or that died without one. The latter is a reset whose error a call took unseen;
 * but if the program had sent its FIN, the other's leaves the socket as dead, and 0 is what is to be told. */
static bool
was_reset(const struct traced_socket *socket)
{
        return !socket->end_received && (socket->error ? socket->error != EPIPE : !socket->shut.known);
}

static void
transfer_ends(struct tracer *tracer, struct traced_thread *thread, int fd, int64_t result)
{
        uint64_t cookie = process_cookie(thread->process, fd);
        struct traced_socket *socket = cookie > NO_SOCKET ? sockets_find(&tracer->sockets, cookie - 1) : NULL;
        struct socket_call call = { .name = thread->call->name, .result = result, .at_ns = tracer_now(),
                                    .pid = thread->process->pid };

        if (!socket || result == -EAGAIN || result < -4095 || is_to_be_restarted(result))
                return;
        /* EPIPE without an error pending is a shutdown of its own, or a call that was not seen had emptied the slot. */
        if (result < 0 && is_of_the_end((int)-result) && goes_on(tracer, thread, fd, (int)-result))
                return;
        call.took_error = result < 0 && is_of_the_end((int)-result) && !socket->error_taken &&
                          !(result == -EPIPE && (socket->shut.known || !failing_was_waiting(tracer, socket->cookie)));
        if (call.took_error)
                socket->error = (int)-result;
        socket->error_taken = socket->error_taken || call.took_error || (result == -EPIPE && !socket->shut.known);
        thread->told_epipe = result == -EPIPE ? socket->cookie : 0;
        /* Only where bytes were asked for; a read of none gives 0 too. So does a socket that was reset, once its error
         * is taken. */
        if (result == 0 && thread->call->kind == CALL_RECEIVE && thread->arguments[2] > 0 && !socket->shut_read) {
                if (!socket->error_taken)
                        socket->end_received = true;
                else if (was_reset(socket))
                        socket->truncated = true;
        }
        call.sigpipe = raises_sigpipe(thread, result);
        call.blocked = call.sigpipe && process_blocks(thread->tid, SIGPIPE);
        count_run(socket, thread->call, result);
        socket_called(socket, &call);
        if (result < 0)
                tracer_notes_where(tracer, thread, &socket->told_at);
        failing_told(tracer, socket->cookie, result < 0);
}

/* A call that moved bytes, or none, and took the error of a dead socket on its way
 * (splice_to_socket(), __sys_sendmmsg()). */
static void
swallow(struct tracer *tracer, struct traced_thread *thread, struct traced_socket *socket, const struct look *look)
{
        if (look->error_pending || socket->error_taken || socket->swallowed || !socket->died_ns)
                return;
        socket->swallowed = thread->call->name;
        socket->error_taken = true;
        failing_told(tracer, socket->cookie, true);
}

/* Without all calls: the thread was stopped because one of its sockets died, or because it stops at every call. */
static void
last_results(struct tracer *tracer, struct traced_thread *thread, int fd, int64_t result)
{
        const struct call *call = thread->call;
        bool carries = call->kind == CALL_CARRY || call->number == SYS_sendmmsg;
        struct traced_socket *socket;
        struct look look;

        if (result < 0 ? !is_of_the_end((int)-result) : !(carries || (result == 0 && call->kind == CALL_RECEIVE)))
                return;
        if (!process_has_socket(thread->tid, fd) || !(socket = tracer_socket(tracer, thread, fd, LOOK_END, &look)))
                return;
        if (carries && result >= 0 && look.state == TCP_STATE_CLOSE)
                swallow(tracer, thread, socket, &look);
        else if (result < 0 || look.state != TCP_STATE_CLOSE || look.error_pending || socket->error_taken)
                transfer_ends(tracer, thread, fd, result);
}

static void
error_is_taken(struct tracer *tracer, struct traced_thread *thread, int64_t result)
{
        uint64_t cookie = process_cookie(thread->process, (int)thread->arguments[0]);
        struct traced_socket *socket = cookie > NO_SOCKET ? sockets_find(&tracer->sockets, cookie - 1) : NULL;
        struct iovec to, from;
        int error = 0;

        to = (struct iovec){ &error, sizeof(error) };
        from = (struct iovec){ (void *)(uintptr_t)thread->arguments[3], sizeof(error) };
        if (!socket || result != 0 || process_vm_readv(thread->process->pid, &to, 1, &from, 1, 0) != sizeof(error) ||
            !error)
                return;
        if (goes_on(tracer, thread, (int)thread->arguments[0], error))
                return;
        socket->error = error;
        socket->error_taken = true;
        failing_told(tracer, socket->cookie, true);
        tracer_notes_where(tracer, thread, &socket->told_at);
        if (!socket->established_ns)
                socket->connect_error = error;
        socket_called(socket, &(struct socket_call){ .name = "getsockopt", .result = -error, .at_ns = tracer_now(),
                                                     .pid = thread->process->pid, .took_error = true });
}

void
tracer_call_ends(struct tracer *tracer, struct traced_thread *thread, int64_t result)
{
        const struct call *call = thread->call;

        if (call->kind == CALL_CONNECT)
                connect_ends(tracer, thread, result);
        else if (call->kind == CALL_ACCEPT)
                accept_ends(tracer, thread, result);
        else if (call->kind == CALL_ERROR)
                error_is_taken(tracer, thread, result);
        else if (call->kind >= CALL_SEND && tracer->options.all_calls)
                transfer_ends(tracer, thread, (int)thread->arguments[call->fd], result);
        else if (call->kind >= CALL_SEND)
                last_results(tracer, thread, (int)thread->arguments[call->fd], result);
}

/* The call that failed is still in the registers: the signal comes on the way out of it. */
static bool
last_call(struct traced_thread *thread)
{
        struct registers registers;

        if (registers_of(thread->tid, &registers) < 0 || !registers.in_call || !registers.has_arguments ||
            registers.result != -EPIPE)
                return false;
        thread->call = call_find(registers.number);
        memcpy(thread->arguments, registers.arguments, sizeof(thread->arguments));
        return thread->call && thread->call->kind >= CALL_SEND;
}

/* A traced process is told even of a signal that it ignores (sig_ignored()). */
static void
mark_sigpipe(struct traced_socket *socket, bool ignored)
{
        struct socket_call *call = socket->n_calls ? &socket->calls[(socket->n_calls - 1) % SOCKET_CALLS_MAX] : NULL;

        socket->sigpipe = true;
        if (!call)
                return;
        call->sigpipe = true;
        call->ignored = ignored;
}

void
tracer_sigpipe(struct tracer *tracer, struct traced_thread *thread)
{
        const struct call *before = thread->call;
        struct traced_socket *socket = thread->told_epipe ? sockets_find(&tracer->sockets, thread->told_epipe) : NULL;
        struct look look;

        if (!socket && last_call(thread)) {
                int fd = (int)thread->arguments[thread->call->fd];

                socket = tracer_socket(tracer, thread, fd, LOOK_ALL, &look);
                if (socket)
                        transfer_ends(tracer, thread, fd, -EPIPE);
        }
        if (socket)
                mark_sigpipe(socket, process_ignores(thread->process->pid, SIGPIPE));
        thread->told_epipe = 0;
        thread->call = before;
}
