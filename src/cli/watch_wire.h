/* What packets add to what the kernel told of a connection. */
#pragma once

#include <stdbool.h>

#include "ending/facts.h"
#include "live/pairs.h"

/*
 * Fills in what is not known yet; what a kernel told stands. Where the other end reset the connection, and no kernel
 * here can say why, the judge then takes the evidence for what it is: a capture. Frame numbers are left out.
 */
void watch_wire_merge(struct facts *f, const struct facts *wire, const struct live_connection *c);
