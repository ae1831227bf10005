/* Two chained tables that double, a list in the order of beginning, and one of those that may be over. */
#include "trace/sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* An ended socket is asked for at once, then ever more rarely. */
#define ASK_FIRST_NS INT64_C(50000000)

static size_t slot_of(const struct sockets *sockets, uint64_t hash)
{
        return hash * UINT64_C(0x9e3779b97f4a7c15) >> 20 & (sockets->n_slots - 1);
}

static uint64_t tuple_hash(const struct diag_tuple *tuple)
{
        uint64_t parts[4], hash = (uint64_t)tuple->local_port << 16 | tuple->remote_port;

        memcpy(parts, tuple->local, 16);
        memcpy(parts + 2, tuple->remote, 16);
        for (size_t i = 0; i < 4; i++)
                hash = (hash ^ parts[i]) * UINT64_C(0x100000001b3);
        return hash ^ hash >> 29;
}

static bool tuple_equal(const struct diag_tuple *a, const struct diag_tuple *b)
{
        return a->family == b->family && a->local_port == b->local_port && a->remote_port == b->remote_port &&
               memcmp(a->local, b->local, sizeof(a->local)) == 0 &&
               memcmp(a->remote, b->remote, sizeof(a->remote)) == 0;
}

static void put_tuple(struct sockets *sockets, struct traced_socket *socket)
{
        struct traced_socket **at = &sockets->tuples[slot_of(sockets, tuple_hash(&socket->tuple))];

        socket->by_tuple = *at;
        *at = socket;
}

static void take_tuple(struct sockets *sockets, struct traced_socket *socket)
{
        struct traced_socket **at = &sockets->tuples[slot_of(sockets, tuple_hash(&socket->tuple))];

        while (*at != socket)
                at = &(*at)->by_tuple;
        *at = socket->by_tuple;
}

static void put_cookie(struct sockets *sockets, struct traced_socket *socket)
{
        struct traced_socket **at = &sockets->cookies[slot_of(sockets, socket->cookie)];

        socket->by_cookie = *at;
        *at = socket;
}

static int grow(struct sockets *sockets)
{
        size_t n_slots = sockets->n_slots ? sockets->n_slots * 2 : 256;
        struct traced_socket **tables = calloc(n_slots * 2, sizeof(*tables));

        if (!tables)
                return -ENOMEM;
        free(sockets->cookies);
        sockets->cookies = tables;
        sockets->tuples = tables + n_slots;
        sockets->n_slots = n_slots;
        for (struct traced_socket *s = sockets->first; s; s = s->next) {
                put_cookie(sockets, s);
                if (socket_has_tuple(s))
                        put_tuple(sockets, s);
        }
        return 0;
}

struct traced_socket *sockets_find(const struct sockets *sockets, uint64_t cookie)
{
        struct traced_socket *s = sockets->n_slots ? sockets->cookies[slot_of(sockets, cookie)] : NULL;

        while (s && s->cookie != cookie)
                s = s->by_cookie;
        return s;
}

struct traced_socket *sockets_get(struct sockets *sockets, uint64_t cookie)
{
        struct traced_socket *s = sockets_find(sockets, cookie);

        if (s)
                return s;
        if (sockets->n >= sockets->n_slots && grow(sockets) < 0)
                return NULL;
        s = calloc(1, sizeof(*s));
        if (!s)
                return NULL;
        s->cookie = cookie;
        put_cookie(sockets, s);
        s->before = sockets->last;
        *(sockets->last ? &sockets->last->next : &sockets->first) = s;
        sockets->last = s;
        sockets->n++;
        return s;
}

/* Each network namespace has a loopback of its own. */
static bool is_loopback(const struct diag_tuple *tuple)
{
        static const uint8_t one[16] = { [15] = 1 };

        return tuple->family == AF_INET ? tuple->local[0] == 127 : memcmp(tuple->local, one, sizeof(one)) == 0;
}

bool tuple_is_of_one_host(const struct diag_tuple *tuple)
{
        return is_loopback(tuple) || memcmp(tuple->local, tuple->remote, sizeof(tuple->local)) == 0;
}

/* Addresses are used again: of several, the one in the same network namespace, then the one that began nearest. */
struct traced_socket *sockets_other_end(const struct sockets *sockets, const struct traced_socket *socket)
{
        struct diag_tuple reverse = diag_tuple_reverse(&socket->tuple);
        bool only_here = is_loopback(&socket->tuple), near = false;
        struct traced_socket *best = NULL;
        int64_t least = 0;

        if (!socket_has_tuple(socket))
                return NULL;
        for (struct traced_socket *s = sockets->tuples[slot_of(sockets, tuple_hash(&reverse))]; s; s = s->by_tuple) {
                int64_t apart = s->began_ns > socket->began_ns ? s->began_ns - socket->began_ns
                                : socket->began_ns - s->began_ns;

                bool here = !s->netns || !socket->netns || s->netns == socket->netns;

                if (s == socket || !tuple_equal(&s->tuple, &reverse) || (only_here && !here) ||
                    (best && (near > here || (near == here && apart >= least))))
                        continue;
                best = s;
                near = here;
                least = apart;
        }
        return best;
}

void sockets_closing(struct sockets *sockets, struct traced_socket *socket, bool closing)
{
        if (closing) {
                socket->ask_at_ns = 0;
                socket->ask_again_ns = ASK_FIRST_NS;
        }
        if (socket->closing == closing)
                return;
        socket->closing = closing;
        if (closing) {
                socket->closing_before = sockets->closing_last;
                socket->closing_next = NULL;
                *(sockets->closing_last ? &sockets->closing_last->closing_next : &sockets->closing_first) = socket;
                sockets->closing_last = socket;
                sockets->n_closing++;
                return;
        }
        *(socket->closing_before ? &socket->closing_before->closing_next : &sockets->closing_first) =
                socket->closing_next;
        *(socket->closing_next ? &socket->closing_next->closing_before : &sockets->closing_last) =
                socket->closing_before;
        sockets->n_closing--;
}

static void free_one(struct traced_socket *socket)
{
        free(socket->told_at);
        free(socket->reset_at);
        free(socket);
}

void sockets_drop(struct sockets *sockets, struct traced_socket *socket)
{
        struct traced_socket **at = &sockets->cookies[slot_of(sockets, socket->cookie)];

        while (*at != socket)
                at = &(*at)->by_cookie;
        *at = socket->by_cookie;
        if (socket_has_tuple(socket))
                take_tuple(sockets, socket);
        sockets_closing(sockets, socket, false);
        *(socket->before ? &socket->before->next : &sockets->first) = socket->next;
        *(socket->next ? &socket->next->before : &sockets->last) = socket->before;
        sockets->n--;
        free_one(socket);
}

void sockets_deinit(struct sockets *sockets)
{
        while (sockets->first) {
                struct traced_socket *next = sockets->first->next;

                free_one(sockets->first);
                sockets->first = next;
        }
        free(sockets->cookies);
        *sockets = (struct sockets){ 0 };
}

/* Of a socket older than the tracing: who asked first counts its SYN among the bytes acknowledged. */
static void guess_role(struct traced_socket *socket, const struct look *look)
{
        if (socket->role_known || !look->info || look->outq > 0 ||
            (look->state != TCP_STATE_ESTABLISHED && look->state != TCP_STATE_CLOSE_WAIT))
                return;
        socket->role_known = true;
        socket->client = look->bytes_acked > look->bytes_sent - look->bytes_again;
}

/* In CLOSE the counters still stand: a SYN acknowledged counts a byte, and data came over a connection. */
static bool was_up(const struct look *look)
{
        if (look->state == TCP_STATE_CLOSE)
                return look->info && (look->bytes_acked > 0 || look->bytes_received > 0);
        return look->state != TCP_STATE_SYN_SENT && look->state != TCP_STATE_SYN_RECV &&
               look->state != TCP_STATE_LISTEN;
}

void sockets_seen(struct sockets *sockets, struct traced_socket *socket, const struct look *look)
{
        guess_role(socket, look);
        if (look->netns)
                socket->netns = look->netns;
        socket->last = *look;
        if (look->state != TCP_STATE_CLOSE)
                socket->alive = *look;
        if (!socket->established_ns && was_up(look))
                socket->established_ns = look->at_ns;
        if (!look->has_local)
                return;
        if (socket_has_tuple(socket))
                take_tuple(sockets, socket);
        if (!look->has_remote) {
                socket->tuple.family = look->tuple.family;
                memcpy(socket->tuple.local, look->tuple.local, sizeof(look->tuple.local));
                socket->tuple.local_port = look->tuple.local_port;
        } else {
                socket->tuple = look->tuple;
                socket->has_remote = true;
        }
        socket->has_local = true;
        if (socket_has_tuple(socket))
                put_tuple(sockets, socket);
}

void sockets_named(struct sockets *sockets, struct traced_socket *socket, uint8_t family, const uint8_t *remote,
                   uint16_t port)
{
        if (socket_has_tuple(socket))
                take_tuple(sockets, socket);
        socket->tuple.family = family;
        memset(socket->tuple.remote, 0, sizeof(socket->tuple.remote));
        memcpy(socket->tuple.remote, remote, family == AF_INET ? 4 : 16);
        socket->tuple.remote_port = port;
        socket->has_remote = true;
        if (socket_has_tuple(socket))
                put_tuple(sockets, socket);
}

void socket_called(struct traced_socket *socket, const struct socket_call *call)
{
        socket->calls[socket->n_calls++ % SOCKET_CALLS_MAX] = *call;
        socket->sigpipe = socket->sigpipe || call->sigpipe;
}
