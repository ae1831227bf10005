/* What can happen to one endpoint: a call of its program, a segment that arrives, a timer that runs out. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "words/icmp_error.h"

enum event_kind {
        /* Calls of the program. */
        EVENT_CONNECT,
        EVENT_ACCEPT,
        EVENT_SEND,
        EVENT_RECV,
        EVENT_SHUTDOWN,
        EVENT_CLOSE,
        EVENT_DISCONNECT,  /* connect(AF_UNSPEC) */
        EVENT_GET_ERROR,   /* getsockopt(SO_ERROR) */
        EVENT_ERROR_QUEUE, /* recvmsg(MSG_ERRQUEUE) */
        /* Acts of others on this host. */
        EVENT_DESTROY,         /* SOCK_DESTROY, `ss -K` */
        EVENT_LISTENER_CLOSED, /* its listener went while it waited to be accepted */
        /* Arrivals, each one property of a segment; a segment that has several is several events,
         * in this order. */
        EVENT_RST,
        EVENT_SYN,
        EVENT_SYN_ACK,
        EVENT_ACK,
        EVENT_DATA,
        EVENT_FIN,
        EVENT_ICMP,
        /* Time. */
        EVENT_TIMER,
        N_EVENTS,
};

/* The call by which a program sends. */
enum send_way {
        SEND_SEND,
        SEND_WRITE,
        SEND_WRITEV,
        SEND_SENDTO,
        SEND_SENDMSG,
        SEND_SENDMMSG,
        SEND_SENDFILE,
        SEND_SPLICE,
        N_SEND_WAYS,
};

/* The call by which a program receives. */
enum recv_way {
        RECV_RECV,
        RECV_READ,
        RECV_READV,
        RECV_RECVMSG,
        RECV_RECVMMSG,
        RECV_SPLICE,
        N_RECV_WAYS,
};

enum timer_kind {
        TIMER_NONE,
        TIMER_RETRANSMISSION, /* tcp_retries2 repeats of data or FIN, tcp_syn_retries of a SYN */
        TIMER_PROBE,          /* zero-window probes without an answer, or too many for an orphan */
        TIMER_KEEPALIVE,
        TIMER_USER,        /* TCP_USER_TIMEOUT */
        TIMER_FIN_WAIT2,   /* tcp_fin_timeout, TCP_LINGER2 */
        TIMER_TIME_WAIT,   /* 60 s */
        TIMER_LINGER,      /* a close() that lingers gives up waiting */
        N_TIMERS,
};

enum rst_fit {
        RST_EXACT,     /* seq == rcv_nxt, or one of the two other places tcp_validate_incoming takes */
        RST_IN_WINDOW, /* answered by a challenge ACK (RFC 5961 3.2) */
        RST_OUTSIDE,   /* dropped in silence */
};

struct event {
        enum event_kind kind;
        /* Calls. */
        int way;           /* enum send_way or recv_way */
        uint64_t n;        /* bytes asked for; for arrivals, bytes of payload */
        bool nonblock;     /* O_NONBLOCK or MSG_DONTWAIT */
        bool nosignal;     /* MSG_NOSIGNAL */
        bool peek, waitall;
        bool shut_rd, shut_wr;
        bool exiting;      /* the close is part of the process's end: it does not linger */
        bool signalled;    /* a signal came for a call that waits */
        /* Arrivals. */
        uint64_t at;       /* DATA: position of the first byte; ACK: first byte not acknowledged */
        bool acks_fin;     /* ACK: it covers our FIN */
        bool with_data;    /* ACK: it comes with data or FIN */
        bool no_ack;       /* DATA, FIN: the segment has no ACK flag */
        bool has_ack;      /* RST: an acceptable ACK is with it (SYN_SENT) */
        enum rst_fit fit;
        enum icmp_error icmp;
        bool kills_request; /* ICMP: icmp_error_kills_request() */
        int icmp_errno;    /* what icmp_error_errno() says of it */
        enum timer_kind timer;
        /* What the call returned in reality, for the counts that the kernel is free to choose; -1 where
         * it is not known. */
        int64_t observed;
};

const char *event_kind_name(enum event_kind kind);
const char *send_way_name(enum send_way way);
const char *recv_way_name(enum recv_way way);
const char *timer_kind_name(enum timer_kind kind);

/* The errno that Linux turns an ICMP error into: icmp_err_convert (IPv4), icmpv6_err_convert (IPv6). */
int icmp_error_errno(enum icmp_error error, int family);
/* Does the error make a listener forget a request? tcp_v4_err, icmpv6_err_convert: fatal, tcp_req_err. */
bool icmp_error_kills_request(enum icmp_error error, int family);
