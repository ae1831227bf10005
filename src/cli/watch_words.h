/* What the bytes say that drew a RST, or lay unread: facts that the kernel's counts cannot tell. */
#pragma once

#include <stdbool.h>

#include "ending/facts.h"
#include "live/pairs.h"

/* Good-byes are known by their first bytes, sessions of SSH by the server's port. */
void watch_words_tell(struct facts *f, const struct live_connection *c);

/* Did the kernel show the beginning of what drew a RST? */
bool watch_words_known(const struct live_connection *c);

/* Where nothing tells what they were: last bytes of a certain number, before a server of TLS, are its alert. To be
 * asked last. */
void watch_words_guess(struct facts *f, const struct live_connection *c);
