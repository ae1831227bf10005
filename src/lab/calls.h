/* The system calls of an act, made for real: what each returned, its errno, and whether SIGPIPE came. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lab/act.h"

struct result_seen {
        int64_t value;   /* -1 where it failed */
        int error;       /* errno then, else 0 */
        bool sigpipe;    /* the calling thread got one, and it was taken away again */
};

/* Blocks SIGPIPE in the calling thread, so that calls_make() can find it pending. */
int calls_prepare(void);

/* Makes the call on `fd`; `block` clears O_NONBLOCK first. The address is for connect and sendto.
 * Only for verbs that are calls on one socket. Returns 0, or a negative errno where the call could not
 * even be tried (no memory file, no pipe). */
int calls_make(const struct lab_act *act, int fd, const void *address, unsigned address_length,
               struct result_seen *ret_result);

/* Sets O_NONBLOCK or clears it. */
int calls_nonblock(int fd, bool on);
