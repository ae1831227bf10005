/* Ask, and listen until the answer is complete. */
#include "netlink/ask.h"

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>

static void socket_closep(struct mnl_socket **socket)
{
        if (*socket)
                mnl_socket_close(*socket);
}

int ask_open(int bus, struct mnl_socket **ret_socket)
{
        struct mnl_socket *socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
        int r = 0;

        if (!socket)
                return -errno;
        if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) {
                r = -errno;
                mnl_socket_close(socket);
                return r;
        }
        *ret_socket = socket;
        return 0;
}

int ask(int bus, struct nlmsghdr *request, mnl_cb_t take, void *context)
{
        __attribute__((cleanup(socket_closep))) struct mnl_socket *socket = NULL;
        int r;

        r = ask_open(bus, &socket);
        return r < 0 ? r : ask_on(socket, 1, request, take, context);
}

int ask_on(struct mnl_socket *socket, uint32_t sequence, struct nlmsghdr *request, mnl_cb_t take, void *context)
{
        _Alignas(struct nlmsghdr) uint8_t answer[16384];
        unsigned port = mnl_socket_get_portid(socket);
        int r;

        request->nlmsg_seq = sequence;
        if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
                return -errno;
        do {
                ssize_t n;

                n = mnl_socket_recvfrom(socket, answer, sizeof(answer));
                if (n < 0 && errno == EINTR) {
                        r = MNL_CB_OK;
                        continue;
                }
                if (n < 0)
                        return -errno;
                errno = 0;
                r = mnl_cb_run(answer, (size_t)n, sequence, port, take, context);
                if (r < 0)
                        return errno ? -errno : -EIO;
        } while (r != MNL_CB_STOP);
        return 0;
}
