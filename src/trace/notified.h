/*
 * Calls of which only the beginning matters, met by a notification of the seccomp filter (seccomp_unotify(2)) and not by
 * a stop. Since Linux 6.6 whoever waits for one is woken on the processor of the caller, and so is the caller by the
 * answer: that costs half of a stop, which wakes the tracer on another processor if one sleeps.
 *
 * A thread of its own waits for them; a lock keeps it and the tracer apart. A caller whose next call is to stop it is
 * left to the tracer: only that may ask for a stop.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct traced_thread;
struct tracer;

/* So many are left to the tracer at a time. */
#define NOTIFIED_HELD_MAX 16

struct notified_held {
        uint64_t id;
        pid_t tid;
};

struct notified {
        int fd;                         /* the filter's; -1: none, and all is locked by nobody */
        bool listens;
        pthread_t listener, tracer;
        pthread_mutex_t lock;
        struct notified_held held[NOTIFIED_HELD_MAX];
        size_t n_held;
};

/* Hands @fd over @channel to whoever takes it, or that there is none. Returns 0 or a negative errno. */
int notified_hand_over(int channel, int fd);

/* Waits for it; -1 if there is none. */
int notified_take(int channel);

void notified_init(struct notified *notified);
void notified_deinit(struct notified *notified);

/* Begins to listen, if there is something to listen to. Returns 0 or a negative errno. */
int notified_start(struct tracer *tracer);
void notified_stop(struct tracer *tracer);

void notified_lock(struct tracer *tracer);
void notified_unlock(struct tracer *tracer);

/* Stops those that were left to the tracer, each at the end of its call, and lets them go on. */
void notified_release(struct tracer *tracer);

/* A signal is about to be delivered to the thread. A call that it broke off before it had begun is taken up again
 * whatever the handler says of that: without us there would have been nothing to break off. */
void notified_signalled(struct tracer *tracer, const struct traced_thread *thread);
