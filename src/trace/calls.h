/*
 * The system calls that matter to the life of a connection: their numbers on this machine, and which argument
 * is the descriptor. The numbers are those of the kernel's headers for the machine that this is built for.
 */
#pragma once

#include <linux/audit.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whose numbers they are: a 32-bit program has others. */
#if defined(__x86_64__)
#define CALLS_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define CALLS_ARCH AUDIT_ARCH_AARCH64
#else
#error "which architecture's system calls are these?"
#endif

enum call_kind {
        CALL_CONNECT,           /* may open a connection, or end one: AF_UNSPEC */
        CALL_ACCEPT,            /* gives one */
        CALL_SHUTDOWN,
        CALL_CLOSE,             /* the descriptor goes */
        CALL_CLOSE_RANGE,       /* several go */
        CALL_REPLACE,           /* dup2, dup3: the second descriptor goes */
        CALL_EXEC,              /* those marked close-on-exec go */
        CALL_ERROR,             /* getsockopt() of SO_ERROR: takes the error */
        CALL_LISTENER,          /* seccomp() with a listener of its own: it may not have one beside ours */
        CALL_URING,             /* io_uring_setup(): what goes through it passes no call */
        CALL_SEND,              /* only asked for with all calls: the rest */
        CALL_RECEIVE,
        CALL_CARRY,             /* sendfile, splice: the other descriptor is the source */
};

struct call {
        long number;
        const char *name;       /* as the manual's section 2 has it */
        enum call_kind kind;
        int fd;                 /* which argument; -1: none */
        int other;              /* of CALL_CARRY: the other descriptor; else -1 */
};

/* The number of an argument that says how long an address is. */
#define CALLS_ADDRESS_SIZE 2

/* Is all known at its beginning? */
bool call_only_begins(enum call_kind kind);

/* It gave no result to its program: the kernel takes it up again after a signal (ERESTARTSYS and its like). */
static inline bool call_is_to_be_restarted(int64_t result)
{
        return result <= -512 && result >= -516;
}

/* NULL if it is none of them. */
const struct call *call_find(long number);

/* All of them, those of every connection's life first; @ret_n_life is how many these are. */
const struct call *calls_all(size_t *ret_n, size_t *ret_n_life);
