/* Calls that wait, each in its thread. */
#include "lab/waiting.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lab/moment.h"

struct waiting {
        pthread_t thread;
        struct lab_act act;
        int fd;
        struct sockaddr_storage address;
        unsigned address_length;
        struct result_seen result;
        int failure;
        atomic_int tid; /* 0 before it runs */
        atomic_bool done;
};

static void on_interrupt(int signal)
{
        (void)signal;
}

static void *run(void *argument)
{
        struct waiting *w = argument;

        w->failure = calls_prepare();
        atomic_store(&w->tid, (int)syscall(SYS_gettid));
        if (w->failure == 0)
                w->failure = calls_make(&w->act, w->fd, w->address_length ? &w->address : NULL,
                                        w->address_length, &w->result);
        atomic_store(&w->done, true);
        return NULL;
}

/* 'S' in /proc/self/task/TID/stat. The thread sets its number before the call, so what it sleeps in
 * is the call (or the fault of its first page, which passes and is looked at again). */
static int asleep(int tid)
{
        char path[64], line[256];
        const char *after;
        ssize_t n;
        int fd;

        snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT && access("/proc/self/stat", R_OK) < 0 ? -ENOSYS : 0;
        n = read(fd, line, sizeof(line) - 1);
        close(fd);
        if (n <= 0)
                return 0;
        line[n] = 0;
        after = strrchr(line, ')');
        return after && after[1] == ' ' && after[2] == 'S';
}

int waiting_start(const struct lab_act *act, int fd, const void *address, unsigned address_length, int64_t deadline_ns,
                  struct waiting **ret_waiting)
{
        struct sigaction action = { .sa_handler = on_interrupt };
        struct waiting *w = calloc(1, sizeof(*w));
        int r;

        if (!w)
                return -ENOMEM;
        sigaction(SIGUSR1, &action, NULL);
        w->act = *act;
        w->fd = fd;
        if (address_length > 0)
                memcpy(&w->address, address, address_length);
        w->address_length = address_length;
        r = pthread_create(&w->thread, NULL, run, w);
        if (r != 0) {
                free(w);
                return -r;
        }
        for (struct pause pause = { 0 }; !atomic_load(&w->done); pause_a_little(&pause)) {
                int tid = atomic_load(&w->tid);

                r = tid ? asleep(tid) : 0;
                if (r != 0 || now_ns() > deadline_ns)
                        break;
        }
        *ret_waiting = w;
        return r < 0 ? r : 0;
}

bool waiting_done(const struct waiting *w)
{
        return atomic_load(&w->done);
}

const struct lab_act *waiting_act(const struct waiting *w)
{
        return &w->act;
}

int waiting_interrupt(struct waiting *w)
{
        return -pthread_kill(w->thread, SIGUSR1);
}

int waiting_join(struct waiting *w, int64_t deadline_ns, struct result_seen *ret_result)
{
        for (struct pause pause = { 0 }; !atomic_load(&w->done); pause_a_little(&pause))
                if (now_ns() > deadline_ns)
                        return -ETIMEDOUT;
        pthread_join(w->thread, NULL);
        *ret_result = w->result;
        return w->failure;
}

struct waiting *waiting_free(struct waiting *w)
{
        free(w);
        return NULL;
}
