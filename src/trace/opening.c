/* A bucket of stops, and a table that is empty after every tick. */
#include "trace/opening.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "trace/tracer_internal.h"

/* Two hundred a second; and a burst. */
#define STOPS_PER_TICK 4
#define STOPS_MOST 50

/* Ticks of a fifth of a second, and the attempts in it of which no end is stopped at any more. */
#define TICKS_COUNTED 10
#define PASSED_MOST (TICKS_COUNTED * STOPS_PER_TICK)

/* After a failure: others are to be expected. */
#define EXACT_NS INT64_C(60000000000)

void openings_init(struct openings *openings)
{
        openings->n_stops = STOPS_MOST;
}

/* Its place, or -1. */
static int find(const struct openings *openings, pid_t pid, int fd)
{
        for (int i = 0; openings->n > 0 && i < OPENINGS_MAX; i++)
                if (openings->all[i].pid == pid && openings->all[i].fd == fd)
                        return i;
        return -1;
}

static void drop(struct openings *openings, struct opening *opening)
{
        opening->pid = 0;
        openings->n--;
}

/* A stop for each is wanted, or still to be had. Who stops anyway costs none. */
bool opening_stops(struct tracer *tracer, const struct traced_thread *thread)
{
        struct openings *openings = &tracer->openings;

        if (thread->stops || tracer->options.all_calls || tracer->options.where ||
            tracer->every_call || failing_stops(tracer, thread) ||
            openings->n == OPENINGS_MAX || thread->called_ns < openings->exact_until_ns)
                return true;
        if (openings->n_stops == 0)
                return false;
        openings->n_stops--;
        return true;
}

bool opening_begins(struct tracer *tracer, const struct traced_thread *thread, const struct sockaddr_storage *remote)
{
        struct openings *openings = &tracer->openings;
        struct opening *free_one = openings->all;

        if ((remote->ss_family != AF_INET && remote->ss_family != AF_INET6) || opening_stops(tracer, thread))
                return false;
        while (free_one->pid)
                free_one++;
        free_one->remote = *remote;
        free_one->pid = thread->process->pid;
        free_one->tid = thread->tid;
        free_one->fd = (int)thread->arguments[0];
        free_one->began_ns = thread->called_ns;
        openings->n++;
        openings->n_passed++;
        return true;
}

bool opening_is_of(const struct tracer *tracer, const struct traced_process *process, int fd)
{
        return find(&tracer->openings, process->pid, fd) >= 0;
}

/* It failed. An error that waits will be seen to be taken; else who asked was told of it. */
static void note_failure(struct tracer *tracer, struct traced_socket *socket, const struct look *look)
{
        tracer->openings.exact_until_ns = look->at_ns + EXACT_NS;
        socket->failed_unseen = !look->error_pending;
}

void opening_seen(struct tracer *tracer, const struct traced_process *process, int fd, struct traced_socket *socket,
                  const struct look *look)
{
        int place = find(&tracer->openings, process->pid, fd);
        const struct opening *opening = &tracer->openings.all[place < 0 ? 0 : place];

        if (place < 0)
                return;
        if (socket && !socket->seen_to_begin) {
                socket->role_known = socket->client = socket->seen_to_begin = true;
                socket->began_ns = opening->began_ns;
                if (socket->established_ns)
                        socket->established_ns = opening->began_ns; /* no earlier */
                if (!socket->has_remote)
                        tracer_takes_address(tracer, socket, &opening->remote);
                if (look->state == TCP_STATE_SYN_SENT)
                        socket->connect_error = EINPROGRESS;
                else if (look->state == TCP_STATE_CLOSE && !socket->established_ns)
                        note_failure(tracer, socket, look);
        }
        drop(&tracer->openings, &tracer->openings.all[place]);
}

/*
 * Whoever waits for long is stopped at the end after all: interrupted, the call is taken up again, and begins with a
 * stop. Not with SO_SNDTIMEO: it would then fail with EINTR (sock_intr_errno()).
 */
static void begin_again(struct traced_thread *thread, int fd)
{
        uint64_t first;
        long number;

        if (!process_waits_in(thread->tid, &number, &first) || number != SYS_connect || (int)first != fd ||
            !look_waits_for_ever(thread->process->pidfd, fd))
                return;
        thread->begins_again = true;
        ptrace(PTRACE_INTERRUPT, thread->tid, NULL, NULL);
}

/* Nothing shows whether the attempt failed or is still to begin, as long as its thread may be on the way to it. */
static bool may_be_to_come(const struct traced_thread *thread, int fd)
{
        struct look look;
        uint64_t first;
        long number;

        return look_through(thread->process->pidfd, fd, LOOK_BEGIN, 0, NULL, &look) == 0 &&
               look.state == TCP_STATE_CLOSE &&
               !look.error_pending && (!process_waits_in(thread->tid, &number, &first) || number == SYS_connect);
}

static void look_at_one(struct tracer *tracer, struct opening *opening)
{
        struct traced_thread *thread = threads_find(&tracer->threads, opening->tid);
        bool is_its_own = thread && thread->process->pid == opening->pid;
        struct traced_socket *socket;
        int fd = opening->fd;
        struct look look;

        if (is_its_own && may_be_to_come(thread, fd))
                return;
        socket = is_its_own ? tracer_socket(tracer, thread, fd, LOOK_BEGIN, &look) : NULL;
        if (opening->pid) /* nothing was seen of it */
                drop(&tracer->openings, opening);
        if (socket && look.state == TCP_STATE_SYN_SENT)
                begin_again(thread, fd);
}

void opening_tick(struct tracer *tracer)
{
        struct openings *openings = &tracer->openings;

        /* Some of many ends tell little: who goes on so fast pays for none. */
        if (openings->n_passed <= PASSED_MOST && openings->n_passed_before <= PASSED_MOST)
                openings->n_stops = openings->n_stops + STOPS_PER_TICK < STOPS_MOST
                                    ? openings->n_stops + STOPS_PER_TICK : STOPS_MOST;
        if (++openings->n_ticks % TICKS_COUNTED == 0) {
                openings->n_passed_before = openings->n_passed;
                openings->n_passed = 0;
        }
        for (size_t i = 0; openings->n > 0 && i < OPENINGS_MAX; i++)
                if (openings->all[i].pid)
                        look_at_one(tracer, &openings->all[i]);
}
