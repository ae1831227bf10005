/* What `finis stage` was asked for: shared by its files. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lab/stage/stage.h"

struct stage_command {
        struct stage_options options;
        const char *run_for; /* a command of the shell; NULL: until a signal */
        const char *log;     /* where the lines go; NULL: stdout, or stderr beside a command */
        bool json, quiet, list;
        uint8_t *answer;     /* owned */
};

/* Reads the command line. 0 to go on, 1 if all is done, or a negative errno after a line on stderr. */
int stage_options(struct stage_command *command, int argc, char **argv);
