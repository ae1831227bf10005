/*
 * Who is done: a socket whose last descriptor is gone, as the kernel tells by its message, or when asked by the
 * addresses. With both ends in the traced programs, the two are given out as one connection.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "trace/deduce.h"
#include "trace/first_fin.h"
#include "trace/tracer_internal.h"

#define MS INT64_C(1000000)

/* So long apart at most; a FIN_WAIT2 may last a minute. */
#define ASK_SELDOM_NS (2000 * MS)
/* So much of the time is spent on asking: the programs wait meanwhile. */
#define ASKING_MOST_NS (30 * MS)
/* The kernel sends its message a little after the end; one that has not come by then never will: the socket is of
 * another network namespace, or the message was lost. */
#define MESSAGE_LATE_NS (500 * MS)
/* No TIME_WAIT is shorter: on loopback another connection may take it over after a second (tcp_twsk_unique()). */
#define TIME_WAIT_LEAST_NS (900 * MS)
/* A program that gave up its descriptor without ending the socket leaves it to others. */
#define STILL_HELD_NS (500 * MS)

static int64_t ticks(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void hear(void *context, const struct ended_socket *end)
{
        struct tracer *tracer = context;
        struct traced_socket *socket = sockets_find(&tracer->sockets, end->cookie);
        int64_t heard_ns = tracer->first_heard_ns ?: end->heard_ns;

        tracer->first_heard_ns = 0;
        if (!socket)
                return;
        socket->ended = true;
        socket->end = *end;
        socket->end.heard_ns = heard_ns;
        /* Whoever closed it did so without a call: io_uring, or a process that is not traced. */
        sockets_closing(&tracer->sockets, socket, true);
}

static bool has_had_both_fins(const struct traced_socket *socket)
{
        return socket->act.known &&
               (socket->act.before.state == TCP_STATE_CLOSE_WAIT || socket->act.before.state == TCP_STATE_LAST_ACK);
}

struct holder {
        struct tracer *tracer;
        struct traced_thread *thread;
        uint64_t cookie;
        bool found;
};

static void compare(void *context, int fd)
{
        struct holder *holder = context;
        struct look look;

        if (!holder->found &&
            look_through(holder->thread->process->pidfd, fd, LOOK_BEGIN, holder->cookie, NULL, &look) == 0)
                holder->found = look.cookie == holder->cookie;
}

/* Where the kernel cannot be asked: does one of ours still have it? */
static bool is_held_by_ours(struct tracer *tracer, const struct traced_socket *socket)
{
        struct holder holder = { .tracer = tracer, .cookie = socket->cookie };

        for (size_t i = 0; i < THREADS_BUCKETS; i++)
                for (struct traced_thread *t = tracer->threads.buckets[i]; t && !holder.found; t = t->next) {
                        if (t->tid != t->process->pid)
                                continue;
                        holder.thread = t;
                        process_sockets(t->tid, false, compare, &holder);
                }
        return holder.found;
}

static bool is_elsewhere(const struct tracer *tracer, const struct traced_socket *socket)
{
        return socket->netns && tracer->namespaces.own && socket->netns != tracer->namespaces.own;
}

/* Will its kernel tell of its end? */
static bool hears_of(const struct tracer *tracer, const struct traced_socket *socket)
{
        const struct namespace *there = namespaces_find(&tracer->namespaces, socket->netns);

        return is_elsewhere(tracer, socket) ? there && there->ended : tracer->ended != NULL;
}

static int ask_kernel(struct tracer *tracer, const struct traced_socket *socket, const struct diag_tuple *tuple,
                      struct diag_socket *ret_now)
{
        struct namespace *there = namespaces_find(&tracer->namespaces, socket->netns);

        if (!is_elsewhere(tracer, socket))
                return diag_look_on(tracer->diag, tuple, ret_now);
        return there && there->diag ? diag_look_on(there->diag, tuple, ret_now) : -EPERM;
}

/* Where it alone does not tell whose FIN was first, and the other does not speak for itself. */
static void ask_for_other_end(struct tracer *tracer, struct traced_socket *socket)
{
        struct diag_tuple reverse = diag_tuple_reverse(&socket->tuple);
        struct diag_socket now;
        int r;

        if (!socket->act.known || socket->others_asked || socket_first_fin(socket) != FIRST_FIN_UNKNOWN ||
            sockets_other_end(&tracer->sockets, socket))
                return;
        r = ask_kernel(tracer, socket, &reverse, &now);
        socket->others_asked = r == 0 || r == -ENOENT;
        socket->others = r == 0 ? now.state : 0;
}

/* Its kernel knows nothing of it any more, or nothing that we can see. */
static bool is_gone(struct tracer *tracer, struct traced_socket *socket)
{
        int64_t since = tracer_now() - (socket->act.known ? socket->act.at_ns : socket->last.at_ns);
        bool may_be_told = hears_of(tracer, socket) && since < MESSAGE_LATE_NS;

        socket->held = false;
        if (socket->ended || socket->act.how == ACT_CONNECT_UNSPEC)
                return true;
        /* At the end nobody asks again: what is dead in the hands of one that had it too is not ended by the act. */
        if (may_be_told && !tracer->hurries)
                return false;
        socket->held = is_held_by_ours(tracer, socket);
        return !socket->held && !may_be_told;
}

/*
 * Nobody holds it any more, and its kernel has no more to do for it: told, or asked. A TIME_WAIT, and what stands
 * for FIN_WAIT2 when its program has gone, bear the cookie of the socket that they took over.
 */
static bool is_over(struct tracer *tracer, struct traced_socket *socket)
{
        struct diag_socket now;
        int r;

        if (socket->ended && (!socket_has_tuple(socket) || has_had_both_fins(socket) ||
                              socket->end.tuple.remote_port == 0))
                return true;
        r = socket_has_tuple(socket) ? ask_kernel(tracer, socket, &socket->tuple, &now) : -EINVAL;
        if (r == -ENOENT && socket->ended && socket->act.known &&
            tracer_now() - socket->act.at_ns < TIME_WAIT_LEAST_NS) {
                socket->nothing_left = true;
                ask_for_other_end(tracer, socket);
        }
        if (r < 0 || now.cookie != socket->cookie)
                return is_gone(tracer, socket);
        socket->after = now.state;
        socket->after_seen |= 1U << now.state;
        if (now.state == TCP_STATE_TIME_WAIT)
                ask_for_other_end(tracer, socket);
        socket->queued_after = now.wqueue;
        socket->unsent_after_known = now.info;
        socket->unsent_after = now.unsent;
        socket->held = now.inode != 0;
        /* A TIME_WAIT is nobody's; whoever has the socket that it took over has it still, dead (tcp_time_wait()). */
        return now.state == TCP_STATE_TIME_WAIT && is_gone(tracer, socket);
}

/* One that was never used for a connection. */
static bool is_blank(const struct traced_socket *socket)
{
        return !socket_has_tuple(socket) && !socket->role_known && !socket->established_ns;
}

/* It ended nothing. */
static void forget_failed_shutdown(struct traced_socket *socket)
{
        if (!socket_shutdown_failed(socket))
                return;
        socket->shut.known = false;
        socket->shut_read = socket->shut_read && !socket->shut_both;
}

static void give(struct tracer *tracer, struct traced_socket *socket, struct traced_socket *other)
{
        /* Who gave it up while others held it did not end it. */
        if (socket->held && !socket->ended)
                socket->act.known = false;
        if (other && other->held && !other->ended)
                other->act.known = false;
        forget_failed_shutdown(socket);
        if (other)
                forget_failed_shutdown(other);
        if (!is_blank(socket))
                tracer->hooks.ended(tracer->hooks.context, socket, other);
        if (other)
                sockets_drop(&tracer->sockets, other);
        sockets_drop(&tracer->sockets, socket);
}

/* The pair is told from its client's side. */
static void give_pair(struct tracer *tracer, struct traced_socket *socket, struct traced_socket *other)
{
        if (other && !socket->client && other->client)
                give(tracer, other, socket);
        else
                give(tracer, socket, other);
}

void tracer_gives_out(struct tracer *tracer, struct traced_socket *socket)
{
        give(tracer, socket, NULL);
}

/* True if it was asked for and is over. */
static bool ask(struct tracer *tracer, struct traced_socket *socket, int64_t now)
{
        socket->ask_at_ns = now + socket->ask_again_ns;
        if (socket->ask_again_ns < ASK_SELDOM_NS && !tracer->hurries)
                socket->ask_again_ns *= 2;
        /* The act may be on its way to us: an exec closes before its stop (begin_new_exec()). */
        if (socket->ended && !socket->act.known && !tracer->hurries &&
            tracer_now() - socket->end.heard_ns < MESSAGE_LATE_NS)
                return false;
        if (is_over(tracer, socket))
                return true;
        /* Its end will be heard of. */
        if (socket->held && hears_of(tracer, socket) && tracer_now() - socket->act.at_ns > STILL_HELD_NS &&
            socket->after != TCP_STATE_CLOSE && socket->after != 0)
                sockets_closing(&tracer->sockets, socket, false);
        return false;
}

static void settle_closing(struct tracer *tracer)
{
        struct sockets *sockets = &tracer->sockets;
        struct traced_socket *socket = sockets->closing_first, *other;
        int64_t begun = ticks(), now = begun;

        for (size_t n = sockets->n_closing; socket && n > 0 && now - begun < ASKING_MOST_NS; n--) {
                struct traced_socket *next = socket->closing_next;

                if (now >= socket->ask_at_ns || tracer->hurries) {
                        other = sockets_other_end(sockets, socket);
                        if (ask(tracer, socket, now) && (!other || (other->closing && is_over(tracer, other)))) {
                                if (next == other)
                                        next = next ? next->closing_next : NULL;
                                give_pair(tracer, socket, other);
                        }
                        now = ticks();
                }
                socket = next;
        }
}

/* Of the messages that wait, when the first came is known. */
void tracer_hears(struct tracer *tracer)
{
        int64_t heard_ns;

        tracer->first_heard_ns = 0;
        for (struct namespace *there = tracer->namespaces.first; there; there = there->next)
                if (there->ended)
                        ended_take(there->ended, hear, tracer);
        if (!tracer->ended)
                return;
        heard_ns = tracer->notice ? notice_heard(tracer->notice) : 0;
        tracer->first_heard_ns = heard_ns;
        ended_take(tracer->ended, hear, tracer);
        if (heard_ns)
                notice_hear(tracer->notice, ended_fd(tracer->ended));
}

/* Those with a socket that is not done are in use. */
static void leave_namespaces(struct tracer *tracer)
{
        int64_t now = tracer_now();

        if (!tracer->namespaces.first)
                return;
        for (const struct traced_socket *s = tracer->sockets.first; s; s = s->next) {
                struct namespace *there = namespaces_find(&tracer->namespaces, s->netns);

                if (there)
                        there->used_ns = now;
        }
        namespaces_leave(&tracer->namespaces, now);
}

void tracer_settle(struct tracer *tracer, bool all)
{
        struct sockets *sockets = &tracer->sockets;

        tracer_hears(tracer);
        if (!all) {
                settle_closing(tracer);
                leave_namespaces(tracer);
                return;
        }
        for (struct traced_socket *s = sockets->first; s; s = s->next)
                if (s->closing || s->act.known)
                        is_over(tracer, s);
        while (sockets->first)
                give_pair(tracer, sockets->first, sockets_other_end(sockets, sockets->first));
}
