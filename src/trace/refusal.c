/* Another tracer, another user, Yama, a seccomp profile: in the order in which they can be made out. */
#include "trace/refusal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace/process.h"

/* Of /proc/PID/status; -1: not told. */
static long status_of(pid_t pid, const char *key)
{
        char path[48], line[256];
        size_t n = strlen(key);
        long value = -1;
        FILE *file;

        snprintf(path, sizeof(path), "/proc/%d/status", pid);
        file = fopen(path, "re");
        while (file && value < 0 && fgets(line, sizeof(line), file))
                if (strncmp(line, key, n) == 0 && line[n] == ':')
                        value = strtol(line + n + 1, NULL, 10);
        if (file)
                fclose(file);
        return value;
}

static long yama(void)
{
        FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
        char line[16] = "0";

        if (!file)
                return 0;
        if (!fgets(line, sizeof(line), file))
                line[0] = 0;
        fclose(file);
        return strtol(line, NULL, 10);
}

void refusal_explain(pid_t pid, bool attached, int error, char why[static REFUSAL_MAX])
{
        long tracer = status_of(pid, "TracerPid"), uid = status_of(pid, "Uid"), scope = yama();
        char comm[PROCESS_COMM_MAX];

        if (error == ESRCH && attached) {
                snprintf(why, REFUSAL_MAX, "there is no process %d", pid);
        } else if (error != EPERM) {
                snprintf(why, REFUSAL_MAX, "tracing process %d: %s", pid, strerror(error));
        } else if (tracer > 0) {
                process_comm((pid_t)tracer, comm);
                snprintf(why, REFUSAL_MAX, "process %d is traced already, by %s[%ld], and a process has one tracer: "
                         "end that one first", pid, comm, tracer);
        } else if (attached && geteuid() != 0 && uid >= 0 && (uid_t)uid != geteuid()) {
                snprintf(why, REFUSAL_MAX, "process %d belongs to another user (uid %ld): be that user, or root",
                         pid, uid);
        } else if (scope >= (attached ? 1 : 2)) {
                snprintf(why, REFUSAL_MAX, "Yama forbids it (kernel.yama.ptrace_scope is %ld)%s", scope,
                         scope == 1 ? ": let finis run start the program, or be root"
                         : scope == 2 ? ": only root may trace" : ", and that until the next boot");
        } else if (status_of(getpid(), "Seccomp") > 0) {
                snprintf(why, REFUSAL_MAX, "a seccomp filter is on finis itself, a container's profile as it seems, "
                         "and may forbid ptrace: "
                                           "docker run --cap-add SYS_PTRACE lets it");
        } else {
                snprintf(why, REFUSAL_MAX, "process %d may not be traced: its program has rights that we lack, "
                         "or a security module forbids it", pid);
        }
}

void refusal_of_looks(int error, char why[static REFUSAL_MAX])
{
        if (error == ENOSYS)
                snprintf(why, REFUSAL_MAX, "this kernel lets nobody look at another's sockets "
                         "(pidfd_getfd, Linux 5.6): no connection is seen");
        else
                snprintf(why, REFUSAL_MAX, "looking at the program's sockets: pidfd_getfd: %s%s", strerror(error),
                         error != EPERM ? ""
                         : status_of(getpid(), "Seccomp") > 0
                         ? "; a container's seccomp profile may forbid it: docker run --cap-add SYS_PTRACE lets it"
                                                              : "; a security module may forbid it");
}
