/* Facts at random: any fact known or not, any value, nonsense too. The same seed gives the same facts. */
#pragma once

#include <stdint.h>

#include "ending/facts.h"

uint64_t random_next(uint64_t *seed);

/* @sense: in 100, how often a value is one that occurs; the rest is nonsense. */
void random_facts(struct facts *f, uint64_t *seed, unsigned sense);

/* Gives known facts other values: of 1000, about so many. What kernels and programs told stays as it is. */
void vary_facts(struct facts *f, uint64_t *seed, unsigned in_1000);
