/* The listener, and what it shares with the tracer. */
#include "trace/notified.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

#include "trace/filter.h"
#include "trace/registers.h"
#include "trace/tracer_internal.h"

#define ERESTARTSYS 512
#define ERESTARTNOINTR 513

struct passing {
        struct msghdr message;
        struct iovec bytes;
        char byte;
        union {
                struct cmsghdr header;
                char room[CMSG_SPACE(sizeof(int))];
        } control;
};

static void passing_init(struct passing *passing)
{
        *passing = (struct passing){ .bytes = { &passing->byte, 1 } };
        passing->message = (struct msghdr){ .msg_iov = &passing->bytes, .msg_iovlen = 1,
                                            .msg_control = passing->control.room,
                                            .msg_controllen = sizeof(passing->control.room) };
}

int notified_hand_over(int channel, int fd)
{
        struct passing passing;

        passing_init(&passing);
        if (fd < 0) {
                passing.message.msg_controllen = 0;
        } else {
                passing.control.header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
                                                           .cmsg_len = CMSG_LEN(sizeof(fd)) };
                memcpy(CMSG_DATA(&passing.control.header), &fd, sizeof(fd));
        }
        return sendmsg(channel, &passing.message, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

int notified_take(int channel)
{
        struct passing passing;
        const struct cmsghdr *header;
        ssize_t n;
        int fd;

        passing_init(&passing);
        do
                n = recvmsg(channel, &passing.message, MSG_CMSG_CLOEXEC);
        while (n < 0 && errno == EINTR);
        header = n == 1 ? CMSG_FIRSTHDR(&passing.message) : NULL;
        if (!header || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(fd)))
                return -1;
        memcpy(&fd, CMSG_DATA(header), sizeof(fd));
        return fd;
}

void notified_init(struct notified *notified)
{
        notified->fd = -1;
        pthread_mutex_init(&notified->lock, NULL);
}

void notified_deinit(struct notified *notified)
{
        if (notified->fd >= 0)
                close(notified->fd);
        pthread_mutex_destroy(&notified->lock);
}

void notified_lock(struct tracer *tracer)
{
        if (tracer->notified.listens)
                pthread_mutex_lock(&tracer->notified.lock);
}

void notified_unlock(struct tracer *tracer)
{
        if (tracer->notified.listens)
                pthread_mutex_unlock(&tracer->notified.lock);
}

/* Whoever was killed meanwhile waits for no answer. */
static void answer(const struct notified *notified, uint64_t id, int error)
{
        struct seccomp_notif_resp response = { .id = id, .error = error,
                                               .flags = error ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE };

        ioctl(notified->fd, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

/* Is the end of the attempt that begins wanted? Who asks may make one stop less until the next tick. */
static bool wants_end(struct tracer *tracer, struct traced_thread *thread)
{
        const int fd = (int)thread->arguments[0];

        thread->called_ns = tracer_now();
        return process_cookie(thread->process, fd) || opening_is_of(tracer, thread->process, fd) ||
               opening_stops(tracer, thread);
}

/* Leaves it to the tracer. */
static void hold(struct notified *notified, struct traced_thread *thread, uint64_t id)
{
        thread->held = id;
        thread->held_next = notified->held;
        notified->held = thread;
        pthread_kill(notified->tracer, SIGALRM);
}

/* True if it may go on at once. */
static bool meet(struct tracer *tracer, const struct seccomp_notif *request)
{
        struct notified *notified = &tracer->notified;
        struct traced_thread *thread = threads_get(&tracer->threads, (pid_t)request->pid);

        if (!thread || !(thread->call = call_find(request->data.nr)))
                return true;
        for (size_t i = 0; i < 6; i++)
                thread->arguments[i] = request->data.args[i];
        if (thread->call->kind == CALL_CONNECT && !thread->stops && wants_end(tracer, thread)) {
                thread->call = NULL;
                thread->begins_again = true;
                hold(notified, thread, request->id);
                return false;
        }
        thread->begins_again = false;
        thread->is_noticed = true;
        if (!tracer_call_begins(tracer, thread) || !thread->stops)
                thread->call = NULL;
        thread->is_noticed = false;
        if (thread->stops || !failing_stops(tracer, thread))
                return true;
        hold(notified, thread, request->id);
        return false;
}

/* All that used the filter are gone. */
static bool is_over(const struct notified *notified)
{
        struct pollfd fd = { .fd = notified->fd };

        return poll(&fd, 1, 0) != 0;
}

/* It is cancelled while it waits, and nowhere else. */
static int next(const struct notified *notified, struct seccomp_notif *request)
{
        int state, r;

        memset(request, 0, FILTER_NOTICE_MAX);
        pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
        r = ioctl(notified->fd, SECCOMP_IOCTL_NOTIF_RECV, request);
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
        return r < 0 ? -errno : 0;
}

static void *listen_on(void *context)
{
        struct tracer *tracer = context;
        struct notified *notified = &tracer->notified;
        union {
                struct seccomp_notif request;
                char room[FILTER_NOTICE_MAX];
        } notice;
        int before, r;

        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
        pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &before);
        for (;;) {
                bool goes_on;

                r = next(notified, &notice.request);
                if (r == -EINTR || (r == -ENOENT && !is_over(notified)))
                        continue; /* a call that was broken off meanwhile */
                if (r < 0)
                        return NULL;
                pthread_mutex_lock(&notified->lock);
                goes_on = meet(tracer, &notice.request);
                pthread_mutex_unlock(&notified->lock);
                if (goes_on)
                        answer(notified, notice.request.id, 0);
        }
}

int notified_start(struct tracer *tracer)
{
        struct notified *notified = &tracer->notified;
        sigset_t all, before;
        int r;

        if (notified->fd < 0)
                return 0;
        notified->tracer = pthread_self();
        /* The signals of the process are the tracer's. */
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        r = pthread_create(&notified->listener, NULL, listen_on, tracer);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        notified->listens = r == 0;
        return -r;
}

void notified_stop(struct tracer *tracer)
{
        struct notified *notified = &tracer->notified;

        if (!notified->listens)
                return;
        pthread_cancel(notified->listener);
        pthread_join(notified->listener, NULL);
        notified->listens = false;
}

void notified_release(struct tracer *tracer)
{
        struct notified *notified = &tracer->notified;

        for (struct traced_thread *thread; (thread = notified->held);) {
                bool stops = ptrace(PTRACE_INTERRUPT, thread->tid, NULL, NULL) == 0;

                notified->held = thread->held_next;
                answer(notified, thread->held, stops && thread->begins_again ? -ERESTARTNOINTR : 0);
        }
}

bool notified_meets(long number)
{
        const struct call *call = call_find(number);

        return call && call->kind == CALL_CONNECT;
}

/*
 * A close gives no such result by itself (SYSCALL_DEFINE1(close)), nor do the others; but a connect() that waits does.
 * Of TCP the socket shows whether it had begun; of other protocols, it had if it is the last call that was met.
 */
static bool had_begun(const struct traced_thread *thread, const struct call *call, const struct registers *registers)
{
        int begun;

        if (call_only_begins(call->kind))
                return false;
        if (call->kind != CALL_CONNECT)
                return true;
        begun = look_whether_begun(thread->process->pidfd, (int)registers->arguments[0]);
        return begun < 0 ? memcmp(thread->arguments, registers->arguments, 3 * sizeof(uint64_t)) == 0 : begun;
}

void notified_signalled(struct tracer *tracer, const struct traced_thread *thread)
{
        struct registers registers;
        const struct call *call;

        if (tracer->notified.fd < 0 || registers_of(thread->tid, &registers) < 0 || !registers.in_call ||
            registers.result != -ERESTARTSYS)
                return;
        call = call_find(registers.number);
        if (call && !had_begun(thread, call, &registers))
                registers_begin_again(thread->tid);
}
