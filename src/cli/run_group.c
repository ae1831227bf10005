/* The cgroup2 file system, wherever it is mounted: /proc/self/mountinfo tells, and /proc/self/cgroup where we
 * are in it. */
#include "cli/run_group.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

enum { KEPT_FD = 3, PAUSE_NS = 200000000 };

static bool mounted_at(char path[static 128])
{
        FILE *mounts = fopen("/proc/self/mountinfo", "re");
        char line[1024];
        bool found = false;

        while (mounts && !found && fgets(line, sizeof(line), mounts))
                found = strstr(line, " - cgroup2 ") && sscanf(line, "%*s %*s %*s %*s %127s", path) == 1;
        if (mounts)
                fclose(mounts);
        return found;
}

/* "0::/user.slice": the line of cgroup2. */
static void own_group(char path[static 96])
{
        FILE *groups = fopen("/proc/self/cgroup", "re");
        char line[512];

        path[0] = 0;
        while (groups && fgets(line, sizeof(line), groups))
                if (strncmp(line, "0::/", 4) == 0 && strlen(line) < 96 && !strstr(line, "/..")) {
                        memcpy(path, line + 3, strlen(line + 3) + 1);
                        path[strcspn(path, "\n")] = 0;
                }
        if (groups)
                fclose(groups);
}

/* It holds nothing of ours: neither streams nor the terminal. */
static void keep(const char *path, int until)
{
        struct timespec pause = { .tv_nsec = PAUSE_NS };
        char byte;

        if (until != KEPT_FD)
                dup2(until, KEPT_FD);
        syscall(SYS_close_range, 0, KEPT_FD - 1, 0);
        syscall(SYS_close_range, KEPT_FD + 1, ~0U, 0);
        setsid();
        signal(SIGTERM, SIG_IGN);
        while (read(KEPT_FD, &byte, 1) > 0)
                ;
        while (rmdir(path) < 0 && errno == EBUSY)
                nanosleep(&pause, NULL);
        _exit(0);
}

static int start_keeper(struct run_group *group)
{
        int ends[2];
        pid_t pid;
        int r;

        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        fflush(NULL);
        pid = fork();
        if (pid == 0) {
                close(ends[1]);
                keep(group->path, ends[0]);
        }
        r = pid < 0 ? -errno : 0;
        close(ends[0]);
        group->keeper = ends[1];
        return r;
}

int run_group_make(struct run_group *ret_group, char why[static RUN_GROUP_WHY_MAX])
{
        struct run_group group;
        char root[128], own[96];
        struct stat status;
        int r;

        if (!mounted_at(root)) {
                snprintf(why, RUN_GROUP_WHY_MAX,
                         "no cgroup2 file system is mounted here, by which a program's sockets are told from others");
                return -ENOENT;
        }
        own_group(own);
        snprintf(group.path, sizeof(group.path), "%s%s/finis-run-%d", root, strcmp(own, "/") == 0 ? "" : own, getpid());
        if (mkdir(group.path, 0755) < 0 || stat(group.path, &status) < 0) {
                r = -errno;
                snprintf(why, RUN_GROUP_WHY_MAX, "making the cgroup %s: %s", group.path, strerror(-r));
                return r;
        }
        group.id = status.st_ino;
        r = start_keeper(&group);
        if (r < 0) {
                snprintf(why, RUN_GROUP_WHY_MAX, "starting the process that removes the cgroup %s: %s",
                         group.path, strerror(-r));
                rmdir(group.path);
                return r;
        }
        *ret_group = group;
        return 0;
}

int run_group_take(const struct run_group *group, pid_t pid)
{
        char path[sizeof(group->path) + 16], text[16];
        int fd, n, r = 0;

        snprintf(path, sizeof(path), "%s/cgroup.procs", group->path);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        n = snprintf(text, sizeof(text), "%d", pid);
        if (write(fd, text, (size_t)n) != n)
                r = -errno;
        close(fd);
        return r;
}

bool run_group_lives(const struct run_group *group)
{
        char path[sizeof(group->path) + 16], line[64];
        bool lives = false;
        FILE *events;

        snprintf(path, sizeof(path), "%s/cgroup.events", group->path);
        events = fopen(path, "re");
        while (events && fgets(line, sizeof(line), events))
                lives = lives || strcmp(line, "populated 1\n") == 0;
        if (events)
                fclose(events);
        return lives;
}

void run_group_leave(const struct run_group *group)
{
        close(group->keeper);
}
