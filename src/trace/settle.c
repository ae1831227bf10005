/*
 * Who is done: a socket whose last descriptor is gone, as the kernel tells by its message, or when asked by the
 * addresses. With both ends in the traced programs, the two are given out as one connection.
 */
#include <string.h>

#include "trace/tracer_internal.h"

static void
hear(void *context, const struct ended_socket *end)
{
        struct tracer *tracer = context;
        struct traced_socket *socket = sockets_find(&tracer->sockets, end->cookie);

        if (!socket)
                return;
        socket->ended = true;
        socket->end = *end;
}

/*
 * Nobody holds it any more, and its kernel has no more to do for it: told, or asked. A TIME_WAIT, and what stands
 * for FIN_WAIT2 when its program has gone, bear the cookie of the socket that they took over.
 */
static bool
is_over(struct traced_socket *socket)
{
        struct diag_socket now;

        if (!socket->has_tuple)
                return socket->ended || socket->last.state == TCP_STATE_CLOSE;
        if (diag_look(&socket->tuple, &now) < 0 || now.cookie != socket->cookie)
                return true;
        socket->after = now.state;
        socket->held = now.inode != 0;
        return now.state == TCP_STATE_TIME_WAIT;
}

static struct traced_socket *
other_end(const struct tracer *tracer, const struct traced_socket *socket)
{
        struct diag_tuple reverse = diag_tuple_reverse(&socket->tuple);

        if (!socket->has_tuple)
                return NULL;
        for (struct traced_socket *s = tracer->sockets.first; s; s = s->next)
                if (s != socket && s->has_tuple && memcmp(&s->tuple, &reverse, sizeof(reverse)) == 0 && !s->given)
                        return s;
        return NULL;
}

/* One that was never used for a connection. */
static bool
is_blank(const struct traced_socket *socket)
{
        return !socket->has_tuple && !socket->role_known && !socket->established_ns;
}

static void
give(struct tracer *tracer, struct traced_socket *socket, struct traced_socket *other)
{
        if (!is_blank(socket))
                tracer->hooks.ended(tracer->hooks.context, socket, other);
        if (socket->closing)
                tracer->n_closing--;
        if (other && other->closing)
                tracer->n_closing--;
        if (other)
                sockets_drop(&tracer->sockets, other);
        sockets_drop(&tracer->sockets, socket);
}

void
tracer_settle(struct tracer *tracer, bool all)
{
        struct traced_socket *next;

        if (tracer->ended)
                ended_take(tracer->ended, hear, tracer);
        if (tracer->n_closing == 0 && !all)
                return;
        for (struct traced_socket *s = tracer->sockets.first; s; s = next) {
                struct traced_socket *other;

                next = s->next;
                if (!all && (!s->closing || !is_over(s)))
                        continue;
                other = other_end(tracer, s);
                if (other && !all && !(other->closing && is_over(other)))
                        continue;
                /* The pair is told from its client's side. */
                if (other && !s->client && other->client) {
                        struct traced_socket *swap = s;

                        if (next == other)
                                next = other->next;
                        s = other;
                        other = swap;
                } else if (next == other && other) {
                        next = other->next;
                }
                give(tracer, s, other);
        }
}
