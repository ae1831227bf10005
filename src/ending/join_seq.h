/* The distance of sequence numbers (RFC 9293, 3.4), for keys that were taken off the wire. */
#pragma once

#include <stdint.h>

/* How far @to lies ahead of @from: negative when it lies behind. */
static inline int32_t join_seq_distance(uint32_t from, uint32_t to)
{
        return (int32_t)(to - from);
}
