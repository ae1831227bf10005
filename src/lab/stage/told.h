/* What a client will be told of each ending: the model's answer, never written by hand. */
#pragma once

#include <stddef.h>

#include "lab/stage/ending.h"

#define STAGE_TOLD_MAX 6
#define STAGE_TOLD_TEXT 24

/* A call again and again: "1", "ECONNRESET", "EPIPE+SIGPIPE", "waits"; the last item repeats. */
struct stage_calls {
        char items[STAGE_TOLD_MAX][STAGE_TOLD_TEXT];
        size_t n;
};

struct stage_told {
        struct stage_calls connect; /* of an ending that the listener makes; else of no items */
        struct stage_calls recv;    /* if the client receives after the act, having sent 10 bytes before it */
        struct stage_calls send;    /* if it sends instead */
        struct stage_calls wire;    /* what the act puts on the wire, data left out */
};

void stage_tell(const struct stage_ending *ending, struct stage_told *ret_told);
