/* What the bytes say that drew a RST: facts that the kernel's counts cannot tell. */
#pragma once

#include "ending/facts.h"
#include "live/pairs.h"

/* Good-byes are known by their first bytes, sessions of SSH by the server's port. */
void watch_words_tell(struct facts *f, const struct live_connection *c);
