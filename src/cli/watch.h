/* finis watch: its command line. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cli/filter.h"

struct watch_options {
        struct filter filter;
        bool all;
        bool json;
        bool evidence;
        bool check;
        unsigned summary_s;     /* every so many seconds; 0: none */
        double for_s;           /* 0: until it is stopped */
        uint64_t count;         /* so many records; 0: no end */
        uint32_t pid;           /* 0: any */
        bool unprivileged;      /* as if there were no rights for BPF */
        const char *output;
        const char *capture;    /* a file for packets; NULL: none are looked at */
};

/* Returns 0, 1 when all is done (--help), or -EINVAL after a line on stderr. */
int watch_options(struct watch_options *options, int argc, char **argv);
