/* What /proc says of a process: its name, its threads' leader, its descriptors. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCESS_COMM_MAX 16

/* The leader of the thread, or the thread itself where nothing can be said. */
pid_t process_of(pid_t tid);

/* Does the thread block the signal? */
bool process_blocks(pid_t tid, int signal);

void process_comm(pid_t pid, char comm[static PROCESS_COMM_MAX]);

/* Calls @each for every descriptor that is a socket; @cloexec only for those that an exec closes. Returns 0 or
 * a negative errno. */
int process_sockets(pid_t pid, bool cloexec, void (*each)(void *context, int fd), void *context);

/* Is this descriptor a socket? One system call. */
bool process_has_socket(pid_t pid, int fd);

/* Does the thread sleep in a system call, and in which? */
bool process_waits_in(pid_t tid, long *ret_number, uint64_t *ret_first_argument);

/* Is that signal ignored? */
bool process_ignores(pid_t pid, int signal);
