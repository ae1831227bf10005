/* The socket behind a descriptor of a traced thread, and where that thread is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "trace/tracer_internal.h"

int64_t tracer_now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_REALTIME, &t);
        return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int look_of(struct tracer *tracer, struct traced_thread *thread, int fd, enum look_kind kind,
                   struct look *ret_look)
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

struct traced_socket *tracer_socket(struct tracer *tracer, struct traced_thread *thread, int fd, enum look_kind kind,
                                    struct look *ret_look)
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
        if (ret_look->netns)
                namespaces_meet(&tracer->namespaces, ret_look->netns, thread->tid, ret_look->at_ns);
        /* The number led to another socket than was thought. */
        if (kind == LOOK_END && !socket->has_local && look_of(tracer, thread, fd, LOOK_ALL, ret_look) == 0 &&
            ret_look->cookie == socket->cookie)
                sockets_seen(&tracer->sockets, socket, ret_look);
        opening_seen(tracer, process, fd, socket, ret_look);
        return socket;
}

/* At most so many: each takes milliseconds. */
#define STACKS_MOST 1000

void tracer_notes_where(struct tracer *tracer, const struct traced_thread *thread, struct where **where)
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
