/* A socket that hears the SYNs to a port, whether or not anybody listens there. */
#pragma once

#include <stdint.h>

/* Opens it for one family; what it gives is headers, of IPv4 from the IP header on. It needs CAP_NET_RAW.
 * Returns 0 or a negative errno. */
int probe_open(uint8_t family, uint16_t port, int *ret_fd);
