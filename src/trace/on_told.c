/* What a call on a connection told its program: an error, the end of the data, a signal. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "trace/registers.h"
#include "trace/tracer_internal.h"

/* The errors that a connection's end leaves in the socket's one slot. */
static bool is_of_the_end(int error)
{
        return error == ECONNRESET || error == EPIPE || error == ETIMEDOUT || error == ECONNABORTED ||
               error == EHOSTUNREACH || error == ENETUNREACH || error == ECONNREFUSED;
}

/* An ICMP error ends no connection that stands: SO_ERROR gives it, and with IP_RECVERR every call (tcp_v4_err()). */
static bool goes_on(struct tracer *tracer, struct traced_thread *thread, int fd, int error)
{
        struct look look;

        if (error == ECONNRESET || error == EPIPE || error == ETIMEDOUT || error == ECONNABORTED)
                return false;
        return tracer_socket(tracer, thread, fd, LOOK_END, &look) && look.state != TCP_STATE_CLOSE;
}

/* What was sent since the last answer is the request, as far as a connection tells. */
static void count_run(struct traced_socket *socket, const struct call *call, int64_t result)
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
static bool raises_sigpipe(const struct traced_thread *thread, int64_t result)
{
        uint64_t flags = thread->call->number == SYS_sendmsg ? thread->arguments[2]
                         : thread->call->number == SYS_sendto || thread->call->number == SYS_sendmmsg
                         ? thread->arguments[3]
                                                                                                    : 0;

        return result == -EPIPE && thread->call->kind != CALL_RECEIVE && !(flags & MSG_NOSIGNAL);
}

/* Of a socket whose error was taken, or that died without one. The latter is a reset whose error a call took unseen;
 * but if the program had sent its FIN, the other's leaves the socket as dead, and 0 is what is to be told. */
static bool was_reset(const struct traced_socket *socket)
{
        return !socket->end_received && (socket->error ? socket->error != EPIPE : !socket->shut.known);
}

void tracer_transfer_ends(struct tracer *tracer, struct traced_thread *thread, int fd, int64_t result)
{
        uint64_t cookie = process_cookie(thread->process, fd);
        struct traced_socket *socket = cookie > NO_SOCKET ? sockets_find(&tracer->sockets, cookie - 1) : NULL;
        struct socket_call call = { .name = thread->call->name, .result = result, .at_ns = tracer_now(),
                                    .pid = thread->process->pid };

        if (!socket || result == -EAGAIN || result < -4095 || call_is_to_be_restarted(result))
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
static void swallow(struct tracer *tracer, struct traced_thread *thread, struct traced_socket *socket,
                    const struct look *look)
{
        if (look->error_pending || socket->error_taken || socket->swallowed || !socket->died_ns)
                return;
        socket->swallowed = thread->call->name;
        socket->error_taken = true;
        failing_told(tracer, socket->cookie, true);
}

/* Without all calls: the thread was stopped because one of its sockets died, or because it stops at every call. */
void tracer_last_results(struct tracer *tracer, struct traced_thread *thread, int fd, int64_t result)
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
                tracer_transfer_ends(tracer, thread, fd, result);
}

void tracer_error_is_taken(struct tracer *tracer, struct traced_thread *thread, int64_t result)
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

/* The call that failed is still in the registers: the signal comes on the way out of it. */
static bool last_call(struct traced_thread *thread)
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
static void mark_sigpipe(struct traced_socket *socket, bool ignored)
{
        struct socket_call *call = socket->n_calls ? &socket->calls[(socket->n_calls - 1) % SOCKET_CALLS_MAX] : NULL;

        socket->sigpipe = true;
        if (!call)
                return;
        call->sigpipe = true;
        call->ignored = ignored;
}

void tracer_sigpipe(struct tracer *tracer, struct traced_thread *thread)
{
        const struct call *before = thread->call;
        struct traced_socket *socket = thread->told_epipe ? sockets_find(&tracer->sockets, thread->told_epipe) : NULL;
        struct look look;

        if (!socket && last_call(thread)) {
                int fd = (int)thread->arguments[thread->call->fd];

                socket = tracer_socket(tracer, thread, fd, LOOK_ALL, &look);
                if (socket)
                        tracer_transfer_ends(tracer, thread, fd, -EPIPE);
        }
        if (socket)
                mark_sigpipe(socket, process_ignores(thread->process->pid, SIGPIPE));
        thread->told_epipe = 0;
        thread->call = before;
}
