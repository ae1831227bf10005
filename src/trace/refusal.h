/* Why tracing was refused, as far as /proc tells: a sentence for people, with what to do. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define REFUSAL_MAX 384

/* @error: positive, of ptrace(2). @attached: to a process that ran already, and not our child. */
void refusal_explain(pid_t pid, bool attached, int error, char why[static REFUSAL_MAX]);

/* The same of looking at sockets (pidfd_getfd(2)). */
void refusal_of_looks(int error, char why[static REFUSAL_MAX]);
