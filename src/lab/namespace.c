/* Entering namespaces: no files, no mounts, no helpers, so nothing can be left behind. */
#include "lab/namespace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab/deadline.h"
#include "lab/namespace_why.h"
#include "netlink/link.h"
#include "netlink/route.h"

enum {
        READY_MS = 20000,          /* only a failure waits so long */
};

/* Ours by the local bit, and readable in a capture: 91, and which of the two. */
static const uint8_t mac_sockets[LINK_MAC_SIZE] = { 0x02, 0, 0, 0, 0x91, 0x01 };
static const uint8_t mac_wire[LINK_MAC_SIZE] = { 0x02, 0, 0, 0, 0x91, 0x02 };

static void closep(int *fd)
{
        if (*fd >= 0)
                close(*fd);
}

static int write_file(const char *path, const char *text)
{
        __attribute__((cleanup(closep))) int fd = -1;
        ssize_t n;

        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        n = write(fd, text, strlen(text));
        if (n < 0)
                return -errno;
        return (size_t)n == strlen(text) ? 0 : -EIO;
}

/* Of all users only this one exists inside, as root. */
static int map_users(uid_t uid, gid_t gid, char ret_why[static NAMESPACE_WHY_MAX])
{
        char map[32];
        int r;

        r = write_file("/proc/self/setgroups", "deny");
        if (r && r != -ENOENT)
                return namespace_why("setgroups", r, ret_why);
        snprintf(map, sizeof(map), "0 %u 1", gid);
        r = write_file("/proc/self/gid_map", map);
        if (r)
                return namespace_why("gid_map", r, ret_why);
        snprintf(map, sizeof(map), "0 %u 1", uid);
        r = write_file("/proc/self/uid_map", map);
        if (r)
                return namespace_why("uid_map", r, ret_why);
        return 0;
}

/* Enters a user namespace and, with CLONE_NEWNET, a network namespace owned by it. */
static int enter_users(int more, char ret_why[static NAMESPACE_WHY_MAX])
{
        uid_t uid = geteuid();
        gid_t gid = getegid();
        int r;

        if (unshare(CLONE_NEWUSER | more) < 0)
                return namespace_why("unshare", -errno, ret_why);
        r = map_users(uid, gid, ret_why);
        if (r)
                return r;
        if (more & CLONE_NEWNET) {
                r = link_up("lo");
                if (r)
                        return namespace_why("bringing lo up", r, ret_why);
        }
        return 0;
}

/* What a trial found out. */
struct verdict {
        int error;
        char why[NAMESPACE_WHY_MAX];
};

/* There is no way back: where AppArmor lets a plain user make the namespaces but not use them, this
 * process would be left in them without a user and without a network. So a child goes first. */
static int try_users(int more, char ret_why[static NAMESPACE_WHY_MAX])
{
        __attribute__((cleanup(closep))) int to_read = -1;
        __attribute__((cleanup(closep))) int to_write = -1;
        struct verdict verdict = {};
        int fds[2];
        ssize_t n;
        pid_t pid;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return namespace_why("pipe", -errno, ret_why);
        to_read = fds[0];
        to_write = fds[1];
        pid = fork();
        if (pid < 0)
                return namespace_why("fork", -errno, ret_why);
        if (pid == 0) {
                verdict.error = enter_users(more, verdict.why);
                _exit(write(to_write, &verdict, sizeof(verdict)) == sizeof(verdict) ? 0 : 1);
        }
        close(to_write);
        to_write = -1;
        do
                n = read(to_read, &verdict, sizeof(verdict));
        while (n < 0 && errno == EINTR);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
        if (n != sizeof(verdict))
                return namespace_why("a trial in a child", -EIO, ret_why);
        if (verdict.error)
                memcpy(ret_why, verdict.why, NAMESPACE_WHY_MAX);
        return verdict.error;
}

/* Whether a network namespace could be made as we are. Trying would already make one, so the
 * effective capabilities are read instead. */
static bool may_already(void)
{
        unsigned long long effective = 0;
        FILE *file;
        char line[256];

        file = fopen("/proc/self/status", "re");
        if (!file)
                return false;
        while (fgets(line, sizeof(line), file))
                if (sscanf(line, "CapEff: %llx", &effective) == 1)
                        break;
        fclose(file);
        return effective >> 21 & 1;          /* CAP_SYS_ADMIN */
}

int namespace_users(char ret_why[static NAMESPACE_WHY_MAX])
{
        int r;

        if (may_already())
                return 0;
        r = try_users(0, ret_why);
        return r ? r : enter_users(0, ret_why);
}

int namespace_enter(char ret_why[static NAMESPACE_WHY_MAX])
{
        int r;

        if (unshare(CLONE_NEWNET) < 0) {
                if (errno != EPERM)
                        return namespace_why("unshare", -errno, ret_why);
                r = try_users(CLONE_NEWNET, ret_why);
                return r ? r : enter_users(CLONE_NEWNET, ret_why);
        }
        r = link_up("lo");
        return r ? namespace_why("bringing lo up", r, ret_why) : 0;
}

static int path_of(const char *name, char path[static 256])
{
        int n;

        if (strncmp(name, "net.", 4) != 0 || strstr(name, "..") || strchr(name, '/'))
                return -EINVAL;
        n = snprintf(path, 256, "/proc/sys/%s", name);
        if (n < 0 || n >= 256)
                return -ENAMETOOLONG;
        for (char *p = path; *p; ++p)
                if (*p == '.')
                        *p = '/';
        return 0;
}

int namespace_sysctl(const char *name, const char *value)
{
        char path[256];
        int r;

        r = path_of(name, path);
        if (r)
                return r;
        return write_file(path, value);
}

int namespace_sysctl_read(const char *name, char *ret_value, size_t size)
{
        __attribute__((cleanup(closep))) int fd = -1;
        char path[256];
        ssize_t n;
        int r;

        r = path_of(name, path);
        if (r)
                return r;
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        n = read(fd, ret_value, size);
        if (n < 0)
                return -errno;
        if ((size_t)n == size)
                return -ENOBUFS;
        if (n > 0 && ret_value[n - 1] == '\n')
                --n;
        ret_value[n] = '\0';
        return 0;
}

/* What a device would otherwise say on its own, and what it would say to packets that the peer
 * makes. A kernel without IPv6 has no such settings, and no such noise. */
static int quiet(void)
{
        static const char *const settings[][2] = {
                { "net.ipv6.conf." NAMESPACE_WIRE ".disable_ipv6", "1" },
                { "net.ipv6.conf." NAMESPACE_SOCKETS ".addr_gen_mode", "1" },
                { "net.ipv6.conf." NAMESPACE_SOCKETS ".router_solicitations", "0" },
                { "net.ipv6.conf." NAMESPACE_SOCKETS ".accept_ra", "0" },
                { "net.ipv6.conf." NAMESPACE_SOCKETS ".accept_dad", "0" },
                { "net.ipv4.conf." NAMESPACE_WIRE ".arp_ignore", "8" },
                { "net.ipv4.conf." NAMESPACE_SOCKETS ".log_martians", "0" },
                { "net.ipv4.conf." NAMESPACE_WIRE ".log_martians", "0" },
        };

        for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); ++i) {
                int r = namespace_sysctl(settings[i][0], settings[i][1]);

                if (r && r != -ENOENT)
                        return r;
        }
        return 0;
}

static int failed(const char *step, int error, char ret_why[static NAMESPACE_WHY_MAX])
{
        snprintf(ret_why, NAMESPACE_WHY_MAX, "%s: %s", step, strerror(-error));
        return error;
}

static int wait_a_little(int64_t deadline)
{
        if (deadline_left_ms(deadline) == 0)
                return -ETIMEDOUT;
        nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
        return 0;
}

/* A SYN that is sent too early is lost, and comes again only after a second. Seen under load: the work
 * that opens a device waits for the lock that the end of another namespace holds. */
static int await_running(const char *name)
{
        int64_t deadline = deadline_in(READY_MS);
        bool running = false;
        int r;

        while ((r = link_is_running(name, &running)) == 0 && !running) {
                r = wait_a_little(deadline);
                if (r)
                        break;
        }
        return r;
}

/* The peer answers once: what came too early for the address would be missed for good. */
static int await_local(uint8_t family, const uint8_t *own)
{
        int64_t deadline = deadline_in(READY_MS);
        bool local = false;
        int r;

        while ((r = route_is_local(family, own, &local)) == 0 && !local) {
                r = wait_a_little(deadline);
                if (r)
                        break;
        }
        return r;
}

static int address(uint8_t family, const char *own, const char *neighbour, uint8_t n_prefix_bits)
{
        uint8_t bytes[16];
        int r;

        inet_pton(family, neighbour, bytes);
        r = link_neighbour(NAMESPACE_SOCKETS, family, bytes, mac_wire);
        if (r)
                return r;
        inet_pton(family, own, bytes);
        r = link_address(NAMESPACE_SOCKETS, family, bytes, n_prefix_bits);
        return r ? r : await_local(family, bytes);
}

int namespace_wire(char ret_why[static NAMESPACE_WHY_MAX])
{
        int r;

        r = link_veth(NAMESPACE_SOCKETS, mac_sockets, NAMESPACE_WIRE, mac_wire);
        if (r)
                return failed("making the pair of devices (veth)", r, ret_why);
        r = quiet();
        if (r)
                return failed("silencing the devices", r, ret_why);
        /* Without it the segments are the same, only seen in larger pieces. */
        (void)link_offloads_off(NAMESPACE_SOCKETS);
        (void)link_offloads_off(NAMESPACE_WIRE);
        r = link_up(NAMESPACE_SOCKETS);
        if (r)
                return failed("bringing " NAMESPACE_SOCKETS " up", r, ret_why);
        r = link_up(NAMESPACE_WIRE);
        if (r)
                return failed("bringing " NAMESPACE_WIRE " up", r, ret_why);
        /* The addresses come after it: giving them takes the lock under which a device is opened. */
        r = await_running(NAMESPACE_SOCKETS);
        if (!r)
                r = await_running(NAMESPACE_WIRE);
        if (r)
                return failed("waiting until the devices run", r, ret_why);
        r = address(AF_INET, NAMESPACE_SOCKETS_IPV4, NAMESPACE_PEER_IPV4, 24);
        if (r)
                return failed("giving out IPv4 addresses", r, ret_why);
        r = address(AF_INET6, NAMESPACE_SOCKETS_IPV6, NAMESPACE_PEER_IPV6, 64);
        if (r == -EOPNOTSUPP || r == -EACCES)
                return 0;            /* no IPv6 on this kernel: its scenarios will say so */
        if (r)
                return failed("giving out IPv6 addresses", r, ret_why);
        return 0;
}
