/*
 * One endpoint of a TCP connection as Linux behaves at the socket API.
 *
 * The theory. A connection is two pipelines of bytes; an endpoint is where one begins and the other
 * ends. It is moved by events only: calls, arrivals, timers (event.h). Its answer to an event is looked
 * up in one ordered table of rules (rules.h) that reads like the kernel's own if-chains: the first
 * rule whose state and conditions fit says what the call returns, what is sent, and how the endpoint
 * changes. Nothing here does I/O and nothing allocates; an endpoint is copied by assignment.
 *
 * The four facts behind most surprises:
 *  - The socket's error (sk_err) is ONE slot. Who asks first takes it: send, recv, SO_ERROR, even a peek.
 *  - A reset purges what was to be sent and keeps what was received.
 *  - A RST sets EPIPE instead of ECONNRESET if the peer's FIN had come before (CLOSE_WAIT).
 *  - What answers on the wire and what the program holds may be two things: after the last close a
 *    minisocket or nobody answers; after both FINs a program may still hold a socket in CLOSE.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "endpoint/event.h"
#include "words/tcp_state.h"

/* What stands behind the four-tuple when a segment comes. */
enum holder {
        HOLDER_SOCKET,    /* a full socket, with a program or orphaned */
        HOLDER_FIN_WAIT2, /* a minisocket that waits for the peer's FIN: tcp_timewait_state_process */
        HOLDER_TIME_WAIT, /* a minisocket after both FINs */
        HOLDER_NOBODY,    /* nothing: any segment but a RST is answered by a RST */
        HOLDER_LISTENER,  /* a listener that has not heard of this peer */
        HOLDER_REQUEST,   /* a listener that has answered its SYN (NEW_SYN_RECV) */
};

/* Where kernels in use differ. All false is Linux 6.12 and later. What is true here is found by trying it
 * (lab/traits.h), never by the version: distributions carry changes back. */
struct kernel_traits {
        /* SOCK_DESTROY leaves an orphan as it is, but for its queue: tcp_abort, before 6.11 */
        bool keeps_orphans;
        /* SOCK_DESTROY of TIME_WAIT is EOPNOTSUPP: tcp_abort, seen on 5.10 */
        bool keeps_minisockets;
        /* a RST in its window takes a request back, and nothing is asked: tcp_check_req, seen on 5.10 */
        bool believes_any_reset_of_a_request;
        /* the SYN-ACK of a simultaneous open is only challenged: tcp_validate_incoming, before 6.12 */
        bool refuses_crossed_syn_acks;
        /* once it closes, what acknowledges less than before is dropped: tcp_rcv_state_process, before 6.9 */
        bool refuses_old_acks;
        /* a window of 0 in an ACK that brings nothing else is not taken: tcp_may_update_window, before 6.6 */
        bool ignores_zero_windows;
};

struct endpoint {
        enum tcp_state state; /* as the socket shows it: TCP_INFO never shows TIME_WAIT */
        enum holder holder;
        int n_refs;  /* files that refer to the socket; 0 is an orphan, or one not yet accepted */
        bool queued; /* waits in its listener's accept queue */
        bool connecting;    /* a connect() without an answer yet (SS_CONNECTING) */
        bool was_connected; /* connect() or accept() has succeeded (SS_CONNECTED) */
        bool syn_unacked;   /* our SYN went out and was never acknowledged: it counts in SIOCOUTQ */

        /* The pipeline that begins here, in stream bytes from its first. */
        uint64_t written; /* given to the kernel by successful calls */
        uint64_t sent;    /* sent at least once */
        uint64_t acked;   /* acknowledged by the peer's kernel, as far as this one knows */
        bool fin_queued, fin_sent, fin_acked;

        /* The pipeline that ends here. */
        uint64_t received; /* in order; all that recv() can ever return */
        uint64_t taken;    /* of those, taken by the program */
        bool disordered_fin; /* a FIN beyond the gap, at disordered_fin_at */
        uint64_t disordered_fin_at;
        uint64_t disordered, disordered_at; /* bytes held beyond a gap: not readable until it is filled */
        bool fin_received;

        int error;      /* sk_err: the one slot */
        int soft_error; /* sk_err_soft: reported by SO_ERROR, and in the place of ETIMEDOUT */
        bool soft_fades; /* … and may have been cleared since */
        bool error_queued; /* IP_RECVERR: a message in the error queue */
        bool done;      /* SOCK_DONE: recv() gives 0 before it looks at the error */
        bool shut_rd, shut_wr; /* sk_shutdown */

        bool linger;
        int linger_s;
        int linger2; /* TCP_LINGER2: -1 for none, 0 for the system's */
        bool long_fin_wait2; /* it waits longer than 60 s for the FIN: stays a full socket */
        bool recverr, repair;
        bool queue_full;     /* of its listener: the accept queue */
        bool abort_on_overflow; /* net.ipv4.tcp_abort_on_overflow */
        bool ipv4;
        bool rfc1337;        /* net.ipv4.tcp_rfc1337: TIME_WAIT ignores resets */
        struct kernel_traits traits;

        bool crowded; /* more is queued than surely fits: counts are the kernel's to choose */
        bool voided;  /* after connect(AF_UNSPEC) the counters mean nothing */

        /* A call that waits: its event, and what it has moved so far. */
        bool pending;
        struct event call;
        uint64_t copied;
};

/* What an endpoint puts on the wire in answer to an event; data is sent as soon as it can be. */
enum emission {
        EMIT_NOTHING,
        EMIT_SYN,
        EMIT_SYN_ACK,
        EMIT_ACK,
        EMIT_CHALLENGE, /* an ACK that asks "do you mean it?" (RFC 5961) */
        EMIT_FIN,       /* after the data that is queued before it */
        EMIT_RST,       /* active: of its own accord (tcp_send_active_reset) */
        EMIT_RST_REPLY, /* a reply to a segment (tcp_v4_send_reset) */
        N_EMISSIONS,
};

enum result {
        RESULT_NONE,   /* not a call */
        RESULT_COUNT,  /* between min and max; 0 and 0 for a plain success */
        RESULT_ERROR,  /* -1, errno is .error */
        RESULT_BLOCKS, /* it waits */
        RESULT_COUNT_OR_AGAIN, /* the kernel's choice: a count, or EAGAIN */
};

struct outcome {
        enum result result;
        uint64_t min, max;
        bool zero_too; /* or 0, by the kernel's choice */
        int error;
        bool sigpipe;
        enum emission emission;
        const struct rule *rule; /* static */
};

/* A connected endpoint, nothing sent, held by one file. */
void endpoint_init_connected(struct endpoint *ret_endpoint);
/* A socket that was just made: never connected. */
void endpoint_init_fresh(struct endpoint *ret_endpoint);

/* Applies `event`. The rule that answered is in the outcome, never NULL. */
void endpoint_step(struct endpoint *endpoint, const struct event *event, struct outcome *ret_outcome);
/* Looks whether the call that waits can return now; true and its outcome if so. */
bool endpoint_resume(struct endpoint *endpoint, const struct event *interruption,
                     struct outcome *ret_outcome);

/* What poll() reports when asked for IN|OUT|PRI|RDHUP (tcp_poll). `ret_free` receives the bits that
 * depend on how full the send buffer is. */
short endpoint_poll(const struct endpoint *endpoint, short *ret_free);

/* The queues as the ioctls show them: SIOCINQ, SIOCOUTQ, SIOCOUTQNSD. */
uint64_t endpoint_inq(const struct endpoint *endpoint);
uint64_t endpoint_outq(const struct endpoint *endpoint);
uint64_t endpoint_outq_unsent(const struct endpoint *endpoint);

/* Of what was written: acknowledged, sent but unacknowledged, never sent. They add up. */
struct account {
        uint64_t acked, uncertain, unsent;
};
struct account endpoint_account(const struct endpoint *endpoint);
/* recv() returned 0, or would: did the peer's FIN come, or was the stream cut? */
bool endpoint_saw_fin(const struct endpoint *endpoint);
