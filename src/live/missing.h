/* An end that must have been heard of, and was not. */
#pragma once

#include <stdbool.h>

#include "live/pairs.h"

/* Only one end is here, though the other was on this host, too, and is gone. Where the other may be elsewhere, or held
 * by its program yet, or have been forgotten since, it is not. */
bool live_misses_an_end(const struct live_connection *c);
