/* Makes a sequence that disagrees as short as it can be. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Removes acts as long as `disagrees` says that the rest still does; `acts` (comma-separated) is changed
 * in place. Returns the number of plays it took. */
size_t shrink(char *acts, size_t size, bool (*disagrees)(const char *acts, void *context), void *context);
