/* Tests of src/netlink/diag.c on sockets over loopback. They need no rights; with them they are in a namespace
 * of their own, since a host that is full of closed sockets keeps no more (tcp_time_wait()). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lab/inside.h"
#include "../lab/sockets.h"
#include "lab/deadline.h"
#include "netlink/diag.h"

static const uint8_t families[] = { AF_INET, AF_INET6 };

/* Looks until the socket is in @state; loopback may take a moment. */
static void await_state(const struct diag_tuple *tuple, enum tcp_state state, struct diag_socket *ret_socket)
{
        int64_t deadline = deadline_in(PATIENCE_MS);

        do
                if (diag_look(tuple, ret_socket) == 0 && ret_socket->state == state)
                        return;
        while (deadline_left_ms(deadline) > 0);
        fail();
}

static void a_connection_is_found_from_both_ends(void **state)
{
        (void)state;

        for (unsigned i = 0; i < 2; ++i) {
                struct diag_tuple tuple, other, reverse;
                struct diag_socket socket;
                int client, server;

                pair(families[i], &client, &server);
                assert_int_equal(diag_tuple_of(client, &tuple), 0);
                assert_int_equal(diag_tuple_of(server, &other), 0);
                assert_int_equal(tuple.family, families[i]);
                reverse = diag_tuple_reverse(&tuple);
                assert_int_equal(reverse.local_port, other.local_port);
                assert_int_equal(reverse.remote_port, other.remote_port);
                assert_memory_equal(reverse.local, other.local, 16);

                assert_int_equal(send(client, "hello", 5, 0), 5);
                await(server, POLLIN);
                assert_int_equal(diag_look(&other, &socket), 0);
                assert_int_equal(socket.state, TCP_STATE_ESTABLISHED);
                assert_int_equal(socket.rqueue, 5);
                assert_int_not_equal(socket.inode, 0);
                assert_int_not_equal(socket.cookie, 0);
                assert_int_equal(socket.uid, geteuid());
                close(client);
                close(server);
        }
}

static void closed_sockets_are_found_until_time_wait_is_over(void **state)
{
        (void)state;

        for (unsigned i = 0; i < 2; ++i) {
                struct diag_tuple tuple, other;
                struct diag_socket socket;
                int client, server;

                pair(families[i], &client, &server);
                assert_int_equal(diag_tuple_of(client, &tuple), 0);
                assert_int_equal(diag_tuple_of(server, &other), 0);
                close(client);
                /* The FIN not yet read counts as one. */
                await_state(&other, TCP_STATE_CLOSE_WAIT, &socket);
                assert_int_equal(socket.rqueue, 1);
                await_state(&tuple, TCP_STATE_FIN_WAIT2, &socket);
                assert_int_equal(socket.inode, 0);
                close(server);
                await_state(&tuple, TCP_STATE_TIME_WAIT, &socket);
                assert_int_equal(socket.timer, 3);
                assert_true(socket.timer_ms > 0);
                assert_int_equal(diag_look(&other, &socket), -ENOENT);
        }
}

static void a_listener_does_not_stand_in_for_a_connection(void **state)
{
        struct diag_tuple tuple = { .family = AF_INET, .local = { 127, 0, 0, 1 }, .remote = { 127, 0, 0, 1 } };
        struct diag_socket socket;
        int listener;
        (void)state;

        listener = listening(AF_INET, "127.0.0.1", &tuple.local_port);
        tuple.remote_port = 9;
        memset(&socket, 0x5a, sizeof(socket));
        assert_int_equal(diag_look(&tuple, &socket), -ENOENT);
        assert_int_equal(socket.rqueue, 0x5a5a5a5a);
        tuple.remote_port = 0;
        memset(tuple.remote, 0, sizeof(tuple.remote));
        assert_int_equal(diag_look(&tuple, &socket), 0);
        assert_int_equal(socket.state, TCP_STATE_LISTEN);
        close(listener);
        assert_int_equal(diag_look(&tuple, &socket), -ENOENT);
}

static void a_tuple_needs_a_connected_tcp_socket(void **state)
{
        struct diag_tuple tuple = {};
        struct diag_socket found;
        int fd;
        (void)state;

        fd = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(diag_tuple_of(fd, &tuple), -ENOTCONN);
        close(fd);
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        assert_int_equal(diag_tuple_of(fd, &tuple), -EAFNOSUPPORT);
        close(fd);
        assert_int_equal(diag_tuple_of(-1, &tuple), -EBADF);
        assert_int_equal(diag_look(&tuple, &found), -EAFNOSUPPORT);
}

static void a_mapped_address_is_an_ipv4_one(void **state)
{
        struct sockaddr_storage to;
        struct diag_socket found;
        struct diag_tuple tuple;
        int listener, fd;
        uint16_t port = 0;
        socklen_t n;
        (void)state;

        listener = listening(AF_INET, "127.0.0.1", &port);
        n = address(AF_INET6, "::ffff:127.0.0.1", port, &to);
        fd = socket(AF_INET6, SOCK_STREAM, 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&to, n), 0);
        assert_int_equal(diag_tuple_of(fd, &tuple), 0);
        assert_int_equal(tuple.family, AF_INET);
        assert_memory_equal(tuple.remote, "\x7f\x00\x00\x01", 4);
        assert_int_equal(tuple.remote_port, port);
        assert_int_equal(diag_look(&tuple, &found), 0);
        assert_int_equal(found.state, TCP_STATE_ESTABLISHED);
        close(fd);
        close(listener);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_connection_is_found_from_both_ends),
                cmocka_unit_test(closed_sockets_are_found_until_time_wait_is_over),
                cmocka_unit_test(a_listener_does_not_stand_in_for_a_connection),
                cmocka_unit_test(a_tuple_needs_a_connected_tcp_socket),
                cmocka_unit_test(a_mapped_address_is_an_ipv4_one),
        };

        (void)inside();
        return cmocka_run_group_tests_name("netlink/diag", tests, NULL, NULL);
}
