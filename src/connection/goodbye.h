/*
 * Is a payload a good-bye, after which its sender waits for nothing? What a closed socket answers with a RST is a
 * loss or not by that: a request that was lost is one, QUIT is none.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Longer ones are not looked at: a mail server's farewell names the server. But GnuTLS pads alerts by
 * up to 255 bytes. */
#define GOODBYE_MOST 128
#define GOODBYE_TLS 21
#define GOODBYE_TLS_MOST 327

/*
 * How many bytes of @payload say that it is one; 0: it is none, or not enough of it is at hand. @n_payload
 * bytes stood in the segment, of which @n_captured are at hand. The payload must be the good-bye and nothing else.
 */
uint32_t goodbye_bytes(const uint8_t *payload, uint32_t n_captured, uint32_t n_payload);

/* A cheap look beforehand: false for nearly all that is none. */
static inline bool
goodbye_may_be(const uint8_t *payload, uint32_t n_captured, uint32_t n_payload)
{
        /* Bits of the first bytes of all that goodbye_bytes() knows, but of a line with a tag before it. */
        static const uint64_t first[4] = {
                UINT64_C(1) << 0 | UINT64_C(1) << 1 | UINT64_C(1) << 3 | UINT64_C(1) << 5 | UINT64_C(1) << 6 |
                        UINT64_C(1) << 7 | UINT64_C(1) << 21 | UINT64_C(1) << 23 | UINT64_C(1) << '*' |
                        UINT64_C(1) << 0x30 | UINT64_C(1) << '2' | UINT64_C(1) << '<',
                UINT64_C(1) << ('C' - 64) | UINT64_C(1) << ('D' - 64) | UINT64_C(1) << ('G' - 64) |
                        UINT64_C(1) << (0x66 - 64) | UINT64_C(1) << ('X' - 64) | UINT64_C(1) << ('q' - 64) |
                        UINT64_C(1) << ('Q' - 64) |
                        UINT64_C(1) << ('b' - 64) | UINT64_C(1) << ('B' - 64) | UINT64_C(1) << ('e' - 64) |
                        UINT64_C(1) << ('E' - 64) | UINT64_C(1) << ('l' - 64) | UINT64_C(1) << ('L' - 64),
                UINT64_C(1) << (0x88 - 128),
                UINT64_C(1) << (0xe0 - 192) | UINT64_C(1) << (0xff - 192),
        };

        static const uint8_t none[2] = { 'z', 'z' };
        bool held = n_captured >= 2, small = n_payload <= GOODBYE_MOST;
        const uint8_t *bytes = held ? payload : none;
        unsigned in_first = first[bytes[0] >> 6] >> (bytes[0] & 63) & 1;
        unsigned ends_line = bytes[held && small ? n_captured - 1 : 0] == '\n';
        unsigned tls = (bytes[0] == GOODBYE_TLS) & (n_payload <= GOODBYE_TLS_MOST);

        /* No branch: what a payload is cannot be foreseen. */
        return small ? in_first | ends_line : tls;
}
