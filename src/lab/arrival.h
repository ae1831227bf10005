/* Knowing that what was sent by hand has been worked on. */
#pragma once

#include <stdint.h>

/* A pure ACK, an ICMP error or a RST to nobody may leave no trace that could be waited for, and the kernel
 * need not take it in before sendto() returns: Linux before 6.5 leaves it to ksoftirqd whenever that has
 * work (do_softirq, ksoftirqd_running). But the packets that a processor puts on a virtual wire are worked
 * on one after the other (process_backlog). So a frame that means nothing goes behind them, and when
 * that comes out at the sockets' end all before it are done. */
struct arrival {
        int fd;           /* hears the sockets' end; of this process and network namespace */
        uint64_t n_sent;
        int64_t affinity; /* the processor to which the caller is held, or -1 */
};

/* Returns 0 or a negative errno. Nothing has to be given back. */
int arrival_take(struct arrival **ret_arrival);

/* Holds the caller to its processor, so that the frame follows on the same way. */
void arrival_begin(struct arrival *arrival);

/* Sends the frame through @fd, a packet socket on the wire, and waits for it, at most for a second; lets
 * the caller run anywhere again. Returns 0, -ETIMEDOUT, or another negative errno. */
int arrival_end(struct arrival *arrival, int fd, int ifindex, const uint8_t mac[static 6]);
