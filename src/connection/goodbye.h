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

/* 1 for the first bytes of all that goodbye_bytes() knows, but of a line with a tag before it. */
extern const uint8_t goodbye_first[UINT8_MAX + 1];

/* A cheap look beforehand: false for nearly all that is none. */
static inline bool goodbye_may_be(const uint8_t *payload, uint32_t n_captured, uint32_t n_payload)
{
        static const uint8_t none[2] = { 'z', 'z' };
        bool held = n_captured >= 2, small = n_payload <= GOODBYE_MOST;
        const uint8_t *bytes = held ? payload : none;
        unsigned in_first = goodbye_first[bytes[0]];
        unsigned ends_line = bytes[held && small ? n_captured - 1 : 0] == '\n';
        unsigned tls = (bytes[0] == GOODBYE_TLS) & (n_payload <= GOODBYE_TLS_MOST);

        /* No branch: what a payload is cannot be foreseen. */
        return small ? in_first | ends_line : tls;
}

/* A cheaper one, which says so of some more: of @n bytes that are all at hand, and there is a header before them. There
 * is no branch here either. */
static inline bool goodbye_perhaps(const uint8_t *payload, uint32_t n)
{
        const uint8_t first = payload[(n > 0) - 1], last = payload[(int)n - 1];

        return (n - 1 < GOODBYE_TLS_MOST) & (goodbye_first[first] | (last == '\n'));
}
