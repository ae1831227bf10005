/* Hashed by number; few enough for short chains. */
#include "trace/threads.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "trace/process.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

#define PIDFD_OF_THREAD O_EXCL

#define NAME_KEPT_NS INT64_C(1000000000)

/* Descriptors beyond are looked up each time. */
#define COOKIES_MOST 65536

static struct traced_thread **bucket(struct threads *threads, pid_t tid)
{
        return &threads->buckets[(unsigned)tid % (THREADS_BUCKETS)];
}

struct traced_thread *threads_find(const struct threads *threads, pid_t tid)
{
        struct traced_thread *t = threads->buckets[(unsigned)tid % (THREADS_BUCKETS)];

        while (t && t->tid != tid)
                t = t->next;
        return t;
}

static struct traced_process *process_get(const struct threads *threads, pid_t pid)
{
        struct traced_thread *leader = threads_find(threads, pid);
        struct traced_process *process;

        if (leader)
                return leader->process;
        for (size_t i = 0; i < THREADS_BUCKETS; i++)
                for (struct traced_thread *t = threads->buckets[i]; t; t = t->next)
                        if (t->process->pid == pid)
                                return t->process;
        process = calloc(1, sizeof(*process));
        if (process) {
                process->pid = pid;
                process->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
        }
        return process;
}

struct traced_thread *threads_get(struct threads *threads, pid_t tid)
{
        struct traced_thread *t = threads_find(threads, tid);

        if (t)
                return t;
        t = calloc(1, sizeof(*t));
        if (!t)
                return NULL;
        t->tid = tid;
        t->process = process_get(threads, process_of(tid));
        if (!t->process) {
                free(t);
                return NULL;
        }
        t->process->n_threads++;
        t->process->n_refs++;
        t->next = *bucket(threads, tid);
        *bucket(threads, tid) = t;
        threads->n++;
        return t;
}

static void process_free(struct traced_process *process)
{
        if (process->pidfd >= 0)
                close(process->pidfd);
        free(process->cookies);
        free(process);
}

void threads_drop(struct threads *threads, struct traced_thread *thread)
{
        struct traced_thread **at = bucket(threads, thread->tid);

        while (*at != thread)
                at = &(*at)->next;
        *at = thread->next;
        threads->n--;
        if (--thread->process->n_refs == 0)
                process_free(thread->process);
        free(thread->exec.looks);
        free(thread);
}

struct traced_thread *threads_exec(struct threads *threads, pid_t leader, pid_t former)
{
        struct traced_thread *own = threads_find(threads, former), *t, *next;
        struct traced_process *process;

        if (!own)
                own = threads_get(threads, leader);
        if (!own)
                return NULL;
        process = own->process;
        for (size_t i = 0; i < THREADS_BUCKETS; i++)
                for (t = threads->buckets[i]; t; t = next) {
                        next = t->next;
                        if (t->process == process && t != own)
                                threads_drop(threads, t);
                }
        if (own->tid != leader) {
                struct traced_thread **at = bucket(threads, own->tid);

                while (*at != own)
                        at = &(*at)->next;
                *at = own->next;
                own->tid = leader;
                own->next = *bucket(threads, leader);
                *bucket(threads, leader) = own;
        }
        process->n_threads = 1;
        process->comm_at_ns = 0;
        free(process->cookies);
        process->cookies = NULL;
        process->n_cookies = 0;
        return own;
}

void threads_deinit(struct threads *threads)
{
        for (size_t i = 0; i < THREADS_BUCKETS; i++)
                while (threads->buckets[i])
                        threads_drop(threads, threads->buckets[i]);
}

const char *process_name(struct traced_process *process, int64_t now_ns)
{
        if (!process->comm_at_ns || now_ns - process->comm_at_ns > NAME_KEPT_NS) {
                process_comm(process->pid, process->comm);
                process->comm_at_ns = now_ns;
        }
        return process->comm;
}

/* The number of a leader that has exited leads to no descriptors any more; its other threads still have them.
 * Before Linux 6.9 there is no such pidfd of a thread. */
int thread_pidfd(const struct traced_thread *thread)
{
        return (int)syscall(SYS_pidfd_open, thread->tid, PIDFD_OF_THREAD);
}

uint64_t process_cookie(const struct traced_process *process, int fd)
{
        return fd >= 0 && (size_t)fd < process->n_cookies ? process->cookies[fd] : 0;
}

void process_remember(struct traced_process *process, int fd, uint64_t cookie)
{
        if (fd < 0 || fd >= COOKIES_MOST)
                return;
        if ((size_t)fd >= process->n_cookies) {
                size_t n = ((size_t)fd + 64) * 2;
                uint64_t *grown = realloc(process->cookies, n * sizeof(*grown));

                if (!grown)
                        return;
                memset(grown + process->n_cookies, 0, (n - process->n_cookies) * sizeof(*grown));
                process->cookies = grown;
                process->n_cookies = n;
        }
        process->cookies[fd] = cookie;
}

void process_forget(struct traced_process *process, int first, int last)
{
        for (size_t fd = first < 0 ? 0 : (size_t)first; fd < process->n_cookies && fd <= (size_t)last; fd++)
                process->cookies[fd] = 0;
}

void process_inherit(struct traced_process *process, const struct traced_process *maker)
{
        uint64_t *copy;

        process->foreign = maker->foreign;
        if (process == maker || process->cookies || maker->n_cookies == 0)
                return;
        copy = malloc(maker->n_cookies * sizeof(*copy));
        if (!copy)
                return;
        memcpy(copy, maker->cookies, maker->n_cookies * sizeof(*copy));
        process->cookies = copy;
        process->n_cookies = maker->n_cookies;
}
