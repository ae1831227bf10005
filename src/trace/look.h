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
#include "netlink/segment_counts.h"
#include "trace/notice.h"
#include "words/tcp_state.h"

struct look {
        int64_t at_ns;                  /* since 1970 */
        uint64_t cookie;
        uint64_t netns;                 /* the cookie of its network namespace; 0: not asked for, or not told */
        enum tcp_state state;
        bool has_local, has_remote;     /* of the addresses; after a connection only the local one is left */
        struct diag_tuple tuple;        /* IPv4-mapped addresses as IPv4 */
        bool whole;                     /* what follows was asked for too, and nothing came or went meanwhile */
        uint32_t unread;                /* SIOCINQ: the FIN is not in it */
        bool all_acked;                 /* nothing waits to be acknowledged: @outq is 0 */
        uint32_t outq, unsent;          /* SIOCOUTQ, tcpi_notsent_bytes: with the FIN */
        bool linger_on;
        uint32_t linger_s;
        bool linger2_negative;
        bool repair;                    /* TCP_REPAIR: a close sends nothing */
        uint32_t user_timeout_ms;
        bool timers;                    /* the next two were asked for */
        bool keepalive_on;
        uint32_t keepalive_probes;      /* as many as may stay unanswered; 0: not asked */
        bool error_pending;             /* POLLERR */
        bool info;                      /* the kernel gave TCP_INFO with what follows */
        uint64_t bytes_sent, bytes_again, bytes_acked, bytes_received;
        struct segment_counts segments;
        uint32_t retransmits, probes, backoff;
        uint32_t silent_ms;             /* since the last segment with an ACK came */
        uint32_t data_in_ms, data_out_ms; /* since the last with payload came, and went */
};

enum look_kind {
        LOOK_BEGIN,                     /* who it is, and its state: for a socket that begins */
        LOOK_END,                       /* the queues and options too, for one that may end; no addresses */
        LOOK_ALL,
};

/* The cookie of the network namespace of that socket of ours; 0: this kernel does not tell. */
uint64_t look_namespace(int fd);

/* A call that waits on the socket waits without a time-out: interrupted, it is taken up again. */
bool look_waits_for_ever(int pidfd, int fd);

/* A signal broke off a connect(): had that begun? 1 or 0, where the socket shows it; or a negative errno. */
int look_whether_begun(int pidfd, int fd);

/* @pidfd: of the process, @fd: its descriptor, @expected: the cookie of the TCP socket that it is thought to lead to,
 * or 0, @watch: where it is to be watched, or NULL. Returns 0; -ENOTSOCK if that is no TCP socket, or a listener;
 * -EPROTONOSUPPORT if it is one of Multipath TCP; or another negative errno, -EPERM where the kernel does
 * not let us. */
int look_through(int pidfd, int fd, enum look_kind kind, uint64_t expected, struct notice *watch,
                 struct look *ret_look);
