/* Ends of every kind, made by hand by a peer below the sockets, and what finis_report() and finis_close() say of
 * them. Needs a network namespace. */
#include "below.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "netlink/destroy.h"
#include "netlink/diag.h"
#include "words/ending.h"

/* The peer falls silent with data in flight: this kernel gives up, and the error says so. */
static void silence_is_a_time_out(void **state)
{
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        struct finis_report r;
        struct finis f;
        char buffer[8];
        int fd;
        (void)state;
        need_namespace();

        fd = opened(PEER_SERVER, 9002, &peer);
        assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(int){ 500 }, sizeof(int)), 0);
        assert_int_equal(finis_init(&f, fd), 0);
        assert_int_equal(finis_write(&f, bytes, 700), 700);
        await(fd, POLLHUP);
        /* Before the error is told, a reset after the same repeats would look alike. */
        assert_int_equal(finis_report(&f, &r), 0);
        assert_int_equal(r.ending, FINIS_ENDING_UNSEEN);
        assert_int_equal(finis_read(&f, buffer, sizeof(buffer)), -ETIMEDOUT);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_int_equal(r.ending, FINIS_ENDING_TIMED_OUT);
        assert_int_equal(r.uncertain, 700);
        assert_true(r.n_repeats > 0);
        assert_true(r.retransmitted >= 700);
        close(fd);
}

/* The same again: a tail probe, which is not counted, and a repeat, which is. */
static void await_a_repeat(struct peer *peer)
{
        for (int i = 0; i < 3; ++i) {
                size_t n_seen = peer->n_seen;

                while (peer->n_seen == n_seen)
                        assert_true(peer_read(peer, deadline_in(PATIENCE_MS)) > 0);
        }
}

/* After repeats only the error tells a reset from a time-out. As the socket's own error EPIPE is a reset
 * that met the peer's FIN; a write says it too where somebody took the time-out's error before. */
static void a_broken_pipe_as_the_sockets_error_is_a_reset(void **state)
{
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        struct finis_report r;
        struct finis f;
        int fd;
        (void)state;
        need_namespace();

        fd = opened(PEER_SERVER, 9008, &peer);
        assert_int_equal(finis_init(&f, fd), 0);
        assert_int_equal(peer_send(peer, &(struct peer_segment){ .flags = SEGMENT_FIN }), 0);
        assert_int_equal(peer_wait_acked(peer, deadline_in(PATIENCE_MS)), 0);
        assert_int_equal(finis_write(&f, bytes, 100), 100);
        assert_int_equal(peer_wait_bytes(peer, 100, deadline_in(PATIENCE_MS)), 0);
        await_a_repeat(peer);
        assert_int_equal(peer_send(peer, &(struct peer_segment){ .flags = SEGMENT_RST,
                .ack = PEER_ACK_ABSOLUTE, .ack_value = peer->kernel_isn + 1 }), 0);
        await(fd, POLLHUP);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_true(r.n_repeats > 0);
        assert_int_equal(r.ending, FINIS_ENDING_UNSEEN);
        assert_int_equal(finis_take_error(&f), EPIPE);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_int_equal(r.ending, FINIS_ENDING_RESET);
        assert_int_equal(r.flags, FINIS_PEER_FIN);
        assert_int_equal(r.uncertain, 100);
        close(fd);
}

/* A router says that the host is gone, and then nobody answers: this kernel's last word is the router's. */
static void a_time_out_in_the_words_of_icmp_is_a_time_out(void **state)
{
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        struct finis_report r;
        struct finis f;
        int fd;
        (void)state;
        need_namespace();

        fd = opened(PEER_SERVER, 9009, &peer);
        assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(int){ 500 }, sizeof(int)), 0);
        assert_int_equal(finis_init(&f, fd), 0);
        assert_int_equal(finis_write(&f, bytes, 100), 100);
        assert_int_equal(peer_wait_bytes(peer, 100, deadline_in(PATIENCE_MS)), 0);
        assert_int_equal(peer_icmp(peer, ICMP_ERROR_HOST_UNREACHABLE), 0);
        await(fd, POLLHUP);
        assert_int_equal(finis_write(&f, bytes, 1), -EHOSTUNREACH);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_int_equal(r.ending, FINIS_ENDING_TIMED_OUT);
        assert_int_equal(r.error, EHOSTUNREACH);
        close(fd);
}

/* A bare SO_ERROR hands out ICMP's error at once, and then it may be a reset all the same. */
static void a_soft_error_that_was_noted_does_not_make_a_time_out(void **state)
{
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        struct finis_report r;
        struct finis f;
        int fd;
        (void)state;
        need_namespace();

        fd = sent(9011, 100, &peer, &f);
        assert_int_equal(peer_icmp(peer, ICMP_ERROR_HOST_UNREACHABLE), 0);
        usleep(20000);
        finis_note_error(&f, error_of(fd));
        assert_int_equal(f.error, EHOSTUNREACH);
        await_a_repeat(peer);
        assert_int_equal(peer_send(peer, &(struct peer_segment){ .flags = SEGMENT_RST,
                .ack = PEER_ACK_ABSOLUTE, .ack_value = peer->kernel_isn + 1 }), 0);
        await(fd, POLLHUP);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_true(r.n_repeats > 0);
        assert_int_equal(r.ending, FINIS_ENDING_UNSEEN);
        assert_int_equal(finis_take_error(&f), ECONNRESET);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_int_equal(r.ending, FINIS_ENDING_RESET);
        close(fd);
}

static void an_attempt_that_nobody_answers_is_unanswered(void **state)
{
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        struct finis_report r;
        struct finis f;
        int fd;
        (void)state;
        need_namespace();

        assert_int_equal(peer_open(AF_INET, PEER_SERVER, 9003, 0, &peer), 0);
        fd = connecting(AF_INET, 9003);
        assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(int){ 300 }, sizeof(int)), 0);
        assert_int_equal(finis_init(&f, fd), 0);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_int_equal(r.ending, FINIS_ENDING_OPEN);
        await(fd, POLLHUP);
        assert_int_equal(finis_take_error(&f), ETIMEDOUT);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_int_equal(r.ending, FINIS_ENDING_UNANSWERED);
        assert_int_equal(r.written, 0);
        close(fd);
}

/* An ICMP message about a living connection leaves an error that SO_ERROR tells and that means
 * nothing: finis_take_error() is not misled. */
static void a_soft_error_is_not_taken_for_an_end(void **state)
{
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        struct finis_report r;
        struct finis f;
        int fd;
        (void)state;
        need_namespace();

        fd = sent(9004, 100, &peer, &f);
        assert_int_equal(peer_icmp(peer, ICMP_ERROR_HOST_UNREACHABLE), 0);
        usleep(20000);
        assert_int_equal(finis_take_error(&f), 0);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_int_equal(r.ending, FINIS_ENDING_OPEN);
        assert_int_equal(r.uncertain, 100);
        /* Nor once the connection has ended, and its own error was told. */
        assert_int_equal(peer_send(peer, &(struct peer_segment){ .flags = SEGMENT_RST }), 0);
        await(fd, POLLHUP);
        assert_int_equal(finis_read(&f, (char[1]){ 0 }, 1), -ECONNRESET);
        assert_int_equal(finis_take_error(&f), 0);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_int_equal(r.error, ECONNRESET);
        assert_int_equal(r.ending, FINIS_ENDING_RESET);
        /* It was there all the time: */
        assert_int_equal(error_of(fd), EHOSTUNREACH);
        close(fd);
}

/* Both FINs came, and a reset in place of the last acknowledgement: recv() said 0, and it is no clean end. */
static void a_reset_in_place_of_the_last_acknowledgement_is_not_clean(void **state)
{
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        struct finis_want want;
        struct finis f;
        int fd;
        (void)state;
        need_namespace();

        fd = sent(9007, 100, &peer, &f);
        assert_int_equal(peer_send(peer, &(struct peer_segment){ .flags = SEGMENT_FIN,
                .ack = PEER_ACK_ABSOLUTE, .ack_value = peer->kernel_isn + 1 }), 0);
        await(fd, POLLRDHUP);
        assert_int_equal(finis_close_begin(&f, NULL, 1000, &want), FINIS_CLOSE_AGAIN);
        assert_int_equal(peer_send(peer, &(struct peer_segment){ .flags = SEGMENT_RST }), 0);
        await(fd, POLLERR);
        usleep(10000);
        assert_int_equal(finis_close_step(&f, 1020, &want), FINIS_CLOSE_RESET);
}

/* Both FINs came, but this end's last bytes and FIN are not acknowledged: UNACKED, then with them
 * acknowledged CLEAN. */
static void a_close_waits_for_the_acknowledgement_of_the_fin(void **state)
{
        (void)state;
        need_namespace();

        for (int acked = 0; acked < 2; ++acked) {
                __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
                struct finis_close_options options = { .idle_ms = 150, .flags = FINIS_KEEP_FD };
                struct finis_report r;
                struct finis_want want;
                struct finis f;
                int fd, closed;

                fd = sent((uint16_t)(9005 + acked), 100, &peer, &f);
                assert_int_equal(peer_send(peer, &(struct peer_segment){ .flags = SEGMENT_FIN,
                        .ack = PEER_ACK_ABSOLUTE, .ack_value = peer->kernel_isn + 1 }), 0);
                await(fd, POLLRDHUP);
                closed = finis_close_begin(&f, &options, 1000, &want);
                assert_int_equal(closed, FINIS_CLOSE_AGAIN);
                /* Level-triggered poll() would spin on the hang-up: nothing to watch, only the timer. */
                assert_int_equal(want.events, 0);
                assert_in_range(want.timeout_ms, 1, 150);
                assert_int_equal(peer_wait_flags(peer, SEGMENT_FIN, 0, deadline_in(PATIENCE_MS)), 0);
                if (acked) {
                        acknowledge(peer, 101, UINT32_MAX, 0, 0);
                        await(fd, POLLHUP);
                        usleep(10000);
                        assert_int_equal(finis_close_step(&f, 1020, &want), FINIS_CLOSE_CLEAN);
                } else {
                        assert_int_equal(finis_close_step(&f, 1020, &want), FINIS_CLOSE_AGAIN);
                        closed = finis_close_step(&f, 2000, &want);
                        assert_int_equal(closed, FINIS_CLOSE_UNACKED);
                }
                assert_int_equal(finis_report(&f, &r), 0);
                assert_int_equal(r.acknowledged, acked ? 100 : 0);
                assert_int_equal(r.uncertain, acked ? 0 : 100);
                assert_true(r.flags & FINIS_PEER_FIN);
                assert_int_equal(!!(r.flags & FINIS_OWN_FIN_ACKED), acked);
                close(fd);
        }
}

/* ss -K, as an administrator does it. */
static void a_destroyed_socket_is_a_reset_by_this_host(void **state)
{
        struct finis_report r;
        struct diag_tuple tuple;
        struct finis f;
        int client, server;
        (void)state;
        need_namespace();

        pair(AF_INET, &client, &server);
        assert_int_equal(finis_init(&f, client), 0);
        assert_int_equal(finis_write(&f, bytes, 10), 10);
        usleep(300000);
        assert_int_equal(diag_tuple_of(client, &tuple), 0);
        if (destroy_socket(&tuple) < 0)
                skip();
        await(client, POLLHUP);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_int_equal(r.ending, FINIS_ENDING_RESET);
        assert_int_equal(r.flags, 0);
        assert_int_equal(finis_write(&f, bytes, 1), -ECONNABORTED);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_int_equal(r.ending, FINIS_ENDING_RESET);
        assert_int_equal(r.flags, FINIS_BY_US);
        assert_int_equal(r.acknowledged, 10);
        close(client);
        close(server);
}

struct resetter {
        int fd;
};

static void *reset_when_stuck(void *data)
{
        struct resetter *p = data;
        struct linger at_once = { .l_onoff = 1 };

        usleep(100000);
        setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        close(p->fd);
        return NULL;
}

/* sendfile() blocks with a part moved, the reset comes: it returns the part, and the error is gone. */
static void a_reset_within_a_blocking_sendfile_is_told(void **state)
{
        struct resetter p;
        struct finis_sigpipe sigpipe;
        struct finis_report r;
        struct finis f;
        pthread_t thread;
        ssize_t n;
        int client, server, file;
        (void)state;
        need_namespace();

        file = memfd_create("bytes", MFD_CLOEXEC);
        assert_int_equal(ftruncate(file, 64 << 20), 0);
        pair(AF_INET, &client, &server);
        assert_int_equal(finis_init(&f, client), 0);
        p.fd = server;
        assert_int_equal(pthread_create(&thread, NULL, reset_when_stuck, &p), 0);
        assert_int_equal(finis_sigpipe_block(&sigpipe), 0);
        n = sendfile(client, file, NULL, 64 << 20);
        finis_note_write(&f, n);
        assert_true(n > 0 && n < 64 << 20);
        pthread_join(thread, NULL);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_int_equal(r.ending, FINIS_ENDING_RESET);
        assert_int_equal(r.written, n);
        assert_int_equal(r.error, 0);
        /* It was swallowed: nothing says ECONNRESET any more. */
        assert_int_equal(finis_take_error(&f), 0);
        n = sendfile(client, file, NULL, 1000);
        assert_int_equal(n, -1);
        assert_int_equal(errno, EPIPE);
        finis_note_write(&f, n);
        assert_int_equal(finis_sigpipe_restore(&sigpipe), 0);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_int_equal(r.ending, FINIS_ENDING_RESET);
        assert_int_equal(r.flags, 0);
        assert_true(r.acknowledged > 0 && r.unsent > 0);
        close(client);
        close(file);
}

static void the_words_are_those_of_the_command(void **state)
{
        (void)state;

        for (int i = 0; i < N_ENDINGS; ++i)
                assert_string_equal(finis_ending_name((enum finis_ending)i), ending_name((enum ending)i));
        assert_string_equal(finis_ending_name((enum finis_ending)N_ENDINGS), "?");
        assert_string_equal(finis_close_name(FINIS_CLOSE_UNACKED), "unacked");
        assert_string_equal(finis_close_name(-1), "?");
        assert_int_equal(finis_version(), FINIS_VERSION);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(silence_is_a_time_out),
                cmocka_unit_test(a_broken_pipe_as_the_sockets_error_is_a_reset),
                cmocka_unit_test(a_time_out_in_the_words_of_icmp_is_a_time_out),
                cmocka_unit_test(a_soft_error_that_was_noted_does_not_make_a_time_out),
                cmocka_unit_test(an_attempt_that_nobody_answers_is_unanswered),
                cmocka_unit_test(a_soft_error_is_not_taken_for_an_end),
                cmocka_unit_test(a_reset_in_place_of_the_last_acknowledgement_is_not_clean),
                cmocka_unit_test(a_close_waits_for_the_acknowledgement_of_the_fin),
                cmocka_unit_test(a_destroyed_socket_is_a_reset_by_this_host),
                cmocka_unit_test(a_reset_within_a_blocking_sendfile_is_told),
                cmocka_unit_test(the_words_are_those_of_the_command),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
