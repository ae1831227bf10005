/* The pieces of a stream that were passed over. */
#pragma once

#include "connection/step.h"

/* What @side sent between @start and @end was not seen. */
void holes_add(struct step *step, unsigned side, int64_t start, int64_t end);

/* Is anything missing between @start and @end? */
bool holes_at(const struct extra *extra, unsigned side, int64_t start, int64_t end);

/* A piece between @start and @end came after all. Returns how much of it had been missing. */
int64_t holes_fill(struct extra *extra, unsigned side, int64_t start, int64_t end);
