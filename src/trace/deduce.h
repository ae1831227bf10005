/* What must have become of a traced socket, deduced from looks at it, its calls, and its kernel's last word. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "trace/sockets.h"

/* Is that a state of one that has had the other's FIN? */
bool state_after_peers_fin(enum tcp_state state);

/* Is that a state in which what ends a socket before its time sends a RST (tcp_need_reset())? */
bool state_needs_reset(enum tcp_state state);

/* Has one in that state a FIN of its own in the queue, or sent it? */
bool state_has_queued_fin(enum tcp_state state);

/* By the last look at it alive, or later by its kernel. */
bool socket_was_found_in(const struct traced_socket *s, enum tcp_state state);

/* Its kernel counted a FIN of its own among what it had acknowledged and what not. */
bool socket_counted_a_fin(const struct traced_socket *s);

/* By the last look, after a shutdown: one more than the bytes is acknowledged. */
bool socket_own_fin_is_acked(const struct traced_socket *s);

/* After tcp_disconnect(), which a zero linger comes down to, the address is forgotten. */
bool socket_is_disconnected(const struct traced_socket *s);

/* A disconnect, and so a zero linger, sets the counters to zero. */
bool socket_forgot_its_counts(const struct traced_socket *s);

/* Where it closed so: more of what it had written was sent, or may have been, after the look before. */
bool socket_sent_on_before_it_forgot(const struct traced_socket *s);

/* Bytes that arrived and that its program never read. */
uint32_t socket_unread(const struct traced_socket *s);

enum unread { UNREAD_EXACT, UNREAD_LEAST, UNREAD_UNKNOWN };

/* What socket_unread() says: that many, at least so many, or nothing is known. */
enum unread socket_how_exact_is_unread(const struct traced_socket *s);

/* From the act to the end: neither data nor a FIN nor a RST of its own. */
bool socket_sent_nothing_since(const struct traced_socket *s);

/* Its act sends a RST, as __tcp_close() and tcp_disconnect() decide; false: a FIN, or nothing. */
bool socket_act_resets(const struct traced_socket *s);

enum reset_sent { RESET_NOT_SENT, RESET_PERHAPS_SENT, RESET_SENT };

/* It did, too: the other's RST had not come between the look and the act, as far as is known. */
enum reset_sent socket_act_sent_reset(const struct traced_socket *s);

/* It would have, but the other's RST had come before. */
bool socket_was_reset_before_its_act(const struct traced_socket *s);

/* Nobody else could have changed what was looked at before the act, or the kernel bears it out. */
bool socket_act_is_sure(const struct traced_socket *s);

/* Its shutdown() met a socket that had died since the look at it, and gave ENOTCONN: no FIN was queued. */
bool socket_shutdown_failed(const struct traced_socket *s);

bool socket_had_peers_fin(const struct traced_socket *s);

/* It died while its program still held it: something came from outside, a RST, a time-out, ss -K. */
bool socket_died_in_hand(const struct traced_socket *s);

/* And of what came since it was last looked at only the end is known. */
bool socket_died_unseen(const struct traced_socket *s);

/* It died in its program's hands, or without a call, and what ended it is not known. */
bool socket_end_is_unseen(const struct traced_socket *s);

/* Its kernel gave it up for want of an answer, while its program held it; or it was reset then. */
bool socket_gave_up(const struct traced_socket *s);
bool socket_was_reset(const struct traced_socket *s);
