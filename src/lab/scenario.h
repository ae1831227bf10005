/* A scenario: acts at both ends, and by hand the truth of its connection. All else comes from the model. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "words/cause.h"
#include "words/ending.h"
#include "words/side.h"

enum theme {
        THEME_TWO_WRITES,
        THEME_PEER_CLOSES,
        THEME_HALF_CLOSE,
        THEME_FIN_RST,
        THEME_RST_STATES,
        THEME_UNREAD,
        THEME_ZERO_LINGER,
        THEME_LINGER,
        THEME_UNSENT,
        THEME_LATE_DATA,
        THEME_DISCONNECT,
        THEME_DESTROY,
        THEME_LISTENER,
        THEME_CONNECT,
        THEME_TIMEOUTS,
        THEME_ICMP,
        THEME_CHALLENGE,
        THEME_SEND_CALLS,
        THEME_RECV_CALLS,
        THEME_POLL,
        THEME_ACCOUNT,
        N_THEMES,
};

enum scenario_flags {
        SCENARIO_UNCONNECTED = 1 << 0,     /* its acts make the connection, or fail to */
        SCENARIO_CLIENT_BY_HAND = 1 << 1,  /* the client is made of segments */
        SCENARIO_SERVER_BY_HAND = 1 << 2,
        SCENARIO_TIMERS = 1 << 3,          /* it waits for timers of the kernel: seconds */
        SCENARIO_NAMESPACE = 1 << 4,       /* it turns settings, or needs rights over the namespace */
        SCENARIO_IPV4_ONLY = 1 << 5,
};

struct scenario {
        const char *name;
        enum theme theme;
        const char *shows;  /* one sentence: what is to be seen */
        const char *advice; /* what a programmer should do */
        const char *acts;
        unsigned flags;
        /* The truth, by hand. */
        enum ending ending;
        enum side ended_by; /* SIDE_UNKNOWN: nobody */
        enum cause cause;   /* CAUSE_NONE: none */
        enum side silent;   /* timed out: who fell silent; else SIDE_UNKNOWN, said as 0 means the client */
};

struct scenario_list {
        const struct scenario *scenarios;
        size_t n;
};

/* A table a theme or a few, each in a file of its own. */
extern const struct scenario_list *const scenario_lists[];
extern const size_t n_scenario_lists;

const char *theme_name(enum theme theme);
const char *theme_sentence(enum theme theme);

/* The scenarios whose name is, begins with, or matches (fnmatch) the pattern, or whose theme it names.
 * Calls `take` for each, in order; returns how many. */
size_t scenario_select(const char *pattern, void (*take)(const struct scenario *scenario, void *context),
                       void *context);
size_t scenario_count(void);
const struct scenario *scenario_at(size_t index);
