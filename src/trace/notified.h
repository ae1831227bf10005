/*
 * Calls of which only the beginning matters, met by a notification of the seccomp filter (seccomp_unotify(2)) and not
 * by a stop; and connect(), whose end matters now and then. Since Linux 6.6 whoever waits for one is woken on the
 * processor of the caller, and so is the caller by the answer: that costs half of a stop, which wakes the tracer on
 * another processor if one sleeps.
 *
 * A thread of its own waits for them; a lock keeps it and the tracer apart. A caller that is to be stopped is left to
 * the tracer: only that may ask for a stop. Where it is the next call that matters, this one goes on; where it is the
 * end of this one, the caller is kept from it, stops, and begins it again (-ERESTARTNOINTR,
 * arch_do_signal_or_restart()).
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct traced_thread;
struct tracer;

struct notified {
        int fd;                         /* the filter's; -1: none, and all is locked by nobody */
        bool listens;
        pthread_t listener, tracer;
        pthread_mutex_t lock;
        struct traced_thread *held;     /* those that are left to the tracer */
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

/* Stops those that were left to the tracer, and lets them go on. */
void notified_release(struct tracer *tracer);

/* Is a call of that number one that the end of may be wanted of? */
bool notified_meets(long number);

/* A signal is about to be delivered to the thread. A call that it broke off before it had begun is taken up again
 * whatever the handler says of that: without us there would have been nothing to break off. */
void notified_signalled(struct tracer *tracer, const struct traced_thread *thread);
