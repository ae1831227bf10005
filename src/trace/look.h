/*
 * Looks at a socket of another process without touching it: a short-lived duplicate is asked for its state,
 * queues and options. Nothing is taken away: not the pending error, not a byte, not even the wish of a
 * non-blocking reader.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "netlink/diag.h"
#include "words/tcp_state.h"

struct look {
        int64_t at_ns;                  /* since 1970 */
        uint64_t cookie;
        enum tcp_state state;
        bool has_tuple;
        struct diag_tuple tuple;        /* IPv4-mapped addresses as IPv4 */
        uint32_t unread;                /* SIOCINQ: the FIN is not in it */
        uint32_t outq, unsent;          /* SIOCOUTQ, SIOCOUTQNSD: with the FIN */
        bool linger_on;
        uint32_t linger_s;
        bool linger2_negative;
        bool keepalive_on;
        uint32_t user_timeout_ms;
        bool error_pending;             /* POLLERR */
        bool peer_fin;                  /* POLLRDHUP, and no shutdown of its own */
        bool info;                      /* the kernel gave TCP_INFO with what follows */
        uint64_t bytes_sent, bytes_again, bytes_acked, bytes_received;
        uint32_t retransmits, probes, backoff;
        uint32_t silent_ms;             /* since the last segment with an ACK came */
};

/* @pidfd: of the process, @fd: its descriptor. Returns 0; -ENOTSOCK if that is no TCP socket, or a listener;
 * or another negative errno, -EPERM where the kernel does not let us. About 12 system calls. */
int look_through(int pidfd, int fd, struct look *ret_look);

/* Takes the pending error of a socket that is being closed for good. 0 if none. */
int look_take_error(int pidfd, int fd);
