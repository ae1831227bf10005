/* Routes of the network namespace at hand, by rtnetlink. */
#pragma once

/* Has every segment to 127.0.0.1 and ::1 acknowledged at once (RTAX_QUICKACK, tcp_in_quickack_mode), so
 * that nobody waits for a delayed ACK. For a namespace of one's own. Returns 0 or a negative errno. */
int route_quick_acks(void);
