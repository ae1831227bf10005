/*
 * Attempts whose end is not stopped at. The end of connect() is worth a stop: it tells the error of an attempt that
 * fails, and from then on the socket is watched. But a program that opens hundreds of connections in a second would pay
 * for each: beyond so many it is stopped at the beginning only. What came of such an attempt is seen when its socket is
 * looked at next, at the next call of its life, and at most a tick later. So long its death is not noticed, and of one
 * that failed the error is known only where the socket still tells.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

struct look;
struct traced_process;
struct traced_socket;
struct traced_thread;
struct tracer;

/* So many at a time. */
#define OPENINGS_MAX 64

struct opening {
        pid_t pid;                      /* 0: free */
        pid_t tid;
        int fd;
        int64_t began_ns;
        struct sockaddr_storage remote;
};

struct openings {
        struct opening all[OPENINGS_MAX];
        unsigned n;
        unsigned n_stops;               /* ends that may be stopped at until the next tick */
        unsigned n_ticks;
        unsigned n_passed, n_passed_before; /* attempts whose ends were not, in this fifth of a second and in
                                             * the one before */
        int64_t exact_until_ns;         /* one has failed: until then every end is stopped at */
};

void openings_init(struct openings *openings);

/* May the end of an attempt that begins now be stopped at? If so, that is one of the stops that may be made. */
bool opening_stops(struct tracer *tracer, const struct traced_thread *thread);

/* An attempt begins, on a descriptor of which nothing is known. True if its end need not be stopped at. */
bool opening_begins(struct tracer *tracer, const struct traced_thread *thread, const struct sockaddr_storage *remote);

/* Is it known that the descriptor is a socket, from its attempt? */
bool opening_is_of(const struct tracer *tracer, const struct traced_process *process, int fd);

/* The descriptor was looked at: its socket, or NULL if it is none that is followed. */
void opening_seen(struct tracer *tracer, const struct traced_process *process, int fd, struct traced_socket *socket,
                  const struct look *look);

/* Every 20 ms. */
void opening_tick(struct tracer *tracer);
