/*
 * For tests of what is judged without the tables of rules: facts that are nearly of such a kind, and what both ways
 * make of them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ending/judging.h"

/* The short way: false where it leaves the facts to the rules. */
typedef bool (*short_way)(struct judging *j);

/* Fails where the record of @f is another than that by the rules. True where the rules were not asked. */
bool same_both_ways(const struct facts *f, size_t i, short_way way);

/* Facts at random held against the rules: of @n that @make makes, and of any. Fails where fewer than @least of a
 * hundred went the short way, or more than ninety. */
typedef void (*maker)(struct facts *f, uint64_t *seed);
void hold_many(size_t n, maker make, short_way way, size_t least);
void hold_any(size_t n, short_way way);

/* Each fact in turn becomes another, and known, of @rounds connections that go the short way. */
void add_each_fact(size_t rounds, maker make, short_way way);

/* In all but one of sixty. */
bool mostly(uint64_t *seed);

/* Facts become unknown: all but @known of a hundred. */
void forget_most_of_end(struct facts_of_end *facts, uint64_t *seed, unsigned known);
void forget_most_of_reset(struct facts_of_reset *facts, uint64_t *seed, unsigned known);

static inline struct fact_flag seen_flag(bool value)
{
        return (struct fact_flag){ HOW_SEEN, value };
}

static inline struct fact_count seen_count(uint64_t value)
{
        return (struct fact_count){ HOW_SEEN, value };
}
