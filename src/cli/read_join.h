/* finis read --client A --server B: two captures of the same connections, taken at both ends, as one. */
#pragma once

#include "cli/read.h"

/* Returns the exit status. */
int read_join(const struct read_options *options);
