/* Tests of the calls on a bare descriptor: sending, SIGPIPE, shutting and aborting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <finis/finis.h>

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "sockets.h"

static void sending_to_a_broken_connection_raises_no_signal(void **state)
{
        const struct iovec parts[2] = { { (char[1]){ 'a' }, 1 }, { (char[2]){ 'b', 'c' }, 2 } };
        int client, server;
        (void)state;

        /* SIGPIPE has its default here: it would end the test. */
        a_pair(&client, &server);
        errno = 77;
        assert_int_equal(finis_send(client, "0123456789", 10), 10);
        assert_int_equal(finis_sendv(client, parts, 2), 3);
        read_off(server, 13);
        await_acked(client);
        reset_by(server);
        await(client, POLLERR);
        errno = 77;
        assert_int_equal(finis_send(client, "a", 1), -ECONNRESET);
        assert_int_equal(finis_send(client, "a", 1), -EPIPE);
        assert_int_equal(finis_sendv(client, parts, 2), -EPIPE);
        assert_int_equal(finis_send(-1, "a", 1), -EBADF);
        assert_int_equal(errno, 77);
        close(client);
}

static void a_full_connection_takes_a_part(void **state)
{
        static const char much[64 << 20];
        const struct iovec part = { (void *)(uintptr_t)much, sizeof(much) };
        int client, server;
        ssize_t n;
        (void)state;

        a_pair(&client, &server);
        be_nonblocking(client);
        n = finis_sendv(client, &part, 1);
        assert_true(n > 0 && n < (ssize_t)sizeof(much));
        while ((n = finis_send(client, much, sizeof(much))) > 0)
                ;
        assert_int_equal(n, -EAGAIN);
        close(client);
        close(server);
}

static bool sigpipe_pending(void)
{
        sigset_t pending;

        sigpending(&pending);
        return sigismember(&pending, SIGPIPE) == 1;
}

static bool sigpipe_blocked(void)
{
        sigset_t mask;

        pthread_sigmask(SIG_SETMASK, NULL, &mask);
        return sigismember(&mask, SIGPIPE) == 1;
}

static void break_pipe(void)
{
        int client, server;

        a_pair(&client, &server);
        shutdown(client, SHUT_WR);
        assert_int_equal(write(client, "a", 1), -1);
        assert_int_equal(errno, EPIPE);
        close(client);
        close(server);
}

static void a_sigpipe_between_block_and_restore_is_gone(void **state)
{
        struct finis_sigpipe s, inner;
        (void)state;

        errno = 77;
        assert_int_equal(finis_sigpipe_block(&s), 0);
        assert_true(sigpipe_blocked());
        break_pipe();
        assert_true(sigpipe_pending());
        /* Nested, it was pending before the inner pair, which leaves it. */
        assert_int_equal(finis_sigpipe_block(&inner), 0);
        break_pipe();
        assert_int_equal(finis_sigpipe_restore(&inner), 0);
        assert_true(sigpipe_blocked());
        assert_true(sigpipe_pending());
        errno = 77;
        assert_int_equal(finis_sigpipe_restore(&s), 0);
        assert_int_equal(errno, 77);
        assert_false(sigpipe_pending());
        assert_false(sigpipe_blocked());
        /* Without one it is as quiet. */
        assert_int_equal(finis_sigpipe_block(&s), 0);
        assert_int_equal(finis_sigpipe_restore(&s), 0);
        assert_false(sigpipe_blocked());
}

static void one_that_was_pending_before_stays(void **state)
{
        struct finis_sigpipe s;
        const struct timespec at_once = { 0 };
        sigset_t set;
        (void)state;

        sigemptyset(&set);
        sigaddset(&set, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &set, NULL);
        break_pipe();
        assert_int_equal(finis_sigpipe_block(&s), 0);
        break_pipe();
        assert_int_equal(finis_sigpipe_restore(&s), 0);
        assert_true(sigpipe_pending());
        assert_true(sigpipe_blocked());
        assert_int_equal(sigtimedwait(&set, NULL, &at_once), SIGPIPE);
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void *in_a_thread(void *data)
{
        struct finis_sigpipe s;
        (void)data;

        for (int i = 0; i < 300; ++i) {
                if (finis_sigpipe_block(&s) < 0)
                        return (void *)(uintptr_t) "block";
                break_pipe();
                if (!sigpipe_pending())
                        return (void *)(uintptr_t) "none came";
                if (finis_sigpipe_restore(&s) < 0)
                        return (void *)(uintptr_t) "restore";
                if (sigpipe_pending() || sigpipe_blocked())
                        return (void *)(uintptr_t) "left over";
        }
        return NULL;
}

static void threads_do_not_take_each_others_signals(void **state)
{
        pthread_t threads[4];
        void *why;
        (void)state;

        for (unsigned i = 0; i < 4; ++i)
                assert_int_equal(pthread_create(&threads[i], NULL, in_a_thread, NULL), 0);
        for (unsigned i = 0; i < 4; ++i) {
                assert_int_equal(pthread_join(threads[i], &why), 0);
                assert_null(why);
        }
        assert_false(sigpipe_blocked());
}

static void the_shut_halves_are_as_documented(void **state)
{
        int client, server;
        char buffer[8];
        (void)state;

        a_pair(&client, &server);
        assert_int_equal(finis_shut(client, SHUT_RD), 0);
        assert_int_equal(send(server, "abc", 3, 0), 3);
        await_acked(server);
        assert_int_equal(recv(client, buffer, sizeof(buffer), 0), 3);
        assert_int_equal(finis_shut(client, SHUT_WR), 0);
        await(server, POLLRDHUP);
        assert_int_equal(finis_send(client, "a", 1), -EPIPE);
        assert_int_equal(finis_shut(server, SHUT_WR), 0);
        await_state(server, CLOSED);
        assert_int_equal(finis_shut(server, SHUT_WR), -ENOTCONN);
        assert_int_equal(finis_shut(-1, SHUT_WR), -EBADF);
        close(client);
        close(server);
}

static void an_abort_resets_and_closes(void **state)
{
        int client, server, copy, ends[2];
        char buffer[8];
        (void)state;

        a_pair(&client, &server);
        assert_int_equal(finis_abort(client), 0);
        assert_false(is_open(client));
        await(server, POLLERR);
        assert_int_equal(recv(server, buffer, 1, 0), -1);
        assert_int_equal(errno, ECONNRESET);
        close(server);

        /* While another descriptor holds the socket nothing ends. */
        a_pair(&client, &server);
        copy = dup(client);
        assert_int_equal(finis_abort(client), 0);
        assert_false(is_open(client));
        assert_int_equal(info_of(server).tcpi_state, 1);
        assert_int_equal(info_of(copy).tcpi_state, 1);
        /* finis_abort_keep() ends it for all of them. */
        client = dup(copy);
        assert_int_equal(finis_abort_keep(client), 0);
        await(server, POLLERR);
        assert_true(is_open(client));
        assert_int_equal(info_of(copy).tcpi_state, CLOSED);
        close(client);
        close(copy);
        close(server);

        assert_int_equal(finis_abort(-1), -EBADF);
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(finis_abort(ends[0]), -ENOTSOCK);
        assert_true(is_open(ends[0]));
        close(ends[0]);
        close(ends[1]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(sending_to_a_broken_connection_raises_no_signal),
                cmocka_unit_test(a_full_connection_takes_a_part),
                cmocka_unit_test(a_sigpipe_between_block_and_restore_is_gone),
                cmocka_unit_test(one_that_was_pending_before_stays),
                cmocka_unit_test(threads_do_not_take_each_others_signals),
                cmocka_unit_test(the_shut_halves_are_as_documented),
                cmocka_unit_test(an_abort_resets_and_closes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
