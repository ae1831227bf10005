/* One look at a socket.
 *
 * Four answers of the kernel at four moments must tell of one. They are asked in an order that makes
 * each later one fit: the outstanding bytes first and again at the end; if they are the same, no
 * acknowledgement came between and the count of acknowledged bytes belongs to them (both only move
 * one way while this end writes nothing). The unread bytes come after the state, so that in CLOSE,
 * where nothing moves any more, they are final. */
#include "socket/look.h"

#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum {
        N_TRIES = 7,
        RTO_MAX_MS = 120000,
        OPTION_RTO_MAX_MS = 44,      /* TCP_RTO_MAX_MS, younger than many headers */
};

static int queue_of(int fd, unsigned long which, uint64_t *ret)
{
        int n;

        if (ioctl(fd, which, &n) < 0)
                return errno == ENOTTY ? -EOPNOTSUPP : -errno;
        *ret = n < 0 ? 0 : (uint64_t)n;
        return 0;
}

int look_outstanding(int fd, uint64_t *ret)
{
        return queue_of(fd, SIOCOUTQ, ret);
}

int look_info(int fd, struct look *ret)
{
        struct tcp_info info;
        socklen_t size = sizeof(info);

        memset(&info, 0, sizeof(info));
        if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
                return errno == ENOPROTOOPT ? -EOPNOTSUPP : -errno;
        if (size < offsetof(struct tcp_info, tcpi_notsent_bytes))
                return -EOPNOTSUPP;
        if (info.tcpi_state == AT_LISTEN)
                return -EINVAL;
        if (size < offsetof(struct tcp_info, tcpi_snd_wnd) + sizeof(info.tcpi_snd_wnd))
                info.tcpi_snd_wnd = 0;
        *ret = (struct look){
                .window_shut = info.tcpi_snd_wnd == 0,
                .silent_ms = info.tcpi_last_ack_recv,
                .state = info.tcpi_state,
                .n_repeats = info.tcpi_retransmits > info.tcpi_probes ? info.tcpi_retransmits
                                                                      : info.tcpi_probes,
                .has_sent = size >= offsetof(struct tcp_info, tcpi_dsack_dups),
                .rtt_us = info.tcpi_rtt,
                .acked = info.tcpi_bytes_acked,
                .received = info.tcpi_bytes_received,
                .sent = info.tcpi_bytes_sent,
                .retransmitted = info.tcpi_bytes_retrans,
                .data_came = size < offsetof(struct tcp_info, tcpi_data_segs_out) || info.tcpi_data_segs_in,
                .segments = info.tcpi_segs_in || info.tcpi_segs_out,
        };
        return 0;
}

/* A time-out leaves a count of repeats or probes (tcp_write_err()), but for two where the peer's
 * window is shut: probes that were answered and TCP_USER_TIMEOUT had enough of (tcp_probe_timer());
 * and a repeat into a shut window, which is not counted and ends after a long silence
 * (tcp_rtx_probe0_timed_out()). */
static bool may_have_given_up(int fd, const struct look *look)
{
        unsigned user_timeout = 0, rto_max_ms = RTO_MAX_MS;
        socklen_t size = sizeof(user_timeout);

        if (look->n_repeats > 0)
                return true;
        if (look->outstanding == 0 || (!look->window_shut && look->outstanding > look->unsent))
                return false;
        if (getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout, &size) < 0 || user_timeout)
                return true;
        size = sizeof(rto_max_ms);
        if (getsockopt(fd, IPPROTO_TCP, OPTION_RTO_MAX_MS, &rto_max_ms, &size) < 0)
                rto_max_ms = RTO_MAX_MS;
        return look->silent_ms >= 2 * (uint64_t)rto_max_ms;
}

int look_at(int fd, struct look *ret)
{
        uint64_t before = 0, unsent = 0, unread = 0, after = 0;
        struct look look;
        bool same = false;
        int r;

        r = look_outstanding(fd, &before);
        for (int i = 0; !r && !same && i < N_TRIES; i++, before = after) {
                r = queue_of(fd, SIOCOUTQNSD, &unsent);
                if (!r)
                        r = look_info(fd, &look);
                if (!r)
                        r = queue_of(fd, SIOCINQ, &unread);
                if (r)
                        break;
                look.outstanding = before;
                look.unsent = unsent;
                look.unread = unread;
                if (before == 0)
                        same = true;
                else {
                        r = look_outstanding(fd, &after);
                        same = after == before;
                }
        }
        /* A listener has no queues to ask for, which is the same error. */
        if (r)
                return r;
        look.moving = !same;
        if (look.state == AT_CLOSE)
                look.may_have_given_up = may_have_given_up(fd, &look);
        *ret = look;
        return 0;
}
