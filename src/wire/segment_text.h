/* A segment in a few words for eyes: "SYN", "1448 bytes 1:1449", "RST ACK 1000 win 92". */
#pragma once

#include <stddef.h>

#include "wire/segment.h"

enum {
        SEGMENT_TEXT_MAX = 128,      /* the longest text with its NUL */
};

/* Numbers are told relative to @seq_base and @ack_base: give the initial sequence number of
 * either side, and the first byte of data is 1, as tcpdump and Wireshark count.
 * Returns @text. */
char *segment_text(const struct segment *segment, uint32_t seq_base, uint32_t ack_base,
                   char text[static SEGMENT_TEXT_MAX]);
