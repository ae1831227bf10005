/*
 * An act of a scenario, and the short notation for it: `c.send100`, `s.close`, `s.data100@+50`.
 *
 *      SIDE.VERB[NUMBER][=VALUE][@OFFSET][+MODIFIER…][&]
 *
 * SIDE is c (client), s (server), l (the listener) or n (settings of the namespace). A NUMBER counts
 * bytes (k and M multiply by 1000 and 1000000). `&` starts a call that waits, in a thread of its own;
 * `c.wait` takes its result. Acts are set apart by blanks or commas. Segment verbs (data, fin, rst …)
 * belong to an end that is made by hand below the sockets.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum act_side { ACT_CLIENT, ACT_SERVER, ACT_LISTENER, ACT_NAMESPACE };

enum verb {
        /* Calls. */
        VERB_CONNECT, VERB_ACCEPT, VERB_LISTEN,
        VERB_SEND, VERB_WRITE, VERB_WRITEV, VERB_SENDTO, VERB_SENDMSG, VERB_SENDMMSG, VERB_SENDFILE,
        VERB_SPLICE, VERB_FILL,
        VERB_RECV, VERB_READ, VERB_READV, VERB_RECVMSG, VERB_RECVMMSG, VERB_SPLICE_OUT, VERB_PEEK,
        VERB_TRUNC, VERB_DRAIN,
        VERB_SHUT_RD, VERB_SHUT_WR, VERB_SHUT_RDWR, VERB_CLOSE, VERB_UNSPEC, VERB_SO_ERROR,
        VERB_ERROR_QUEUE, VERB_POLL,
        VERB_WAIT, VERB_SIGNAL,
        /* Descriptors and processes. */
        VERB_DUP, VERB_FORK, VERB_CHILD_EXIT, VERB_CHILD_KILL, VERB_CHILD_CRASH,
        /* Options. */
        VERB_LINGER, VERB_LINGER_OFF, VERB_LINGER2, VERB_RECVERR, VERB_REPAIR, VERB_USER_TIMEOUT,
        VERB_KEEPALIVE, VERB_SNDBUF, VERB_RCVBUF,
        /* From outside, and time. */
        VERB_DESTROY, VERB_EXPIRE, VERB_SYSCTL, VERB_FILL_BACKLOG,
        /* Segments by hand. */
        VERB_SEG_SYN, VERB_SEG_SYN_ACK, VERB_SEG_ACK, VERB_SEG_DATA, VERB_SEG_FIN, VERB_SEG_RST,
        VERB_SEG_RST_ACK, VERB_SEG_ICMP,
        N_VERBS,
};

struct lab_act {
        enum act_side side;
        enum verb verb;
        bool has_n;
        int64_t n;
        char value[48];   /* after '=' */
        bool has_offset;
        int64_t offset;   /* after '@', from the next byte that the peer would send */
        bool nosignal, waitall, block, background;
        bool no_ack;      /* segments: no ACK flag */
        int64_t ack_fewer; /* segments: leaves so many bytes unacknowledged */
        bool has_window;
        int64_t window;
        char text[64];    /* as it was written */
};

/* Reads one act from `*text` and moves it on; 0, -ENODATA at the end, or -EINVAL with `*text` at the
 * act that cannot be understood and a reason in `ret_why`. */
int act_parse(const char **text, struct lab_act *ret_act, const char **ret_why);

const char *verb_name(enum verb verb);
/* A segment, not a call. */
bool verb_is_segment(enum verb verb);
