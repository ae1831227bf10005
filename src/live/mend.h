/* What an event that was missed would have told, from what the others show. */
#pragma once

#include "live/event.h"

/* In place. */
void mend_end(struct live_end *end);
