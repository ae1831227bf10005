/*
 * The options of a SYN as Linux writes them: MSS, SACK permitted, timestamps, NOP, window scale; without timestamps:
 * MSS, two NOPs, SACK permitted, NOP, window scale (tcp_options_write() in net/ipv4/tcp_output.c). Others write these,
 * too, so most SYNs have the one or the other, and need not be taken apart.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "wire/bytes.h"

enum syn_options {
        SYN_OPTIONS_NONE,
        SYN_OPTIONS_USUAL,
        SYN_OPTIONS_WITHOUT_TIMESTAMPS,
        SYN_OPTIONS_OTHER,
};

enum {
        SYN_OPTIONS_USUAL_SIZE = 20,
        SYN_OPTIONS_WITHOUT_TIMESTAMPS_SIZE = 12,
        SYN_OPTIONS_MSS = 2,            /* where the value of each stands */
        SYN_OPTIONS_TIMESTAMPS = 8,
};

/* Of @n bytes; the values do not matter. */
static inline enum syn_options syn_options_of(const uint8_t *p, size_t n)
{
        if (n == 0)
                return SYN_OPTIONS_NONE;
        if ((n != SYN_OPTIONS_USUAL_SIZE && n != SYN_OPTIONS_WITHOUT_TIMESTAMPS_SIZE) || bytes_get16(p) != 0x0204 ||
            bytes_get32(p + n - 4) >> 8 != 0x010303)
                return SYN_OPTIONS_OTHER;
        if (n == SYN_OPTIONS_USUAL_SIZE)
                return bytes_get32(p + 4) == 0x0402080a ? SYN_OPTIONS_USUAL : SYN_OPTIONS_OTHER;
        return bytes_get32(p + 4) == 0x01010402 ? SYN_OPTIONS_WITHOUT_TIMESTAMPS : SYN_OPTIONS_OTHER;
}

/* Of the usual ones, with timestamps or without. */
static inline uint8_t syn_options_scale(const uint8_t *p, size_t n)
{
        return p[n - 1];
}
