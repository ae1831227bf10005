/* A comparison a call; there are few. */
#include "trace/filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "trace/calls.h"
#include "trace/registers.h"

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
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS /* Linux 6.6 */
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, uint64_t)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

#define LISTENING (SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)

/* It guards against nothing: before Linux 5.16 the whole program would run without speculative loads for it. */
static int install_with(const struct sock_fprog *program, unsigned long flags)
{
        long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_SPEC_ALLOW, program);

        if (r < 0 && errno == EINVAL)
                r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);
        return r < 0 ? -errno : (int)r;
}

/* Returns the listener if one was asked for, else 0; or a negative errno. */
static int install(const struct sock_fprog *program, unsigned long flags, bool *ret_no_new_privs)
{
        int r = install_with(program, flags);

        if (r != -EACCES)
                return r;
        *ret_no_new_privs = true;
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -errno;
        return install_with(program, flags);
}

/* Asked of a filter that lets everything through, and stays: one that nobody can hear would end every call
 * that it names. */
static bool can_listen(bool *ret_no_new_privs)
{
        struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
        struct sock_fprog program = { .len = 1, .filter = &allow };
        struct seccomp_notif_sizes sizes;
        bool r;
        int fd;

        if (!REGISTERS_BEGIN_AGAIN || syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0 ||
            sizes.seccomp_notif > FILTER_NOTICE_MAX)
                return false;
        fd = install(&program, LISTENING, ret_no_new_privs);
        if (fd < 0)
                return false;
        r = ioctl(fd, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP) == 0;
        close(fd);
        return r;
}

/* Behind the comparisons, in this order: nothing, a stop, a notification, of getsockopt() that of SO_ERROR alone, and
 * of connect() a notification where the address is as long as one of the internet. */
enum { TO_ALLOW, TO_TRACE, TO_NOTIFY, TO_ERROR, TO_CONNECT = TO_ERROR + 4 };

static uint8_t leads_to(enum call_kind kind, bool listens)
{
        if (kind == CALL_LISTENER)
                return listens ? TO_TRACE : TO_ALLOW;
        if (kind == CALL_CONNECT)
                return listens ? TO_CONNECT : TO_TRACE;
        return kind == CALL_ERROR ? TO_ERROR : listens && call_only_begins(kind) ? TO_NOTIFY : TO_TRACE;
}

int filter_install(bool all_calls, bool listen, bool *ret_no_new_privs, int *ret_listener)
{
        struct sock_filter code[MOST] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALLS_ARCH, 1, 0),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FIRST_FOREIGN, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        const struct sock_filter end[] = {
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LOW_HALF(2)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SO_ERROR, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LOW_HALF(CALLS_ADDRESS_SIZE)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, sizeof(struct sockaddr_in), 2, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, sizeof(struct sockaddr_in6), 1, 0),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        };
        size_t n = 6, n_calls, n_life, n_wanted;
        const struct call *calls = calls_all(&n_calls, &n_life);
        struct sock_fprog program = { .filter = code };
        bool listens = listen && can_listen(ret_no_new_privs);
        int r;

        n_wanted = all_calls ? n_calls : n_life;
        for (size_t i = 0; i < n_wanted; i++)
                code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[i].number,
                                                         (uint8_t)(n_wanted - i - 1 + leads_to(calls[i].kind, listens)),
                                                         0);
        memcpy(&code[n], end, sizeof(end));
        program.len = (unsigned short)(n + sizeof(end) / sizeof(*end));

        *ret_listener = -1;
        r = install(&program, listens ? LISTENING : 0, ret_no_new_privs);
        if (r < 0)
                return r;
        if (!listens)
                return 0;
        *ret_listener = r;
        return ioctl(r, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP) < 0 ? -errno : 0;
}
