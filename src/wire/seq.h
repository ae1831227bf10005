/* The one distance between sequence numbers (RFC 9293, 3.4): every comparison goes through it.
 *
 * Sequence numbers are 32 bits on the wire and wrap. Two of them can be compared only when they
 * are less than 2 GiB apart; whoever keeps a place in a stream keeps a 64-bit position. */
#pragma once

#include <stdint.h>

/* How far @to lies ahead of @from: negative when it lies behind. */
static inline int32_t seq_distance(uint32_t from, uint32_t to)
{
        return (int32_t)(to - from);
}
