/* Small files, read as a whole. */
#include "trace/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static ssize_t slurp(const char *path, char *text, size_t size)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n;

        if (fd < 0)
                return -errno;
        n = read(fd, text, size - 1);
        close(fd);
        text[n < 0 ? 0 : n] = 0;
        return n;
}

pid_t process_of(pid_t tid)
{
        char path[48], text[2048];
        const char *line;

        snprintf(path, sizeof(path), "/proc/%d/status", tid);
        if (slurp(path, text, sizeof(text)) <= 0 || !(line = strstr(text, "\nTgid:")))
                return tid;
        return (pid_t)strtol(line + 6, NULL, 10);
}

void process_comm(pid_t pid, char comm[static PROCESS_COMM_MAX])
{
        char path[48];

        snprintf(path, sizeof(path), "/proc/%d/comm", pid);
        if (slurp(path, comm, PROCESS_COMM_MAX) <= 0)
                comm[0] = 0;
        comm[strcspn(comm, "\n")] = 0;
}

bool process_waits_in(pid_t tid, long *ret_number, uint64_t *ret_first_argument)
{
        char path[48], text[256], *end;
        long number;

        snprintf(path, sizeof(path), "/proc/%d/syscall", tid);
        if (slurp(path, text, sizeof(text)) <= 0 || text[0] < '0' || text[0] > '9')
                return false; /* it runs, or sleeps outside a call */
        number = strtol(text, &end, 10);
        *ret_first_argument = strtoull(end, NULL, 16);
        *ret_number = number;
        return true;
}

static bool is_in_mask(pid_t tid, const char *mask, int signal)
{
        char path[48], text[4096];
        const char *line;

        snprintf(path, sizeof(path), "/proc/%d/status", tid);
        if (slurp(path, text, sizeof(text)) <= 0 || !(line = strstr(text, mask)))
                return false;
        return strtoull(line + strlen(mask), NULL, 16) >> (signal - 1) & 1;
}

bool process_ignores(pid_t pid, int signal)
{
        return is_in_mask(pid, "\nSigIgn:", signal);
}

bool process_blocks(pid_t tid, int signal)
{
        return is_in_mask(tid, "\nSigBlk:", signal);
}

static bool is_socket(const char *path)
{
        char text[16];

        return readlink(path, text, sizeof(text)) >= 7 && memcmp(text, "socket:", 7) == 0;
}

bool process_has_socket(pid_t pid, int fd)
{
        char path[64];

        snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
        return is_socket(path);
}

static bool closes_on_exec(pid_t pid, int fd)
{
        char path[64], text[512];
        const char *flags;

        snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, fd);
        if (slurp(path, text, sizeof(text)) <= 0 || !(flags = strstr(text, "flags:")))
                return false;
        return strtoul(flags + 6, NULL, 8) & O_CLOEXEC;
}

int process_sockets(pid_t pid, bool cloexec, void (*each)(void *context, int fd), void *context)
{
        char path[64];
        DIR *directory;

        snprintf(path, sizeof(path), "/proc/%d/fd", pid);
        directory = opendir(path);
        if (!directory)
                return -errno;
        for (struct dirent *entry; (entry = readdir(directory));) {
                int fd = entry->d_name[0] >= '0' && entry->d_name[0] <= '9' ? atoi(entry->d_name) : -1;

                if (fd >= 0 && process_has_socket(pid, fd) && (!cloexec || closes_on_exec(pid, fd)))
                        each(context, fd);
        }
        closedir(directory);
        return 0;
}
