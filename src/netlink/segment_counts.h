/* How many segments a socket has sent and received, as its kernel counts them. A RST counts where the socket sent it of
 * its own accord; not where it only answers (tcp_v4_send_reset()). */
#pragma once

#include <stdint.h>

struct tcp_info;

struct segment_counts {
        uint32_t in, data_in;           /* a RST is one of @in */
        uint32_t out, data_out;         /* a segment that is sent again counts again */
        uint32_t again;                 /* these, with data or a FIN alone */
};

struct segment_counts segment_counts_of(const struct tcp_info *info);

/* Since the @earlier ones. */
struct segment_counts segment_counts_since(struct segment_counts later, struct segment_counts earlier);
