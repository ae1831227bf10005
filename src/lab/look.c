/* Looks at sockets. */
#include "lab/look.h"

#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define ASKED (POLLIN | POLLOUT | POLLPRI | POLLRDHUP)

static int queue(int fd, unsigned long request, uint64_t *ret_n)
{
        int n = 0;

        if (ioctl(fd, request, &n) < 0) {
                if (errno != EINVAL) /* a listener has no queues */
                        return -errno;
                n = 0;
        }
        *ret_n = (uint64_t)(uint32_t)n;
        return 0;
}

static int poll_for(int fd, short asked, short *ret_bits)
{
        struct pollfd p = { .fd = fd, .events = asked };

        if (poll(&p, 1, 0) < 0)
                return -errno;
        *ret_bits = p.revents;
        return 0;
}

int look_at(int fd, struct look *ret_look)
{
        struct tcp_info info = { 0 };
        socklen_t length = sizeof(info);
        struct look l = { 0 };
        int r;

        if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0)
                return -errno;
        l.state = (enum tcp_state)info.tcpi_state;
        l.bytes_acked = info.tcpi_bytes_acked;
        l.bytes_received = info.tcpi_bytes_received;
        if ((r = queue(fd, SIOCINQ, &l.inq)) < 0 || (r = queue(fd, SIOCOUTQ, &l.outq)) < 0 ||
            (r = queue(fd, SIOCOUTQNSD, &l.outq_unsent)) < 0 || (r = poll_for(fd, ASKED, &l.poll)) < 0)
                return r;
        *ret_look = l;
        return 0;
}

int look_poll_unasked(int fd, short *ret_bits)
{
        return poll_for(fd, 0, ret_bits);
}

int look_epoll(int fd, short *ret_bits)
{
        int epoll = epoll_create1(EPOLL_CLOEXEC);
        struct epoll_event event = { .events = ASKED };
        int n, r = 0;

        if (epoll < 0)
                return -errno;
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0 || (n = epoll_wait(epoll, &event, 1, 0)) < 0)
                r = -errno;
        else
                *ret_bits = n > 0 ? (short)event.events : 0;
        close(epoll);
        return r;
}

char *look_poll_text(short bits, char text[static LOOK_POLL_TEXT_MAX])
{
        static const struct {
                short bit;
                const char *name;
        } names[] = {
                { POLLIN, "IN" },   { POLLPRI, "PRI" }, { POLLOUT, "OUT" },
                { POLLERR, "ERR" }, { POLLHUP, "HUP" }, { POLLRDHUP, "RDHUP" },
        };
        size_t n = 0;

        text[0] = 0;
        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
                if (bits & names[i].bit)
                        n += (size_t)snprintf(text + n, LOOK_POLL_TEXT_MAX - n, "%s%s", n ? "|" : "",
                                              names[i].name);
        if (n == 0)
                strcpy(text, "0");
        return text;
}
