/* The Internet checksum (RFC 1071), and that of TCP with its pseudo header mended in a packet. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Adds @n bytes to a sum; all but the last piece of a sum are of even length. */
uint64_t checksum_add(uint64_t sum, const void *bytes, size_t n);

/* The checksum of a sum, as the number to be put in network order. */
uint16_t checksum_fold(uint64_t sum);

/* The sum of the pseudo header (RFC 9293, 3.1; RFC 8200, 8.1). */
uint64_t checksum_pseudo(uint8_t family, const uint8_t *source, const uint8_t *destination,
                         uint8_t protocol, size_t n);

/* Writes the right TCP checksum into an IP packet whose own was left to the hardware. Returns 0,
 * or a SEGMENT_* reason when the packet is not a whole TCP segment; then it is untouched. */
int checksum_mend(void *packet, size_t n_packet);

/* Whether the checksums of an IP packet with a TCP segment hold, the IPv4 header's too. Returns 0,
 * or a SEGMENT_* reason when that cannot be said; then *@ret_holds is untouched. */
int checksum_check(const void *packet, size_t n_packet, bool *ret_holds);
