/* One look at a socket: the kernel's own numbers, put so that they fit each other. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum tcp_at {
        AT_ESTABLISHED = 1,
        AT_SYN_SENT,
        AT_SYN_RECV,
        AT_FIN_WAIT1,
        AT_FIN_WAIT2,
        AT_TIME_WAIT,
        AT_CLOSE,
        AT_CLOSE_WAIT,
        AT_LAST_ACK,
        AT_LISTEN,
        AT_CLOSING,
};

struct look {
        uint8_t state;               /* enum tcp_at */
        uint8_t n_repeats;           /* in a row and unanswered: retransmissions or probes */
        bool has_sent;               /* the kernel has the two counts of sent bytes (4.19) */
        bool moving;                 /* it would not hold still */
        bool may_have_given_up;      /* in CLOSE: a time-out would have left the same numbers */
        bool window_shut;            /* the peer's, by its last acknowledgement; or not known */
        uint32_t silent_ms;          /* since that */
        uint32_t rtt_us;
        uint64_t acked;              /* tcpi_bytes_acked: SYN and FIN count one each */
        uint64_t received;           /* tcpi_bytes_received: FIN counts one */
        uint64_t sent;               /* payload, repeats too */
        uint64_t retransmitted;
        uint64_t outstanding;        /* SIOCOUTQ: not acknowledged; SYN and FIN count one each */
        uint64_t unsent;             /* SIOCOUTQNSD: of them, not sent; FIN counts one */
        uint64_t unread;             /* SIOCINQ: FIN does not count */
        bool data_came;              /* a segment with payload; or not known (4.6) */
        bool segments;               /* any went either way: false before connect(), and once
                                      * connect(AF_UNSPEC) has wiped the counts */
};

/* 0, or a negative errno; -EINVAL for a listener. 4 calls, and more while acknowledgements come
 * or the peer's window was shut at the end. */
int look_at(int fd, struct look *ret);

/* TCP_INFO alone: all but outstanding, unsent and unread, which are 0. One call. */
int look_info(int fd, struct look *ret);

/* SIOCOUTQ alone. */
int look_outstanding(int fd, uint64_t *ret);

static inline bool state_has_own_fin(uint8_t state)
{
        return state == AT_FIN_WAIT1 || state == AT_FIN_WAIT2 || state == AT_CLOSING ||
               state == AT_LAST_ACK || state == AT_TIME_WAIT;
}

static inline bool state_has_peer_fin(uint8_t state)
{
        return state == AT_CLOSE_WAIT || state == AT_LAST_ACK || state == AT_CLOSING ||
               state == AT_TIME_WAIT;
}
