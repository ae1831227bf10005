/* The table, and a look-up by number. */
#include "trace/calls.h"

#include <sys/syscall.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#endif

static const struct call calls[] = {
        { SYS_connect, "connect", CALL_CONNECT, 0, -1 },
        { SYS_accept, "accept", CALL_ACCEPT, 0, -1 },
        { SYS_accept4, "accept4", CALL_ACCEPT, 0, -1 },
        { SYS_shutdown, "shutdown", CALL_SHUTDOWN, 0, -1 },
        { SYS_close, "close", CALL_CLOSE, 0, -1 },
        { SYS_close_range, "close_range", CALL_CLOSE_RANGE, -1, -1 },
#ifdef SYS_dup2
        { SYS_dup2, "dup2", CALL_REPLACE, 1, -1 },
#endif
        { SYS_dup3, "dup3", CALL_REPLACE, 1, -1 },
        { SYS_execve, "execve", CALL_EXEC, -1, -1 },
        { SYS_getsockopt, "getsockopt", CALL_ERROR, 0, -1 },
        { SYS_execveat, "execveat", CALL_EXEC, -1, -1 },
        { SYS_seccomp, "seccomp", CALL_LISTENER, -1, -1 },
        { SYS_io_uring_setup, "io_uring_setup", CALL_URING, -1, -1 },

        { SYS_write, "write", CALL_SEND, 0, -1 },
        { SYS_writev, "writev", CALL_SEND, 0, -1 },
        { SYS_sendto, "send", CALL_SEND, 0, -1 },
        { SYS_sendmsg, "sendmsg", CALL_SEND, 0, -1 },
        { SYS_sendmmsg, "sendmmsg", CALL_SEND, 0, -1 },
        { SYS_read, "read", CALL_RECEIVE, 0, -1 },
        { SYS_readv, "readv", CALL_RECEIVE, 0, -1 },
        { SYS_recvfrom, "recv", CALL_RECEIVE, 0, -1 },
        { SYS_recvmsg, "recvmsg", CALL_RECEIVE, 0, -1 },
        { SYS_recvmmsg, "recvmmsg", CALL_RECEIVE, 0, -1 },
        { SYS_sendfile, "sendfile", CALL_CARRY, 0, 1 },
        { SYS_splice, "splice", CALL_CARRY, 2, 0 },
};

#define N_CALLS (sizeof(calls) / sizeof(*calls))

bool call_only_begins(enum call_kind kind)
{
        return kind == CALL_SHUTDOWN || kind == CALL_CLOSE || kind == CALL_CLOSE_RANGE || kind == CALL_REPLACE;
}

const struct call *call_find(long number)
{
        for (size_t i = 0; i < N_CALLS; i++)
                if (calls[i].number == number)
                        return &calls[i];
        return NULL;
}

const struct call *calls_all(size_t *ret_n, size_t *ret_n_life)
{
        size_t n = 0;

        while (calls[n].kind < CALL_SEND)
                n++;
        *ret_n = N_CALLS;
        *ret_n_life = n;
        return calls;
}
