/*
 * Hears of the end of every TCP socket of this network namespace, as `ss -E` does: the kernel sends a message
 * when it destroys a socket (sock_diag_broadcast_destroy()). Needs no rights. Nobody is named: neither program
 * nor cause, but the queues and counters as they were at the end.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "netlink/diag.h"
#include "netlink/segment_counts.h"

struct ended_socket {
        uint64_t cookie;
        struct diag_tuple tuple;
        int64_t heard_ns;               /* since 1970: when it was read, a little after */
        uint32_t rqueue;                /* received, never read */
        uint32_t wqueue;                /* written or FIN, never acknowledged */
        bool info;                      /* the counters are there */
        uint64_t bytes_sent, bytes_again, bytes_acked, bytes_received;
        uint32_t unsent;                /* with the FIN */
        uint32_t retransmits, probes;
        struct segment_counts segments;
};

struct ended;

/* Returns 0 or a negative errno; *@ret_ended is a listener whose descriptor ended_fd() can be polled. */
int ended_open(struct ended **ret_ended);
struct ended *ended_close(struct ended *ended);
int ended_fd(const struct ended *ended);

/* From the descriptor of one that another process opened, in another network namespace; it is closed with it. */
int ended_adopt(int fd, struct ended **ret_ended);

/* Takes in what is there, without waiting; calls @each. Returns 0 or a negative errno. Messages that the
 * kernel had to drop are counted, not known how many: ended_lost() says how often that happened. */
int ended_take(struct ended *ended, void (*each)(void *context, const struct ended_socket *socket), void *context);
uint64_t ended_lost(const struct ended *ended);
