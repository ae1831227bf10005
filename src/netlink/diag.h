/* Looks one TCP socket up by its addresses, as the kernel knows it (sock_diag(7)): also when its
 * program has closed it, and when only TIME_WAIT is left. Needs no rights. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "words/tcp_state.h"

/* Addresses in network order, IPv4 in the first four bytes; ports in host order. A listener is
 * asked for with remote port 0. */
struct diag_tuple {
        uint8_t family;
        uint16_t local_port;
        uint16_t remote_port;
        uint8_t local[16];
        uint8_t remote[16];
};

struct diag_socket {
        enum tcp_state state;        /* FIN_WAIT2 also when only a small TIME_WAIT socket is left of it */
        uint8_t timer;               /* 0 none, 1 retransmission, 2 keepalive, 3 TIME_WAIT, 4 probe */
        uint8_t n_timeouts;          /* of that timer, so far */
        uint32_t timer_ms;           /* until it fires */
        uint32_t rqueue;             /* received, not read; a FIN not yet read counts 1 */
        uint32_t wqueue;             /* written or FIN, not acknowledged */
        bool info;                   /* what follows is there: not of a TIME_WAIT */
        uint32_t unsent;             /* of @wqueue: with the FIN */
        uint32_t uid;
        uint32_t inode;              /* 0: no program holds it any more */
        uint64_t cookie;
};

/* Fills @ret_tuple with the addresses of the socket @fd (getsockname, getpeername; IPv4-mapped
 * addresses become IPv4). Returns 0 or a negative errno: -ENOTCONN once the connection ended. */
int diag_tuple_of(int fd, struct diag_tuple *ret_tuple);

/* The local half alone, which a socket keeps when its connection has ended. */
int diag_local_of(int fd, struct diag_tuple *ret_tuple);

/* The same connection from its other end. */
struct diag_tuple diag_tuple_reverse(const struct diag_tuple *tuple);

/* Returns 0, -ENOENT when there is no such socket, or another negative errno. */
int diag_look(const struct diag_tuple *tuple, struct diag_socket *ret_socket);

/* For many looks: keeps the way to the kernel open. Takes NULL, and then opens one for this look. */
struct diag;
int diag_open(struct diag **ret_diag);
struct diag *diag_close(struct diag *diag);
int diag_fd(const struct diag *diag);

/* From the descriptor of one that another process opened, in another network namespace; it is closed with it. */
int diag_adopt(int fd, struct diag **ret_diag);
int diag_look_on(struct diag *diag, const struct diag_tuple *tuple, struct diag_socket *ret_socket);
