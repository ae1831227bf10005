/*
 * Is a payload a good-bye, after which its sender waits for nothing? What a closed socket answers with a RST is a
 * loss or not by that: a request that was lost is one, QUIT is none.
 */
#pragma once

#include <stdint.h>

/* Longer ones are not looked at: an encrypted alert in the longest of usual records, with its header. */
#define GOODBYE_MOST 64

/*
 * How many bytes of @payload say that it is one; 0: it is none, or not enough of it is at hand. @n_payload
 * bytes stood in the segment, of which @n_captured are at hand. The payload must be the good-bye and nothing else.
 */
uint32_t goodbye_bytes(const uint8_t *payload, uint32_t n_captured, uint32_t n_payload);
