/*
 * A rule of the model: when it applies, what it gives, what it does, and which lines of Linux it
 * stands for. The tables are ordered: the first rule that fits is the answer, as in the kernel's own
 * chains of ifs. All that a rule says is data, so that a table can be printed, counted, and broken on
 * purpose by a test.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "endpoint/endpoint.h"

#define IN(_state) (1U << TCP_STATE_##_state)
#define ANY_STATE 0xffffU
#define CONNECTED (IN(ESTABLISHED) | IN(CLOSE_WAIT))
#define HANDSHAKE (IN(SYN_SENT) | IN(SYN_RECV))
#define WAITS_FOR_ACK_OF_FIN (IN(FIN_WAIT1) | IN(CLOSING) | IN(LAST_ACK))
/* tcp_need_reset() */
#define OWES_A_RESET (IN(ESTABLISHED) | IN(CLOSE_WAIT) | IN(FIN_WAIT1) | IN(FIN_WAIT2) | IN(SYN_RECV))

/* Conditions, computed once an event from the endpoint and the event. */
#define BIT(_n) (UINT64_C(1) << (_n))
#define IF_ERROR             BIT(0)  /* sk_err is set */
#define IF_SOFT_ERROR        BIT(1)
#define IF_SHUT_RD           BIT(2)
#define IF_SHUT_WR           BIT(3)
#define IF_DONE              BIT(4)  /* the peer's FIN has come */
#define IF_QUEUED_DATA       BIT(5)  /* in-order bytes wait to be read */
#define IF_TOO_FEW           BIT(6)  /* MSG_WAITALL, and fewer are there than asked for */
#define IF_NONBLOCK          BIT(7)
#define IF_COPIED            BIT(8)  /* the call has already moved bytes */
#define IF_EMPTY             BIT(9)  /* zero bytes asked for, or no payload */
#define IF_CROWDED           BIT(10)  /* it may not all fit */
#define IF_SPLICES           BIT(11)  /* sendfile, splice: many inner calls in one */
#define IF_RECVMMSG          BIT(12)
#define IF_SIGNALLED         BIT(13)  /* a signal interrupts the wait */
#define IF_OTHER_REFS        BIT(14)  /* another file refers to the socket */
#define IF_ORPHAN            BIT(15)  /* no file does */
#define IF_REPAIR            BIT(16)
#define IF_LINGER0           BIT(17)
#define IF_LINGER_WAITS      BIT(18)  /* SO_LINGER with t > 0, not at exit */
#define IF_LINGER2_NONE      BIT(19)  /* TCP_LINGER2 < 0 */
#define IF_LONG_FIN_WAIT2    BIT(20)
#define IF_UNSENT            BIT(21)  /* data or FIN was never sent */
#define IF_NEW               BIT(22)  /* the segment brings bytes that are next in order */
#define IF_BEYOND            BIT(23)  /* the segment lies beyond a gap */
#define IF_ACKS_FIN          BIT(24)
#define IF_EXACT             BIT(25)  /* RST where it is taken */
#define IF_IN_WINDOW         BIT(26)  /* RST anywhere in the window, its edge included */
#define IF_HAS_ACK           BIT(27)
#define IF_RECVERR           BIT(28)
#define IF_RFC1337           BIT(29)
#define IF_WRITES            BIT(30)  /* shutdown: SHUT_WR or SHUT_RDWR */
#define IF_CONNECTING        BIT(31)  /* a connect() has no answer yet (SS_CONNECTING) */
#define IF_WAS_CONNECTED     BIT(32)  /* connect() or accept() once succeeded (SS_CONNECTED) */
#define IF_QUEUED            BIT(33)  /* waits in its listener's accept queue */
#define IF_READS             BIT(34)  /* shutdown: SHUT_RD or SHUT_RDWR */
#define IF_SOFT_FADES        BIT(37)  /* data came since the soft error: it may have been cleared */
#define IF_BARE              BIT(38)  /* an ACK without data, or one that acknowledges more */
#define IF_QUEUE_FULL        BIT(39)  /* the listener's accept queue is full */
#define IF_ABORT_ON_OVERFLOW BIT(40)  /* net.ipv4.tcp_abort_on_overflow */
#define IF_IPV4              BIT(41)
#define IF_KEEPS_ORPHANS     BIT(46)  /* struct kernel_traits */
#define IF_KEEPS_MINISOCKETS BIT(43)
#define IF_BELIEVES_RESETS   BIT(44)
#define IF_REFUSES_CROSSING  BIT(45)
#define IF_REFUSES_OLD_ACKS  BIT(48)
#define IF_OLD_ACK           BIT(47)  /* acknowledges less than is acknowledged already */
#define IF_KILLS_REQUEST     BIT(42)  /* an ICMP error that makes a listener forget a request */
#define IF_OVER_FIN          BIT(49)  /* data that begins before the peer's FIN and ends behind it */
#define IF_NO_ACK            BIT(50)  /* the segment has no ACK flag */
#define IF_VECTOR            BIT(36)  /* writev, readv */
#define IF_QUEUED_MESSAGE    BIT(35)  /* the error queue holds a message */

/* No two share a bit: what they are together is then their sum. */
_Static_assert((
        IF_ERROR | IF_SOFT_ERROR | IF_SHUT_RD | IF_SHUT_WR | IF_DONE | IF_QUEUED_DATA |
        IF_TOO_FEW | IF_NONBLOCK | IF_COPIED | IF_EMPTY | IF_CROWDED | IF_SPLICES | IF_RECVMMSG |
        IF_SIGNALLED | IF_OTHER_REFS | IF_ORPHAN | IF_REPAIR | IF_LINGER0 | IF_LINGER_WAITS |
        IF_LINGER2_NONE | IF_LONG_FIN_WAIT2 | IF_UNSENT | IF_NEW | IF_BEYOND | IF_ACKS_FIN |
        IF_EXACT | IF_IN_WINDOW | IF_HAS_ACK | IF_RECVERR | IF_RFC1337 | IF_WRITES |
        IF_CONNECTING | IF_WAS_CONNECTED | IF_QUEUED | IF_READS | IF_SOFT_FADES | IF_BARE |
        IF_QUEUE_FULL | IF_ABORT_ON_OVERFLOW | IF_IPV4 | IF_KEEPS_ORPHANS |
        IF_KEEPS_MINISOCKETS | IF_BELIEVES_RESETS | IF_REFUSES_CROSSING | IF_REFUSES_OLD_ACKS |
        IF_OLD_ACK | IF_KILLS_REQUEST | IF_OVER_FIN | IF_NO_ACK | IF_VECTOR | IF_QUEUED_MESSAGE) == (
        IF_ERROR + IF_SOFT_ERROR + IF_SHUT_RD + IF_SHUT_WR + IF_DONE + IF_QUEUED_DATA +
        IF_TOO_FEW + IF_NONBLOCK + IF_COPIED + IF_EMPTY + IF_CROWDED + IF_SPLICES + IF_RECVMMSG +
        IF_SIGNALLED + IF_OTHER_REFS + IF_ORPHAN + IF_REPAIR + IF_LINGER0 + IF_LINGER_WAITS +
        IF_LINGER2_NONE + IF_LONG_FIN_WAIT2 + IF_UNSENT + IF_NEW + IF_BEYOND + IF_ACKS_FIN +
        IF_EXACT + IF_IN_WINDOW + IF_HAS_ACK + IF_RECVERR + IF_RFC1337 + IF_WRITES +
        IF_CONNECTING + IF_WAS_CONNECTED + IF_QUEUED + IF_READS + IF_SOFT_FADES + IF_BARE +
        IF_QUEUE_FULL + IF_ABORT_ON_OVERFLOW + IF_IPV4 + IF_KEEPS_ORPHANS +
        IF_KEEPS_MINISOCKETS + IF_BELIEVES_RESETS + IF_REFUSES_CROSSING + IF_REFUSES_OLD_ACKS +
        IF_OLD_ACK + IF_KILLS_REQUEST + IF_OVER_FIN + IF_NO_ACK + IF_VECTOR + IF_QUEUED_MESSAGE),
        "two conditions share a bit");

enum holders {
        BY_SOCKET = 1 << HOLDER_SOCKET,
        BY_FIN_WAIT2 = 1 << HOLDER_FIN_WAIT2,
        BY_TIME_WAIT = 1 << HOLDER_TIME_WAIT,
        BY_NOBODY = 1 << HOLDER_NOBODY,
        BY_LISTENER = 1 << HOLDER_LISTENER,
        BY_REQUEST = 1 << HOLDER_REQUEST,
};

#define ANY_HOLDER (BY_SOCKET | BY_FIN_WAIT2 | BY_TIME_WAIT | BY_NOBODY | BY_LISTENER | BY_REQUEST)

enum gives {
        GIVES_NOTHING,  /* not a call */
        GIVES_ZERO,
        GIVES_ALL,      /* all bytes asked for */
        GIVES_QUEUED,   /* as many as are queued, at most what was asked for */
        GIVES_SOME,     /* the kernel's choice, at least one */
        GIVES_SOME_OR_AGAIN,
        GIVES_COPIED,   /* what the call has moved so far */
        GIVES_ERRNO,    /* .error */
        GIVES_ERROR,    /* sk_err */
        GIVES_ERROR_VALUE, /* SO_ERROR: the error as the option's value */
        GIVES_SOFT_VALUE,  /* SO_ERROR: the soft error as the option's value */
        GIVES_SOFT_VALUE_OR_ZERO,
        GIVES_BLOCK,
};

enum does {
        TAKE_ERROR = 1 << 0,     /* sk_err = 0 */
        TAKE_SOFT_ERROR = 1 << 1,
        SIGPIPE_IF_EPIPE = 1 << 2, /* unless MSG_NOSIGNAL */
        SET_ERROR = 1 << 3,      /* sk_err = .error */
        SET_TIMEOUT = 1 << 4,    /* sk_err = soft error, or ETIMEDOUT */
        SET_ICMP = 1 << 5,       /* sk_err = what the ICMP error means */
        SET_ICMP_SOFT = 1 << 6,
        QUEUE_ERROR = 1 << 7,    /* a message in the error queue */
        PURGE_UNSENT = 1 << 8,   /* what was to be sent is thrown away */
        PURGE_UNREAD = 1 << 9,
        SHUT_BOTH = 1 << 10,
        SHUT_ASKED = 1 << 11,
        SHUT_READING = 1 << 12,
        MARK_DONE = 1 << 13,
        APPEND_DATA = 1 << 14,   /* in-order bytes enter the receive queue */
        HOLD_DATA = 1 << 15,     /* out-of-order bytes */
        ACKNOWLEDGE = 1 << 16,   /* snd_una moves */
        ORPHANED = 1 << 17,      /* the last file is gone */
        DROP_REF = 1 << 18,
        VOID_COUNTERS = 1 << 20, /* tcp_disconnect */
        LINGERS = 1 << 21,       /* the close waits for the acknowledgement of the FIN */
        CLEAR_QUEUE_MESSAGE = 1 << 22,
        UNCONNECT = 1 << 23,     /* a failed connect() leaves the socket as if it was never connected */
        ADD_REF = 1 << 24,
        CONNECTING = 1 << 25,
        FADE_SOFT_ERROR = 1 << 26, /* it may be cleared, or not */
        BECOME_CHILD = 1 << 27,    /* a connection of the listener's, in its accept queue */
        HOLD_FIN = 1 << 28,        /* a FIN beyond a gap */
};

#define SAME_STATE ((enum tcp_state)0)
#define SAME_HOLDER (-1)

struct rule {
        const char *name;
        enum event_kind on;
        uint32_t states;  /* mask of IN(); 0 is any */
        uint32_t holders; /* mask of BY_*; 0 is BY_SOCKET */
        uint64_t needs, lacks;
        enum timer_kind timer; /* EVENT_TIMER: which */
        enum gives gives;
        int error;
        uint32_t does;
        enum tcp_state next;   /* SAME_STATE */
        enum holder leaves;    /* holder afterwards, if .moves_holder */
        bool moves_holder;
        enum emission emits;
        const char *at;      /* kernel functions */
        const char *kernels; /* where kernels differ, with versions; or NULL */
        const char *why;     /* one sentence */
};

struct rule_table {
        const struct rule *rules;
        size_t n;
};

/* The table for a kind of event. */
struct rule_table rules_for(enum event_kind kind);

/* A row of tcp_poll(): bits that add up. */
struct poll_rule {
        const char *name;
        uint32_t states; /* 0 is any */
        uint64_t needs, lacks;
        short bits;
        const char *why;
};
extern const struct poll_rule poll_rules[];
extern const size_t n_poll_rules;

extern const struct rule send_rules[], recv_rules[], shutdown_rules[], close_rules[], open_rules[],
        error_rules[], abort_rules[], segment_rules[], reset_rules[], icmp_rules[], timer_rules[];
extern const size_t n_send_rules, n_recv_rules, n_shutdown_rules, n_close_rules, n_open_rules,
        n_error_rules, n_abort_rules, n_segment_rules, n_reset_rules, n_icmp_rules, n_timer_rules;

uint64_t endpoint_conditions(const struct endpoint *endpoint, const struct event *event);
