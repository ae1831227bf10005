/* Numbers in network order, read and written a byte at a time, wherever they lie. The caller has
 * checked that the bytes are there. */
#pragma once

#include <stdint.h>
#include <string.h>

static inline uint16_t bytes_get16(const uint8_t *p)
{
        uint16_t v;

        memcpy(&v, p, sizeof(v));
        return __builtin_bswap16(v);
}

static inline uint32_t bytes_get32(const uint8_t *p)
{
        uint32_t v;

        memcpy(&v, p, sizeof(v));
        return __builtin_bswap32(v);
}

static inline uint64_t bytes_get64(const uint8_t *p)
{
        uint64_t v;

        memcpy(&v, p, sizeof(v));
        return __builtin_bswap64(v);
}

static inline void bytes_put16(uint8_t *p, uint16_t v)
{
        v = __builtin_bswap16(v);
        memcpy(p, &v, sizeof(v));
}

static inline void bytes_put32(uint8_t *p, uint32_t v)
{
        v = __builtin_bswap32(v);
        memcpy(p, &v, sizeof(v));
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "finis runs on x86-64 and arm64");
