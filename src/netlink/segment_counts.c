/* Counts of 32 bits: they wrap, and a difference does not mind. */
#include "netlink/segment_counts.h"

#include <linux/tcp.h>

struct segment_counts segment_counts_of(const struct tcp_info *info)
{
        return (struct segment_counts){ .in = info->tcpi_segs_in, .data_in = info->tcpi_data_segs_in,
                                        .out = info->tcpi_segs_out, .data_out = info->tcpi_data_segs_out,
                                        .again = info->tcpi_total_retrans };
}

struct segment_counts segment_counts_since(struct segment_counts later, struct segment_counts earlier)
{
        return (struct segment_counts){ .in = later.in - earlier.in, .data_in = later.data_in - earlier.data_in,
                                        .out = later.out - earlier.out, .data_out = later.data_out - earlier.data_out,
                                        .again = later.again - earlier.again };
}
