/* What the registers of a stopped thread tell: the only file that knows the machine's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct registers {
        uint64_t pc, sp, frame;         /* where it is, its stack, its frame pointer */
        bool in_call;                   /* it stands on its way out of a system call: the next two are that call's */
        long number;
        int64_t result;
        bool has_arguments;             /* the first argument is still there: not on arm64, where the result
                                         * takes its place */
        uint64_t arguments[6];
};

/* Returns 0 or a negative errno. */
int registers_of(pid_t tid, struct registers *ret_registers);

/* The call that a signal has broken off is taken up again behind the handler, with or without SA_RESTART. Where
 * REGISTERS_BEGIN_AGAIN is 0 that is decided before anybody could say so (do_signal() of arm64). */
#if defined(__x86_64__)
#define REGISTERS_BEGIN_AGAIN 1
#else
#define REGISTERS_BEGIN_AGAIN 0
#endif
void registers_begin_again(pid_t tid);
