/* Tells by the first bytes how a capture is packed. */
#include "capture/unpack.h"

#include <string.h>

#if !FINIS_ZLIB
const struct unpack unpack_gzip = {
        .name = "gzip",
        .left_out = "it is packed with gzip, and this finis was built without zlib; try: gzip -dc FILE | finis read -",
};
#endif

#if !FINIS_LIBZSTD
const struct unpack unpack_zstd = {
        .name = "zstd",
        .left_out = "it is packed with zstd, and this finis was built without libzstd; "
                    "try: zstd -dc FILE | finis read -",
};
#endif

const struct unpack *unpack_find(const uint8_t *bytes, size_t n)
{
        /* RFC 1952 section 2.3.1. */
        if (n >= 2 && !memcmp(bytes, "\x1f\x8b", 2))
                return &unpack_gzip;
        if (n < 4)
                return NULL;
        /* RFC 8878 section 3.1: a frame, or one to be skipped, as pzstd writes first. */
        if (!memcmp(bytes, "\x28\xb5\x2f\xfd", 4))
                return &unpack_zstd;
        if ((bytes[0] & 0xf0) == 0x50 && !memcmp(bytes + 1, "\x2a\x4d\x18", 3))
                return &unpack_zstd;
        return NULL;
}
