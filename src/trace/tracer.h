/*
 * Runs a program, or attaches to one, and follows its TCP connections by its system calls alone: ptrace(2) with
 * a seccomp filter, so that only the calls of a connection's life stop it. Needs no rights. What the kernel did
 * afterwards is heard from sock_diag's message about the end of a socket.
 *
 * What cannot be seen so: segments. Whether a FIN or a RST went out is deduced from the socket's state, its
 * unread bytes and its options just before the act (__tcp_close(), tcp_disconnect()).
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "trace/refusal.h"
#include "trace/sockets.h"

struct tracer_options {
        char *const *command;           /* NULL with @attach */
        pid_t attach;                   /* 0: none */
        bool all_calls;                 /* sending and receiving too */
        bool where;                     /* the stack of a call that is told an error, or that resets */
        const sigset_t *mask;           /* of signals, for the command; NULL: that of the caller */
};

/* A connection is over, or the tracing is. @other: the other end, where it was traced too. Borrowed. */
struct tracer_hooks {
        void (*ended)(void *context, const struct traced_socket *socket, const struct traced_socket *other);
        /* The program itself was stopped by a signal, or goes on after that; may be NULL. */
        void (*stopped)(void *context, bool stopped);
        void *context;
};

struct tracer;

/* Starts the program; it has not run yet when this returns. Returns 0, or a negative errno and a sentence on why. */
int tracer_start(const struct tracer_options *options, const struct tracer_hooks *hooks, struct tracer **ret_tracer,
                 char why[static REFUSAL_MAX]);

/* Until the program and all that it started have ended. *@ret_status is its wait status. @stop is asked whenever
 * a signal came: true ends the tracing, and the program goes on alone. */
int tracer_run(struct tracer *tracer, volatile sig_atomic_t *stop, int *ret_status);

pid_t tracer_pid(const struct tracer *tracer);

/* What the child could not do, or had to, before its program ran. */
struct tracer_word {
        int error;                      /* negative errno of the filter */
        int exec_error;                 /* errno of the exec */
        bool no_new_privs;              /* set-user-ID programs get no rights */
};

/* What was met and not followed. */
struct tracer_unseen {
        bool uring;                     /* io_uring_setup() was called */
        bool foreign;                   /* a program of another system call interface */
        bool mptcp;                     /* a socket of Multipath TCP */
        int looks;                      /* looking at sockets was refused, with this positive errno; 0: it was not */
        int namespaces;                 /* entering another network namespace was refused, likewise */
        bool listener;                  /* a listener of seccomp(2) of its own was asked for: it got EBUSY */
        bool leader;                    /* sockets of a process whose first thread had gone */
};

struct tracer_unseen tracer_unseen(const struct tracer *tracer);

struct tracer_word tracer_word(const struct tracer *tracer);

/* How often the kernel dropped messages about ended sockets; UINT64_MAX: it gives none here. */
uint64_t tracer_lost(const struct tracer *tracer);

struct tracer *tracer_free(struct tracer *tracer);
