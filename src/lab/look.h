/* What can be seen of a socket without changing it: TCP_INFO, the queues, poll. Five system calls. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "words/tcp_state.h"

struct look {
        enum tcp_state state;
        uint64_t inq, outq, outq_unsent; /* SIOCINQ, SIOCOUTQ, SIOCOUTQNSD */
        uint64_t bytes_acked, bytes_received; /* as TCP_INFO counts: SYN and FIN are bytes there */
        short poll;                      /* of IN|OUT|PRI|RDHUP, and what comes unasked */
};

/* 0 or a negative errno. */
int look_at(int fd, struct look *ret_look);

/* poll() asked for nothing, and epoll asked for all: what they report. */
int look_poll_unasked(int fd, short *ret_bits);
int look_epoll(int fd, short *ret_bits);

#define LOOK_POLL_TEXT_MAX 40
/* "IN|OUT|RDHUP", "0". Returns `text`. */
char *look_poll_text(short bits, char text[static LOOK_POLL_TEXT_MAX]);
