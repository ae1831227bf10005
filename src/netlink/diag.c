/* sock_diag: one request names one socket. The kernel looks for a connection first, then for a
 * TIME_WAIT, then for a listener that would take it (inet_diag_find_one_icsk()): a listener found
 * for a connection's addresses means that there is no such connection. */
#include "netlink/diag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/ask.h"
#include "netlink/diag_request.h"

static int address_of(const struct sockaddr_storage *storage, uint8_t *family, uint8_t *address, uint16_t *port)
{
        if (storage->ss_family == AF_INET) {
                const struct sockaddr_in *in = (const void *)storage;

                *family = AF_INET;
                *port = ntohs(in->sin_port);
                memcpy(address, &in->sin_addr, 4);
                return 0;
        }
        if (storage->ss_family == AF_INET6) {
                const struct sockaddr_in6 *in = (const void *)storage;
                bool mapped = IN6_IS_ADDR_V4MAPPED(&in->sin6_addr);

                *family = mapped ? AF_INET : AF_INET6;
                *port = ntohs(in->sin6_port);
                memcpy(address, in->sin6_addr.s6_addr + (mapped ? 12 : 0), mapped ? 4 : 16);
                return 0;
        }
        return -EAFNOSUPPORT;
}

int diag_local_of(int fd, struct diag_tuple *ret_tuple)
{
        struct sockaddr_storage storage = {};
        struct diag_tuple tuple = {};
        socklen_t n = sizeof(storage);
        int r;

        if (getsockname(fd, (struct sockaddr *)&storage, &n) < 0)
                return -errno;
        r = address_of(&storage, &tuple.family, tuple.local, &tuple.local_port);
        if (r == 0)
                *ret_tuple = tuple;
        return r;
}

int diag_tuple_of(int fd, struct diag_tuple *ret_tuple)
{
        struct sockaddr_storage storage = {};
        struct diag_tuple tuple = {};
        socklen_t n;
        int r;

        r = diag_local_of(fd, &tuple);
        if (r)
                return r;
        n = sizeof(storage);
        if (getpeername(fd, (struct sockaddr *)&storage, &n) < 0)
                return -errno;
        r = address_of(&storage, &tuple.family, tuple.remote, &tuple.remote_port);
        if (r)
                return r;
        *ret_tuple = tuple;
        return 0;
}

struct diag_tuple diag_tuple_reverse(const struct diag_tuple *tuple)
{
        struct diag_tuple other = *tuple;

        memcpy(other.local, tuple->remote, sizeof(other.local));
        memcpy(other.remote, tuple->local, sizeof(other.remote));
        other.local_port = tuple->remote_port;
        other.remote_port = tuple->local_port;
        return other;
}

int diag_request(const struct diag_tuple *tuple, uint64_t cookie, uint16_t type, uint16_t flags,
                 struct diag_request *ret_request)
{
        struct nlmsghdr *message = mnl_nlmsg_put_header(ret_request->bytes);
        size_t n = tuple->family == AF_INET6 ? 16 : 4;
        struct inet_diag_req_v2 *what;

        if (tuple->family != AF_INET && tuple->family != AF_INET6)
                return -EAFNOSUPPORT;
        message->nlmsg_type = type;
        message->nlmsg_flags = NLM_F_REQUEST | flags;
        what = mnl_nlmsg_put_extra_header(message, sizeof(*what));
        what->sdiag_family = tuple->family;
        what->sdiag_protocol = IPPROTO_TCP;
        what->idiag_states = UINT32_MAX;
        what->id.idiag_sport = htons(tuple->local_port);
        what->id.idiag_dport = htons(tuple->remote_port);
        memcpy(what->id.idiag_src, tuple->local, n);
        memcpy(what->id.idiag_dst, tuple->remote, n);
        what->id.idiag_cookie[0] = cookie ? (uint32_t)cookie : INET_DIAG_NOCOOKIE;
        what->id.idiag_cookie[1] = cookie ? (uint32_t)(cookie >> 32) : INET_DIAG_NOCOOKIE;
        return 0;
}

struct answer {
        struct diag_socket socket;
        bool found;
};

static int take_attribute(const struct nlattr *attribute, void *context)
{
        struct diag_socket *socket = context;
        const char *info = mnl_attr_get_payload(attribute);
        const size_t at = offsetof(struct tcp_info, tcpi_notsent_bytes), n = sizeof(socket->unsent);

        socket->info = mnl_attr_get_type(attribute) == INET_DIAG_INFO && mnl_attr_get_payload_len(attribute) >= at + n;
        if (!socket->info)
                return MNL_CB_OK;
        memcpy(&socket->unsent, info + at, n);
        return MNL_CB_STOP;
}

static int take_socket(const struct nlmsghdr *message, void *context)
{
        struct answer *answer = context;
        const struct inet_diag_msg *said = mnl_nlmsg_get_payload(message);

        if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY || mnl_nlmsg_get_payload_len(message) < sizeof(*said)) {
                errno = EPROTO;
                return MNL_CB_ERROR;
        }
        answer->found = true;
        answer->socket = (struct diag_socket){
                .state = (enum tcp_state)said->idiag_state,
                .timer = said->idiag_timer,
                .n_timeouts = said->idiag_retrans,
                .timer_ms = said->idiag_expires,
                .rqueue = said->idiag_rqueue,
                .wqueue = said->idiag_wqueue,
                .uid = said->idiag_uid,
                .inode = said->idiag_inode,
                .cookie = said->id.idiag_cookie[0] | (uint64_t)said->id.idiag_cookie[1] << 32,
        };
        mnl_attr_parse(message, sizeof(*said), take_attribute, &answer->socket);
        /* The kernel acknowledges a request for one socket by its answer alone. */
        return MNL_CB_STOP;
}

struct diag {
        struct mnl_socket *socket;
        uint32_t n;                  /* requests so far */
};

int diag_open(struct diag **ret_diag)
{
        struct diag *diag = calloc(1, sizeof(*diag));
        int r;

        if (!diag)
                return -ENOMEM;
        r = ask_open(NETLINK_SOCK_DIAG, &diag->socket);
        if (r < 0) {
                free(diag);
                return r;
        }
        *ret_diag = diag;
        return 0;
}

struct diag *diag_close(struct diag *diag)
{
        if (diag)
                mnl_socket_close(diag->socket);
        free(diag);
        return NULL;
}

int diag_fd(const struct diag *diag)
{
        return mnl_socket_get_fd(diag->socket);
}

int diag_adopt(int fd, struct diag **ret_diag)
{
        struct diag *diag = calloc(1, sizeof(*diag));
        int r;

        if (!diag)
                return -ENOMEM;
        diag->socket = mnl_socket_fdopen(fd);
        if (!diag->socket) {
                r = -errno;
                free(diag);
                return r;
        }
        *ret_diag = diag;
        return 0;
}

int diag_look(const struct diag_tuple *tuple, struct diag_socket *ret_socket)
{
        return diag_look_on(NULL, tuple, ret_socket);
}

int diag_look_on(struct diag *diag, const struct diag_tuple *tuple, struct diag_socket *ret_socket)
{
        struct diag_request request;
        struct inet_diag_req_v2 *what;
        struct answer answer = {};
        int r;

        r = diag_request(tuple, 0, SOCK_DIAG_BY_FAMILY, 0, &request);
        if (r)
                return r;
        what = mnl_nlmsg_get_payload((struct nlmsghdr *)request.bytes);
        what->idiag_ext = 1 << (INET_DIAG_INFO - 1);
        r = diag ? ask_on(diag->socket, ++diag->n, (struct nlmsghdr *)request.bytes, take_socket, &answer)
                 : ask(NETLINK_SOCK_DIAG, (struct nlmsghdr *)request.bytes, take_socket, &answer);
        if (r)
                return r;
        if (!answer.found || (answer.socket.state == TCP_STATE_LISTEN && tuple->remote_port != 0))
                return -ENOENT;
        *ret_socket = answer.socket;
        return 0;
}
