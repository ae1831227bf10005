/* A list: there are few. The child that enters may take the user namespace that owns it first, which only a process of
 * one thread can (userns_install()). */
#include "trace/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netlink/diag.h"
#include "netlink/ended.h"
#include "trace/look.h"
#include "trace/notified.h"

/* A program that opens one connection after another is not to cost a child for each. */
#define UNUSED_NS INT64_C(1000000000)

static uint64_t own_cookie(void)
{
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        uint64_t cookie = fd >= 0 ? look_namespace(fd) : 0;

        if (fd >= 0)
                close(fd);
        return cookie;
}

void namespaces_init(struct namespaces *namespaces)
{
        *namespaces = (struct namespaces){ .own = own_cookie() };
}

static void drop(struct namespaces *namespaces, struct namespace **at)
{
        struct namespace *one = *at;

        *at = one->next;
        if (one->ended)
                namespaces->n_lost += ended_lost(one->ended);
        if (one->ended)
                ended_close(one->ended);
        diag_close(one->diag);
        free(one);
}

void namespaces_deinit(struct namespaces *namespaces)
{
        while (namespaces->first)
                drop(namespaces, &namespaces->first);
}

struct namespace *namespaces_find(const struct namespaces *namespaces, uint64_t cookie)
{
        struct namespace *one = namespaces->first;

        while (one && one->cookie != cookie)
                one = one->next;
        return one;
}

/* Returns 0 or a negative errno. */
static int enter(int fd)
{
        int owner;

        if (setns(fd, CLONE_NEWNET) == 0)
                return 0;
        owner = ioctl(fd, NS_GET_USERNS);
        return owner >= 0 && setns(owner, CLONE_NEWUSER) == 0 && setns(fd, CLONE_NEWNET) == 0 ? 0 : -errno;
}

/* In the child. The thread may have moved on since it made its socket: then that is another namespace. */
static int open_within(uint64_t cookie, int fd, int channel)
{
        struct ended *ended = NULL;
        struct diag *diag = NULL;
        int r = enter(fd);

        if (r == 0 && own_cookie() != cookie)
                r = -ENOENT;
        if (r == 0)
                r = ended_open(&ended);
        if (r == 0)
                r = diag_open(&diag);
        if (r == 0)
                r = notified_hand_over(channel, ended_fd(ended));
        if (r == 0)
                r = notified_hand_over(channel, diag_fd(diag));
        return r;
}

/* A status of an exit; 0 if the tracer's own wait took it first. */
static int wait_for(pid_t child)
{
        int status = 0;

        while (waitpid(child, &status, __WALL) < 0)
                if (errno != EINTR)
                        return 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

/* Returns 0 or a negative errno. */
static int send_child(struct namespace *one, int fd)
{
        int channel[2], heard, asked, r;
        pid_t child;

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0)
                return -errno;
        child = fork();
        if (child == 0)
                _exit(-open_within(one->cookie, fd, channel[0]));
        close(channel[0]);
        heard = child > 0 ? notified_take(channel[1]) : -1;
        asked = heard >= 0 ? notified_take(channel[1]) : -1;
        close(channel[1]);
        r = child > 0 ? wait_for(child) : errno;
        if (asked >= 0 && ended_adopt(heard, &one->ended) == 0) {
                heard = -1;
                if (diag_adopt(asked, &one->diag) == 0)
                        return 0;
                one->ended = ended_close(one->ended);
        }
        if (heard >= 0)
                close(heard);
        if (asked >= 0)
                close(asked);
        return r ? -r : -EPERM;
}

static int join(struct namespace *one, pid_t tid)
{
        char path[48];
        int fd, r;

        snprintf(path, sizeof(path), "/proc/%d/ns/net", tid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = send_child(one, fd);
        close(fd);
        return r;
}

void namespaces_meet(struct namespaces *namespaces, uint64_t cookie, pid_t tid, int64_t now_ns)
{
        struct namespace *one = namespaces_find(namespaces, cookie);
        int r;

        if (cookie == 0 || cookie == namespaces->own)
                return;
        if (one) {
                one->used_ns = now_ns;
                return;
        }
        one = calloc(1, sizeof(*one));
        if (!one)
                return;
        one->cookie = cookie;
        one->used_ns = now_ns;
        one->next = namespaces->first;
        namespaces->first = one;
        r = join(one, tid);
        if (r < 0)
                namespaces->refused = -r;
}

void namespaces_leave(struct namespaces *namespaces, int64_t now_ns)
{
        struct namespace **at = &namespaces->first;

        while (*at) {
                if (now_ns - (*at)->used_ns > UNUSED_NS)
                        drop(namespaces, at);
                else
                        at = &(*at)->next;
        }
}

uint64_t namespaces_lost(const struct namespaces *namespaces)
{
        uint64_t n = namespaces->n_lost;

        for (const struct namespace *one = namespaces->first; one; one = one->next)
                n += one->ended ? ended_lost(one->ended) : 0;
        return n;
}
