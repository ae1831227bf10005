/* A chained table that doubles, and a list in the order of beginning. */
#include "trace/sockets.h"

#include <errno.h>
#include <stdlib.h>

static struct traced_socket **
slot(const struct sockets *sockets, uint64_t cookie)
{
        return &sockets->table[cookie * UINT64_C(0x9e3779b97f4a7c15) >> 20 & (sockets->n_slots - 1)];
}

static int
grow(struct sockets *sockets)
{
        size_t n_slots = sockets->n_slots ? sockets->n_slots * 2 : 256;
        struct traced_socket **table = calloc(n_slots, sizeof(*table));

        if (!table)
                return -ENOMEM;
        free(sockets->table);
        sockets->table = table;
        sockets->n_slots = n_slots;
        for (struct traced_socket *s = sockets->first; s; s = s->next) {
                struct traced_socket **at = slot(sockets, s->cookie);

                s->chained = *at;
                *at = s;
        }
        return 0;
}

struct traced_socket *
sockets_find(const struct sockets *sockets, uint64_t cookie)
{
        struct traced_socket *s = sockets->n_slots ? *slot(sockets, cookie) : NULL;

        while (s && s->cookie != cookie)
                s = s->chained;
        return s;
}

struct traced_socket *
sockets_get(struct sockets *sockets, uint64_t cookie)
{
        struct traced_socket *s = sockets_find(sockets, cookie), **at;

        if (s)
                return s;
        if (sockets->n >= sockets->n_slots && grow(sockets) < 0)
                return NULL;
        s = calloc(1, sizeof(*s));
        if (!s)
                return NULL;
        s->cookie = cookie;
        at = slot(sockets, cookie);
        s->chained = *at;
        *at = s;
        if (sockets->last)
                sockets->last->next = s;
        else
                sockets->first = s;
        sockets->last = s;
        sockets->n++;
        return s;
}

void
sockets_drop(struct sockets *sockets, struct traced_socket *socket)
{
        struct traced_socket **at = slot(sockets, socket->cookie), *before = NULL;

        while (*at != socket)
                at = &(*at)->chained;
        *at = socket->chained;
        if (sockets->first == socket) {
                sockets->first = socket->next;
        } else {
                for (before = sockets->first; before->next != socket;)
                        before = before->next;
                before->next = socket->next;
        }
        if (sockets->last == socket)
                sockets->last = before;
        sockets->n--;
        free(socket);
}

void
sockets_deinit(struct sockets *sockets)
{
        while (sockets->first) {
                struct traced_socket *next = sockets->first->next;

                free(sockets->first);
                sockets->first = next;
        }
        free(sockets->table);
        *sockets = (struct sockets){ 0 };
}

/* Of a socket older than the tracing: who asked first counts its SYN among the bytes acknowledged. */
static void
guess_role(struct traced_socket *socket, const struct look *look)
{
        if (socket->role_known || !look->info || look->outq > 0 ||
            (look->state != TCP_STATE_ESTABLISHED && look->state != TCP_STATE_CLOSE_WAIT))
                return;
        socket->role_known = true;
        socket->client = look->bytes_acked > look->bytes_sent - look->bytes_again;
}

void
socket_seen(struct traced_socket *socket, const struct look *look)
{
        guess_role(socket, look);
        socket->last = *look;
        if (look->state != TCP_STATE_CLOSE)
                socket->alive = *look;
        if (look->has_tuple) {
                socket->tuple = look->tuple;
                socket->has_tuple = true;
        }
}

void
socket_called(struct traced_socket *socket, const struct socket_call *call)
{
        socket->calls[socket->n_calls++ % SOCKET_CALLS_MAX] = *call;
        socket->sigpipe = socket->sigpipe || call->sigpipe;
}
