/*
 * Addresses for other addresses, prefixes kept, after Xu, Fan, Ammar and Moon ("Prefix-Preserving IP Address
 * Anonymization", ICNP 2002): whether a bit is turned hangs on the key and on the bits before it. So it is a
 * permutation, and networks stay networks. SipHash takes the part of the cipher.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/siphash.h"
#include "cli/anonymize.h"

int anonymizer_init(struct anonymizer *ret_anonymizer, const char *key)
{
        /* Only to make two numbers of words: any will do that differ. */
        static const uint64_t first[2] = { 0x66696e6973000001, 1 }, second[2] = { 0x66696e6973000002, 2 };
        struct anonymizer a = { .key = { 0, 0 } };

        if (key) {
                a.key[0] = siphash(first, key, strlen(key));
                a.key[1] = siphash(second, key, strlen(key));
        } else if (getrandom(a.key, sizeof(a.key), 0) != sizeof(a.key)) {
                return errno ? -errno : -EIO;
        }
        *ret_anonymizer = a;
        return 0;
}

static bool is_turned(const struct anonymizer *a, uint8_t family, const uint8_t *address, unsigned int bit)
{
        uint8_t before[18] = { family, (uint8_t)bit };

        memcpy(before + 2, address, bit / 8);
        if (bit % 8)
                before[2 + bit / 8] = (uint8_t)(address[bit / 8] & (0xff00 >> bit % 8));
        return siphash(a->key, before, sizeof(before)) & 1;
}

void anonymize_address(struct anonymizer *a, uint8_t family, const uint8_t address[static 16],
                       uint8_t ret_address[static 16])
{
        unsigned int n = family == AF_INET6 ? 16 : 4;
        size_t i = siphash((uint64_t[2]) { 0, 0 }, address, n) % ANONYMIZE_N_CACHED;

        if (a->cached[i].family != family || memcmp(a->cached[i].from, address, n)) {
                a->cached[i].family = family;
                memset(a->cached[i].to, 0, 16);
                memcpy(a->cached[i].from, address, n);
                memcpy(a->cached[i].to, address, n);
                for (unsigned int bit = 0; bit < 8 * n; bit++)
                        if (is_turned(a, family, address, bit))
                                a->cached[i].to[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        }
        memcpy(ret_address, a->cached[i].to, 16);
}
