/* The endings that a stage can make, by name: what each does, and what it is in the words of records. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lab/stage/trigger.h"
#include "words/cause.h"
#include "words/ending.h"

enum stage_act {
        STAGE_SERVE,
        STAGE_CLOSE,
        STAGE_HALF_CLOSE,
        STAGE_ZERO_LINGER,
        STAGE_UNREAD,
        STAGE_DISCONNECT,
        STAGE_DESTROY,
        STAGE_LATE_DATA,
        STAGE_OPEN,
        STAGE_ZERO_WINDOW,
        STAGE_DRIP,
        STAGE_SILENCE,
        STAGE_KEEPALIVE,
        /* These are of the listener: no connection reaches the stage. */
        STAGE_REFUSE,
        STAGE_UNANSWERED,
        STAGE_BACKLOG_FULL,
        N_STAGE_ACTS,
};

struct stage_ending {
        const char *name;
        const char *aliases[3];
        enum stage_act act;
        enum ending ending;
        enum cause cause;
        const char *mechanism; /* what the stage does, for a reader */
        const char *needs;     /* rights; NULL for none */
        enum trigger_kind due; /* without --after, and without an answer */
        bool answers;          /* it may answer first: with an answer it is due after that */
};

/* NULL where `index` is past the last. */
const struct stage_ending *stage_ending_at(size_t index);
/* 0, or -ENOENT. Case, '-' and '_' do not matter. */
int stage_ending_find(const char *name, const struct stage_ending **ret_ending);
/* The listener itself makes it. */
bool stage_ending_of_listener(const struct stage_ending *ending);
