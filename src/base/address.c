/* IP addresses as text (RFC 5952). */
#include "base/address.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "base/decimal.h"

#define N_WORDS 8

/* Each byte of an IPv4 address as it is written, with the dot behind it, and how long that is. */
static char octets[256][4];
static uint8_t octet_lengths[256];

/* Before main(), so that no thread can find them half made. */
static void __attribute__((constructor)) fill_octets(void)
{
        for (unsigned i = 0; i < 256; i++) {
                char text[DECIMAL_ROOM], *end = decimal_put(text, i);

                *end++ = '.';
                octet_lengths[i] = (uint8_t)(end - text);
                memcpy(octets[i], text, octet_lengths[i]);
        }
}

static char *put_hex(char *to, unsigned value)
{
        static const char digits[] = "0123456789abcdef";

        if (value > 0xfff)
                *to++ = digits[value >> 12];
        if (value > 0xff)
                *to++ = digits[value >> 8 & 15];
        if (value > 0xf)
                *to++ = digits[value >> 4 & 15];
        *to++ = digits[value & 15];
        return to;
}

/* Of the longest runs of zeros the first is left out, if it is longer than one. */
static void put_ipv6(char to[static INET6_ADDRSTRLEN], const uint8_t *address)
{
        unsigned words[N_WORDS], run = 0, best = 0, n_best = 1;

        for (unsigned i = 0; i < N_WORDS; i++) {
                words[i] = (unsigned)address[2 * i] << 8 | address[2 * i + 1];
                run = words[i] ? 0 : run + 1;
                if (run > n_best) {
                        n_best = run;
                        best = i + 1 - run;
                }
        }
        /* It may hold an IPv4 address in its last bytes, which is written as such: rare, and not done twice. */
        if (n_best >= 5 && best == 0) {
                inet_ntop(AF_INET6, address, to, INET6_ADDRSTRLEN);
                return;
        }
        for (unsigned i = 0; i < N_WORDS; i++) {
                if (n_best > 1 && i == best) {
                        *to++ = ':';
                        i += n_best - 1;
                        if (i == N_WORDS - 1)
                                *to++ = ':';
                        continue;
                }
                if (i > 0)
                        *to++ = ':';
                to = put_hex(to, words[i]);
        }
        *to = '\0';
}

void address_put(char to[static INET6_ADDRSTRLEN], int family, const uint8_t *address)
{
        if (family != AF_INET) {
                put_ipv6(to, address);
                return;
        }
        for (size_t i = 0; i < 4; i++) {
                memcpy(to, octets[address[i]], sizeof(octets[0]));
                to += octet_lengths[address[i]];
        }
        to[-1] = '\0';
}
