/* The kernel says only EPERM, ENOSPC or EINVAL; the knobs that lead to each can be read. The first
 * that explains it is named; when none does, the line says so instead of guessing. */
#include "lab/namespace_why.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static void fclosep(FILE **file)
{
        if (*file)
                fclose(*file);
}

/* The number that a file holds, or @otherwise. */
static long number_in(const char *path, long otherwise)
{
        __attribute__((cleanup(fclosep))) FILE *file = NULL;
        long number;

        file = fopen(path, "re");
        if (!file || fscanf(file, "%ld", &number) != 1)
                return otherwise;
        return number;
}

/* The number after "@key:" in /proc/self/status, or @otherwise. */
static long number_of_self(const char *key, long otherwise)
{
        __attribute__((cleanup(fclosep))) FILE *file = NULL;
        char line[256];

        file = fopen("/proc/self/status", "re");
        while (file && fgets(line, sizeof(line), file)) {
                size_t n = strlen(key);

                if (strncmp(line, key, n) == 0 && line[n] == ':')
                        return strtol(line + n + 1, NULL, 10);
        }
        return otherwise;
}

/* The kernel refuses a user namespace to a process whose root is not that of its mounts. */
static bool in_chroot(void)
{
        struct stat here, first;

        return stat("/", &here) == 0 && stat("/proc/1/root/.", &first) == 0 &&
               (here.st_ino != first.st_ino || here.st_dev != first.st_dev);
}

static const char *knob(int error)
{
        if (error == -EINVAL && access("/proc/self/ns/user", F_OK) < 0)
                return "this kernel was built without user namespaces (CONFIG_USER_NS)";
        if (error == -EINVAL && access("/proc/self/ns/net", F_OK) < 0)
                return "this kernel was built without network namespaces (CONFIG_NET_NS)";
        if (error == -EINVAL && number_of_self("Threads", 1) > 1)
                return "this process has several threads, and only a single one may enter a user namespace";
        if (error == -ENOSPC && number_in("/proc/sys/user/max_user_namespaces", 1) == 0)
                return "the sysctl user.max_user_namespaces is 0";
        if (error == -ENOSPC && number_in("/proc/sys/user/max_net_namespaces", 1) == 0)
                return "the sysctl user.max_net_namespaces is 0";
        if (error == -ENOSPC)
                return "too many namespaces (the sysctls user.max_user_namespaces and user.max_net_namespaces), "
                       "or nested too deep";
        if (error == -EACCES && prctl(PR_GET_DUMPABLE) != 1)
                return "this process changed its user without exec(), so its files in /proc are root's";
        if (error == -EPERM || error == -EACCES) {
                if (number_in("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0)
                        return "the sysctl kernel.unprivileged_userns_clone is 0";
                if (number_in("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) != 0)
                        return "the sysctl kernel.apparmor_restrict_unprivileged_userns is 1 (AppArmor)";
                if (number_of_self("Seccomp", 0) == 2)
                        return "a seccomp filter is on this process (as containers have it), and may forbid it";
                if (number_in("/sys/fs/selinux/enforce", 0) == 1)
                        return "SELinux is enforcing, and may forbid it (user_namespace create)";
                if (in_chroot())
                        return "this process is in a chroot";
        }
        return "no sysctl, seccomp filter or chroot was found that explains it";
}

int namespace_why(const char *step, int error, char ret_why[static NAMESPACE_WHY_MAX])
{
        snprintf(ret_why, NAMESPACE_WHY_MAX, "%s: %s: %s", step, strerror(-error), knob(error));
        return error;
}
