/* The same packet captured twice: on two interfaces, in and out of a router, out of and into loopback. */
#pragma once

#include "connection/step.h"

/* Whether this packet was seen just before; remembers it. */
bool twin_seen(struct step *step);
