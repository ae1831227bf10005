/* What a program, or the kernel in its place, did to end its socket: told from the snapshot of that moment. */
#pragma once

#include <stdbool.h>

#include "ending/facts.h"
#include "live/event.h"

struct live_act {
        bool known;
        enum act how;
        bool by_task;           /* @task did it; else nobody's, or a bystander's */
        struct live_task task;
        unsigned signal;        /* of ACT_SIGNAL */
        const char *call;       /* NULL: not known, or none */
};

/* What ended it. A close of what was dead already is none. */
struct live_act live_act_of(const struct live_end *end);

/* Whoever asks after the files of another holds each of them meanwhile, and may be the last to let go of one: by
 * /proc/PID/fd, kcmp(), a BPF iterator as that of a watch that begins. What the other did is not known then. */
bool live_end_let_go_by_a_stranger(const struct live_end *end);

/* Its connect() failed before a SYN had left: no port, no route. */
bool live_end_never_asked(const struct live_end *end);

/* Has it reset the connection of its own accord? */
bool live_end_resets(const struct live_end *end);

/* Its kernel gave up for want of an answer. */
bool live_end_gave_up(const struct live_end *end);
