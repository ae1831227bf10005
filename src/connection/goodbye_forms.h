/* Good-byes of binary protocols that are known by their first bytes and their length. */
#pragma once

#include <stdint.h>

/* How many bytes of @payload say that it is one; 0: it is none. As goodbye_bytes(). */
uint32_t goodbye_form(const uint8_t *payload, uint32_t n_captured, uint32_t n_payload);
