/* The traced threads, and the processes that they make up. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "trace/calls.h"
#include "trace/look.h"
#include "trace/process.h"

/* What stands for the cookie of a descriptor that leads to no socket of ours. */
#define NO_SOCKET 1

struct traced_process {
        pid_t pid;
        int pidfd;                      /* -1: could not be had */
        bool foreign;                   /* of another system call interface */
        size_t n_threads;               /* alive, as far as is known */
        size_t n_refs;                  /* threads that belong to it here */
        char comm[PROCESS_COMM_MAX];
        int64_t comm_at_ns;             /* when that was read */
        uint64_t *cookies;              /* by descriptor: the socket's cookie + 1, NO_SOCKET, or 0: not known */
        size_t n_cookies;
};

/* What an exec would close: looked at before it, since afterwards it is gone. */
struct exec_look {
        struct look *looks;
        size_t n;
};

struct traced_thread {
        pid_t tid;
        struct traced_process *process;
        const struct call *call;        /* the one that it is in, whose result is waited for */
        uint64_t arguments[6];
        int64_t called_ns;              /* when it began, of connect() */
        bool is_noticed;                /* it is met by a notification: not by a stop */
        bool stops;                     /* it goes on to the next beginning or end of a call */
        bool begins_again;              /* it is on its way to a call that it was kept from, to be stopped at
                                         * the end of that */
        uint64_t held;                  /* the notification that waits for the tracer */
        struct traced_thread *held_next;
        struct exec_look exec;
        uint64_t told_epipe;            /* the cookie of the socket of which its last call was told EPIPE; 0: none */
        struct traced_thread *next;
};

#define THREADS_BUCKETS 256

struct threads {
        struct traced_thread *buckets[THREADS_BUCKETS];
        size_t n;
};

/* NULL if it is not traced. */
struct traced_thread *threads_find(const struct threads *threads, pid_t tid);

/* The thread, made if need be, with its process. NULL: no memory. */
struct traced_thread *threads_get(struct threads *threads, pid_t tid);

/* A new process has the descriptors of its maker. */
void process_inherit(struct traced_process *process, const struct traced_process *maker);

/* Takes it out; its process goes with its last thread. */
void threads_drop(struct threads *threads, struct traced_thread *thread);

/* An exec leaves one thread, under the leader's number: @former is what it was before. */
struct traced_thread *threads_exec(struct threads *threads, pid_t leader, pid_t former);

void threads_deinit(struct threads *threads);

/* Its program's name, at most a second old. */
const char *process_name(struct traced_process *process, int64_t now_ns);

/* A pidfd whose descriptors can be asked for: of @process, or of one thread of it where its leader has gone. */
int thread_pidfd(const struct traced_thread *thread);

/* The cookie of the process's descriptor: 0 if not known; see above. */
uint64_t process_cookie(const struct traced_process *process, int fd);
void process_remember(struct traced_process *process, int fd, uint64_t cookie);
void process_forget(struct traced_process *process, int first, int last);
