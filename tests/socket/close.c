/* Tests of finis_close() and of its steps under epoll (both ways) and poll: every verdict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <finis/finis.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "sockets.h"

static int64_t now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The three ways to run a close. */
enum loop { BLOCKING, LEVEL, EDGE, N_LOOPS };

static int by_epoll(struct finis *f, const struct finis_close_options *options, bool edge, unsigned *n_steps)
{
        struct finis_close_options chosen = *options;
        struct epoll_event event = { 0 };
        struct finis_want want;
        bool watched = false;
        int epoll, r;

        epoll = epoll_create1(EPOLL_CLOEXEC);
        assert_true(epoll >= 0);
        if (edge)
                chosen.flags |= FINIS_EDGE;
        r = finis_close_begin(f, &chosen, now_ms(), &want);
        while (r == FINIS_CLOSE_AGAIN) {
                assert_int_equal(want.edge, edge);
                if (edge && !watched)
                        event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
                else if (!edge)
                        event.events = (uint32_t)want.events;
                /* epoll tells of ERR and HUP unasked: with nothing wanted it must not watch. */
                if (!watched && event.events) {
                        assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, f->fd, &event), 0);
                        watched = true;
                } else if (watched && !edge)
                        epoll_ctl(epoll, event.events ? EPOLL_CTL_MOD : EPOLL_CTL_DEL, f->fd, &event);
                if (!edge && !event.events)
                        watched = false;
                epoll_wait(epoll, &event, 1, want.timeout_ms);
                *n_steps += 1;
                r = finis_close_step(f, now_ms(), &want);
        }
        close(epoll);
        return r;
}

static int close_by(enum loop loop, struct finis *f, const struct finis_close_options *options, unsigned *n_steps)
{
        *n_steps = 0;
        if (loop == BLOCKING)
                return finis_close(f, options, NULL);
        return by_epoll(f, options, loop == EDGE, n_steps);
}

struct peer {
        pthread_t thread;
        int fd;
        unsigned pause_ms;      /* before each step */
        size_t write, write_size;
        bool read_all, reset, half_close_first, hold;
        size_t n_read;
        int64_t longest_ms;     /* between two steps, as it came to be */
};

static void *run(void *data)
{
        struct peer *p = data;
        char buffer[65536] = { 0 };
        int64_t last, now;
        ssize_t n;

        usleep(p->pause_ms * 1000);
        last = now_ms();
        for (size_t sent = 0; sent < p->write; sent += p->write_size) {
                if (send(p->fd, buffer, p->write_size, MSG_NOSIGNAL) < 0)
                        break;
                usleep(p->pause_ms * 1000);
                now = now_ms();
                if (now - last > p->longest_ms)
                        p->longest_ms = now - last;
                last = now;
        }
        if (p->half_close_first)
                shutdown(p->fd, SHUT_WR);
        if (p->read_all)
                while ((n = recv(p->fd, buffer, sizeof(buffer), 0)) > 0)
                        p->n_read += (size_t)n;
        if (p->hold)
                return NULL;
        if (p->reset) {
                const struct linger at_once = { .l_onoff = 1 };

                setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        }
        close(p->fd);
        return NULL;
}

static void start(struct peer *p, int fd)
{
        p->fd = fd;
        assert_int_equal(pthread_create(&p->thread, NULL, run, p), 0);
}

static void finish(struct peer *p)
{
        assert_int_equal(pthread_join(p->thread, NULL), 0);
}

static const char bytes[100000];

static void a_peer_that_reads_all_and_closes_is_clean(void **state)
{
        (void)state;

        for (enum loop loop = 0; loop < N_LOOPS; ++loop) {
                struct peer p = { .read_all = true, .pause_ms = 20 };
                struct finis f;
                unsigned n_steps;
                int client, server;

                a_pair(&client, &server);
                start(&p, server);
                assert_int_equal(finis_init(&f, client), 0);
                assert_int_equal(finis_write(&f, bytes, sizeof(bytes)), sizeof(bytes));
                assert_int_equal(close_by(loop, &f, &(struct finis_close_options){ 0 }, &n_steps), FINIS_CLOSE_CLEAN);
                assert_true(n_steps < 8);
                finish(&p);
                assert_int_equal(p.n_read, sizeof(bytes));
                assert_false(is_open(client));
        }
}

static void a_peer_that_closed_first_is_clean(void **state)
{
        (void)state;

        for (enum loop loop = 0; loop < N_LOOPS; ++loop) {
                struct peer p = { .read_all = true, .half_close_first = true, .pause_ms = 1 };
                struct finis f;
                unsigned n_steps;
                int client, server;

                a_pair(&client, &server);
                start(&p, server);
                assert_int_equal(finis_init(&f, client), 0);
                await(client, POLLRDHUP);
                assert_int_equal(finis_write(&f, bytes, sizeof(bytes)), sizeof(bytes));
                assert_int_equal(close_by(loop, &f, &(struct finis_close_options){ 0 }, &n_steps), FINIS_CLOSE_CLEAN);
                finish(&p);
                assert_int_equal(p.n_read, sizeof(bytes));
        }
}

/* What the peer still sends causes no reset: it is read to the end, not to the first byte. */
static void what_the_peer_still_sends_is_drained(void **state)
{
        (void)state;

        for (enum loop loop = 0; loop < N_LOOPS; ++loop) {
                for (int tries = 1; ; ++tries) {
                        struct peer p = { .read_all = true, .write = 30000, .write_size = 1000, .pause_ms = 10 };
                        struct finis f;
                        unsigned n_steps;
                        int client, server, told;

                        a_pair(&client, &server);
                        start(&p, server);
                        assert_int_equal(finis_init(&f, client), 0);
                        assert_int_equal(finis_write(&f, bytes, 1000), 1000);
                        /* Thirty pauses of 10 ms, each shorter than the idle time, all together longer. */
                        told = close_by(loop, &f, &(struct finis_close_options){ .idle_ms = 200 }, &n_steps);
                        finish(&p);
                        /* On a busy machine a pause may become an idle time: that shows nothing. */
                        if (told == FINIS_CLOSE_ACKED && p.longest_ms >= 150) {
                                if (tries == 50)
                                        skip();
                                continue;
                        }
                        assert_int_equal(told, FINIS_CLOSE_CLEAN);
                        assert_int_equal(f.n_read, 30000);
                        assert_int_equal(p.n_read, 1000);
                        break;
                }
        }
}

static void more_than_the_limit_is_an_overrun(void **state)
{
        (void)state;

        for (enum loop loop = 0; loop < N_LOOPS; ++loop) {
                struct finis f;
                unsigned n_steps;
                int client, server;

                a_pair(&client, &server);
                assert_int_equal(finis_init(&f, client), 0);
                assert_int_equal(send(server, bytes, 1001, 0), 1001);
                await(client, POLLIN);
                usleep(1000);
                assert_int_equal(close_by(loop, &f, &(struct finis_close_options){
                        .drain_max = 1000, .flags = FINIS_KEEP_FD }, &n_steps), FINIS_CLOSE_OVERRUN);
                assert_true(is_open(client));
                close(client);
                close(server);
                /* Exactly the limit is none. */
                a_pair(&client, &server);
                assert_int_equal(finis_init(&f, client), 0);
                assert_int_equal(send(server, bytes, 1000, 0), 1000);
                shutdown(server, SHUT_WR);
                await(client, POLLRDHUP);
                assert_int_equal(close_by(loop, &f, &(struct finis_close_options){ .drain_max = 1000 }, &n_steps),
                                 FINIS_CLOSE_CLEAN);
                close(server);
        }
}

static void a_peer_that_keeps_open_is_acked_at_the_idle_time(void **state)
{
        (void)state;

        for (enum loop loop = 0; loop < N_LOOPS; ++loop) {
                struct finis f;
                int64_t began, took;
                unsigned n_steps;
                int client, server;

                a_pair(&client, &server);
                assert_int_equal(finis_init(&f, client), 0);
                assert_int_equal(finis_write(&f, bytes, 1000), 1000);
                began = now_ms();
                assert_int_equal(close_by(loop, &f, &(struct finis_close_options){ .idle_ms = 200 }, &n_steps),
                                 FINIS_CLOSE_ACKED);
                took = now_ms() - began;
                assert_in_range(took, 200, 10000);
                assert_true(n_steps < 8);
                assert_false(is_open(client));
                /* No reset: the peer reads all, and the end. */
                read_off(server, 1000);
                assert_int_equal(recv(server, (char[1]){ 0 }, 1, 0), 0);
                close(server);
        }
}

static void the_acknowledgement_is_enough_if_asked(void **state)
{
        (void)state;

        for (enum loop loop = 0; loop < N_LOOPS; ++loop) {
                struct finis f;
                int64_t began;
                unsigned n_steps;
                int client, server;

                a_pair(&client, &server);
                assert_int_equal(finis_init(&f, client), 0);
                assert_int_equal(finis_write(&f, bytes, 1000), 1000);
                began = now_ms();
                assert_int_equal(close_by(loop, &f, &(struct finis_close_options){ .flags = FINIS_ACK_IS_ENOUGH },
                                          &n_steps), FINIS_CLOSE_ACKED);
                /* Less than the idle time that it does not wait for. */
                assert_true(now_ms() - began < 5000);
                read_off(server, 1000);
                close(server);
        }
}

/* Fills the connection until the peer's window is shut. */
static void fill(struct finis *f)
{
        be_nonblocking(f->fd);
        while (finis_write(f, bytes, sizeof(bytes)) > 0)
                ;
        usleep(50000);
        while (finis_write(f, bytes, sizeof(bytes)) > 0)
                ;
}

static void a_peer_that_reads_nothing_is_unacked(void **state)
{
        (void)state;

        for (enum loop loop = 0; loop < N_LOOPS; ++loop) {
                for (int abort = 0; abort < 2; ++abort) {
                        struct finis_close_options options = { .idle_ms = 200,
                                                               .flags = abort ? FINIS_ABORT_IF_LATE : 0 };
                        struct finis f;
                        struct finis_report r;
                        uint64_t n = 0;
                        unsigned n_steps;
                        int client, server;
                        int64_t began;
                        char buffer[65536];
                        ssize_t got;

                        a_pair(&client, &server);
                        assert_int_equal(finis_init(&f, client), 0);
                        fill(&f);
                        began = now_ms();
                        if (loop == BLOCKING) {
                                assert_int_equal(finis_close(&f, &options, &r), FINIS_CLOSE_UNACKED);
                                assert_int_equal(r.ending, FINIS_ENDING_HALF_CLOSED);
                                assert_true(r.flags & FINIS_OWN_FIN);
                                assert_int_equal(r.written, f.n_written);
                                assert_int_equal(r.acknowledged, info_of(server).tcpi_bytes_received);
                        } else
                                assert_int_equal(close_by(loop, &f, &options, &n_steps), FINIS_CLOSE_UNACKED);
                        /* A quarter more, as the first look counts as progress; and a busy machine. */
                        assert_in_range(now_ms() - began, 200, 10000);
                        assert_false(is_open(client));
                        while ((got = recv(server, buffer, sizeof(buffer), 0)) > 0)
                                n += (uint64_t)got;
                        if (abort) {
                                assert_int_equal(errno, ECONNRESET);
                                assert_true(n < f.n_written);
                        } else {
                                /* The kernel went on by itself. */
                                assert_int_equal(got, 0);
                                assert_int_equal(n, f.n_written);
                        }
                        close(server);
                }
        }
}

/* Reads it all by and by, in twelve steps of 50 ms: how the process ends. */
enum { READ_STEADILY, READ_NOT_ALL, READ_LATE };

static int read_slowly(int fd, uint64_t n_bytes)
{
        char buffer[16384];
        uint64_t left = n_bytes;
        bool late = false;

        while (left > 0) {
                uint64_t most = n_bytes / 12 + 1;
                int64_t began = now_ms();

                usleep(50000);
                while (most > 0 && left > 0) {
                        ssize_t n = recv(fd, buffer, most < sizeof(buffer) ? most : sizeof(buffer), 0);

                        if (n <= 0)
                                return READ_NOT_ALL;
                        most -= (uint64_t)n;
                        left -= (uint64_t)n;
                }
                late = late || now_ms() - began > 200;
        }
        return late ? READ_LATE : READ_STEADILY;
}

/* Slow and steady is not idle: acknowledgements alone begin the idle time anew. */
static void acknowledgements_are_progress(void **state)
{
        int tries = 0, n_unacked = 0;
        (void)state;

        for (enum loop loop = 0; loop < N_LOOPS; ) {
                struct finis f;
                unsigned n_steps;
                int client, server, status, told;
                int64_t began;
                pid_t reader;

                a_pair(&client, &server);
                set(server, SOL_SOCKET, SO_RCVBUF, 32768);
                assert_int_equal(finis_init(&f, client), 0);
                be_nonblocking(client);
                set(client, SOL_SOCKET, SO_SNDBUF, 60000);
                while (finis_write(&f, bytes, 20000) > 0)
                        ;
                began = now_ms();
                reader = fork();
                if (reader == 0) {
                        close(client);
                        _exit(read_slowly(server, f.n_written));
                }
                close(server);
                told = close_by(loop, &f, &(struct finis_close_options){ .idle_ms = 300 }, &n_steps);
                assert_int_equal(waitpid(reader, &status, 0), reader);
                assert_true(WIFEXITED(status));
                /* On a busy machine a step may become an idle time: that shows nothing. */
                if (told != FINIS_CLOSE_CLEAN && WEXITSTATUS(status) == READ_LATE) {
                        if (++tries == 50)
                                skip();
                        continue;
                }
                /* The machine may have stood still for this end alone, but not time after time. */
                if (told == FINIS_CLOSE_UNACKED && ++n_unacked < 4)
                        continue;
                assert_int_equal(told, FINIS_CLOSE_CLEAN);
                assert_true(now_ms() - began > 400);
                assert_int_not_equal(WEXITSTATUS(status), READ_NOT_ALL);
                ++loop;
        }
}

static void a_reset_meanwhile_is_a_reset(void **state)
{
        (void)state;

        for (enum loop loop = 0; loop < N_LOOPS; ++loop) {
                struct peer p = { .reset = true, .pause_ms = 50 };
                struct finis f;
                unsigned n_steps;
                int client, server;

                a_pair(&client, &server);
                assert_int_equal(finis_init(&f, client), 0);
                assert_int_equal(finis_write(&f, bytes, 10), 10);
                start(&p, server);
                assert_int_equal(close_by(loop, &f, &(struct finis_close_options){ 0 }, &n_steps), FINIS_CLOSE_RESET);
                assert_int_equal(f.error, ECONNRESET);
                finish(&p);
        }
}

static void what_had_ended_before_is_told_at_once(void **state)
{
        (void)state;

        for (enum loop loop = 0; loop < N_LOOPS; ++loop) {
                struct finis f;
                unsigned n_steps;
                int client, server;

                a_pair(&client, &server);
                assert_int_equal(finis_init(&f, client), 0);
                reset_by(server);
                await(client, POLLERR);
                assert_int_equal(close_by(loop, &f, &(struct finis_close_options){ 0 }, &n_steps), FINIS_CLOSE_RESET);
                assert_int_equal(n_steps, 0);

                a_pair(&client, &server);
                assert_int_equal(finis_init(&f, client), 0);
                shutdown(server, SHUT_WR);
                await(client, POLLRDHUP);
                shutdown(client, SHUT_WR);
                await_state(client, CLOSED);
                assert_int_equal(close_by(loop, &f, &(struct finis_close_options){ 0 }, &n_steps), FINIS_CLOSE_CLEAN);
                assert_int_equal(n_steps, 0);
                close(server);
        }
}

static void linger_of_the_listener_neither_blocks_nor_resets(void **state)
{
        (void)state;

        for (int seconds = 0; seconds < 4; seconds += 3) {
                struct finis f;
                int client, server;
                int64_t began = now_ms();

                a_pair(&client, &server);
                linger(client, seconds);
                assert_int_equal(finis_init(&f, client), 0);
                fill(&f);
                assert_int_equal(finis_close(&f, &(struct finis_close_options){ .deadline_ms = 100 }, NULL),
                                 FINIS_CLOSE_UNACKED);
                assert_true(now_ms() - began < 2900);
                read_off(server, f.n_written);
                assert_int_equal(recv(server, (char[1]){ 0 }, 1, 0), 0);
                close(server);
        }
}

static void the_deadline_holds_whatever_the_progress(void **state)
{
        struct peer p = { .read_all = true, .write = 3000, .write_size = 10, .pause_ms = 10 };
        struct finis f;
        int client, server;
        int64_t began = now_ms();
        (void)state;

        a_pair(&client, &server);
        start(&p, server);
        assert_int_equal(finis_init(&f, client), 0);
        assert_int_equal(finis_close(&f, &(struct finis_close_options){
                .deadline_ms = 200, .idle_ms = 100, .flags = FINIS_ABORT_IF_LATE }, NULL), FINIS_CLOSE_ACKED);
        /* The peer sends on for three seconds at least. */
        assert_in_range(now_ms() - began, 200, 2900);
        finish(&p);
}

static void unnoted_calls_close_clean_too(void **state)
{
        struct finis_report r;
        struct peer p = { .read_all = true, .write = 100, .write_size = 50, .pause_ms = 5 };
        struct finis f;
        int client, server;
        (void)state;

        a_pair(&client, &server);
        start(&p, server);
        assert_int_equal(finis_init(&f, client), 0);
        assert_int_equal(send(client, bytes, 1000, 0), 1000);
        await(client, POLLIN);
        read_off(client, 20);
        assert_int_equal(finis_close(&f, NULL, &r), FINIS_CLOSE_CLEAN);
        assert_int_equal(r.ending, FINIS_ENDING_ORDERLY);
        assert_int_equal(r.acknowledged, 1000);
        finish(&p);
        assert_int_equal(p.n_read, 1000);
}

/* Own SHUT_RD makes recv() say 0 too, which is no FIN. */
static void a_shut_reading_side_is_not_taken_for_the_peers_fin(void **state)
{
        struct peer p = { .reset = true, .pause_ms = 50 };
        struct finis f;
        int client, server;
        (void)state;

        a_pair(&client, &server);
        assert_int_equal(finis_init(&f, client), 0);
        assert_int_equal(send(server, bytes, 500, 0), 500);
        await(client, POLLIN);
        read_off(client, 500);
        assert_int_equal(finis_shut(client, SHUT_RD), 0);
        start(&p, server);
        assert_int_equal(finis_close(&f, NULL, NULL), FINIS_CLOSE_RESET);
        finish(&p);
}

static volatile sig_atomic_t n_alarms;

static void on_alarm(int number)
{
        (void)number;
        ++n_alarms;
}

static void a_signal_does_not_end_the_wait(void **state)
{
        const struct itimerval often = { .it_interval.tv_usec = 5000, .it_value.tv_usec = 5000 }, never = { 0 };
        struct sigaction action = { .sa_handler = on_alarm };
        struct finis f;
        int client, server;
        (void)state;

        sigaction(SIGALRM, &action, NULL);
        a_pair(&client, &server);
        assert_int_equal(finis_init(&f, client), 0);
        setitimer(ITIMER_REAL, &often, NULL);
        assert_int_equal(finis_close(&f, &(struct finis_close_options){ .idle_ms = 100 }, NULL), FINIS_CLOSE_ACKED);
        setitimer(ITIMER_REAL, &never, NULL);
        assert_true(n_alarms > 0);
        close(server);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_peer_that_reads_all_and_closes_is_clean),
                cmocka_unit_test(a_peer_that_closed_first_is_clean),
                cmocka_unit_test(what_the_peer_still_sends_is_drained),
                cmocka_unit_test(more_than_the_limit_is_an_overrun),
                cmocka_unit_test(a_peer_that_keeps_open_is_acked_at_the_idle_time),
                cmocka_unit_test(the_acknowledgement_is_enough_if_asked),
                cmocka_unit_test(a_peer_that_reads_nothing_is_unacked),
                cmocka_unit_test(acknowledgements_are_progress),
                cmocka_unit_test(a_reset_meanwhile_is_a_reset),
                cmocka_unit_test(what_had_ended_before_is_told_at_once),
                cmocka_unit_test(linger_of_the_listener_neither_blocks_nor_resets),
                cmocka_unit_test(the_deadline_holds_whatever_the_progress),
                cmocka_unit_test(unnoted_calls_close_clean_too),
                cmocka_unit_test(a_shut_reading_side_is_not_taken_for_the_peers_fin),
                cmocka_unit_test(a_signal_does_not_end_the_wait),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
