/* The tracer's own: the loop (tracer.c), what calls mean (on_call.c, on_open.c, on_told.c), what ends mean (on_end.c),
 * who is done (settle.c). */
#pragma once

#include "netlink/ended.h"
#include "trace/failing.h"
#include "trace/namespaces.h"
#include "trace/notice.h"
#include "trace/notified.h"
#include "trace/opening.h"
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
        struct diag *diag;              /* NULL: opened anew each time */
        struct namespaces namespaces;   /* where others listen and ask than these two */
        struct notice *notice;          /* NULL: likewise */
        struct notified notified;
        int64_t first_heard_ns;         /* when the first message came of those that are being read; 0: not known */
        struct failing failing;
        struct openings openings;
        int64_t ticked_ns;              /* when the time was looked at last, and */
        int64_t settled_ns;             /* when it was last asked who is done; by CLOCK_MONOTONIC */
        bool stopped;                   /* the program, by a signal */
        unsigned n_stacks;              /* walked so far */
        bool hurries;                   /* the programs are gone: who is not done soon is told as he is */
        struct tracer_unseen unseen;
};

int64_t tracer_now(void);

/* The socket behind the thread's descriptor, looked at now; NULL if it is no TCP connection. */
struct traced_socket *tracer_socket(struct tracer *tracer, struct traced_thread *thread, int fd, enum look_kind kind,
                                    struct look *ret_look);

/* What the thread's call names as an address; how many bytes of it there are. */
size_t tracer_address(const struct traced_thread *thread, struct sockaddr_storage *ret_address);

/* Notes it as that of the other end. */
void tracer_takes_address(struct tracer *tracer, struct traced_socket *socket, const struct sockaddr_storage *address);

/* A call begins; true if its result is wanted. */
bool tracer_call_begins(struct tracer *tracer, struct traced_thread *thread);
void tracer_call_ends(struct tracer *tracer, struct traced_thread *thread, int64_t result);

/* Of connect() and accept(); likewise. */
bool tracer_connect_begins(struct tracer *tracer, struct traced_thread *thread);
void tracer_connect_ends(struct tracer *tracer, struct traced_thread *thread, int64_t result);
void tracer_accept_ends(struct tracer *tracer, struct traced_thread *thread, int64_t result);

/* A call that sends or receives on @fd has given its result: all of them are seen, or only this one, because a socket
 * died or every call stops the thread. And one that asked for SO_ERROR. */
void tracer_transfer_ends(struct tracer *tracer, struct traced_thread *thread, int fd, int64_t result);
void tracer_last_results(struct tracer *tracer, struct traced_thread *thread, int fd, int64_t result);
void tracer_error_is_taken(struct tracer *tracer, struct traced_thread *thread, int64_t result);

/* SIGPIPE is about to be delivered to the thread. */
void tracer_sigpipe(struct tracer *tracer, struct traced_thread *thread);

/* The last thread of its process leaves with @status; or its program was replaced. */
void tracer_exits(struct tracer *tracer, struct traced_thread *thread, int status);
void tracer_execs(struct tracer *tracer, struct traced_thread *thread);

/* A descriptor of the socket is given up by @how. */
void tracer_gives_up(struct tracer *tracer, struct traced_socket *socket, const struct look *look,
                     struct traced_process *process, enum act how, const char *call, int signal);

/* Notes where the thread is, unless that was noted. */
void tracer_notes_where(struct tracer *tracer, const struct traced_thread *thread, struct where **where);

/* Looks once more at what the process holds, before it is let go. */
void tracer_leaves(struct tracer *tracer, struct traced_thread *thread);

/* Takes in what the kernel told of ended sockets. */
void tracer_hears(struct tracer *tracer);

/* Gives out the connections that are over; with @all every one. */
void tracer_settle(struct tracer *tracer, bool all);

/* Gives one out as it is: its socket begins another connection. */
void tracer_gives_out(struct tracer *tracer, struct traced_socket *socket);
