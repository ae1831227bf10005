/* A FIN counts as one byte, and so does a byte that was moved without a note: where the two cannot be
 * told apart the library claims neither, and a reset is never taken for an orderly end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "sockets.h"
#include "reports.h"

/* This end's program reads a byte of the peer's, and tells nobody. */
static void a_read_byte(int *ret_client, int *ret_server, struct finis *ret)
{
        a_pair(ret_client, ret_server);
        assert_int_equal(finis_init(ret, *ret_client), 0);
        assert_int_equal(send(*ret_server, "x", 1, 0), 1);
        await(*ret_client, POLLIN);
        read_off(*ret_client, 1);
}

static void *take_the_fin_and_reset(void *context)
{
        int fd = *(const int *)context;

        await(fd, POLLRDHUP);
        /* The acknowledgement of a FIN may be delayed: that is what is waited for. */
        usleep(100000);
        reset_by(fd);
        return NULL;
}

static void a_byte_read_without_a_note_is_not_taken_for_the_peers_fin(void **state)
{
        struct finis_report r;
        struct finis f;
        int client, server;
        (void)state;

        a_read_byte(&client, &server, &f);
        assert_int_equal(finis_shut(client, SHUT_WR), 0);
        await_state(client, FIN_WAIT2);
        reset_by(server);
        await_state(client, CLOSED);
        assert_int_equal(finis_report(&f, &r), 0);
        expect(&r, FINIS_ENDING_UNSEEN, FINIS_OWN_FIN | FINIS_OWN_FIN_ACKED | FINIS_PEER_FIN_UNKNOWN |
               FINIS_UNNOTED_READS, 0, 0, 0, 0);
        close(client);
}

static void nor_by_a_close(void **state)
{
        struct finis_report r;
        struct finis f;
        int client, server;
        pthread_t thread;
        (void)state;

        /* With the reading side shut too recv() says 0 before the reset comes. */
        for (int shut = 0; shut < 2; ++shut) {
                a_read_byte(&client, &server, &f);
                if (shut)
                        assert_int_equal(finis_shut(client, SHUT_RD), 0);
                assert_int_equal(pthread_create(&thread, NULL, take_the_fin_and_reset, &server), 0);
                assert_string_equal(finis_close_name(finis_close(&f, NULL, &r)), "reset");
                assert_true(r.ending != FINIS_ENDING_ORDERLY);
                assert_false(r.flags & FINIS_PEER_FIN);
                /* Who saw it first took it away, and so has to tell. */
                assert_int_equal(r.error, ECONNRESET);
                pthread_join(thread, NULL);
        }
}

static void a_byte_written_without_a_note_is_not_taken_for_a_fin(void **state)
{
        struct finis_report r;
        struct finis f;
        int client, server;
        (void)state;

        a_pair(&client, &server);
        assert_int_equal(finis_init(&f, client), 0);
        assert_int_equal(send(client, "x", 1, 0), 1);
        await_acked(client);
        assert_int_equal(shutdown(server, SHUT_WR), 0);
        await(client, POLLRDHUP);
        reset_by(server);
        await_state(client, CLOSED);
        assert_int_equal(finis_report(&f, &r), 0);
        expect(&r, FINIS_ENDING_RESET, FINIS_PEER_FIN | FINIS_UNNOTED_WRITES, 1, 1, 0, 0);
        close(client);
}

/* The rule costs nobody who keeps to it: a program that only writes, or whose peer only closes. */
static void what_was_never_sent_needs_no_note(void **state)
{
        struct finis_report r;
        struct finis f;
        int client, server;
        (void)state;

        for (int writes = 0; writes < 2; ++writes) {
                a_pair(&client, &server);
                assert_int_equal(finis_init(&f, client), 0);
                if (writes)
                        assert_int_equal(finis_write(&f, text, 10), 10);
                assert_int_equal(shutdown(client, SHUT_WR), 0);
                await(server, POLLRDHUP);
                if (writes)
                        read_off(server, 10);
                close(server);
                await_state(client, CLOSED);
                assert_int_equal(finis_report(&f, &r), 0);
                expect(&r, FINIS_ENDING_ORDERLY, FINIS_OWN_FIN | FINIS_OWN_FIN_ACKED | FINIS_PEER_FIN,
                       writes * 10u, writes * 10u, 0, 0);
                close(client);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_byte_read_without_a_note_is_not_taken_for_the_peers_fin),
                cmocka_unit_test(nor_by_a_close),
                cmocka_unit_test(a_byte_written_without_a_note_is_not_taken_for_a_fin),
                cmocka_unit_test(what_was_never_sent_needs_no_note),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
