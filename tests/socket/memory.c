/* A memory of one's own calls: what finis_report() knows by it that the kernel does not tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "reports.h"
#include "sockets.h"

static void *drain(void *data)
{
        char buffer[3000];

        while (recv(*(int *)data, buffer, sizeof(buffer), 0) > 0)
                ;
        return NULL;
}

static void a_memory_from_before_connect_counts_the_same(void **state)
{
        struct finis f;
        struct finis_report r;
        struct sockaddr_in at;
        int listener, client, server;
        (void)state;

        listener = a_listener(&at);
        client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(finis_init(&f, client), 0);
        assert_int_equal(finis_report(&f, &r), 0);
        expect(&r, FINIS_ENDING_UNSEEN, 0, 0, 0, 0, 0);
        assert_int_equal(connect(client, (struct sockaddr *)&at, sizeof(at)), 0);
        server = accept(listener, NULL, NULL);
        assert_int_equal(finis_report(&f, &r), 0);
        expect(&r, FINIS_ENDING_OPEN, 0, 0, 0, 0, 0);
        assert_int_equal(finis_write(&f, text, 12), 12);
        await_acked(client);
        read_off(server, 12);
        close(server);
        await(client, POLLRDHUP);
        assert_int_equal(finis_write(&f, text, 4), 4);
        await(client, POLLHUP);
        assert_int_equal(finis_report(&f, &r), 0);
        expect(&r, FINIS_ENDING_RESET, FINIS_PEER_FIN, 16, 12, 4, 0);
        close(client);
        close(listener);
}

static void a_memory_from_the_midst_counts_from_there(void **state)
{
        struct finis f;
        struct finis_report r;
        char buffer[64];
        int client, server;
        (void)state;

        a_pair(&client, &server);
        assert_int_equal(send(client, text, 20, 0), 20);
        assert_int_equal(send(server, text, 8, 0), 8);
        await(client, POLLIN);
        await_acked(client);
        assert_int_equal(recv(client, buffer, 3, 0), 3);
        assert_int_equal(finis_init(&f, client), 0);
        assert_int_equal(finis_write(&f, text, 6), 6);
        await_acked(client);
        assert_int_equal(finis_read(&f, buffer, 4), 4);
        reset_by(server);
        await(client, POLLHUP);
        assert_int_equal(finis_report(&f, &r), 0);
        expect(&r, FINIS_ENDING_RESET, 0, 6, 6, 0, 0);
        assert_int_equal(r.received, 5);
        assert_int_equal(r.unread, 1);
        close(client);
}

static void unnoted_calls_are_noticed_and_the_kernel_counts_for_them(void **state)
{
        struct finis f;
        struct finis_report r;
        int client, server;
        (void)state;

        a_pair(&client, &server);
        assert_int_equal(finis_init(&f, client), 0);
        assert_int_equal(send(client, text, 30, 0), 30);
        assert_int_equal(send(server, text, 9, 0), 9);
        await(client, POLLIN);
        read_off(client, 9);
        await_acked(client);
        reset_by(server);
        await(client, POLLHUP);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_int_equal(r.written, 30);
        assert_int_equal(r.acknowledged, 30);
        assert_int_equal(r.received, 9);
        assert_int_equal(r.flags, FINIS_UNNOTED_WRITES | FINIS_UNNOTED_READS | FINIS_PEER_FIN_UNKNOWN);
        /* No FIN of its own can be in the counts, so that it was a reset all the same. */
        assert_int_equal(r.ending, FINIS_ENDING_RESET);
        close(client);
}

/* Four answers of the kernel are four moments: they must tell of one. */
static void a_look_while_acknowledgements_come_in_adds_up(void **state)
{
        static const char much[1 << 20];
        struct finis_report r;
        struct finis f;
        unsigned n_midst = 0;
        int client, server;
        pthread_t thread;
        (void)state;

        for (int i = 0; i < 20; ++i) {
                a_pair(&client, &server);
                be_nonblocking(client);
                assert_int_equal(finis_init(&f, client), 0);
                while (finis_write(&f, much, sizeof(much)) > 0)
                        ;
                assert_int_equal(pthread_create(&thread, NULL, drain, &server), 0);
                do {
                        assert_int_equal(finis_report(&f, &r), 0);
                        if (!(r.flags & FINIS_MOVING)) {
                                assert_int_equal(r.written, f.n_written);
                                assert_int_equal(r.acknowledged + r.uncertain + r.unsent, f.n_written);
                                n_midst += r.acknowledged > 0 && r.acknowledged < r.written;
                        }
                } while (r.acknowledged < f.n_written);
                close(client);
                pthread_join(thread, NULL);
                close(server);
        }
        assert_true(n_midst > 20);
}

/* Unnoted writes and a FIN that never left: only a note tells the FIN from a byte. */
static void a_fin_behind_unnoted_writes_is_known_by_its_note(void **state)
{
        static const char much[1 << 20];
        struct finis_report r;
        struct finis f;
        int client, server;
        (void)state;

        for (int noted = 0; noted < 2; ++noted) {
                uint64_t sum = 0;
                ssize_t n;

                a_pair(&client, &server);
                be_nonblocking(client);
                assert_int_equal(finis_init(&f, client), 0);
                while ((n = send(client, much, sizeof(much), 0)) > 0)
                        sum += (uint64_t)n;
                assert_int_equal(finis_shut(client, SHUT_WR), 0);
                if (noted)
                        finis_note_shut(&f, SHUT_WR);
                reset_by(server);
                await_state(client, CLOSED);
                assert_int_equal(finis_report(&f, &r), 0);
                assert_true(r.unsent > 0);
                assert_int_equal(r.ending, FINIS_ENDING_RESET);
                if (noted) {
                        assert_int_equal(r.written, sum);
                        assert_int_equal(r.flags, FINIS_OWN_FIN | FINIS_UNNOTED_WRITES);
                } else {
                        assert_int_equal(r.written, sum + 1);
                        assert_int_equal(r.flags, FINIS_OFF_BY_ONE | FINIS_UNNOTED_WRITES);
                }
                close(client);
        }
}

static void the_first_error_that_ends_it_is_kept(void **state)
{
        static const struct {
                const char *what;
                int first, second, kept;
        } cases[] = {
                { "EPIPE may be of this end's own shutdown", EPIPE, ECONNRESET, ECONNRESET },
                { "what is pending once comes before EPIPE", ECONNRESET, EPIPE, ECONNRESET },
                { "ICMP's errors may leave it alive", EHOSTUNREACH, ECONNRESET, ECONNRESET },
                { "and may come later", ETIMEDOUT, EHOSTUNREACH, ETIMEDOUT },
                { "of two that end it the first", ECONNRESET, ETIMEDOUT, ECONNRESET },
                { "trying again is no error", EAGAIN, ETIMEDOUT, ETIMEDOUT },
                { "nor is a signal", ECONNABORTED, EINTR, ECONNABORTED },
                { "nor a wrong call", EBADF, EINVAL, 0 },
        };
        struct finis_report r;
        struct finis f;
        int client, server;
        (void)state;

        a_pair(&client, &server);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
                assert_int_equal(finis_init(&f, client), 0);
                finis_note_write(&f, -cases[i].first);
                errno = cases[i].second;
                finis_note_read(&f, -1);
                assert_int_equal(finis_report(&f, &r), 0);
                if (r.error != cases[i].kept)
                        fail_msg("%s: kept %d", cases[i].what, r.error);
                if (r.error)
                        assert_int_equal(r.error_by, r.error == cases[i].first ? FINIS_CALL_WRITE : FINIS_CALL_READ);
        }
        close(client);
        close(server);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_memory_from_before_connect_counts_the_same),
                cmocka_unit_test(a_memory_from_the_midst_counts_from_there),
                cmocka_unit_test(unnoted_calls_are_noticed_and_the_kernel_counts_for_them),
                cmocka_unit_test(a_look_while_acknowledgements_come_in_adds_up),
                cmocka_unit_test(a_fin_behind_unnoted_writes_is_known_by_its_note),
                cmocka_unit_test(the_first_error_that_ends_it_is_kept),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
