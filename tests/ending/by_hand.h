/* Facts by hand for the tests of the judge: a connection in a capture, to which each test adds what it is about. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ending/judge.h"

#define KNOW(fact, what) ((fact).how = HOW_SEEN, (fact).value = (what))
#define MS INT64_C(1000000)

/* A request of 100 bytes, acknowledged; an answer of @answer bytes, if any. */
void exchange(struct facts *f, uint64_t answer);

/* Adds a RST, active or a reply, which is exact and was obeyed. The facts keep it. */
struct facts_of_reset *add_reset(struct facts *f, enum side by, bool reply, int64_t at);

/* The server closes; data of the client comes after it, and is answered by a RST. */
struct facts_of_reset *late_data(struct facts *f, int64_t fin_at, int64_t reset_at);

/* The server is an orphan that is destroyed: the client's data draws a reply, which comes after the orphan's own RST,
 * or overtakes it. */
void reset_and_reply(struct facts *f, bool overtakes);

/* Judges, and holds the record against its own rules. */
void judge_facts(const struct facts *f, struct record *r);

/* The same for the live case of that name. */
void judge_live(const char *name, struct record *r);

/* Whether @cause is among the causes of the record. */
bool lists(const struct record *r, enum cause cause);
