/* From what was traced of a socket, and perhaps of its other end, to the facts of their connection. */
#pragma once

#include "ending/facts.h"
#include "trace/sockets.h"

/* @other may be NULL. @until: when the tracing ended, nanoseconds since 1970. */
void facts_of_sockets(const struct traced_socket *socket, const struct traced_socket *other, int64_t until,
                      struct facts *ret_facts);

/* Which side of the connection the socket is. */
enum side side_of_socket(const struct traced_socket *socket);
