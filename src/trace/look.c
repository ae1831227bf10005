/* pidfd_getfd(2), Linux 5.6. The duplicate is closed before the traced call goes on: it would keep the socket. */
#include "trace/look.h"

#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SO_COOKIE
#define SO_COOKIE 57
#endif

static int
option(int fd, int level, int name, int fallback)
{
        int value = fallback;
        socklen_t length = sizeof(value);

        return getsockopt(fd, level, name, &value, &length) == 0 ? value : fallback;
}

static void
look_info(int fd, struct look *look)
{
        struct tcp_info info = { 0 };
        socklen_t length = sizeof(info);

        if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0)
                return;
        look->state = (enum tcp_state)info.tcpi_state;
        look->info = length >= offsetof(struct tcp_info, tcpi_bytes_retrans) + sizeof(info.tcpi_bytes_retrans);
        look->bytes_sent = info.tcpi_bytes_sent;
        look->bytes_again = info.tcpi_bytes_retrans;
        look->bytes_acked = info.tcpi_bytes_acked;
        look->bytes_received = info.tcpi_bytes_received;
        look->retransmits = info.tcpi_retransmits;
        look->probes = info.tcpi_probes;
        look->backoff = info.tcpi_backoff;
        look->silent_ms = info.tcpi_last_ack_recv; /* a FIN bears an ACK as all else does */
}

static void
look_queues(int fd, struct look *look)
{
        struct linger linger = { 0 };
        socklen_t length = sizeof(linger);
        struct pollfd poll_fd = { .fd = fd, .events = POLLRDHUP };
        int n = 0;

        if (ioctl(fd, SIOCINQ, &n) == 0)
                look->unread = (uint32_t)n;
        if (ioctl(fd, SIOCOUTQ, &n) == 0)
                look->outq = (uint32_t)n;
        if (ioctl(fd, SIOCOUTQNSD, &n) == 0)
                look->unsent = (uint32_t)n;
        if (getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &length) == 0) {
                look->linger_on = linger.l_onoff;
                look->linger_s = (uint32_t)linger.l_linger;
        }
        if (poll(&poll_fd, 1, 0) > 0) {
                look->error_pending = poll_fd.revents & POLLERR;
                look->peer_fin = poll_fd.revents & POLLRDHUP;
        }
}

int
look_through(int pidfd, int fd, struct look *ret_look)
{
        int own = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0), domain;
        socklen_t length = sizeof(ret_look->cookie);
        struct look look = { 0 };
        struct timespec t;

        if (own < 0)
                return -errno;
        domain = option(own, SOL_SOCKET, SO_DOMAIN, -1);
        if ((domain != AF_INET && domain != AF_INET6) || option(own, SOL_SOCKET, SO_PROTOCOL, -1) != IPPROTO_TCP ||
            option(own, SOL_SOCKET, SO_ACCEPTCONN, 1)) {
                close(own);
                return -ENOTSOCK;
        }
        getsockopt(own, SOL_SOCKET, SO_COOKIE, &look.cookie, &length);
        look_info(own, &look);
        look_queues(own, &look);
        look.linger2_negative = option(own, IPPROTO_TCP, TCP_LINGER2, 0) < 0;
        look.user_timeout_ms = (uint32_t)option(own, IPPROTO_TCP, TCP_USER_TIMEOUT, 0);
        look.keepalive_on = option(own, SOL_SOCKET, SO_KEEPALIVE, 0) != 0;
        look.has_tuple = diag_tuple_of(own, &look.tuple) == 0;
        close(own);
        clock_gettime(CLOCK_REALTIME, &t);
        look.at_ns = t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
        *ret_look = look;
        return 0;
}

int
look_take_error(int pidfd, int fd)
{
        int own = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0), error;

        if (own < 0)
                return 0;
        error = option(own, SOL_SOCKET, SO_ERROR, 0);
        close(own);
        return error;
}
