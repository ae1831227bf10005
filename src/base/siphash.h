/* SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash whose outcome nobody foresees who does not have the key. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline void siphash_rounds(uint64_t v[4], int n)
{
        while (n-- > 0) {
                v[0] += v[1];
                v[2] += v[3];
                v[1] = (v[1] << 13 | v[1] >> 51) ^ v[0];
                v[3] = (v[3] << 16 | v[3] >> 48) ^ v[2];
                v[0] = v[0] << 32 | v[0] >> 32;
                v[2] += v[1];
                v[0] += v[3];
                v[1] = (v[1] << 17 | v[1] >> 47) ^ v[2];
                v[3] = (v[3] << 21 | v[3] >> 43) ^ v[0];
                v[2] = v[2] << 32 | v[2] >> 32;
        }
}

static inline uint64_t siphash(const uint64_t key[2], const void *bytes, size_t n)
{
        const uint8_t *p = bytes;
        uint64_t v[4] = {
                key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
                key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573,
        };
        uint64_t last = (uint64_t)n << 56, word;

        for (; n >= 8; p += 8, n -= 8) {
                memcpy(&word, p, 8);
                v[3] ^= word;
                siphash_rounds(v, 2);
                v[0] ^= word;
        }
        for (size_t i = 0; i < n; i++)
                last |= (uint64_t)p[i] << 8 * i;
        v[3] ^= last;
        siphash_rounds(v, 2);
        v[0] ^= last;
        v[2] ^= 0xff;
        siphash_rounds(v, 4);
        return v[0] ^ v[1] ^ v[2] ^ v[3];
}
