/* A look at a socket while its other end acts: what is told of one moment is of one moment. Sockets on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "trace/look.h"

#define RESETS 300
#define DRAINS 10

static int pidfd;

struct pair {
        int client, server;
        size_t written;                 /* by the client */
        void (*act)(struct pair *pair);
        atomic_bool go;
};

static void connect_pair(struct pair *pair)
{
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t n = sizeof(to);
        int listener = socket(AF_INET, SOCK_STREAM, 0);

        pair->client = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(bind(listener, (void *)&to, n), 0);
        assert_int_equal(listen(listener, 1), 0);
        assert_int_equal(getsockname(listener, (void *)&to, &n), 0);
        assert_int_equal(connect(pair->client, (void *)&to, n), 0);
        pair->server = accept(listener, NULL, NULL);
        assert_true(pair->server >= 0);
        close(listener);
}

static void *wait_and_act(void *context)
{
        struct pair *pair = context;

        while (!atomic_load(&pair->go))
                ;
        pair->act(pair);
        return NULL;
}

/* The numbers that were given to the SYN and the bytes are acknowledged, or wait: none is forgotten, nor one more. */
static void looks_while_the_other_acts(struct pair *pair, bool (*is_over)(const struct look *look))
{
        struct look look = { 0 };
        pthread_t other;

        assert_int_equal(pthread_create(&other, NULL, wait_and_act, pair), 0);
        atomic_store(&pair->go, true);
        do {
                assert_int_equal(look_through(pidfd, pair->client, LOOK_END, 0, NULL, &look), 0);
                if (look.whole)
                        assert_int_equal(look.bytes_acked + look.outq, pair->written + 1);
        } while (!look.whole || !is_over(&look));
        pthread_join(other, NULL);
        close(pair->client);
}

static void close_unread(struct pair *pair)
{
        close(pair->server);
}

static bool is_dead(const struct look *look)
{
        return look->state == TCP_STATE_CLOSE;
}

/* It has not acknowledged what it does not read: that waits with the answer that it is to give. */
static void a_reset_comes_before_a_look_or_after_it(void **state)
{
        static const char asks[360];
        struct pair pair = { .act = close_unread, .written = sizeof(asks) };
        int no = 0;

        (void)state;
        for (unsigned i = 0; i < RESETS; i++) {
                connect_pair(&pair);
                setsockopt(pair.server, IPPROTO_TCP, TCP_QUICKACK, &no, sizeof(no));
                atomic_store(&pair.go, false);
                assert_int_equal(send(pair.client, asks, sizeof(asks), 0), sizeof(asks));
                looks_while_the_other_acts(&pair, is_dead);
        }
}

static void drain(struct pair *pair)
{
        char part[4096];
        size_t left = pair->written;

        while (left > 0)
                left -= (size_t)recv(pair->server, part, sizeof(part), 0);
}

static bool is_acked(const struct look *look)
{
        return look->outq == 0;
}

static void an_ack_comes_before_a_look_or_after_it(void **state)
{
        static const char much[1 << 20];
        struct pair pair = { .act = drain };
        int room = 4 << 20;

        (void)state;
        for (unsigned i = 0; i < DRAINS; i++) {
                connect_pair(&pair);
                setsockopt(pair.client, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
                atomic_store(&pair.go, false);
                pair.written = (size_t)send(pair.client, much, sizeof(much), MSG_DONTWAIT);
                assert_in_range(pair.written, 1, sizeof(much));
                looks_while_the_other_acts(&pair, is_acked);
                close(pair.server);
        }
}

static int open_self(void **state)
{
        (void)state;
        pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
        return pidfd < 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_reset_comes_before_a_look_or_after_it),
                cmocka_unit_test(an_ack_comes_before_a_look_or_after_it),
        };

        return cmocka_run_group_tests(tests, open_self, NULL);
}
