/* The same packet captured twice: on two interfaces, in and out of a router, out of and into loopback. */
#pragma once

#include "connection/node.h"

/* Whether this packet of @sender was seen just before; remembers it. */
bool twin_seen(struct connection *c, unsigned sender, const struct segment *s, int64_t time_ns);
