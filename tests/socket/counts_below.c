/* The counts of finis_report() against a peer below the sockets, which acknowledges by hand: lost and
 * late acknowledgements, lost data, a shut window, reordering with SACK, and ends of every kind.
 * Here the truth is known to the byte: what was acknowledged is what this peer said, what was sent
 * is what it saw on the wire.
 *
 * FINIS_SEED and FINIS_RUNS (300) as in counts.c. Needs a network namespace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <finis/finis.h>

#include <inttypes.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "../lab/inside.h"
#include "../lab/sockets.h"
#include "lab/deadline.h"
#include "lab/peer.h"
#include "netlink/destroy.h"
#include "netlink/diag.h"
#include "words/ending.h"

static uint64_t dice;

static uint32_t below(uint32_t n) {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        return (uint32_t) ((dice >> 11) % n);
}

static char bytes[20000];

/* The kernel's socket connected to a peer, and the other way round. */
static int opened(enum peer_role role, uint16_t port, struct peer **ret_peer) {
        uint16_t own = 0;
        int fd, listener;

        if (role == PEER_SERVER) {
                assert_int_equal(peer_open(AF_INET, PEER_SERVER, port, 0, ret_peer), 0);
                fd = connecting(AF_INET, port);
                assert_int_equal(peer_handshake(*ret_peer, deadline_in(PATIENCE_MS)), 0);
                await(fd, POLLOUT);
                assert_int_equal(error_of(fd), 0);
        } else {
                listener = listening(AF_INET, NAMESPACE_SOCKETS_IPV4, &own);
                assert_int_equal(peer_open(AF_INET, PEER_CLIENT, port, own, ret_peer), 0);
                assert_int_equal(peer_handshake(*ret_peer, deadline_in(PATIENCE_MS)), 0);
                fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
                assert_true(fd >= 0);
                close(listener);
        }
        assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int) { 1 }, sizeof(int)), 0);
        return fd;
}

/* As opened(), with the peer as server, and @n bytes have reached it unacknowledged. */
static int sent(uint16_t port, size_t n, struct peer **ret_peer, struct finis *ret_f) {
        int fd = opened(PEER_SERVER, port, ret_peer);

        assert_int_equal(finis_init(ret_f, fd), 0);
        assert_int_equal(finis_write(ret_f, bytes, n), n);
        assert_int_equal(peer_wait_bytes(*ret_peer, n, deadline_in(PATIENCE_MS)), 0);
        return fd;
}

/* Takes in all that the kernel has sent by now. */
static void take_in(struct peer *peer) {
        while (peer_read(peer, 0) > 0)
                ;
}

static uint32_t position(const struct peer *peer, uint32_t seq) {
        return seq - (peer->kernel_isn + 1);
}

static void acknowledge(struct peer *peer, uint32_t n, uint32_t window, uint32_t sack_from, uint32_t sack_to) {
        struct peer_segment s = {
                .ack = PEER_ACK_ABSOLUTE, .ack_value = peer->kernel_isn + 1 + n,
                .has_window = window != UINT32_MAX, .window = (uint16_t) window,
        };

        if (sack_to > sack_from) {
                s.n_sack = 1;
                s.sack[0].start = sack_from;
                s.sack[0].end = sack_to;
        }
        assert_int_equal(peer_send(peer, &s), 0);
}

static unsigned n_kinds[6], n_lost, n_unsent, n_late;

static void live_and_end(unsigned run, uint64_t seed) {
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        enum peer_role role;
        struct finis f;
        struct finis_report r;
        uint64_t written = 0, sent, highest;
        uint32_t acked = 0, window = UINT32_MAX, peer_wrote = 0, kind;
        bool own_fin = false, peer_fin = false;
        int fd;

        dice = seed * 0x9e3779b97f4a7c15u + run * 0xbf58476d1ce4e5b9u + 1;
        for (int i = 0; i < 5; ++i)
                below(2);
        role = below(2) ? PEER_SERVER : PEER_CLIENT;
        fd = opened(role, (uint16_t) (20000 + run), &peer);
        assert_int_equal(finis_init(&f, fd), 0);

        for (unsigned i = below(12); i > 0; --i) {
                ssize_t n;

                switch (below(6)) {
                case 0: case 1: case 2:
                        n = finis_write(&f, bytes, below(3) ? below(1500) + 1 : below(sizeof(bytes)) + 1);
                        if (n > 0)
                                written += (uint64_t) n;
                        break;
                case 3:
                        /* Late, or only of a part. */
                        take_in(peer);
                        if (peer->n_received > acked)
                                acked += below((uint32_t) peer->n_received - acked + 1);
                        acknowledge(peer, acked, window, 0, 0);
                        break;
                case 4:
                        /* As if what lies between had been lost or overtaken. */
                        take_in(peer);
                        highest = position(peer, peer->kernel_highest);
                        if (highest > acked + 2)
                                acknowledge(peer, acked, window, acked + 1 + below((uint32_t) highest - acked - 2),
                                            (uint32_t) highest);
                        break;
                default:
                        if (below(2)) {
                                window = below(3) ? UINT32_MAX : 0;
                                acknowledge(peer, acked, window, 0, 0);
                        } else {
                                assert_int_equal(peer_send(peer, &(struct peer_segment) {
                                        .ack = PEER_ACK_ABSOLUTE, .ack_value = peer->kernel_isn + 1 + acked,
                                        .has_window = window == 0, .n_payload = 50 }), 0);
                                peer_wrote += 50;
                        }
                }
        }
        if (below(3) == 0) {
                assert_int_equal(finis_shut(fd, SHUT_WR), 0);
                if (below(2))
                        finis_note_shut(&f, SHUT_WR);
                own_fin = true;
        }
        take_in(peer);

        kind = below(6);
        n_kinds[kind]++;
        switch (kind) {
        case 0:         /* a bare RST */
                assert_int_equal(peer_send(peer, &(struct peer_segment) {
                        .flags = SEGMENT_RST, .ack = PEER_ACK_ABSOLUTE, .ack_value = peer->kernel_isn + 1 + acked }), 0);
                break;
        case 1:         /* one that says it had all: the kernel does not look */
                assert_int_equal(peer_send(peer, &(struct peer_segment) { .flags = SEGMENT_RST }), 0);
                n_late += peer->n_received > acked;
                break;
        case 2:         /* FIN, then RST */
                peer_fin = true;
                assert_int_equal(peer_send(peer, &(struct peer_segment) {
                        .flags = SEGMENT_FIN, .ack = PEER_ACK_ABSOLUTE, .ack_value = peer->kernel_isn + 1 + acked,
                        .has_window = window == 0 }), 0);
                assert_int_equal(peer_wait_acked(peer, deadline_in(PATIENCE_MS)), 0);
                assert_int_equal(peer_send(peer, &(struct peer_segment) { .flags = SEGMENT_RST }), 0);
                break;
        case 3:         /* RST, the error eaten by SO_ERROR */
                assert_int_equal(peer_send(peer, &(struct peer_segment) { .flags = SEGMENT_RST }), 0);
                await(fd, POLLHUP);
                error_of(fd);
                break;
        case 4:         /* an honest end: all acknowledged, FIN both ways */
                if (!own_fin)
                        assert_int_equal(finis_shut(fd, SHUT_WR), 0);
                own_fin = true;
                acknowledge(peer, acked, window = UINT32_MAX, 0, 0);
                for (int i = 0; i < 400 && !peer->fin_seen; ++i) {
                        peer_read(peer, deadline_in(20));
                        /* Everything that came in order, the FIN too. */
                        assert_int_equal(peer_send(peer, &(struct peer_segment) { 0 }), 0);
                }
                assert_true(peer->fin_seen);
                assert_int_equal(peer->n_received, written);
                acked = (uint32_t) written;
                peer_fin = true;
                assert_int_equal(peer_send(peer, &(struct peer_segment) { .flags = SEGMENT_FIN }), 0);
                assert_int_equal(peer_wait_acked(peer, deadline_in(PATIENCE_MS)), 0);
                break;
        default:        /* an end from this side: the descriptor stays, the kernel counts go */
                assert_int_equal(finis_report(&f, &r), 0);
                assert_int_equal(r.written, written);
                assert_int_equal(r.acknowledged, acked);
                assert_int_equal(finis_abort_keep(fd), 0);
                assert_int_equal(finis_report(&f, &r), 0);
                assert_true(r.flags & FINIS_VOID);
                assert_int_equal(r.ending, FINIS_ENDING_RESET);
                close(fd);
                return;
        }
        await(fd, POLLHUP);
        take_in(peer);
        assert_int_equal(finis_report(&f, &r), 0);

        highest = position(peer, peer->kernel_highest);
        sent = highest < written ? highest : written;
        if (sent < acked)
                sent = acked;
        n_lost += sent > acked;
        n_unsent += written > sent;
        if (r.written != written || r.acknowledged != acked || r.uncertain != sent - acked ||
            r.unsent != written - sent || !!(r.flags & FINIS_PEER_FIN) != peer_fin ||
            !!(r.flags & FINIS_OWN_FIN) != own_fin || r.received != peer_wrote || r.unread != peer_wrote) {
                printf("# run %u, seed %" PRIu64 ", end %u: written %" PRIu64 "/%" PRIu64 " acked %" PRIu64 "/%u uncertain %"
                       PRIu64 "/%" PRIu64 " unsent %" PRIu64 "/%" PRIu64 " received %" PRIu64 "/%u flags %#x (says/truth)\n",
                       run, seed, kind, r.written, written, r.acknowledged, acked, r.uncertain, sent - acked,
                       r.unsent, written - sent, r.received, peer_wrote, r.flags);
                fail();
        }
        assert_int_equal(r.flags & ~(uint32_t) (FINIS_PEER_FIN | FINIS_OWN_FIN | FINIS_OWN_FIN_ACKED), 0);
        if (kind == 4)
                assert_int_equal(r.ending, FINIS_ENDING_ORDERLY);
        else if (r.ending != FINIS_ENDING_RESET) {
                /* Nobody told the error, and a time-out would have looked the same. */
                assert_int_equal(r.ending, FINIS_ENDING_UNSEEN);
                assert_true(r.n_repeats > 0);
        }
        close(fd);
}

static void the_counts_are_those_of_the_wire(void **state) {
        uint64_t seed = getenv("FINIS_SEED") ? strtoull(getenv("FINIS_SEED"), NULL, 10) : 1;
        unsigned n_runs = getenv("FINIS_RUNS") ? (unsigned) atoi(getenv("FINIS_RUNS")) : 300;
        unsigned first = getenv("FINIS_FIRST") ? (unsigned) atoi(getenv("FINIS_FIRST")) : 0;
        (void) state;
        need_namespace();

        for (unsigned run = first; run < first + n_runs; ++run)
                live_and_end(run, seed);
        printf("# %u runs; bytes in doubt in %u, unsent in %u, acknowledged by the reset alone in %u\n",
               n_runs, n_lost, n_unsent, n_late);
        assert_true(n_runs < 100 || (n_lost > 0 && n_unsent > 0 && n_late > 0));
        for (unsigned i = 0; i < 6; ++i)
                assert_true(n_runs < 100 || n_kinds[i] > 0);
}

/* ACKs lost: the peer had it all, and this end cannot know. A lower bound, and it is said. */
static void lost_acknowledgements_are_uncertain_bytes(void **state) {
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        struct finis_report r;
        struct finis f;
        int fd;
        (void) state;
        need_namespace();

        fd = sent(9001, 1000, &peer, &f);
        acknowledge(peer, 1000, UINT32_MAX, 0, 0);
        assert_int_equal(finis_write(&f, bytes, 500), 500);
        assert_int_equal(peer_wait_bytes(peer, 1500, deadline_in(PATIENCE_MS)), 0);
        assert_int_equal(peer_send(peer, &(struct peer_segment) { .flags = SEGMENT_RST }), 0);
        await(fd, POLLHUP);
        assert_int_equal(finis_write(&f, bytes, 1), -ECONNRESET);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_int_equal(r.acknowledged, 1000);
        assert_int_equal(r.uncertain, 500);
        assert_int_equal(r.unsent, 0);
        assert_int_equal(r.ending, FINIS_ENDING_RESET);
        close(fd);
}

/* The peer falls silent with data in flight: this kernel gives up, and the error says so. */
static void silence_is_a_time_out(void **state) {
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        struct finis_report r;
        struct finis f;
        char buffer[8];
        int fd;
        (void) state;
        need_namespace();

        fd = opened(PEER_SERVER, 9002, &peer);
        assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(int) { 500 }, sizeof(int)), 0);
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

/* After repeats only the error tells a reset from a time-out; EPIPE, told first, is a reset that met
 * the peer's FIN. */
static void a_broken_pipe_behind_the_peers_fin_is_a_reset(void **state) {
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        struct finis_report r;
        struct finis f;
        size_t n_seen;
        int fd;
        (void) state;
        need_namespace();

        fd = opened(PEER_SERVER, 9008, &peer);
        assert_int_equal(finis_init(&f, fd), 0);
        assert_int_equal(peer_send(peer, &(struct peer_segment) { .flags = SEGMENT_FIN }), 0);
        assert_int_equal(peer_wait_acked(peer, deadline_in(PATIENCE_MS)), 0);
        assert_int_equal(finis_write(&f, bytes, 100), 100);
        assert_int_equal(peer_wait_bytes(peer, 100, deadline_in(PATIENCE_MS)), 0);
        /* The same again: a tail probe, which is not counted, and a repeat, which is. */
        for (int i = 0; i < 3; ++i) {
                n_seen = peer->n_seen;
                while (peer->n_seen == n_seen)
                        assert_true(peer_read(peer, deadline_in(PATIENCE_MS)) > 0);
        }
        assert_int_equal(peer_send(peer, &(struct peer_segment) { .flags = SEGMENT_RST,
                .ack = PEER_ACK_ABSOLUTE, .ack_value = peer->kernel_isn + 1 }), 0);
        await(fd, POLLHUP);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_true(r.n_repeats > 0);
        assert_int_equal(r.ending, FINIS_ENDING_UNSEEN);
        assert_int_equal(finis_write(&f, bytes, 1), -EPIPE);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_int_equal(r.ending, FINIS_ENDING_RESET);
        assert_int_equal(r.flags, FINIS_PEER_FIN);
        assert_int_equal(r.uncertain, 100);
        close(fd);
}

/* A router says that the host is gone, and then nobody answers: this kernel's last word is the router's. */
static void a_time_out_in_the_words_of_icmp_is_a_time_out(void **state) {
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        struct finis_report r;
        struct finis f;
        int fd;
        (void) state;
        need_namespace();

        fd = opened(PEER_SERVER, 9009, &peer);
        assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(int) { 500 }, sizeof(int)), 0);
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

static void an_attempt_that_nobody_answers_is_unanswered(void **state) {
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        struct finis_report r;
        struct finis f;
        int fd;
        (void) state;
        need_namespace();

        assert_int_equal(peer_open(AF_INET, PEER_SERVER, 9003, 0, &peer), 0);
        fd = connecting(AF_INET, 9003);
        assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(int) { 300 }, sizeof(int)), 0);
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
static void a_soft_error_is_not_taken_for_an_end(void **state) {
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        struct finis_report r;
        struct finis f;
        int fd;
        (void) state;
        need_namespace();

        fd = sent(9004, 100, &peer, &f);
        assert_int_equal(peer_icmp(peer, ICMP_ERROR_HOST_UNREACHABLE), 0);
        usleep(20000);
        assert_int_equal(finis_take_error(&f), 0);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_int_equal(r.ending, FINIS_ENDING_OPEN);
        assert_int_equal(r.uncertain, 100);
        /* Nor once the connection has ended, and its own error was told. */
        assert_int_equal(peer_send(peer, &(struct peer_segment) { .flags = SEGMENT_RST }), 0);
        await(fd, POLLHUP);
        assert_int_equal(finis_read(&f, (char[1]) { 0 }, 1), -ECONNRESET);
        assert_int_equal(finis_take_error(&f), 0);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_int_equal(r.error, ECONNRESET);
        assert_int_equal(r.ending, FINIS_ENDING_RESET);
        /* It was there all the time: */
        assert_int_equal(error_of(fd), EHOSTUNREACH);
        close(fd);
}

/* Both FINs came, and a reset in place of the last acknowledgement: recv() said 0, and it is no clean end. */
static void a_reset_in_place_of_the_last_acknowledgement_is_not_clean(void **state) {
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        struct finis_want want;
        struct finis f;
        int fd;
        (void) state;
        need_namespace();

        fd = sent(9007, 100, &peer, &f);
        assert_int_equal(peer_send(peer, &(struct peer_segment) { .flags = SEGMENT_FIN,
                .ack = PEER_ACK_ABSOLUTE, .ack_value = peer->kernel_isn + 1 }), 0);
        await(fd, POLLRDHUP);
        assert_int_equal(finis_close_begin(&f, NULL, 1000, &want), FINIS_CLOSE_AGAIN);
        assert_int_equal(peer_send(peer, &(struct peer_segment) { .flags = SEGMENT_RST }), 0);
        await(fd, POLLERR);
        usleep(10000);
        assert_int_equal(finis_close_step(&f, 1020, &want), FINIS_CLOSE_RESET);
}

/* Both FINs came, but this end's last bytes and FIN are not acknowledged: UNACKED, then with them
 * acknowledged CLEAN. */
static void a_close_waits_for_the_acknowledgement_of_the_fin(void **state) {
        (void) state;
        need_namespace();

        for (int acked = 0; acked < 2; ++acked) {
                __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
                struct finis_close_options options = { .idle_ms = 150, .flags = FINIS_KEEP_FD };
                struct finis_report r;
                struct finis_want want;
                struct finis f;
                int fd, closed;

                fd = sent((uint16_t) (9005 + acked), 100, &peer, &f);
                assert_int_equal(peer_send(peer, &(struct peer_segment) { .flags = SEGMENT_FIN,
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

/* Two ends over the namespace's loopback, the client's first bytes in its SYN. */
static void the_bytes_in_a_syn_are_counted(void **state) {
        struct finis_report r;
        struct finis f;
        struct sockaddr_storage at;
        socklen_t n = sizeof(at);
        uint16_t port = 0;
        int listener, client, server;
        (void) state;
        need_namespace();

        /* Fast Open on both sides, without a cookie. */
        if (namespace_sysctl("net.ipv4.tcp_fastopen", "1543") < 0)
                skip();
        listener = listening(AF_INET, "127.0.0.1", &port);
        assert_int_equal(setsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN, &(int) { 5 }, sizeof(int)), 0);
        assert_int_equal(getsockname(listener, (struct sockaddr *) &at, &n), 0);
        client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(finis_init(&f, client), 0);
        finis_note_write(&f, sendto(client, bytes, 300, MSG_FASTOPEN, (struct sockaddr *) &at, n));
        server = accept(listener, NULL, NULL);
        assert_true(server >= 0);
        assert_int_equal(recv(server, (char[400]) { 0 }, 400, 0), 300);
        assert_int_equal(finis_write(&f, bytes, 200), 200);
        for (int i = 0; i < 1000 && (finis_report(&f, &r), r.acknowledged) < 500; ++i)
                usleep(1000);
        assert_int_equal(r.written, 500);
        assert_int_equal(r.acknowledged, 500);
        assert_int_equal(r.flags, 0);
        /* Unread data: a reset. */
        close(server);
        await(client, POLLHUP);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_int_equal(r.written, 500);
        assert_int_equal(r.acknowledged, 500);
        assert_int_equal(r.ending, FINIS_ENDING_RESET);
        assert_int_equal(r.flags, 0);
        close(client);
        close(listener);
}

static void urgent_data_sent_is_counted_as_data(void **state) {
        struct finis_report r;
        struct finis f;
        int client, server;
        (void) state;
        need_namespace();

        pair(AF_INET, &client, &server);
        assert_int_equal(finis_init(&f, client), 0);
        assert_int_equal(finis_write(&f, bytes, 10), 10);
        finis_note_write(&f, send(client, "!", 1, MSG_OOB));
        assert_int_equal(finis_write(&f, bytes, 10), 10);
        await(server, POLLPRI);
        usleep(300000);
        close(server);
        await(client, POLLHUP);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_int_equal(r.written, 21);
        assert_int_equal(r.acknowledged, 21);
        assert_int_equal(r.ending, FINIS_ENDING_RESET);
        assert_int_equal(r.flags, 0);
        close(client);
}

/* ss -K, as an administrator does it. */
static void a_destroyed_socket_is_a_reset_by_this_host(void **state) {
        struct finis_report r;
        struct diag_tuple tuple;
        struct finis f;
        int client, server;
        (void) state;
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

static void *reset_when_stuck(void *data) {
        struct resetter *p = data;
        struct linger at_once = { .l_onoff = 1 };

        usleep(100000);
        setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        close(p->fd);
        return NULL;
}

/* sendfile() blocks with a part moved, the reset comes: it returns the part, and the error is gone. */
static void a_reset_within_a_blocking_sendfile_is_told(void **state) {
        struct resetter p;
        struct finis_sigpipe sigpipe;
        struct finis_report r;
        struct finis f;
        pthread_t thread;
        ssize_t n;
        int client, server, file;
        (void) state;
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

static void the_words_are_those_of_the_command(void **state) {
        (void) state;

        for (int i = 0; i < N_ENDINGS; ++i)
                assert_string_equal(finis_ending_name((enum finis_ending) i), ending_name((enum ending) i));
        assert_string_equal(finis_ending_name((enum finis_ending) N_ENDINGS), "?");
        assert_string_equal(finis_close_name(FINIS_CLOSE_UNACKED), "unacked");
        assert_string_equal(finis_close_name(-1), "?");
        assert_int_equal(finis_version(), FINIS_VERSION);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(lost_acknowledgements_are_uncertain_bytes),
                cmocka_unit_test(silence_is_a_time_out),
                cmocka_unit_test(a_broken_pipe_behind_the_peers_fin_is_a_reset),
                cmocka_unit_test(a_time_out_in_the_words_of_icmp_is_a_time_out),
                cmocka_unit_test(an_attempt_that_nobody_answers_is_unanswered),
                cmocka_unit_test(a_soft_error_is_not_taken_for_an_end),
                cmocka_unit_test(the_bytes_in_a_syn_are_counted),
                cmocka_unit_test(urgent_data_sent_is_counted_as_data),
                cmocka_unit_test(a_destroyed_socket_is_a_reset_by_this_host),
                cmocka_unit_test(a_reset_within_a_blocking_sendfile_is_told),
                cmocka_unit_test(a_reset_in_place_of_the_last_acknowledgement_is_not_clean),
                cmocka_unit_test(a_close_waits_for_the_acknowledgement_of_the_fin),
                cmocka_unit_test(the_counts_are_those_of_the_wire),
                cmocka_unit_test(the_words_are_those_of_the_command),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
