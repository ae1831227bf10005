/* What the calls of a connection's life mean, at their beginning and at their end: what ends one stands here. */
#include <limits.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/socket.h>

#include "trace/tracer_internal.h"

static void shutdown_begins(struct tracer *tracer, struct traced_thread *thread)
{
        struct look look;
        struct traced_socket *socket = tracer_socket(tracer, thread, (int)thread->arguments[0], LOOK_END, &look);
        int how = (int)thread->arguments[1];

        if (!socket || look.state == TCP_STATE_CLOSE) /* ENOTCONN */
                return;
        socket->shut_both = socket->shut_both || (how == SHUT_RDWR && !socket->shut_read && !socket->shut.known);
        socket->shut_read = socket->shut_read || how == SHUT_RD || how == SHUT_RDWR;
        if ((how != SHUT_WR && how != SHUT_RDWR) || socket->shut.known)
                return;
        socket->shut = (struct socket_act){ .known = true, .how = ACT_SHUTDOWN, .at_ns = look.at_ns,
                                            .pid = thread->process->pid, .call = "shutdown",
                                            .alone = thread->process->n_threads == 1, .before = look };
        memcpy(socket->shut.comm, process_name(thread->process, look.at_ns), sizeof(socket->shut.comm));
}

/* If this is the last descriptor. */
static bool may_reset(const struct look *look)
{
        return look->state != TCP_STATE_CLOSE &&
               (look->unread > 0 || (look->linger_on && look->linger_s == 0) || look->linger2_negative);
}

static void close_begins(struct tracer *tracer, struct traced_thread *thread, int fd)
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

static void close_in_range(void *context, int fd)
{
        const struct range *range = context;

        if ((unsigned)fd >= range->first && (unsigned)fd <= range->last)
                close_begins(range->tracer, range->thread, fd);
}

/* A call on a socket that is known, or may be. */
static bool is_of_a_socket(struct tracer *tracer, struct traced_thread *thread, int fd)
{
        struct look look;

        if (process_cookie(thread->process, fd) > NO_SOCKET)
                return true;
        if (process_cookie(thread->process, fd) == NO_SOCKET)
                return false;
        return tracer_socket(tracer, thread, fd, LOOK_ALL, &look) != NULL;
}

bool tracer_call_begins(struct tracer *tracer, struct traced_thread *thread)
{
        const struct call *call = thread->call;
        struct range range = { tracer, thread, (unsigned)thread->arguments[0], (unsigned)thread->arguments[1] };
        int fd = call->fd >= 0 ? (int)thread->arguments[call->fd] : -1;

        switch (call->kind) {
        case CALL_CONNECT:
                return tracer_connect_begins(tracer, thread);
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

void tracer_call_ends(struct tracer *tracer, struct traced_thread *thread, int64_t result)
{
        const struct call *call = thread->call;

        if (call->kind == CALL_CONNECT)
                tracer_connect_ends(tracer, thread, result);
        else if (call->kind == CALL_ACCEPT)
                tracer_accept_ends(tracer, thread, result);
        else if (call->kind == CALL_ERROR)
                tracer_error_is_taken(tracer, thread, result);
        else if (call->kind >= CALL_SEND && tracer->options.all_calls)
                tracer_transfer_ends(tracer, thread, (int)thread->arguments[call->fd], result);
        else if (call->kind >= CALL_SEND)
                tracer_last_results(tracer, thread, (int)thread->arguments[call->fd], result);
}
