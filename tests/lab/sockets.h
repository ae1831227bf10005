/* Sockets of the kernel for the tests of this folder. */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/namespace.h"

enum {
        PATIENCE_MS = 5000,          /* only a failure waits so long */
};

static socklen_t address(uint8_t family, const char *text, uint16_t port, struct sockaddr_storage *ret)
{
        memset(ret, 0, sizeof(*ret));
        ret->ss_family = family;
        if (family == AF_INET6) {
                struct sockaddr_in6 *in = (void *)ret;

                in->sin6_port = htons(port);
                inet_pton(family, text, &in->sin6_addr);
                return sizeof(*in);
        } else {
                struct sockaddr_in *in = (void *)ret;

                in->sin_port = htons(port);
                inet_pton(family, text, &in->sin_addr);
                return sizeof(*in);
        }
}

/* A socket on its way to the peer's @port. */
static inline int connecting(uint8_t family, uint16_t port)
{
        struct sockaddr_storage to;
        socklen_t n;
        int fd;

        n = address(family, family == AF_INET6 ? NAMESPACE_PEER_IPV6 : NAMESPACE_PEER_IPV4, port, &to);
        fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        assert_true(fd >= 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&to, n), -1);
        assert_int_equal(errno, EINPROGRESS);
        return fd;
}

/* A listener at @text, and the port that the kernel chose when @*port is 0. */
static inline int listening(uint8_t family, const char *text, uint16_t *port)
{
        struct sockaddr_storage at;
        socklen_t n;
        int fd, on = 1;

        n = address(family, text, *port, &at);
        fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(fd >= 0);
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
        assert_int_equal(bind(fd, (struct sockaddr *)&at, n), 0);
        assert_int_equal(listen(fd, 8), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
        *port = ntohs(family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
                                         : ((struct sockaddr_in *)&at)->sin_port);
        return fd;
}

/* Two connected sockets over loopback. */
static inline void pair(uint8_t family, int *ret_client, int *ret_server)
{
        const char *text = family == AF_INET6 ? "::1" : "127.0.0.1";
        struct sockaddr_storage to;
        uint16_t port = 0;
        socklen_t n;
        int listener;

        listener = listening(family, text, &port);
        n = address(family, text, port, &to);
        *ret_client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(*ret_client, (struct sockaddr *)&to, n), 0);
        *ret_server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        assert_true(*ret_server >= 0);
        close(listener);
}

/* Waits until poll() shows one of @events. */
static inline void await(int fd, short events)
{
        struct pollfd poller = { .fd = fd, .events = events };

        assert_int_equal(poll(&poller, 1, PATIENCE_MS), 1);
}

static inline int error_of(int fd)
{
        socklen_t n = sizeof(int);
        int error = -1;

        assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n), 0);
        return error;
}
