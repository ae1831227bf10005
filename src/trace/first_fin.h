/*
 * Whose FIN was first, from one end alone: the states in which that end was found, the segments that its kernel
 * counted, and, on a host that holds both ends, what is left of the other.
 */
#pragma once

#include "trace/sockets.h"

enum first_fin {
        FIRST_FIN_UNKNOWN,              /* they may have crossed */
        FIRST_FIN_OWN,
        FIRST_FIN_OTHERS,
        FIRST_FIN_CROSSED,
};

/* The other's FIN is known to have come. */
enum first_fin socket_first_fin(const struct traced_socket *s);

/* Likewise. Whoever was not the second is left in TIME_WAIT, and that is gone so soon where a RST came: of one that had
 * not had the last ACK, or of nobody, as a late ACK draws one. What became of the last ACK is not known. */
bool socket_left_no_time_wait(const struct traced_socket *s);
