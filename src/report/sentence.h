/* A record in words: the pieces of which lists and reports are made. None begins with a capital or ends with a stop. */
#pragma once

#include "ending/record.h"
#include "report/phrase.h"

/* "the server reset it, after 5.0 s of silence" */
void sentence_ending(struct phrase *p, const struct record *r);

/* What is wrong with the bytes, if anything is: "600 bytes from the client unacknowledged". False: nothing. */
bool sentence_loss(struct phrase *p, const struct record *r);

/* "cause: unread-data", "most likely not-listening", "unread-data, zero-linger or 3 others". False: there is none. */
bool sentence_causes(struct phrase *p, const struct record *r, size_t max_causes);

/* All of it. */
void sentence_record(struct phrase *p, const struct record *r);

/* "10.0.0.5:443", "[2001:db8::1]:443" */
void sentence_end(struct phrase *p, const struct record_end *end);
