/* Two multicast groups of NETLINK_SOCK_DIAG, one for each family. */
#include "netlink/ended.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* What may wait to be read: some 16,000 messages. */
#define ROOM (16 << 20)

/* Some are read at a time, each in a place of its own: they take half of one. */
#define AT_ONCE 16
#define MESSAGE_MAX 2048

struct ended {
        struct mnl_socket *socket;
        uint64_t n_lost;
        struct mmsghdr headers[AT_ONCE];
        struct iovec places[AT_ONCE];
        _Alignas(struct nlmsghdr) char bytes[AT_ONCE][MESSAGE_MAX];
};

struct taking {
        void (*each)(void *context, const struct ended_socket *socket);
        void *context;
        int64_t now_ns;
};

static struct ended *ended_new(void)
{
        struct ended *ended = calloc(1, sizeof(*ended));

        for (size_t i = 0; ended && i < AT_ONCE; i++) {
                ended->places[i] = (struct iovec){ ended->bytes[i], MESSAGE_MAX };
                ended->headers[i].msg_hdr = (struct msghdr){ .msg_iov = &ended->places[i], .msg_iovlen = 1 };
        }
        return ended;
}

int ended_open(struct ended **ret_ended)
{
        struct ended *ended = ended_new();
        int groups[] = { SKNLGRP_INET_TCP_DESTROY, SKNLGRP_INET6_TCP_DESTROY }, room = ROOM, r;

        if (!ended)
                return -ENOMEM;
        ended->socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (!ended->socket)
                goto failed;
        setsockopt(mnl_socket_get_fd(ended->socket), SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
        setsockopt(mnl_socket_get_fd(ended->socket), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
        if (mnl_socket_bind(ended->socket, 0, MNL_SOCKET_AUTOPID) < 0)
                goto failed;
        for (size_t i = 0; i < 2; i++)
                if (mnl_socket_setsockopt(ended->socket, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof(groups[i])) < 0)
                        goto failed;
        *ret_ended = ended;
        return 0;
failed:
        r = -errno;
        ended_close(ended);
        return r;
}

int ended_adopt(int fd, struct ended **ret_ended)
{
        struct ended *ended = ended_new();
        int r;

        if (!ended)
                return -ENOMEM;
        ended->socket = mnl_socket_fdopen(fd);
        if (!ended->socket) {
                r = -errno;
                free(ended);
                return r;
        }
        *ret_ended = ended;
        return 0;
}

struct ended *ended_close(struct ended *ended)
{
        if (ended && ended->socket)
                mnl_socket_close(ended->socket);
        free(ended);
        return NULL;
}

int ended_fd(const struct ended *ended)
{
        return mnl_socket_get_fd(ended->socket);
}

uint64_t ended_lost(const struct ended *ended)
{
        return ended->n_lost;
}

static int take_attribute(const struct nlattr *attribute, void *context)
{
        struct ended_socket *socket = context;
        struct tcp_info info = { 0 };
        size_t n = mnl_attr_get_payload_len(attribute);

        if (mnl_attr_get_type(attribute) != INET_DIAG_INFO)
                return MNL_CB_OK;
        memcpy(&info, mnl_attr_get_payload(attribute), n < sizeof(info) ? n : sizeof(info));
        socket->info = n >= offsetof(struct tcp_info, tcpi_bytes_retrans) + sizeof(info.tcpi_bytes_retrans);
        socket->bytes_sent = info.tcpi_bytes_sent;
        socket->bytes_again = info.tcpi_bytes_retrans;
        socket->bytes_acked = info.tcpi_bytes_acked;
        socket->bytes_received = info.tcpi_bytes_received;
        socket->unsent = info.tcpi_notsent_bytes;
        socket->retransmits = info.tcpi_retransmits;
        socket->probes = info.tcpi_probes;
        socket->segments = segment_counts_of(&info);
        return MNL_CB_OK;
}

static bool is_mapped(const uint8_t *address)
{
        static const uint8_t prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

        return memcmp(address, prefix, sizeof(prefix)) == 0;
}

static void take_tuple(const struct inet_diag_msg *said, struct diag_tuple *tuple)
{
        const uint8_t *from = (const void *)said->id.idiag_src, *to = (const void *)said->id.idiag_dst;
        bool mapped = said->idiag_family == AF_INET6 && is_mapped(from);

        tuple->family = mapped ? AF_INET : said->idiag_family;
        memcpy(tuple->local, from + (mapped ? 12 : 0), tuple->family == AF_INET ? 4 : 16);
        memcpy(tuple->remote, to + (mapped ? 12 : 0), tuple->family == AF_INET ? 4 : 16);
        tuple->local_port = ntohs(said->id.idiag_sport);
        tuple->remote_port = ntohs(said->id.idiag_dport);
}

static int take_one(const struct nlmsghdr *message, void *context)
{
        const struct inet_diag_msg *said = mnl_nlmsg_get_payload(message);
        struct ended_socket socket = { 0 };
        struct taking *taking = context;

        if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY || mnl_nlmsg_get_payload_len(message) < sizeof(*said))
                return MNL_CB_OK;
        socket.cookie = said->id.idiag_cookie[0] | (uint64_t)said->id.idiag_cookie[1] << 32;
        socket.heard_ns = taking->now_ns;
        socket.rqueue = said->idiag_rqueue;
        socket.wqueue = said->idiag_wqueue;
        take_tuple(said, &socket.tuple);
        mnl_attr_parse(message, sizeof(*said), take_attribute, &socket);
        taking->each(taking->context, &socket);
        return MNL_CB_OK;
}

int ended_take(struct ended *ended, void (*each)(void *context, const struct ended_socket *socket), void *context)
{
        struct taking taking = { each, context, 0 };
        struct timespec t;

        for (;;) {
                int n = recvmmsg(mnl_socket_get_fd(ended->socket), ended->headers, AT_ONCE, MSG_DONTWAIT, NULL);

                if (n < 0 && errno == ENOBUFS) {
                        ended->n_lost++;
                        continue;
                }
                if (n < 0)
                        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
                clock_gettime(CLOCK_REALTIME, &t);
                taking.now_ns = t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
                for (int i = 0; i < n; i++)
                        mnl_cb_run(ended->bytes[i], ended->headers[i].msg_len, 0, 0, take_one, &taking);
                if (n < AT_ONCE)
                        return 0;
        }
}
