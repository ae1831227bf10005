/* The facts that the kernel tells everybody when a socket is destroyed: what was in it, and nothing of why. */
#pragma once

#include "ending/facts.h"
#include "netlink/ended.h"

/* @ret_side is what the socket was. @until_ns: since 1970. */
void heard_facts(const struct ended_socket *socket, int64_t until_ns, struct facts *ret_facts, enum side *ret_side);

/* Nothing can be said of it: it never was a connection, or was disconnected and wiped before. */
bool heard_is_empty(const struct ended_socket *socket);
