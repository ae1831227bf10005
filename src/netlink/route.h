/* Routes of the network namespace at hand, by rtnetlink. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Has every segment to 127.0.0.1 and ::1 acknowledged at once (RTAX_QUICKACK, tcp_in_quickack_mode), so
 * that nobody waits for a delayed ACK. For a namespace of one's own. Returns 0 or a negative errno. */
int route_quick_acks(void);

/* Gives @address a route of its own over @device, on which no retransmission comes sooner than after @ms
 * (RTAX_RTO_MIN, tcp_rto_min()); or changes it. Of connections that are made from then on. Returns 0 or a negative
 * errno. */
int route_retransmit_after(uint8_t family, const void *address, const char *device, uint32_t ms);

/* Whether a segment to @address of @family (4 or 16 bytes) is taken in here. An IPv6 address is bound and
 * sent from as soon as it is given, but its local route comes a moment later, from a work queue
 * (addrconf_dad_completed()); what arrives until then is dropped. */
int route_is_local(uint8_t family, const void *address, bool *ret_local);
