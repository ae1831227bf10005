/* What one end has put on the wire, counted from the segments that were seen. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lab/play.h"

struct wire_seen {
        unsigned n_rst, n_fin;
        uint64_t bytes; /* of the stream, counted once */
        bool lost;      /* not every segment was seen: what is missing may have been there */
};

/* Up to a moment (CLOCK_REALTIME). 0, or -ENODATA where nobody saw the segments of that end. */
int wire_look(const struct play *play, int end, int64_t until_ns, struct wire_seen *ret_seen);
