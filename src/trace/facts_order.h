/* Who spoke last: whether a request was answered, and what was asked since the last answer. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ending/facts.h"
#include "trace/look.h"

/* @sent and @received bytes of the stream in the end, as far as is known; @look: the last look, which counted as many,
 * or NULL. @alone: the other end was not traced. */
void facts_of_order(const struct look *look, bool from_the_beginning, uint64_t sent, uint64_t received, bool alone,
                    struct facts_of_direction *out, struct facts_of_direction *in);
