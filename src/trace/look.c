/* pidfd_getfd(2), Linux 5.6. The duplicate is closed before the traced call goes on: it would keep the socket. */
#include "trace/look.h"

#include <errno.h>
#include <fcntl.h>
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
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif
#define PROTOCOL_MPTCP 262 /* Linux 5.6 */

/* So many times at most, a microsecond each. */
#define ASKED_MOST 20

static int option(int fd, int level, int name, int fallback)
{
        int value = fallback;
        socklen_t length = sizeof(value);

        return getsockopt(fd, level, name, &value, &length) == 0 ? value : fallback;
}

static bool look_info(int fd, struct look *look)
{
        struct tcp_info info = { 0 };
        socklen_t length = sizeof(info);

        if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0)
                return false;
        look->state = (enum tcp_state)info.tcpi_state;
        look->info = length >= offsetof(struct tcp_info, tcpi_bytes_retrans) + sizeof(info.tcpi_bytes_retrans);
        look->bytes_sent = info.tcpi_bytes_sent;
        look->bytes_again = info.tcpi_bytes_retrans;
        look->bytes_acked = info.tcpi_bytes_acked;
        look->bytes_received = info.tcpi_bytes_received;
        look->unsent = info.tcpi_notsent_bytes;
        look->all_acked = info.tcpi_unacked == 0 && info.tcpi_notsent_bytes == 0 && look->state != TCP_STATE_CLOSE;
        look->retransmits = info.tcpi_retransmits;
        look->probes = info.tcpi_probes;
        look->segments = segment_counts_of(&info);
        look->backoff = info.tcpi_backoff;
        look->data_in_ms = info.tcpi_last_data_recv;
        look->data_out_ms = info.tcpi_last_data_sent;
        look->silent_ms = info.tcpi_last_ack_recv; /* a FIN bears an ACK as all else does */
        return true;
}

static bool is_as_it_was(const struct look *look, const struct look *earlier)
{
        struct segment_counts since = segment_counts_since(look->segments, earlier->segments);

        return look->state == earlier->state && look->bytes_sent == earlier->bytes_sent &&
               look->bytes_acked == earlier->bytes_acked && look->bytes_received == earlier->bytes_received &&
               look->unsent == earlier->unsent && since.in == 0 && since.out == 0;
}

static void look_queues(int fd, struct look *look)
{
        int n = 0;

        look->unread = look->outq = 0;
        if (ioctl(fd, SIOCINQ, &n) == 0)
                look->unread = (uint32_t)n;
        /* After a reset the packets are no more counted, and this still tells. */
        if (!look->all_acked && ioctl(fd, SIOCOUTQ, &n) == 0)
                look->outq = (uint32_t)n;
}

/*
 * Its kernel takes the state before it locks the socket for what else it tells (tcp_get_info()), and is asked for the
 * queues later still: a RST may come between, or an ACK, or data. So it is asked again until nothing has.
 */
static bool look_of_one_moment(int fd, struct look *look)
{
        struct look again = *look;

        for (unsigned n = 0; n < ASKED_MOST; n++) {
                look_queues(fd, look);
                if (!look_info(fd, &again))
                        return false;
                if (is_as_it_was(&again, look))
                        return true;
                *look = again;
        }
        return false;
}

/* What decides how a close goes out, and what a time-out would have been. */
static void look_end(int fd, struct look *look)
{
        struct linger linger = { 0 };
        socklen_t length = sizeof(linger);

        look->whole = look_of_one_moment(fd, look);
        if (getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &length) == 0) {
                look->linger_on = linger.l_onoff;
                look->linger_s = (uint32_t)linger.l_linger;
        }
        look->linger2_negative = option(fd, IPPROTO_TCP, TCP_LINGER2, 0) < 0;
        look->repair = option(fd, IPPROTO_TCP, TCP_REPAIR, 0) == 1;
        /* For its FIN, too, once nobody holds it any more. */
        look->user_timeout_ms = (uint32_t)option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 0);
        /* Only where somebody may have waited in vain. */
        look->timers = look->state == TCP_STATE_CLOSE || look->retransmits || look->probes || look->backoff;
        if (!look->timers)
                return;
        look->keepalive_on = option(fd, SOL_SOCKET, SO_KEEPALIVE, 0) != 0;
        if (look->keepalive_on)
                look->keepalive_probes = (uint32_t)option(fd, IPPROTO_TCP, TCP_KEEPCNT, 0);
}

static void look_addresses(int fd, struct look *look)
{
        look->has_remote = look->has_local = diag_tuple_of(fd, &look->tuple) == 0;
        if (!look->has_local)
                look->has_local = diag_local_of(fd, &look->tuple) == 0 && look->tuple.local_port != 0;
}

uint64_t look_namespace(int fd)
{
        uint64_t cookie = 0;
        socklen_t length = sizeof(cookie);

        return getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &length) == 0 ? cookie : 0;
}

static int look_at(int fd, enum look_kind kind, uint64_t expected, struct look *ret_look)
{
        socklen_t length = sizeof(ret_look->cookie);
        struct pollfd poll_fd = { .fd = fd };
        struct look look = { 0 };
        struct timespec t;
        int protocol = IPPROTO_TCP;

        if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &look.cookie, &length) < 0)
                return -ENOTSOCK;
        if (look.cookie != expected)
                protocol = option(fd, SOL_SOCKET, SO_PROTOCOL, -1);
        if (protocol == PROTOCOL_MPTCP)
                return -EPROTONOSUPPORT;
        /* Also of one that is known, and begins another connection. */
        if (look.cookie != expected || kind != LOOK_END)
                look.netns = look_namespace(fd);
        if (protocol != IPPROTO_TCP || !look_info(fd, &look) || look.state == TCP_STATE_LISTEN)
                return -ENOTSOCK;
        if (kind != LOOK_BEGIN)
                look_end(fd, &look);
        /* POLLERR tells of an error and leaves it there. */
        if (look.state == TCP_STATE_CLOSE)
                look.error_pending = poll(&poll_fd, 1, 0) > 0 && (poll_fd.revents & POLLERR);
        if (kind != LOOK_END)
                look_addresses(fd, &look);
        clock_gettime(CLOCK_REALTIME, &t);
        look.at_ns = t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
        *ret_look = look;
        return 0;
}

bool look_waits_for_ever(int pidfd, int fd)
{
        int own = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
        struct timeval timeout = { 0 };
        socklen_t length = sizeof(timeout);
        bool r;

        if (own < 0)
                return false;
        r = getsockopt(own, SOL_SOCKET, SO_SNDTIMEO, &timeout, &length) == 0 &&
            timeout.tv_sec == 0 && timeout.tv_usec == 0;
        close(own);
        return r;
}

/* Who does not wait is not broken off. Of one that failed in this moment it does no harm to say that it had not. */
int look_whether_begun(int pidfd, int fd)
{
        int own = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0), flags, r;
        struct look look = { 0 };

        if (own < 0)
                return -errno;
        flags = fcntl(own, F_GETFL);
        if ((flags >= 0 && (flags & O_NONBLOCK)) || option(own, SOL_SOCKET, SO_TYPE, -1) == SOCK_DGRAM)
                r = 0;
        else if (option(own, SOL_SOCKET, SO_PROTOCOL, -1) == IPPROTO_TCP && look_info(own, &look))
                r = look.state != TCP_STATE_CLOSE;
        else
                r = -ENOTSOCK;
        close(own);
        return r;
}

int look_through(int pidfd, int fd, enum look_kind kind, uint64_t expected, struct notice *watch, struct look *ret_look)
{
        int own = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0), r;

        if (own < 0)
                return -errno;
        r = look_at(own, kind, expected, ret_look);
        if (r == 0 && watch)
                notice_watch(watch, own, ret_look->cookie);
        close(own);
        return r;
}
