/* finis run: its command line. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "cli/filter.h"

/* How the connections are seen; auto: by BPF, if that works here. */
enum run_tracer { RUN_TRACER_PTRACE, RUN_TRACER_BPF, RUN_TRACER_AUTO };

struct run_options {
        char *const *command;           /* NULL with @attach */
        pid_t attach;
        enum run_tracer tracer;
        bool all_calls;
        bool where;                     /* the stacks of the calls that matter */
        bool all;                       /* the fine connections too */
        bool verbose;                   /* as they end, not at the end */
        bool json;
        bool evidence;                  /* what speaks for each verdict */
        const char *output;             /* a file; NULL: standard error */
        int error_status;               /* where a connection ended badly; 0: none of its own */
        sigset_t mask;                  /* of signals, as we were called with it: the program's */
        struct filter filter;
};

/* Returns 0, 1 when all is done (--help), or -EINVAL after a line on stderr. */
int run_options(struct run_options *options, int argc, char **argv);
