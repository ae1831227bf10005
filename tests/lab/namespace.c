/* Tests of src/lab/namespace.c: what the namespace holds, and that it is nobody else's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inside.h"
#include "lab/counter.h"
#include "lab/deadline.h"
#include "lab/namespace_why.h"
#include "lab/peer.h"
#include "netlink/link.h"
#include "sockets.h"

static ino_t this_namespace(void)
{
        struct stat stat_buffer;

        return stat("/proc/self/ns/net", &stat_buffer) == 0 ? stat_buffer.st_ino : 0;
}

static void the_namespace_is_another_one(void **state)
{
        ino_t first_namespace;
        (void)state;

        first_namespace = this_namespace();
        assert_int_not_equal(first_namespace, 0);
        need_namespace();
        assert_int_not_equal(this_namespace(), first_namespace);
}

static void it_holds_loopback_and_the_pair_and_no_more(void **state)
{
        struct if_nameindex *names;
        unsigned n_known = 0, n_all = 0;
        (void)state;
        need_namespace();

        names = if_nameindex();
        assert_non_null(names);
        for (; names[n_all].if_index; ++n_all)
                n_known += !strcmp(names[n_all].if_name, "lo") || !strcmp(names[n_all].if_name, NAMESPACE_SOCKETS) ||
                           !strcmp(names[n_all].if_name, NAMESPACE_WIRE);
        if_freenameindex(names);
        assert_int_equal(n_known, 3);
        /* Some kernels make tunnel devices (sit0, ip6tnl0 …) in each namespace: down, so silent. */
        assert_true(n_all >= 3);
}

static void every_device_of_it_is_up(void **state)
{
        static const char *const names[] = { "lo", NAMESPACE_SOCKETS, NAMESPACE_WIRE };
        struct ifaddrs *all;
        unsigned n_up = 0;
        (void)state;
        need_namespace();

        assert_int_equal(getifaddrs(&all), 0);
        for (struct ifaddrs *one = all; one; one = one->ifa_next)
                for (unsigned i = 0; i < 3; ++i)
                        if (one->ifa_addr && one->ifa_addr->sa_family == AF_PACKET && !strcmp(one->ifa_name, names[i]))
                                n_up += (one->ifa_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING);
        freeifaddrs(all);
        assert_int_equal(n_up, 3);
}

/* In a child: 0 if each SYN that the kernel sent has reached the peer, and the peer's one answer it. */
static int opens_without_loss(uint8_t family)
{
        char why[NAMESPACE_WHY_MAX];
        struct peer *peer = NULL;
        uint64_t n_seen = 0, n_repeated;
        int fd;

        if (namespace_enter(why) < 0 || namespace_wire(why) < 0)
                return 2;
        if (peer_open(family, PEER_SERVER, 7100, 0, &peer) < 0)
                return 3;
        fd = connecting(family, 7100);
        if (peer_handshake(peer, deadline_in(PATIENCE_MS)) < 0)
                return 4;
        if (counter_read("TCPSynRetrans", &n_repeated) < 0)
                return 5;
        (void)peer_read(peer, 0);
        for (size_t i = 0; i < peer->n_seen; ++i)
                n_seen += !!(peer->seen[i].segment.flags & SEGMENT_SYN);
        close(fd);
        peer_close(peer);
        return n_seen >= 1 + n_repeated ? 0 : 1;
}

/* The kernel opens a device from a work queue, later than it says that it is up; while another
 * namespace goes, as here, a good while later. A SYN sent until then would be lost. So with an IPv6
 * address, which has its local route later than it is given. */
static void a_new_one_passes_packets_from_the_start(void **state)
{
        (void)state;
        need_namespace();

        for (unsigned i = 0; i < 30; ++i) {
                int status;
                pid_t pid;

                fflush(stdout);
                pid = fork();
                assert_true(pid >= 0);
                if (pid == 0)
                        _exit(opens_without_loss(i % 2 ? AF_INET6 : AF_INET));
                assert_int_equal(waitpid(pid, &status, 0), pid);
                assert_int_equal(status, 0);
        }
}

/* The wire's end must own no address: the kernel would answer in place of the peer. */
static void only_the_sockets_side_has_addresses(void **state)
{
        unsigned n_sockets = 0, n_wire = 0;
        struct ifaddrs *all;
        (void)state;
        need_namespace();

        assert_int_equal(getifaddrs(&all), 0);
        for (struct ifaddrs *one = all; one; one = one->ifa_next) {
                bool ip = one->ifa_addr &&
                          (one->ifa_addr->sa_family == AF_INET || one->ifa_addr->sa_family == AF_INET6);

                n_sockets += ip && !strcmp(one->ifa_name, NAMESPACE_SOCKETS);
                n_wire += ip && !strcmp(one->ifa_name, NAMESPACE_WIRE);
        }
        freeifaddrs(all);
        assert_int_equal(n_sockets, 2);
        assert_int_equal(n_wire, 0);
}

static void a_setting_holds_here_and_not_outside(void **state)
{
        char value[32];
        (void)state;
        need_namespace();

        assert_int_equal(namespace_sysctl("net.ipv4.tcp_fin_timeout", "7"), 0);
        assert_int_equal(namespace_sysctl_read("net.ipv4.tcp_fin_timeout", value, sizeof(value)), 0);
        assert_string_equal(value, "7");
        assert_int_equal(namespace_sysctl_read("net.ipv4.tcp_fin_timeout", value, 1), -ENOBUFS);
        /* A fresh namespace begins with the kernel's own values. */
        fflush(stdout);
        if (fork() == 0) {
                char why[NAMESPACE_WHY_MAX];
                bool fresh = namespace_enter(why) == 0 &&
                             namespace_sysctl_read("net.ipv4.tcp_fin_timeout", value, sizeof(value)) == 0 &&
                             strcmp(value, "60") == 0;

                _exit(fresh ? 0 : 1);
        }
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
}

static void settings_outside_of_net_are_out_of_reach(void **state)
{
        static const char *const names[] = {
                "kernel.pid_max", "net", "net.ipv4...kernel.pid_max", "net./../kernel/pid_max", "",
        };
        char value[32];
        (void)state;

        for (size_t i = 0; i < sizeof(names) / sizeof(*names); ++i) {
                assert_int_equal(namespace_sysctl(names[i], "1"), -EINVAL);
                assert_int_equal(namespace_sysctl_read(names[i], value, sizeof(value)), -EINVAL);
        }
        assert_int_equal(namespace_sysctl_read("net.ipv4.no_such_setting", value, sizeof(value)), -ENOENT);
}

enum {
        DONE,
        REFUSED,             /* the kernel does not let a plain user, and said why */
        FAILED,
};

/* A child as a plain user, whose exit status is what @act returned. */
static int as_nobody(int (*act)(void))
{
        int status;

        fflush(stdout);
        if (fork() == 0) {
                int r;

                if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
                        _exit(FAILED);
                /* Its own files in /proc belong to it again, as they would after exec(). */
                prctl(PR_SET_DUMPABLE, 1);
                r = act();
                fflush(stdout);
                _exit(r);
        }
        assert_true(wait(&status) > 0);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static int users_then_workers(void)
{
        char why[NAMESPACE_WHY_MAX];

        if (namespace_users(why) < 0) {
                printf("# a plain user is refused: %s\n", why);
                return REFUSED;
        }
        for (unsigned i = 0; i < 2; ++i)
                if (fork() == 0) {
                        ino_t before = this_namespace();

                        if (namespace_enter(why) < 0 || namespace_wire(why) < 0) {
                                printf("# a worker failed: %s\n", why);
                                _exit(FAILED);
                        }
                        _exit(this_namespace() != before ? DONE : FAILED);
                }
        for (unsigned i = 0; i < 2; ++i) {
                int status;

                if (wait(&status) < 0 || status != 0)
                        return FAILED;
        }
        return DONE;
}

static void a_plain_user_makes_one_user_namespace_for_all_workers(void **state)
{
        int r;
        (void)state;

        r = as_nobody(users_then_workers);
        if (r == REFUSED)
                skip();
        assert_int_equal(r, DONE);
}

static void *idle(void *fd)
{
        char byte;

        (void)!read(*(int *)fd, &byte, 1);
        return NULL;
}

static int enter_with_a_thread(void)
{
        char why[NAMESPACE_WHY_MAX] = "";
        pthread_t thread;
        int fds[2], r;

        if (pipe(fds) < 0 || pthread_create(&thread, NULL, idle, &fds[0]) != 0)
                return FAILED;
        r = namespace_enter(why);
        close(fds[1]);
        pthread_join(thread, NULL);
        /* Where user namespaces are off altogether, that may be said first. */
        if (r == -EPERM || r == -ENOSPC)
                return REFUSED;
        return r == -EINVAL && strstr(why, "several threads") ? DONE : FAILED;
}

static void several_threads_are_named_as_the_reason(void **state)
{
        int r;
        (void)state;

        r = as_nobody(enter_with_a_thread);
        if (r == REFUSED)
                skip();
        assert_int_equal(r, DONE);
}

static int enter_beyond_the_limit(void)
{
        char why[NAMESPACE_WHY_MAX] = "";
        int fd;

        /* Inside a user namespace of our own we may set its limit, which binds what is made within. */
        if (namespace_users(why) < 0)
                return REFUSED;
        fd = open("/proc/sys/user/max_net_namespaces", O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, "0", 1) != 1)
                return REFUSED;
        close(fd);
        if (namespace_enter(why) != -ENOSPC)
                return FAILED;
        printf("# %s\n", why);
        return strstr(why, "user.max_net_namespaces is 0") ? DONE : FAILED;
}

static int enter_undumpable(void)
{
        char why[NAMESPACE_WHY_MAX] = "";
        ino_t before = this_namespace();
        int r;

        prctl(PR_SET_DUMPABLE, 0);
        r = namespace_enter(why);
        prctl(PR_SET_DUMPABLE, 1);
        if (this_namespace() != before || before == 0)
                return FAILED;
        printf("# %s\n", why);
        if (r == -EPERM || r == -ENOSPC)
                return REFUSED;
        return r == -EACCES && strstr(why, "changed its user") ? DONE : FAILED;
}

static void a_refusal_half_way_is_explained_and_leaves_no_trace(void **state)
{
        int r;
        (void)state;

        r = as_nobody(enter_undumpable);
        if (r == REFUSED)
                skip();
        assert_int_equal(r, DONE);
}

static void the_limit_on_namespaces_is_named_as_the_reason(void **state)
{
        int r;
        (void)state;

        r = as_nobody(enter_beyond_the_limit);
        if (r == REFUSED)
                skip();
        assert_int_equal(r, DONE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                /* First what is to be seen from outside. */
                cmocka_unit_test(a_plain_user_makes_one_user_namespace_for_all_workers),
                cmocka_unit_test(several_threads_are_named_as_the_reason),
                cmocka_unit_test(the_limit_on_namespaces_is_named_as_the_reason),
                cmocka_unit_test(a_refusal_half_way_is_explained_and_leaves_no_trace),
                cmocka_unit_test(the_namespace_is_another_one),
                cmocka_unit_test(it_holds_loopback_and_the_pair_and_no_more),
                cmocka_unit_test(every_device_of_it_is_up),
                cmocka_unit_test(a_new_one_passes_packets_from_the_start),
                cmocka_unit_test(only_the_sockets_side_has_addresses),
                cmocka_unit_test(a_setting_holds_here_and_not_outside),
                cmocka_unit_test(settings_outside_of_net_are_out_of_reach),
        };

        return cmocka_run_group_tests_name("lab/namespace", tests, NULL, NULL);
}
