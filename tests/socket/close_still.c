/* Tests of finis_close() where the peer does nothing while it runs: ends from before, linger, wrong options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <finis/finis.h>

#include "sockets.h"

static const char bytes[1000];

/* FIN then RST: recv() says 0 for ever, and yet it was no clean end. */
static void a_reset_behind_the_peers_fin_is_not_clean(void **state)
{
        (void)state;

        for (int waited = 0; waited < 2; ++waited) {
                struct finis f;
                int client, server;

                a_pair(&client, &server);
                assert_int_equal(finis_init(&f, client), 0);
                assert_int_equal(finis_write(&f, bytes, 10), 10);
                shutdown(server, SHUT_WR);
                await(client, POLLRDHUP);
                reset_by(server);
                await(client, POLLERR);
                /* Told by recv() or SO_ERROR to somebody else before, or by nobody yet. */
                if (waited) {
                        socklen_t n = sizeof(int);
                        int error;

                        getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &n);
                        assert_int_equal(error, EPIPE);
                }
                assert_int_equal(finis_close(&f, NULL, NULL), FINIS_CLOSE_RESET);
        }
}

static void a_linger_of_0_does_not_reset_a_peer_that_keeps_open(void **state)
{
        struct finis f;
        int client, server;
        (void)state;

        a_pair(&client, &server);
        linger(client, 0);
        assert_int_equal(finis_init(&f, client), 0);
        assert_int_equal(finis_write(&f, bytes, 1000), 1000);
        assert_int_equal(finis_close(&f, &(struct finis_close_options){ .flags = FINIS_ACK_IS_ENOUGH }, NULL),
                         FINIS_CLOSE_ACKED);
        /* After a FIN recv() would not tell of a reset; the state does: CLOSE_WAIT. */
        usleep(20000);
        assert_int_equal(info_of(server).tcpi_state, 8);
        read_off(server, 1000);
        assert_int_equal(recv(server, (char[1]){ 0 }, 1, 0), 0);
        close(server);
}

static void wrong_options_touch_nothing(void **state)
{
        struct finis f;
        struct finis_want want;
        int client, server;
        (void)state;

        a_pair(&client, &server);
        assert_int_equal(finis_init(&f, client), 0);
        assert_int_equal(finis_close_step(&f, 0, &want), -EINVAL);
        assert_int_equal(finis_close(&f, &(struct finis_close_options){ .flags = 0x80000000u }, NULL), -EINVAL);
        assert_true(is_open(client));
        assert_int_equal(info_of(client).tcpi_state, 1);
        close(client);
        close(server);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_reset_behind_the_peers_fin_is_not_clean),
                cmocka_unit_test(a_linger_of_0_does_not_reset_a_peer_that_keeps_open),
                cmocka_unit_test(wrong_options_touch_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
