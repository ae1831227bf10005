/* The tracer's own: the loop (tracer.c), what calls mean (on_call.c), what ends mean (on_end.c), who is done (settle.c). */
#pragma once

#include "netlink/ended.h"
#include "trace/sockets.h"
#include "trace/threads.h"
#include "trace/tracer.h"

struct tracer {
        struct tracer_options options;
        struct tracer_hooks hooks;
        pid_t pid;
        struct tracer_word *word;       /* shared with the child */
        bool every_call;                /* attached: no filter, so every call stops it */
        struct threads threads;
        struct sockets sockets;
        struct ended *ended;            /* NULL: not to be had */
        size_t n_closing;
};

int64_t tracer_now(void);

/* The socket behind the descriptor, looked at now; NULL if it is no TCP connection. */
struct traced_socket *tracer_socket(struct tracer *tracer, struct traced_process *process, int fd, struct look *ret_look);

/* A call begins; true if its result is wanted. */
bool tracer_call_begins(struct tracer *tracer, struct traced_thread *thread);
void tracer_call_ends(struct tracer *tracer, struct traced_thread *thread, int64_t result);

/* SIGPIPE is about to be delivered to the thread. */
void tracer_sigpipe(struct tracer *tracer, struct traced_thread *thread);

/* The last thread of its process leaves with @status; or its program was replaced. */
void tracer_exits(struct tracer *tracer, struct traced_thread *thread, int status);
void tracer_execs(struct tracer *tracer, struct traced_thread *thread);

/* A descriptor of the socket is given up by @how. */
void tracer_gives_up(struct tracer *tracer, struct traced_socket *socket, const struct look *look,
                     const struct traced_process *process, int fd, enum act how, const char *call, int signal);

/* Gives out the connections that are over; with @all every one. */
void tracer_settle(struct tracer *tracer, bool all);
