/*
 * What was counted of the records given out last, so that a record that comes again with a greater rev
 * replaces the old one in the totals. Of fixed size: a straggler comes soon or is for a connection that the
 * tracker has forgotten too.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "report/totals.h"

struct read_known;

int read_known_new(struct read_known **ret_known);
struct read_known *read_known_free(struct read_known *known);

/* Remembers @share for the id. True, and what was there in *@ret_old, if the id was known. */
bool read_known_put(struct read_known *known, uint64_t file, uint64_t frame, const struct totals_share *share,
                    struct totals_share *ret_old);

/* True, and what was there in *@ret_old, if the id was known; it is then forgotten. */
bool read_known_take(struct read_known *known, uint64_t file, uint64_t frame, struct totals_share *ret_old);
