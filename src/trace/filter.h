/*
 * The seccomp program that stops a traced program at the calls that matter, and at no other: all else runs at
 * full speed. Inherited over fork and exec. Calls of another ABI of the machine (32-bit programs) are let
 * through unseen.
 */
#pragma once

#include <stdbool.h>

/* The most bytes that a notification of the kernel may have. */
#define FILTER_NOTICE_MAX 512

/* For the calling process, which must be traced with PTRACE_O_TRACESECCOMP already: an untraced one would be
 * told ENOSYS. @all_calls: sending and receiving too. @listen: calls of which only the beginning matters are
 * notified of, if the kernel wakes a listener on the caller's processor; *@ret_listener is then who hears of
 * them, else -1. Sets no_new_privs unless the right to do without is there; *@ret_no_new_privs says so. Returns 0
 * or a negative errno. */
int filter_install(bool all_calls, bool listen, bool *ret_no_new_privs, int *ret_listener);
