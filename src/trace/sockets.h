/*
 * The sockets of the traced programs, by their cookies and by their addresses: what each call and each look told of
 * them. Many descriptors may lead to one socket; whoever gave up the last one ended it, and that is the last that
 * was noted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "netlink/ended.h"
#include "trace/calls.h"
#include "trace/look.h"
#include "trace/process.h"
#include "trace/where.h"
#include "words/act.h"

/* So many results of calls are kept of each socket: the last ones. */
#define SOCKET_CALLS_MAX 8

struct socket_call {
        const char *name;
        int64_t result;                 /* a count, or a negative errno */
        int64_t at_ns;
        pid_t pid;
        bool sigpipe;
        bool ignored, blocked;          /* that signal, by the program */
        bool took_error;                /* this call took the error of the socket */
};

struct socket_act {
        bool known;
        enum act how;
        int64_t at_ns;
        pid_t pid;
        char comm[PROCESS_COMM_MAX];
        const char *call;               /* NULL: an exit, a signal */
        int signal;
        bool alone;                     /* its process had no other thread */
        struct look before;             /* the socket just before it */
};

struct socket_waiter {
        const struct call *call;        /* NULL: nobody */
        int64_t at_ns;
};

struct traced_socket {
        uint64_t cookie;
        bool client, role_known;
        bool seen_to_begin;             /* its connect() or accept() was traced */
        bool has_local, has_remote;     /* of the addresses */
        struct diag_tuple tuple;
        uint64_t netns;                 /* the cookie of its network namespace; 0: not known */
        int64_t began_ns;
        int64_t established_ns;         /* 0: not seen */
        int connect_error;              /* positive; EINPROGRESS while it goes on */
        bool failed_unseen;             /* the attempt failed, and its call's result was not seen */
        pid_t pid;                      /* who opened or accepted it */
        char comm[PROCESS_COMM_MAX];
        struct look last;               /* the last look */
        struct look alive;              /* the last in which it was not CLOSE */
        struct socket_act shut;         /* the first shutdown() of its sending way */
        struct socket_act act;          /* the last that gave up a descriptor, or disconnected */
        bool all_calls;                 /* all that it sent and received was seen in calls … */
        uint64_t last_run;              /* … so these are the bytes sent since it last received any */
        bool shut_read;
        bool shut_both;                 /* … by that first shutdown() of the sending way */
        bool end_received;              /* a receiving call gave 0: the other's FIN */
        int error;                      /* the error that it bore at the end, or that a call took; positive */
        bool error_taken;               /* a call of the program took it */
        struct socket_call calls[SOCKET_CALLS_MAX];
        size_t n_calls;                 /* of all; the last SOCKET_CALLS_MAX are there */
        struct where *told_at;          /* where the program was when a call was first told an error; NULL:
                                         * not asked for */
        struct where *reset_at;         /* and when it gave up what that resets */
        bool sigpipe;
        int64_t died_ns;                /* when it was noticed that it had died in its program's hands; 0: not */
        bool died_with_error;           /* the error was waiting then; else it was taken at once, or there was none */
        struct socket_waiter waiter;    /* who waited on it when that was last looked at */
        const char *told;               /* the call that was told of its death, as deduced; NULL: not */
        bool told_receiving;            /* no sender can have waited on it then */
        const char *swallowed;          /* the call that took the error and told a count, as deduced */
        bool truncated;                 /* a receiving call gave 0 after the error was taken: no end of the data */
        bool ended;                     /* the kernel told of its end … */
        struct ended_socket end;        /* … this */
        enum tcp_state after;           /* what was left of it when it was last asked for; 0: never asked */
        unsigned after_seen;            /* all that was, each time: a bit for each state */
        uint32_t queued_after;          /* and what of its own was not acknowledged then, its FIN counted */
        bool unsent_after_known;
        uint32_t unsent_after;          /* and of that what had never been sent */
        bool nothing_left;              /* its kernel had nothing of it when it was asked, soon after the last act */
        bool others_asked;              /* its kernel was asked for the other end when this one was no more than a … */
        enum tcp_state others;          /* … TIME_WAIT: what was found; 0: nothing */
        bool held;                      /* by a program, then */
        bool closing;                   /* a descriptor was given up: perhaps the last */
        int64_t ask_at_ns, ask_again_ns; /* while closing: when to ask the kernel, and how long after that again */
        struct traced_socket *next, *before;                 /* in the order of their beginning */
        struct traced_socket *closing_next, *closing_before;
        struct traced_socket *by_cookie, *by_tuple;          /* the next in their slots */
};

struct sockets {
        struct traced_socket *first, *last;
        struct traced_socket *closing_first, *closing_last;
        struct traced_socket **cookies, **tuples;
        size_t n, n_slots, n_closing;
};

/* The socket of that cookie, made if need be. NULL: no memory. */
struct traced_socket *sockets_get(struct sockets *sockets, uint64_t cookie);

/* NULL if there is none. */
struct traced_socket *sockets_find(const struct sockets *sockets, uint64_t cookie);

/* The other end of the same connection, if it is among them. */
struct traced_socket *sockets_other_end(const struct sockets *sockets, const struct traced_socket *socket);

/* Is the other end surely on the same host? */
bool tuple_is_of_one_host(const struct diag_tuple *tuple);

/* It may be over, or is known to go on. */
void sockets_closing(struct sockets *sockets, struct traced_socket *socket, bool closing);

/* Takes it out and frees it. */
void sockets_drop(struct sockets *sockets, struct traced_socket *socket);

void sockets_deinit(struct sockets *sockets);

/* Notes a look: the addresses while there are any, the last look alive. */
void sockets_seen(struct sockets *sockets, struct traced_socket *socket, const struct look *look);

/* Notes the address that a call named: where a connection has failed, its socket forgets it. */
void sockets_named(struct sockets *sockets, struct traced_socket *socket, uint8_t family, const uint8_t *remote,
                   uint16_t port);

static inline bool socket_has_tuple(const struct traced_socket *socket)
{
        return socket->has_local && socket->has_remote;
}

/* Notes the result of a call. */
void socket_called(struct traced_socket *socket, const struct socket_call *call);
