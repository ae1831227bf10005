/* x86-64 and arm64. */
#include "trace/registers.h"

#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#if defined(__x86_64__)

#define CS_OF_64_BITS 0x33 /* __USER_CS */
#define ERESTARTNOINTR 513

int registers_of(pid_t tid, struct registers *ret_registers)
{
        struct user_regs_struct r;

        if (ptrace(PTRACE_GETREGS, tid, NULL, &r) < 0)
                return -errno;
        *ret_registers = (struct registers){
                .pc = r.rip, .sp = r.rsp, .frame = r.rbp,
                /* An interrupt leaves a negative number; a 32-bit program has numbers of its own. */
                .in_call = (int64_t)r.orig_rax >= 0 && r.cs == CS_OF_64_BITS,
                .number = (long)r.orig_rax, .result = (int64_t)r.rax, .has_arguments = true,
                .arguments = { r.rdi, r.rsi, r.rdx, r.r10, r.r8, r.r9 },
        };
        return 0;
}

/* handle_signal() asks the result. */
void registers_begin_again(pid_t tid)
{
        ptrace(PTRACE_POKEUSER, tid, (void *)offsetof(struct user, regs.rax), (void *)(intptr_t)-ERESTARTNOINTR);
}

#elif defined(__aarch64__)

#ifndef NT_ARM_SYSTEM_CALL
#define NT_ARM_SYSTEM_CALL 0x404
#endif

int registers_of(pid_t tid, struct registers *ret_registers)
{
        struct user_regs_struct r;
        struct iovec to = { &r, sizeof(r) };
        int number = -1;

        if (ptrace(PTRACE_GETREGSET, tid, (void *)(uintptr_t)NT_PRSTATUS, &to) < 0)
                return -errno;
        to = (struct iovec){ &number, sizeof(number) };
        if (ptrace(PTRACE_GETREGSET, tid, (void *)(uintptr_t)NT_ARM_SYSTEM_CALL, &to) < 0)
                number = -1;
        *ret_registers = (struct registers){
                .pc = r.pc, .sp = r.sp, .frame = r.regs[29],
                .in_call = number >= 0, .number = number, .result = (int64_t)r.regs[0],
                .arguments = { 0, r.regs[1], r.regs[2], r.regs[3], r.regs[4], r.regs[5] },
        };
        return 0;
}

void registers_begin_again(pid_t tid)
{
        (void)tid;
}

#else
#error "which registers does this machine have?"
#endif
