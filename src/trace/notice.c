/*
 * A thread of its own waits for the items, so that the tracer can wait for its programs. Only errors and hang-ups
 * are asked for: data that comes in wakes nobody (ep_poll_callback() compares the event with the item's).
 */
#include "trace/notice.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* What may wait to be taken; of what comes beyond, the next look at the socket tells. */
#define ROOM 1024
#define AT_ONCE 64

/* No socket has these cookies: the kernel counts from 1. */
#define STOP 0
#define HEARD UINT64_MAX

struct notice {
        int epoll, stop;
        pthread_t listener, tracer;
        pthread_mutex_t lock;
        atomic_int_least64_t heard_ns;
        atomic_size_t n;
        uint64_t cookies[ROOM];
};

static int64_t now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_REALTIME, &t);
        return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void keep(struct notice *notice, uint64_t cookie)
{
        size_t n;

        pthread_mutex_lock(&notice->lock);
        n = atomic_load(&notice->n);
        if (n < ROOM) {
                notice->cookies[n] = cookie;
                atomic_store(&notice->n, n + 1);
        }
        pthread_mutex_unlock(&notice->lock);
}

static void *listen_on(void *context)
{
        struct notice *notice = context;
        struct epoll_event events[AT_ONCE];

        for (;;) {
                int n = epoll_wait(notice->epoll, events, AT_ONCE, -1);

                if (n < 0 && errno != EINTR)
                        return NULL;
                for (int i = 0; i < n; i++) {
                        if (events[i].data.u64 == STOP)
                                return NULL;
                        if (events[i].data.u64 == HEARD)
                                atomic_store(&notice->heard_ns, now());
                        else
                                keep(notice, events[i].data.u64);
                }
                if (atomic_load(&notice->n) > 0)
                        pthread_kill(notice->tracer, SIGALRM);
        }
}

/* The signals of the process are the tracer's. */
static int start(struct notice *notice)
{
        sigset_t all, before;
        int r;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        r = pthread_create(&notice->listener, NULL, listen_on, notice);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return -r;
}

int notice_open(struct notice **ret_notice)
{
        struct notice *notice = calloc(1, sizeof(*notice));
        struct epoll_event stop = { .events = EPOLLIN, .data.u64 = STOP };
        int r;

        if (!notice)
                return -ENOMEM;
        notice->tracer = pthread_self();
        pthread_mutex_init(&notice->lock, NULL);
        notice->epoll = epoll_create1(EPOLL_CLOEXEC);
        notice->stop = eventfd(0, EFD_CLOEXEC);
        r = notice->epoll < 0 || notice->stop < 0 || epoll_ctl(notice->epoll, EPOLL_CTL_ADD, notice->stop, &stop) < 0
                    ? -errno : start(notice);
        if (r < 0) {
                close(notice->stop);
                close(notice->epoll);
                free(notice);
                return r;
        }
        *ret_notice = notice;
        return 0;
}

struct notice *notice_close(struct notice *notice)
{
        if (!notice)
                return NULL;
        if (eventfd_write(notice->stop, 1) == 0)
                pthread_join(notice->listener, NULL);
        close(notice->stop);
        close(notice->epoll);
        pthread_mutex_destroy(&notice->lock);
        free(notice);
        return NULL;
}

void notice_watch(struct notice *notice, int fd, uint64_t cookie)
{
        struct epoll_event event = { .events = EPOLLET | EPOLLONESHOT, .data.u64 = cookie };

        /* An item's key is the file and the number: the same again where the number was the same. */
        if (epoll_ctl(notice->epoll, EPOLL_CTL_ADD, fd, &event) < 0 && errno == EEXIST)
                epoll_ctl(notice->epoll, EPOLL_CTL_MOD, fd, &event);
}

void notice_hear(struct notice *notice, int fd)
{
        struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT, .data.u64 = HEARD };

        if (epoll_ctl(notice->epoll, EPOLL_CTL_MOD, fd, &event) < 0)
                epoll_ctl(notice->epoll, EPOLL_CTL_ADD, fd, &event);
}

int64_t notice_heard(struct notice *notice)
{
        return atomic_exchange(&notice->heard_ns, 0);
}

size_t notice_take(struct notice *notice, uint64_t *cookies, size_t n)
{
        size_t n_there, n_taken;

        if (!notice || atomic_load_explicit(&notice->n, memory_order_relaxed) == 0)
                return 0;
        pthread_mutex_lock(&notice->lock);
        n_there = atomic_load(&notice->n);
        n_taken = n < n_there ? n : n_there;
        for (size_t i = 0; i < n_taken; i++)
                cookies[i] = notice->cookies[n_there - 1 - i];
        atomic_store(&notice->n, n_there - n_taken);
        pthread_mutex_unlock(&notice->lock);
        return n_taken;
}
