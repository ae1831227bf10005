/* What must hold however much is forgotten: a judge who knows less is not surer, and does not change his mind. */
#pragma once

#include <stdint.h>

#include "ending/facts.h"

/* Forgets each known fact in turn, then @n_pairs pairs at random, and judges again. Returns how often that made the
 * verdict surer, stated another cause, or broke a rule of the record; the first few are printed with @name. */
unsigned forget_and_judge(const struct facts *f, const char *name, unsigned n_pairs, uint64_t *seed);
