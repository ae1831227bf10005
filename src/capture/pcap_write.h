/* Writes pcap files with nanoseconds. The caller opens and closes the stream. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
        PCAP_LINK_ETHERNET = 1,
        PCAP_LINK_RAW = 101,         /* the frame begins with the IP header */
};

/* Writes the file header. Returns 0 or a negative errno. */
int pcap_write_header(FILE *file, uint32_t link_type);

/* Writes one frame of which @n_bytes of @n_frame are at hand; @time_ns counts from 1970.
 * Returns 0 or a negative errno; -ERANGE for a time or size that the format cannot hold. */
int pcap_write_frame(FILE *file, int64_t time_ns, const void *bytes, size_t n_bytes, size_t n_frame);
