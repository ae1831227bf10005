/*
 * Which call is told of it? Sending and receiving do not stop a traced program. When a socket dies in its hands, the
 * threads that could use it are stopped at all their calls for a while, until one was told. A call that waited on
 * the socket just then has returned before anybody could be stopped: which one it was is deduced from where the
 * threads were seen to wait.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "trace/threads.h"

struct look;
struct traced_socket;
struct tracer;

/* So many sockets are followed at a time; the oldest gives way. */
#define FAILING_MAX 16

struct failing_socket {
        uint64_t cookie;                /* 0: free */
        pid_t pid;                      /* whose threads stop */
        bool pending;                   /* the error was seen to wait, and not asked for again */
        unsigned n_results;             /* so many results of calls are still waited for */
};

struct failing {
        struct failing_socket sockets[FAILING_MAX];
        size_t n;                       /* of all that ever were: the next place */
        bool any;
        unsigned n_stops;               /* that may be spent until the next tick */
        size_t next_bucket;             /* of the threads, whose waiting is to be looked at next */
};

/* A socket is said to have died. */
void failing_died(struct tracer *tracer, uint64_t cookie);

/* Every 20 ms. */
void failing_tick(struct tracer *tracer);

/* A thread was stopped at a call. */
void failing_spend(struct failing *failing);

/* Is this thread to be stopped at its next call? */
bool failing_stops(const struct tracer *tracer, const struct traced_thread *thread);

/* A thread was interrupted: perhaps on its way out of the very call. */
void failing_interrupted(struct tracer *tracer, struct traced_thread *thread);

/* Is the error that a call takes now known to have waited: has every call been seen since it was? */
bool failing_was_waiting(const struct tracer *tracer, uint64_t cookie);

/* A call on the socket has given a result. */
void failing_told(struct tracer *tracer, uint64_t cookie, bool error);

/* That process gives it up; a look just before. Others may have it still. */
void failing_forget(struct tracer *tracer, struct traced_socket *socket, pid_t pid, const struct look *look);
