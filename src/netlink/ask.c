/* Ask, and listen until the answer is complete. */
#include "netlink/ask.h"

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>

static void socket_closep(struct mnl_socket **socket) {
        if (*socket)
                mnl_socket_close(*socket);
}

int ask(int bus, struct nlmsghdr *request, mnl_cb_t take, void *context) {
        __attribute__((cleanup(socket_closep))) struct mnl_socket *socket = NULL;
        _Alignas(struct nlmsghdr) uint8_t answer[16384];
        unsigned port;
        int r;

        socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
        if (!socket)
                return -errno;
        if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
                return -errno;
        port = mnl_socket_get_portid(socket);
        request->nlmsg_seq = 1;
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
                r = mnl_cb_run(answer, (size_t) n, 1, port, take, context);
                if (r < 0)
                        return errno ? -errno : -EIO;
        } while (r != MNL_CB_STOP);
        return 0;
}
