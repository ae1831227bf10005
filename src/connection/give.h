/* A connection as it is given out: its node turned into facts. */
#pragma once

#include "connection/node.h"
#include "connection/orderly_brief.h"
#include "connection/orderly_facts.h"

/* Where facts are made: those of orderly connections apart from all others, and those of rows (orderly_facts(),
 * orderly_brief()) from both. Zero it before its first use. */
struct given {
        struct row_facts row;
        struct brief_facts brief;
        struct tracked orderly, other;
};

/* What is known of @c, until the next is filled. @until is the time up to which the evidence reaches, @cut whether the
 * capture ended within a frame. @extra may be NULL. */
struct tracked *give_fill(struct given *given, const struct connection *c, const struct extra *extra,
                          int64_t until, bool cut);

/* Did both its ends come by, but not all that they sent? Then so may others have lost what ended them. */
bool give_misses(const struct connection *c, const struct extra *extra);

/* A digest of those facts that a verdict rests on: a straggler that leaves it as it was changes nothing. */
uint64_t give_digest(const struct tracked *tracked);
