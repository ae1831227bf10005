/* IP addresses as text, by hand: inet_ntop() calls printf for IPv6, and two are written for each record. */
#pragma once

#include <netinet/in.h>
#include <stdint.h>

/* The same text as inet_ntop() makes. @family: AF_INET, of which four bytes are read, or AF_INET6. */
void address_put(char to[static INET6_ADDRSTRLEN], int family, const uint8_t *address);
