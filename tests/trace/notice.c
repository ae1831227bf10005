/* The watch on a socket: what wakes it, what does not, and that it holds nothing. Sockets on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "trace/notice.h"

#define COOKIE 77

static void wake(int signal)
{
        (void)signal;
}

struct pair {
        int client, server;
};

static struct pair connected(void)
{
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t n = sizeof(to);
        int listener = socket(AF_INET, SOCK_STREAM, 0);
        struct pair pair = { .client = socket(AF_INET, SOCK_STREAM, 0) };

        assert_int_equal(bind(listener, (void *)&to, n), 0);
        assert_int_equal(listen(listener, 1), 0);
        assert_int_equal(getsockname(listener, (void *)&to, &n), 0);
        assert_int_equal(connect(pair.client, (void *)&to, n), 0);
        pair.server = accept(listener, NULL, NULL);
        assert_true(pair.server >= 0);
        close(listener);
        return pair;
}

static void reset(int fd)
{
        struct linger linger = { .l_onoff = 1 };

        setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
        close(fd);
}

/* As the tracer has it: by a duplicate that is closed at once. */
static struct notice *watching(int fd)
{
        struct notice *notice = NULL;
        int duplicate = dup(fd);

        signal(SIGALRM, wake);
        assert_int_equal(notice_open(&notice), 0);
        notice_watch(notice, duplicate, COOKIE);
        close(duplicate);
        return notice;
}

static size_t taken_within(struct notice *notice, int ms, uint64_t *ret_cookie)
{
        for (int i = 0; i < ms; i++) {
                size_t n = notice_take(notice, ret_cookie, 1);

                if (n > 0)
                        return n;
                nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
        }
        return 0;
}

static void a_reset_is_noticed_and_its_error_left_there(void **state)
{
        struct pair pair = connected();
        struct notice *notice = watching(pair.client);
        uint64_t cookie = 0;
        char byte;

        (void)state;
        reset(pair.server);
        assert_int_equal(taken_within(notice, 2000, &cookie), 1);
        assert_int_equal(cookie, COOKIE);
        assert_int_equal(recv(pair.client, &byte, 1, 0), -1);
        assert_int_equal(errno, ECONNRESET);
        notice_close(notice);
        close(pair.client);
}

static void neither_data_nor_an_end_is_noticed(void **state)
{
        struct pair pair = connected();
        struct notice *notice = watching(pair.client);
        uint64_t cookie;

        (void)state;
        assert_int_equal(send(pair.server, "hello", 5, 0), 5);
        shutdown(pair.server, SHUT_WR);
        assert_int_equal(taken_within(notice, 100, &cookie), 0);
        notice_close(notice);
        close(pair.client);
        close(pair.server);
}

static void the_last_close_of_the_program_is_the_last(void **state)
{
        struct pair pair = connected();
        struct notice *notice = watching(pair.client);
        struct timeval patience = { .tv_sec = 5 };
        uint64_t cookie;
        char byte;

        (void)state;
        setsockopt(pair.server, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        close(pair.client);
        assert_int_equal(recv(pair.server, &byte, 1, 0), 0);
        assert_int_equal(taken_within(notice, 20, &cookie), 0);
        notice_close(notice);
        close(pair.server);
}

static void the_time_of_what_is_heard_is_its_own(void **state)
{
        struct notice *notice = NULL;
        struct timespec before, after;
        int64_t heard = 0;
        int pipes[2];
        char x;

        (void)state;
        assert_int_equal(pipe(pipes), 0);
        assert_int_equal(notice_open(&notice), 0);
        notice_hear(notice, pipes[0]);
        assert_int_equal(notice_heard(notice), 0);
        for (int n = 0; n < 2; n++) {
                clock_gettime(CLOCK_REALTIME, &before);
                assert_int_equal(write(pipes[1], "x", 1), 1);
                for (int i = 0; i < 2000 && !(heard = notice_heard(notice)); i++)
                        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
                clock_gettime(CLOCK_REALTIME, &after);
                assert_true(heard >= before.tv_sec * INT64_C(1000000000) + before.tv_nsec);
                assert_true(heard <= after.tv_sec * INT64_C(1000000000) + after.tv_nsec);
                /* What is read late is not heard again. */
                nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
                assert_int_equal(notice_heard(notice), 0);
                assert_int_equal(read(pipes[0], &x, 1), 1);
                notice_hear(notice, pipes[0]);
        }
        notice_close(notice);
        close(pipes[0]);
        close(pipes[1]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_reset_is_noticed_and_its_error_left_there),
                cmocka_unit_test(neither_data_nor_an_end_is_noticed),
                cmocka_unit_test(the_last_close_of_the_program_is_the_last),
                cmocka_unit_test(the_time_of_what_is_heard_is_its_own),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
