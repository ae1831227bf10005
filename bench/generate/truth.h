/* What is true of a planned connection, as JSON: a line a connection. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "generate/plan.h"

void truth_write(FILE *file, const struct plan *plan);

/* The last line: when the evidence ends, and after how many frames. */
void truth_write_end(FILE *file, int64_t until, uint64_t n_frames);
