/* The parts of the facts of a connection (facts.c), a file each. */
#pragma once

#include <stdbool.h>

#include "ending/facts.h"
#include "trace/sockets.h"

#define TELL(fact, known_value) ((fact) = (typeof(fact)){ .how = HOW_TOLD, .value = (known_value) })
#define INFER(fact, known_value) ((fact) = (typeof(fact)){ .how = HOW_INFERRED, .value = (known_value) })

/* @alone: the other end was not traced, and does not speak for itself. */
void facts_of_counters(const struct traced_socket *s, enum side side, bool alone, struct facts *f);

void facts_of_one_end(const struct traced_socket *s, enum side side, struct facts *f);

/* The RSTs that the ends sent by their acts, and those that they received: told after both ends' FINs and counters. */
void facts_of_own_resets(const struct traced_socket *socket, const struct traced_socket *other, struct facts *f);
void facts_of_received_resets(const struct traced_socket *socket, const struct traced_socket *other, struct facts *f);
