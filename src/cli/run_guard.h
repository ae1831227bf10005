/*
 * The tracer is a process of its own, behind the one that was called: that one has the name which people see, stands
 * for the program in the shell's job control, and passes signals on. Killed by SIGKILL it leaves the tracer at its
 * post, and so the program its calls: a filter without a tracer would fail them with ENOSYS.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>

/* Runs @work in the other process and returns what it returned. Signals that are to be passed on may be blocked until
 * then; @mask is without them. */
int run_guard(int (*work)(void *context), void *context, const sigset_t *mask);

/* For @work. The program was stopped, or goes on: so does the job. */
void run_guard_stopped(bool stopped);

/* True once the process that was called is dead: nobody waits for words any more. */
bool run_guard_is_alone(void);
