/* Listeners, connections, and settings of the namespace. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lab/namespace.h"
#include "lab/play_internal.h"
#include "netlink/destroy.h"

#define BACKLOG 16

static void set_address(struct play *play, const char *ipv4, const char *ipv6, uint16_t port)
{
        struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
        struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

        if (play->family == AF_INET) {
                inet_pton(AF_INET, ipv4, &in.sin_addr);
                memcpy(&play->address, &in, sizeof(in));
                play->address_length = sizeof(in);
        } else {
                inet_pton(AF_INET6, ipv6, &in6.sin6_addr);
                memcpy(&play->address, &in6, sizeof(in6));
                play->address_length = sizeof(in6);
        }
}

static uint16_t port_of(const struct sockaddr_storage *address)
{
        struct sockaddr_in in;
        struct sockaddr_in6 in6;

        if (address->ss_family == AF_INET) {
                memcpy(&in, address, sizeof(in));
                return ntohs(in.sin_port);
        }
        memcpy(&in6, address, sizeof(in6));
        return ntohs(in6.sin6_port);
}

/* A socket bound to a free port of the address; the address then names the port. */
static int bind_free(struct play *play, int *ret_fd)
{
        int fd = socket(play->family, SOCK_STREAM | SOCK_CLOEXEC, 0), error;
        socklen_t length = sizeof(play->address);

        if (fd < 0)
                return -errno;
        if (bind(fd, (struct sockaddr *)&play->address, play->address_length) < 0 ||
            getsockname(fd, (struct sockaddr *)&play->address, &length) < 0) {
                error = errno;
                close(fd);
                return -error;
        }
        *ret_fd = fd;
        return 0;
}

static void put_address(const struct sockaddr_storage *from, uint8_t address[16], uint16_t *port)
{
        struct sockaddr_in in;
        struct sockaddr_in6 in6;

        *port = port_of(from);
        memset(address, 0, 16);
        if (from->ss_family == AF_INET) {
                memcpy(&in, from, sizeof(in));
                memcpy(address, &in.sin_addr, 4);
        } else {
                memcpy(&in6, from, sizeof(in6));
                memcpy(address, &in6.sin6_addr, 16);
        }
}

static void name_tuple(struct play *play, int end, const struct sockaddr_storage *own)
{
        struct diag_tuple *t = &play->tuple[end];

        if (end != CLIENT)
                return;
        t->family = (uint8_t)play->family;
        put_address(own, t->local, &t->local_port);
        put_address(&play->address, t->remote, &t->remote_port);
}

void play_name(struct play *play, int end)
{
        struct sockaddr_storage name = { 0 };
        socklen_t length = sizeof(name);

        if (play->fd[end] < 0 || getsockname(play->fd[end], (struct sockaddr *)&name, &length) < 0)
                return;
        if (!play->named[end]) /* the truth is told of the first connection */
                play->name[end] = name;
        play->named[end] = true;
        if (diag_tuple_of(play->fd[end], &play->tuple[end]) < 0)
                name_tuple(play, end, &name); /* SYN_SENT has no peer yet for getpeername() */
        if (end == CLIENT && !play->named[SERVER])
                memcpy(&play->name[SERVER], &play->address, sizeof(play->address)), play->named[SERVER] = true;
}

static int open_listener(struct play *play, int backlog)
{
        bool stopped = play->listener >= 0 && play->pair.listener.state != TCP_STATE_LISTEN;
        int r = 0;

        /* tcp_disconnect() gives a port back that bind() had chosen: it would listen elsewhere. */
        if (stopped)
                return play_skip(play, "a listener that has stopped has no port any more");
        if (play->listener < 0) {
                if (play->reserved >= 0) {
                        play->listener = play->reserved;
                        play->reserved = -1;
                } else {
                        r = bind_free(play, &play->listener);
                }
        }
        if (r == 0 && listen(play->listener, backlog) < 0)
                r = -errno;
        if (r < 0)
                return play_skip(play, "a listener: %s", strerror(-r));
        pair_listen(&play->pair);
        return calls_nonblock(play->listener, true);
}

/* What is written leaves at once: a peer by hand may never acknowledge what Nagle would wait for. */
static void no_delay(int fd)
{
        int on = 1;

        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static int accept_one(struct play *play)
{
        int fd = accept4(play->listener, NULL, NULL, SOCK_CLOEXEC);

        if (fd < 0)
                return -errno;
        no_delay(fd);
        play->fd[SERVER] = fd;
        play_name(play, SERVER);
        return 0;
}

static int watch_ports(struct play *play)
{
        uint16_t port = port_of(&play->address);

        struct sniffer *sniffer = play->pair.by_hand[CLIENT] || play->pair.by_hand[SERVER]
                                          ? play->rights->wire_sniffer
                                          : play->sniffer;

        if (!sniffer)
                return 0;
        sniffer_clear(sniffer);
        return sniffer_ports(sniffer, &port, 1);
}

static int new_client(struct play *play)
{
        play->fd[CLIENT] = socket(play->family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (play->fd[CLIENT] < 0)
                return -errno;
        no_delay(play->fd[CLIENT]);
        return 0;
}

static int connect_both(struct play *play)
{
        int r = new_client(play);

        if (r == 0 && connect(play->fd[CLIENT], (struct sockaddr *)&play->address, play->address_length) < 0)
                r = -errno;
        if (r < 0)
                return r;
        play_name(play, CLIENT);
        for (struct pause pause = { 0 }; (r = accept_one(play)) == -EAGAIN; pause_a_little(&pause))
                ;
        if (r == 0) {
                close(play->listener);
                play->listener = -1;
        }
        return r;
}

static int connect_by_hand(struct play *play)
{
        bool unconnected = play->scenario->flags & SCENARIO_UNCONNECTED;
        int r;

        r = play_open_peer(play);
        if (r < 0 || unconnected)
                return r;
        if (play->pair.by_hand[SERVER]) {
                r = calls_nonblock(play->fd[CLIENT], true);
                if (r == 0 && connect(play->fd[CLIENT], (struct sockaddr *)&play->address,
                                      play->address_length) < 0 && errno != EINPROGRESS)
                        r = -errno;
                if (r == 0)
                        r = peer_handshake(play->peer, now_ns() + SETTLE_NS);
                /* As a program does that waited for it: the second call takes the success. */
                if (r == 0 && connect(play->fd[CLIENT], (struct sockaddr *)&play->address,
                                      play->address_length) < 0)
                        r = -errno;
                play_name(play, CLIENT);
        } else {
                r = peer_handshake(play->peer, now_ns() + SETTLE_NS);
                for (struct pause pause = { 0 }; r == 0 && (r = accept_one(play)) == -EAGAIN; pause_a_little(&pause))
                        r = 0;
                close(play->listener);
                play->listener = -1;
        }
        return r;
}

int play_connect(struct play *play)
{
        bool by_hand = play->pair.by_hand[CLIENT] || play->pair.by_hand[SERVER];
        bool unconnected = play->scenario->flags & SCENARIO_UNCONNECTED;
        int r;

        if (by_hand) {
                if (play->pair.by_hand[SERVER]) {
                        set_address(play, NAMESPACE_PEER_IPV4, NAMESPACE_PEER_IPV6, 4443);
                        r = new_client(play);
                } else {
                        set_address(play, NAMESPACE_SOCKETS_IPV4, NAMESPACE_SOCKETS_IPV6, 0);
                        r = unconnected ? bind_free(play, &play->reserved) : open_listener(play, BACKLOG);
                        }
                if (r == 0)
                        r = watch_ports(play);
                if (r == 0)
                        r = connect_by_hand(play);
        } else {
                set_address(play, "127.0.0.1", "::1", 0);
                r = bind_free(play, &play->reserved);
                if (r == 0)
                        r = watch_ports(play);
                if (r == 0 && unconnected)
                        r = new_client(play);
                else if (r == 0 && (r = open_listener(play, BACKLOG)) == 0)
                        r = connect_both(play);
        }
        if (r < 0 && !play->skipped)
                return play_skip(play, "making the connection: %s", strerror(-r));
        return r;
}

/* Connections that nobody accepts, until the queue is full: it holds one more than the backlog. */
static int fill_backlog(struct play *play, int n)
{
        for (int i = 0; i <= n; i++) {
                struct sockaddr_storage own;
                socklen_t length = sizeof(own);
                int fd = socket(play->family, SOCK_STREAM | SOCK_CLOEXEC, 0);

                if (fd < 0 || play->n_fillers == sizeof(play->fillers) / sizeof(*play->fillers))
                        return fd < 0 ? -errno : -ENOBUFS;
                play->fillers[play->n_fillers++] = fd;
                if (connect(fd, (struct sockaddr *)&play->address, play->address_length) < 0)
                        return -errno;
                if (getsockname(fd, (struct sockaddr *)&own, &length) < 0)
                        return -errno;
                play->filler_ports[i] = port_of(&own);
        }
        play->pair.end[SERVER].queue_full = true;
        return 0;
}

int play_listener(struct play *play, struct step *step)
{
        const struct lab_act *act = &step->act;
        struct event event = { .kind = EVENT_CLOSE, .observed = -1 };
        int r;

        switch ((int)act->verb) {
        case VERB_LISTEN:
                return open_listener(play, act->has_n ? (int)act->n : BACKLOG);
        case VERB_FILL_BACKLOG:
                r = fill_backlog(play, act->has_n ? (int)act->n : 0);
                return r < 0 ? play_skip(play, "%s: %s", act->text, strerror(-r)) : 0;
        case VERB_CLOSE:
                if (play->listener < 0)
                        return play_skip(play, "%s: no listener", act->text);
                step->is_call = step->has_result = true;
                r = close(play->listener) < 0 ? -errno : 0;
                step->seen = (struct result_seen){ .value = r < 0 ? -1 : 0, .error = -r };
                play->listener = -1;
                pair_listener_step(&play->pair, &event, &step->expected);
                return play_compare(play, step);
        default:
                break;
        }
        if (play->listener < 0)
                return play_skip(play, "%s: no listener to accept from (l.listen)", act->text);
        event.kind = EVENT_ACCEPT;
        pair_listener_step(&play->pair, &event, &step->expected);
        step->is_call = step->has_result = true;
        for (struct pause pause = { 0 }; pause.n < 1000; pause_a_little(&pause)) {
                r = accept_one(play);
                if (r != -EAGAIN || step->expected.result == RESULT_ERROR)
                        break;
        }
        step->seen = (struct result_seen){ .value = r < 0 ? -1 : 0, .error = r < 0 ? -r : 0 };
        return play_compare(play, step);
}

int play_destroy_listener(struct play *play, struct step *step)
{
        struct event event = { .kind = EVENT_DESTROY, .observed = -1 };
        struct diag_tuple tuple = { .family = (uint8_t)play->family };
        int r;

        if (play->listener < 0)
                return play_skip(play, "%s: no listener (l.listen)", step->act.text);
        put_address(&play->address, tuple.local, &tuple.local_port);
        r = destroy_socket(&tuple);
        if (r < 0)
                return play_skip(play, "SOCK_DESTROY: %s", strerror(-r));
        pair_listener_step(&play->pair, &event, &step->expected);
        return 0;
}

/* NAME:VALUE, below net.ipv4; what was there before is set again when the play ends. */
int play_setting(struct play *play, const struct lab_act *act)
{
        const char *colon = strchr(act->value, ':');
        struct setting *s = &play->settings[play->n_settings];
        int r;

        if (!colon || play->n_settings == sizeof(play->settings) / sizeof(*play->settings))
                return play_skip(play, "%s: write n.sysctl=NAME:VALUE", act->text);
        snprintf(s->name, sizeof(s->name), "net.ipv4.%.*s", (int)(colon - act->value), act->value);
        r = namespace_sysctl_read(s->name, s->value, sizeof(s->value));
        if (r == 0)
                r = namespace_sysctl(s->name, colon + 1);
        if (r < 0)
                return play_skip(play, "%s: %s", s->name, strerror(-r));
        play->n_settings++;
        if (!strcmp(s->name, "net.ipv4.tcp_abort_on_overflow"))
                play->pair.end[SERVER].abort_on_overflow = colon[1] == '1';
        if (!strcmp(s->name, "net.ipv4.tcp_rfc1337"))
                play->pair.end[CLIENT].rfc1337 = play->pair.end[SERVER].rfc1337 = colon[1] == '1';
        return 0;
}
