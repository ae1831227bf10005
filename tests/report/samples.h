/* Records filled by hand, for the tests of the writer. */
#pragma once

#include <stddef.h>

#include "ending/record.h"

/* The record of tests/golden/loopback-both-ends.json, as a struct. */
void sample_loopback(struct record *r);

/* One whose every string comes from a hostile peer or program. */
void sample_hostile(struct record *r);

/* One that has every number at its greatest, and every list full. */
void sample_largest(struct record *r);

/* As many records as it takes to print every word; 0 while `i` is one of them, else -ENOENT. */
int sample_word(size_t i, struct record *r);
