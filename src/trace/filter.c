/* A comparison a call; there are few. */
#include "trace/filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "trace/calls.h"

#if defined(__x86_64__)
#define FIRST_FOREIGN 0x40000000U /* x32 */
#else
#define FIRST_FOREIGN UINT32_MAX
#endif

#define MOST 64

/* Of an argument, on machines that are all little-endian. */
#define LOW_HALF(argument) (offsetof(struct seccomp_data, args) + 8 * (argument))

#ifndef SECCOMP_FILTER_FLAG_SPEC_ALLOW
#define SECCOMP_FILTER_FLAG_SPEC_ALLOW (1UL << 2)
#endif

/* It guards against nothing: before Linux 5.16 the whole program would run without speculative loads for it. */
static int
install(const struct sock_fprog *program)
{
        if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, program) == 0)
                return 0;
        if (errno != EINVAL)
                return -errno;
        return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program) < 0 ? -errno : 0;
}

int
filter_install(bool all_calls, bool *ret_no_new_privs)
{
        struct sock_filter code[MOST] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALLS_ARCH, 1, 0),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FIRST_FOREIGN, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        size_t n = 6, n_calls, n_life, n_wanted;
        const struct call *calls = calls_all(&n_calls, &n_life);
        struct sock_fprog program = { .filter = code };
        int r;

        n_wanted = all_calls ? n_calls : n_life;
        /* Of getsockopt() only that of SO_ERROR: its number is looked at behind the others. */
        for (size_t i = 0; i < n_wanted; i++)
                code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[i].number,
                                                         (uint8_t)(n_wanted - i + (calls[i].kind == CALL_ERROR)), 0);
        code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
        code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
        code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LOW_HALF(2));
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SO_ERROR, 0, 1);
        code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
        code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
        program.len = (unsigned short)n;

        r = install(&program);
        if (r != -EACCES)
                return r;
        *ret_no_new_privs = true;
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -errno;
        return install(&program);
}
