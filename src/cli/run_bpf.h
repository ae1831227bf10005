/* finis run --tracer bpf: the program runs untouched, and the kernel tells how the connections of its tree end. */
#pragma once

#include <signal.h>

#include "cli/run_show.h"

/*
 * Runs the command. Returns its status as finis run gives it on; or a negative errno and a sentence for people where it
 * could not begin: nothing was run then.
 */
#define RUN_BPF_WHY_MAX 640
int run_bpf(struct run_show *show, volatile sig_atomic_t *stop, void (*take_signals)(pid_t pass),
            char why[static RUN_BPF_WHY_MAX]);
