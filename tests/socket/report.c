/* Tests of finis_report() and finis_look(): each ending, as the running kernel makes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/mman.h>
#include <sys/sendfile.h>

#include "reports.h"
#include "sockets.h"

static void an_open_connection_is_open(void **state)
{
        struct finis f, g;
        struct finis_report r;
        int client, server;
        (void)state;

        a_pair(&client, &server);
        assert_int_equal(finis_init(&f, client), 0);
        assert_int_equal(finis_init(&g, server), 0);
        assert_int_equal(finis_report(&f, &r), 0);
        expect(&r, FINIS_ENDING_OPEN, 0, 0, 0, 0, 0);
        assert_int_equal(finis_write(&f, text, 10), 10);
        await(server, POLLIN);
        await_acked(client);
        assert_int_equal(finis_report(&f, &r), 0);
        expect(&r, FINIS_ENDING_OPEN, 0, 10, 10, 0, 0);
        assert_int_equal(finis_look(client, &r), 0);
        expect(&r, FINIS_ENDING_OPEN, 0, 10, 10, 0, 0);
        assert_int_equal(finis_look(server, &r), 0);
        assert_int_equal(r.received, 10);
        assert_int_equal(r.unread, 10);
        assert_int_equal(finis_report(&g, &r), 0);
        assert_int_equal(r.unread, 10);
        assert_int_equal(r.flags, 0);
        close(client);
        close(server);
}

static void each_half_close_is_half_closed(void **state)
{
        struct finis f, g;
        struct finis_report r;
        char buffer[64];
        int client, server;
        (void)state;

        a_pair(&client, &server);
        assert_int_equal(finis_init(&f, client), 0);
        assert_int_equal(finis_init(&g, server), 0);
        assert_int_equal(finis_write(&f, text, 10), 10);
        assert_int_equal(finis_shut(client, SHUT_WR), 0);
        await_state(client, FIN_WAIT2);
        assert_int_equal(finis_report(&f, &r), 0);
        expect(&r, FINIS_ENDING_HALF_CLOSED, FINIS_OWN_FIN | FINIS_OWN_FIN_ACKED, 10, 10, 0, 0);
        assert_int_equal(finis_look(client, &r), 0);
        expect(&r, FINIS_ENDING_HALF_CLOSED, FINIS_OWN_FIN | FINIS_OWN_FIN_ACKED, 10, 10, 0, 0);
        assert_int_equal(finis_read(&g, buffer, sizeof(buffer)), 10);
        assert_int_equal(finis_read(&g, buffer, sizeof(buffer)), 0);
        assert_int_equal(finis_report(&g, &r), 0);
        expect(&r, FINIS_ENDING_HALF_CLOSED, FINIS_PEER_FIN, 0, 0, 0, 0);
        assert_int_equal(r.received, 10);
        close(client);
        close(server);
}

static void both_fins_are_an_orderly_end_on_both_sides(void **state)
{
        struct finis f, g;
        struct finis_report r;
        char buffer[64];
        int client, server;
        (void)state;

        for (int eaten = 0; eaten < 2; ++eaten) {
                a_pair(&client, &server);
                assert_int_equal(finis_init(&f, client), 0);
                assert_int_equal(finis_init(&g, server), 0);
                assert_int_equal(finis_write(&f, text, 10), 10);
                assert_int_equal(finis_write(&g, text, 20), 20);
                assert_int_equal(finis_read(&g, buffer, sizeof(buffer)), 10);
                await_acked(client);
                await_acked(server);
                assert_int_equal(finis_shut(client, SHUT_WR), 0);
                await(server, POLLRDHUP);
                assert_int_equal(finis_shut(server, SHUT_WR), 0);
                await_state(server, CLOSED);
                await_state(client, CLOSED);
                /* The client has 20 bytes unread still: the end is orderly all the same. */
                if (eaten)
                        assert_int_equal(finis_read(&f, buffer, sizeof(buffer)), 20);
                assert_int_equal(finis_report(&f, &r), 0);
                expect(&r, FINIS_ENDING_ORDERLY, FINIS_OWN_FIN | FINIS_OWN_FIN_ACKED | FINIS_PEER_FIN, 10, 10, 0, 0);
                assert_int_equal(r.received, 20);
                assert_int_equal(r.unread, eaten ? 0 : 20);
                assert_int_equal(finis_report(&g, &r), 0);
                expect(&r, FINIS_ENDING_ORDERLY, FINIS_OWN_FIN | FINIS_OWN_FIN_ACKED | FINIS_PEER_FIN, 20, 20, 0, 0);
                /* A bare look cannot know the peer's FIN any more, and says so. */
                assert_int_equal(finis_look(client, &r), 0);
                assert_int_equal(r.ending, FINIS_ENDING_UNSEEN);
                assert_true(r.flags & FINIS_PEER_FIN_UNKNOWN);
                close(client);
                close(server);
        }
}

static void a_reset_leaves_the_counts_and_the_unread_bytes(void **state)
{
        struct finis f;
        struct finis_report r;
        char buffer[64];
        int client, server;
        (void)state;

        a_pair(&client, &server);
        assert_int_equal(finis_init(&f, client), 0);
        assert_int_equal(finis_write(&f, text, 30), 30);
        assert_int_equal(send(server, text, 7, 0), 7);
        await(client, POLLIN);
        await_acked(client);
        reset_by(server);
        await(client, POLLHUP);
        assert_int_equal(finis_report(&f, &r), 0);
        expect(&r, FINIS_ENDING_RESET, 0, 30, 30, 0, 0);
        assert_int_equal(r.error, 0);
        assert_int_equal(r.unread, 7);
        /* The report took no error away. */
        assert_int_equal(finis_write(&f, text, 1), -ECONNRESET);
        assert_int_equal(finis_write(&f, text, 1), -EPIPE);
        assert_int_equal(finis_read(&f, buffer, sizeof(buffer)), 7);
        assert_int_equal(finis_read(&f, buffer, sizeof(buffer)), 0);
        assert_int_equal(finis_report(&f, &r), 0);
        expect(&r, FINIS_ENDING_RESET, 0, 30, 30, 0, 0);
        assert_int_equal(r.error, ECONNRESET);
        assert_int_equal(r.error_by, FINIS_CALL_WRITE);
        assert_int_equal(r.received, 7);
        close(client);
}

static void a_reset_after_the_peers_fin_is_a_reset(void **state)
{
        struct finis f;
        struct finis_report r;
        char buffer[64];
        int client, server;
        (void)state;

        a_pair(&client, &server);
        assert_int_equal(finis_init(&f, client), 0);
        assert_int_equal(finis_write(&f, text, 5), 5);
        await(server, POLLIN);
        await_acked(client);
        assert_int_equal(shutdown(server, SHUT_WR), 0);
        await(client, POLLRDHUP);
        close(server);
        await(client, POLLHUP);
        assert_int_equal(finis_read(&f, buffer, sizeof(buffer)), 0);
        assert_int_equal(finis_write(&f, text, 5), -EPIPE);
        assert_int_equal(finis_report(&f, &r), 0);
        expect(&r, FINIS_ENDING_RESET, FINIS_PEER_FIN, 5, 5, 0, 0);
        assert_int_equal(r.error, EPIPE);
        close(client);
}

static void data_after_the_peers_close_is_uncertain_and_never_acknowledged(void **state)
{
        struct finis f;
        struct finis_report r;
        int client, server;
        (void)state;

        a_pair(&client, &server);
        assert_int_equal(finis_init(&f, client), 0);
        assert_int_equal(finis_write(&f, text, 5), 5);
        read_off(server, 5);
        await_acked(client);
        close(server);
        await(client, POLLRDHUP);
        assert_int_equal(finis_write(&f, text, 9), 9);
        await(client, POLLHUP);
        assert_int_equal(finis_report(&f, &r), 0);
        expect(&r, FINIS_ENDING_RESET, FINIS_PEER_FIN, 14, 5, 9, 0);
        close(client);
}

static void an_error_eaten_by_so_error_changes_no_verdict(void **state)
{
        struct finis f;
        struct finis_report r;
        socklen_t n = sizeof(int);
        char buffer[64];
        int client, server, error = 0;
        (void)state;

        a_pair(&client, &server);
        assert_int_equal(finis_init(&f, client), 0);
        assert_int_equal(finis_write(&f, text, 30), 30);
        await_acked(client);
        reset_by(server);
        await(client, POLLHUP);
        assert_int_equal(getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &n), 0);
        assert_int_equal(error, ECONNRESET);
        /* To recv() it looks like a clean end now. */
        assert_int_equal(finis_read(&f, buffer, sizeof(buffer)), 0);
        assert_int_equal(finis_report(&f, &r), 0);
        expect(&r, FINIS_ENDING_RESET, 0, 30, 30, 0, 0);
        assert_int_equal(r.error, 0);
        close(client);
}

static void a_reset_that_sendfile_swallowed_is_told(void **state)
{
        struct finis f;
        struct finis_report r;
        struct finis_sigpipe s;
        struct tcp_info peer;
        int client, server, file;
        uint64_t sum = 0;
        ssize_t n;
        (void)state;

        file = memfd_create("bytes", MFD_CLOEXEC);
        assert_true(file >= 0);
        assert_int_equal(ftruncate(file, 64 << 20), 0);
        a_pair(&client, &server);
        assert_int_equal(finis_init(&f, client), 0);
        assert_int_equal(finis_sigpipe_block(&s), 0);
        be_nonblocking(client);
        n = sendfile(client, file, NULL, 64 << 20);
        assert_true(n > 0);
        sum = (uint64_t)n;
        finis_note_write(&f, n);
        usleep(100000);
        while ((n = sendfile(client, file, NULL, 64 << 20)) > 0) {
                finis_note_write(&f, n);
                sum += (uint64_t)n;
        }
        peer = info_of(server);
        close(server);
        await(client, POLLHUP);
        /* As sendfile() does when it has moved bytes before: the error is consumed, not told. */
        {
                socklen_t size = sizeof(int);
                int error;

                getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &size);
        }
        n = sendfile(client, file, NULL, 1000);
        assert_int_equal(n, -1);
        assert_int_equal(errno, EPIPE);
        finis_note_write(&f, n);
        assert_int_equal(finis_sigpipe_restore(&s), 0);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_int_equal(r.ending, FINIS_ENDING_RESET);
        assert_int_equal(r.flags, 0);
        assert_int_equal(r.written, sum);
        assert_int_equal(r.acknowledged, peer.tcpi_bytes_received);
        assert_true(r.unsent > 0);
        assert_int_equal(r.error, EPIPE);
        close(client);
        close(file);
}

static void a_refused_attempt_is_refused(void **state)
{
        struct finis f;
        struct finis_report r;
        struct sockaddr_in at;
        int fd;
        (void)state;

        close(a_listener(&at));
        for (int nonblocking = 0; nonblocking < 2; ++nonblocking) {
                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
                if (nonblocking)
                        be_nonblocking(fd);
                assert_int_equal(finis_init(&f, fd), 0);
                finis_note_connect(&f, connect(fd, (struct sockaddr *)&at, sizeof(at)));
                if (nonblocking) {
                        await(fd, POLLHUP);
                        assert_int_equal(finis_take_error(&f), ECONNREFUSED);
                        assert_int_equal(finis_take_error(&f), 0);
                }
                assert_int_equal(finis_report(&f, &r), 0);
                expect(&r, FINIS_ENDING_REFUSED, 0, 0, 0, 0, 0);
                assert_int_equal(r.error, ECONNREFUSED);
                assert_int_equal(r.error_by, nonblocking ? FINIS_CALL_SO_ERROR : FINIS_CALL_CONNECT);
                close(fd);
        }
}

static void a_reset_before_the_first_look_is_no_failed_attempt(void **state)
{
        struct finis f;
        struct finis_report r;
        struct sockaddr_in at;
        int listener, client;
        (void)state;

        listener = a_listener(&at);
        client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(finis_init(&f, client), 0);
        assert_int_equal(connect(client, (struct sockaddr *)&at, sizeof(at)), 0);
        reset_by(accept(listener, NULL, NULL));
        await(client, POLLHUP);
        assert_int_equal(finis_report(&f, &r), 0);
        expect(&r, FINIS_ENDING_RESET, 0, 0, 0, 0, 0);
        close(client);
        close(listener);
}

static void a_disconnect_wipes_the_counts_and_is_told(void **state)
{
        struct finis f;
        struct finis_report r;
        int client, server;
        (void)state;

        for (int side = 0; side < 2; ++side) {
                int fd;

                a_pair(&client, &server);
                fd = side ? server : client;
                assert_int_equal(finis_init(&f, fd), 0);
                assert_int_equal(finis_write(&f, text, 6), 6);
                assert_int_equal(finis_abort_keep(fd), 0);
                assert_int_equal(finis_report(&f, &r), 0);
                expect(&r, FINIS_ENDING_RESET, FINIS_VOID | FINIS_BY_US | FINIS_PEER_FIN_UNKNOWN, 0, 0, 0, 0);
                assert_int_equal(finis_look(fd, &r), 0);
                expect(&r, FINIS_ENDING_RESET, FINIS_VOID | FINIS_BY_US | FINIS_PEER_FIN_UNKNOWN, 0, 0, 0, 0);
                await(side ? client : server, POLLHUP);
                close(client);
                close(server);
        }
}

static void a_time_out_is_told_from_a_reset(void **state)
{
        struct finis f;
        struct finis_report r;
        char buffer[4096] = { 0 };
        int client, server;
        (void)state;

        a_pair(&client, &server);
        /* A peer whose window stays shut, and a patience of a second. */
        set(client, IPPROTO_TCP, TCP_USER_TIMEOUT, 700);
        be_nonblocking(client);
        assert_int_equal(finis_init(&f, client), 0);
        while (finis_write(&f, buffer, sizeof(buffer)) > 0)
                ;
        await(client, POLLHUP);
        assert_int_equal(finis_report(&f, &r), 0);
        /* Not taken yet: repeats alone do not tell it from a reset. */
        assert_int_equal(r.ending, FINIS_ENDING_UNSEEN);
        assert_int_equal(r.acknowledged, info_of(server).tcpi_bytes_received);
        assert_int_equal(r.acknowledged + r.uncertain + r.unsent, f.n_written);
        assert_int_equal(finis_take_error(&f), ETIMEDOUT);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_int_equal(r.ending, FINIS_ENDING_TIMED_OUT);
        assert_int_equal(r.error, ETIMEDOUT);
        assert_int_equal(r.error_by, FINIS_CALL_SO_ERROR);
        close(client);
        close(server);
}

/* Behind the peer's FIN a write says EPIPE of both, once somebody else took the error. */
static void a_time_out_whose_error_was_eaten_is_not_called_a_reset(void **state)
{
        socklen_t n = sizeof(int);
        struct finis_report r;
        struct finis f;
        int client, server, error = 0;
        (void)state;

        a_pair(&client, &server);
        set(client, IPPROTO_TCP, TCP_USER_TIMEOUT, 100);
        assert_int_equal(finis_init(&f, client), 0);
        assert_int_equal(shutdown(server, SHUT_WR), 0);
        await(client, POLLRDHUP);
        /* The peer takes no segment any more (IP_MINTTL). */
        set(server, IPPROTO_IP, IP_MINTTL, 255);
        assert_int_equal(finis_write(&f, text, 10), 10);
        await(client, POLLHUP);
        assert_int_equal(getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &n), 0);
        assert_int_equal(error, ETIMEDOUT);
        assert_int_equal(finis_write(&f, text, 10), -EPIPE);
        assert_int_equal(finis_report(&f, &r), 0);
        expect(&r, FINIS_ENDING_UNSEEN, FINIS_PEER_FIN, 10, 0, 10, 0);
        close(client);
        close(server);
}

static void what_is_no_connection_is_an_error(void **state)
{
        struct finis_report r;
        struct sockaddr_in at;
        struct finis f;
        int fd, ends[2];
        (void)state;

        errno = 77;
        assert_int_equal(finis_look(-1, &r), -EBADF);
        assert_int_equal(finis_init(&f, -1), -EBADF);
        fd = a_listener(&at);
        assert_int_equal(finis_look(fd, &r), -EINVAL);
        close(fd);
        fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        assert_int_equal(finis_look(fd, &r), -EOPNOTSUPP);
        close(fd);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        assert_int_equal(finis_look(ends[0], &r), -EOPNOTSUPP);
        close(ends[0]);
        close(ends[1]);
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(finis_look(ends[0], &r), -EOPNOTSUPP);
        close(ends[0]);
        close(ends[1]);
        assert_int_equal(errno, 77);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_open_connection_is_open),
                cmocka_unit_test(each_half_close_is_half_closed),
                cmocka_unit_test(both_fins_are_an_orderly_end_on_both_sides),
                cmocka_unit_test(a_reset_leaves_the_counts_and_the_unread_bytes),
                cmocka_unit_test(a_reset_after_the_peers_fin_is_a_reset),
                cmocka_unit_test(data_after_the_peers_close_is_uncertain_and_never_acknowledged),
                cmocka_unit_test(an_error_eaten_by_so_error_changes_no_verdict),
                cmocka_unit_test(a_reset_that_sendfile_swallowed_is_told),
                cmocka_unit_test(a_refused_attempt_is_refused),
                cmocka_unit_test(a_reset_before_the_first_look_is_no_failed_attempt),
                cmocka_unit_test(a_disconnect_wipes_the_counts_and_is_told),
                cmocka_unit_test(a_time_out_is_told_from_a_reset),
                cmocka_unit_test(a_time_out_whose_error_was_eaten_is_not_called_a_reset),
                cmocka_unit_test(what_is_no_connection_is_an_error),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
