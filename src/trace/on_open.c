/* What connect() and accept() mean: a connection begins, fails, or is broken off by its program. */
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "trace/tracer_internal.h"

static size_t read_address(const struct traced_thread *thread, uint64_t address, uint64_t length,
                           struct sockaddr_storage *ret)
{
        size_t n = length < sizeof(*ret) ? (size_t)length : sizeof(*ret);
        struct iovec to = { ret, n }, from = { (void *)(uintptr_t)address, n };
        ssize_t r;

        memset(ret, 0, sizeof(*ret));
        r = process_vm_readv(thread->tid, &to, 1, &from, 1, 0);
        return r < 0 ? 0 : (size_t)r;
}

/* A stopped thread's word is cheaper than more of its memory, and holds the whole of an IPv4 address. */
size_t tracer_address(const struct traced_thread *thread, struct sockaddr_storage *ret_address)
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
void tracer_takes_address(struct tracer *tracer, struct traced_socket *socket, const struct sockaddr_storage *address)
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
bool tracer_connect_begins(struct tracer *tracer, struct traced_thread *thread)
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

void tracer_connect_ends(struct tracer *tracer, struct traced_thread *thread, int64_t result)
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
        if (!socket || call_is_to_be_restarted(result) || result == -EINTR || result == -EALREADY || result == -EISCONN)
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

void tracer_accept_ends(struct tracer *tracer, struct traced_thread *thread, int64_t result)
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
