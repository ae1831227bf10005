/* What gives up descriptors without a call of its own: an exit, a signal, an exec. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "trace/tracer_internal.h"

void tracer_gives_up(struct tracer *tracer, struct traced_socket *socket, const struct look *look,
                     struct traced_process *process, enum act how, const char *call, int signal)
{
        socket->act = (struct socket_act){ .known = true, .how = how, .at_ns = look->at_ns, .pid = process->pid,
                                           .call = call, .signal = signal, .alone = process->n_threads <= 1,
                                           .before = *look };
        memcpy(socket->act.comm, process_name(process, look->at_ns), sizeof(socket->act.comm));
        socket->held = false;
        failing_forget(tracer, socket, process->pid, look);
        sockets_closing(&tracer->sockets, socket, true);
}

struct leaving {
        struct tracer *tracer;
        struct traced_thread *thread;
        enum act how;
        int signal;
};

static void leaves(void *context, int fd)
{
        const struct leaving *leaving = context;
        struct traced_process *process = leaving->thread->process;
        struct traced_socket *socket;
        struct look look;

        socket = tracer_socket(leaving->tracer, leaving->thread, fd, LOOK_END, &look);
        if (socket)
                tracer_gives_up(leaving->tracer, socket, &look, process, leaving->how, NULL, leaving->signal);
}

static void stays(void *context, int fd)
{
        const struct leaving *leaving = context;
        struct look look;

        tracer_socket(leaving->tracer, leaving->thread, fd, LOOK_END, &look);
}

void tracer_leaves(struct tracer *tracer, struct traced_thread *thread)
{
        struct leaving leaving = { .tracer = tracer, .thread = thread };

        process_sockets(thread->tid, false, stays, &leaving);
}

void tracer_exits(struct tracer *tracer, struct traced_thread *thread, int status)
{
        struct leaving leaving = { tracer, thread, WIFSIGNALED(status) ? ACT_SIGNAL : ACT_EXIT,
                                   WIFSIGNALED(status) ? WTERMSIG(status) : 0 };

        /* By the thread's own number: its leader may have gone already. */
        process_sockets(thread->tid, false, leaves, &leaving);
}

static void may_go(void *context, int fd)
{
        const struct leaving *leaving = context;
        struct exec_look *exec = &leaving->thread->exec;
        struct look look, *grown;

        if (!tracer_socket(leaving->tracer, leaving->thread, fd, LOOK_END, &look))
                return;
        grown = realloc(exec->looks, (exec->n + 1) * sizeof(*grown));
        if (!grown)
                return;
        exec->looks = grown;
        exec->looks[exec->n++] = look;
}

void tracer_execs(struct tracer *tracer, struct traced_thread *thread)
{
        struct leaving leaving = { tracer, thread, ACT_EXEC, 0 };

        if (thread->call) { /* it begins: what would go is looked at */
                thread->exec.n = 0;
                process_sockets(thread->tid, true, may_go, &leaving);
                return;
        }
        for (size_t i = 0; i < thread->exec.n; i++) {
                const struct look *look = &thread->exec.looks[i];
                struct traced_socket *socket = sockets_find(&tracer->sockets, look->cookie);

                if (socket)
                        tracer_gives_up(tracer, socket, look, thread->process, ACT_EXEC, "execve", 0);
        }
        free(thread->exec.looks);
        thread->exec = (struct exec_look){ 0 };
}
