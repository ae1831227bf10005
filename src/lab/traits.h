/* Tries the running kernel where kernels differ, once, before anything is played. */
#pragma once

#include <stdbool.h>

#include "endpoint/endpoint.h"

/* Needs a network namespace of its own; with `wire` also tries what only segments by hand can show.
 * Returns 0, or a negative errno where something could not be tried: that trait stays as it was. */
int traits_probe(bool wire, struct kernel_traits *ret_traits);

/* The part that needs the wire; sets what it could try. */
int traits_probe_wire(struct kernel_traits *traits);
