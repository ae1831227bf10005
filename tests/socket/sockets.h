/* Sockets for the tests of this folder, and what the other end's kernel says of itself: the truth
 * that the library's counts are held against, never taken through the library. */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
        PATIENCE_MS = 25000,         /* only a failure waits so long; a shut window is probed ever more seldom */
        FIN_WAIT2 = 5,               /* of tcpi_state; the two headers that name them exclude each other */
        CLOSED = 7,
};

static inline int a_listener(struct sockaddr_in *ret_at)
{
        socklen_t n = sizeof(*ret_at);
        int fd;

        *ret_at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(fd >= 0);
        assert_int_equal(bind(fd, (struct sockaddr *)ret_at, sizeof(*ret_at)), 0);
        assert_int_equal(listen(fd, 8), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)ret_at, &n), 0);
        return fd;
}

/* Two ends over loopback. */
static inline void a_pair(int *ret_client, int *ret_server)
{
        struct sockaddr_in at;
        int listener = a_listener(&at);

        *ret_client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(*ret_client >= 0);
        assert_int_equal(connect(*ret_client, (struct sockaddr *)&at, sizeof(at)), 0);
        *ret_server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        assert_true(*ret_server >= 0);
        close(listener);
}

static inline void be_nonblocking(int fd)
{
        assert_int_equal(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
}

static inline void set(int fd, int level, int option, int value)
{
        assert_int_equal(setsockopt(fd, level, option, &value, sizeof(value)), 0);
}

static inline void linger(int fd, int seconds)
{
        const struct linger value = { .l_onoff = 1, .l_linger = seconds };

        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, sizeof(value)), 0);
}

static inline void reset_by(int fd)
{
        linger(fd, 0);
        assert_int_equal(close(fd), 0);
}

static inline void await(int fd, short events)
{
        struct pollfd poller = { .fd = fd, .events = events };

        assert_int_equal(poll(&poller, 1, PATIENCE_MS), 1);
        assert_true(poller.revents & events);
}

static inline struct tcp_info info_of(int fd)
{
        struct tcp_info info = { 0 };
        socklen_t n = sizeof(info);

        assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n), 0);
        return info;
}

/* Waits until the socket is in the state. */
static inline void await_state(int fd, uint8_t state)
{
        for (int i = 0; i < PATIENCE_MS && info_of(fd).tcpi_state != state; ++i)
                usleep(1000);
        assert_int_equal(info_of(fd).tcpi_state, state);
}

/* Waits until the other kernel has acknowledged all. */
static inline void await_acked(int fd)
{
        int n = -1;

        for (int i = 0; i < PATIENCE_MS; ++i) {
                assert_int_equal(ioctl(fd, SIOCOUTQ, &n), 0);
                if (n == 0)
                        return;
                usleep(1000);
        }
        assert_int_equal(n, 0);
}

static inline bool is_open(int fd)
{
        return fcntl(fd, F_GETFD) >= 0;
}

/* Reads as many as that. */
static inline void read_off(int fd, size_t n)
{
        char buffer[4096];

        while (n > 0) {
                ssize_t r = recv(fd, buffer, n < sizeof(buffer) ? n : sizeof(buffer), 0);

                assert_true(r > 0);
                n -= (size_t)r;
        }
}
