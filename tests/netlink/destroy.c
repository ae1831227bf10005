/* Tests of src/netlink/destroy.c, in a namespace where this process has the rights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/wait.h>

#include "../lab/inside.h"
#include "../lab/sockets.h"
#include "netlink/destroy.h"

static void a_destroyed_socket_is_told_and_so_is_its_peer(void **state)
{
        static const uint8_t families[] = { AF_INET, AF_INET6 };
        (void)state;
        need_namespace();

        for (unsigned i = 0; i < 2; ++i) {
                struct diag_socket socket;
                struct diag_tuple tuple;
                int client, server, r;
                char byte;

                pair(families[i], &client, &server);
                assert_int_equal(diag_tuple_of(client, &tuple), 0);
                r = destroy_socket(&tuple);
                if (r == -EOPNOTSUPP) {
                        printf("# skipped: this kernel was built without CONFIG_INET_DIAG_DESTROY\n");
                        skip();
                }
                assert_int_equal(r, 0);
                assert_int_equal(recv(client, &byte, 1, 0), -1);
                assert_int_equal(errno, ECONNABORTED);
                await(server, POLLERR);
                assert_int_equal(recv(server, &byte, 1, 0), -1);
                assert_int_equal(errno, ECONNRESET);
                assert_int_equal(diag_look(&tuple, &socket), -ENOENT);
                assert_int_equal(destroy_socket(&tuple), -ENOENT);
                close(client);
                close(server);
        }
}

/* The kernel by itself would take the listener for the connection that is not there. */
static void a_listener_is_not_destroyed_by_mistake(void **state)
{
        struct diag_tuple tuple = { .family = AF_INET, .local = { 127, 0, 0, 1 }, .remote = { 127, 0, 0, 1 } };
        struct sockaddr_storage to;
        int listener, fd;
        socklen_t n;
        (void)state;
        need_namespace();

        listener = listening(AF_INET, "127.0.0.1", &tuple.local_port);
        tuple.remote_port = 9;
        assert_int_equal(destroy_socket(&tuple), -ENOENT);
        n = address(AF_INET, "127.0.0.1", tuple.local_port, &to);
        fd = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&to, n), 0);
        close(fd);
        close(listener);
}

static void without_the_rights_nothing_is_destroyed(void **state)
{
        struct diag_tuple tuple;
        int client, server, status;
        char byte;
        (void)state;

        pair(AF_INET, &client, &server);
        assert_int_equal(diag_tuple_of(client, &tuple), 0);
        fflush(stdout);
        if (fork() == 0) {
                if (geteuid() == 0 && setuid(65534) < 0)
                        _exit(1);
                _exit(destroy_socket(&tuple) == -EPERM ? 0 : 2);
        }
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
        assert_int_equal(send(client, "x", 1, 0), 1);
        assert_int_equal(recv(server, &byte, 1, 0), 1);
        close(client);
        close(server);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                /* First what is to be seen without a namespace of our own. */
                cmocka_unit_test(without_the_rights_nothing_is_destroyed),
                cmocka_unit_test(a_destroyed_socket_is_told_and_so_is_its_peer),
                cmocka_unit_test(a_listener_is_not_destroyed_by_mistake),
        };

        return cmocka_run_group_tests_name("netlink/destroy", tests, NULL, NULL);
}
