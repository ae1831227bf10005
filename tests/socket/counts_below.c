/* The counts of finis_report() against a peer below the sockets, which acknowledges by hand: lost and
 * late acknowledgements, lost data, a shut window, reordering with SACK.
 * Here the truth is known to the byte: what was acknowledged is what this peer said, what was sent
 * is what it saw on the wire.
 *
 * FINIS_SEED and FINIS_RUNS (300) as in counts.c. Needs a network namespace. */
#include "below.h"

static uint64_t dice;

static uint32_t below(uint32_t n)
{
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        return (uint32_t)((dice >> 11) % n);
}

static unsigned n_kinds[6], n_lost, n_unsent, n_late;

static void live_and_end(unsigned run, uint64_t seed)
{
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
        fd = opened(role, (uint16_t)(20000 + run), &peer);
        assert_int_equal(finis_init(&f, fd), 0);

        for (unsigned i = below(12); i > 0; --i) {
                ssize_t n;

                switch (below(6)) {
                case 0: case 1: case 2:
                        n = finis_write(&f, bytes, below(3) ? below(1500) + 1 : below(sizeof(bytes)) + 1);
                        if (n > 0)
                                written += (uint64_t)n;
                        break;
                case 3:
                        /* Late, or only of a part. */
                        take_in(peer);
                        if (peer->n_received > acked)
                                acked += below((uint32_t)peer->n_received - acked + 1);
                        acknowledge(peer, acked, window, 0, 0);
                        break;
                case 4:
                        /* As if what lies between had been lost or overtaken. */
                        take_in(peer);
                        highest = position(peer, peer->kernel_highest);
                        if (highest > acked + 2)
                                acknowledge(peer, acked, window, acked + 1 + below((uint32_t)highest - acked - 2),
                                            (uint32_t)highest);
                        break;
                default:
                        if (below(2)) {
                                window = below(3) ? UINT32_MAX : 0;
                                acknowledge(peer, acked, window, 0, 0);
                        } else {
                                assert_int_equal(peer_send(peer, &(struct peer_segment){
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
                assert_int_equal(peer_send(peer, &(struct peer_segment){
                        .flags = SEGMENT_RST, .ack = PEER_ACK_ABSOLUTE,
                        .ack_value = peer->kernel_isn + 1 + acked }), 0);
                break;
        case 1:         /* one that says it had all: the kernel does not look */
                assert_int_equal(peer_send(peer, &(struct peer_segment){ .flags = SEGMENT_RST }), 0);
                n_late += peer->n_received > acked;
                break;
        case 2:         /* FIN, then RST */
                peer_fin = true;
                assert_int_equal(peer_send(peer, &(struct peer_segment){
                        .flags = SEGMENT_FIN, .ack = PEER_ACK_ABSOLUTE, .ack_value = peer->kernel_isn + 1 + acked,
                        .has_window = window == 0 }), 0);
                assert_int_equal(peer_wait_acked(peer, deadline_in(PATIENCE_MS)), 0);
                assert_int_equal(peer_send(peer, &(struct peer_segment){ .flags = SEGMENT_RST }), 0);
                break;
        case 3:         /* RST, the error eaten by SO_ERROR */
                assert_int_equal(peer_send(peer, &(struct peer_segment){ .flags = SEGMENT_RST }), 0);
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
                        assert_int_equal(peer_send(peer, &(struct peer_segment){ 0 }), 0);
                }
                assert_true(peer->fin_seen);
                assert_int_equal(peer->n_received, written);
                acked = (uint32_t)written;
                peer_fin = true;
                assert_int_equal(peer_send(peer, &(struct peer_segment){ .flags = SEGMENT_FIN }), 0);
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
                printf("# run %u, seed %" PRIu64 ", end %u: written %" PRIu64
                       "/%" PRIu64 " acked %" PRIu64 "/%u uncertain %"
                       PRIu64 "/%" PRIu64 " unsent %" PRIu64 "/%" PRIu64
                       " received %" PRIu64 "/%u flags %#x (says/truth)\n",
                       run, seed, kind, r.written, written, r.acknowledged, acked, r.uncertain, sent - acked,
                       r.unsent, written - sent, r.received, peer_wrote, r.flags);
                fail();
        }
        assert_int_equal(r.flags & ~(uint32_t)(FINIS_PEER_FIN | FINIS_OWN_FIN | FINIS_OWN_FIN_ACKED), 0);
        if (kind == 4)
                assert_int_equal(r.ending, FINIS_ENDING_ORDERLY);
        else if (r.ending != FINIS_ENDING_RESET) {
                /* Nobody told the error, and a time-out would have looked the same. */
                assert_int_equal(r.ending, FINIS_ENDING_UNSEEN);
                assert_true(r.n_repeats > 0);
        }
        close(fd);
}

static void the_counts_are_those_of_the_wire(void **state)
{
        uint64_t seed = getenv("FINIS_SEED") ? strtoull(getenv("FINIS_SEED"), NULL, 10) : 1;
        unsigned n_runs = getenv("FINIS_RUNS") ? (unsigned)atoi(getenv("FINIS_RUNS")) : 300;
        unsigned first = getenv("FINIS_FIRST") ? (unsigned)atoi(getenv("FINIS_FIRST")) : 0;
        (void)state;
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
static void lost_acknowledgements_are_uncertain_bytes(void **state)
{
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        struct finis_report r;
        struct finis f;
        int fd;
        (void)state;
        need_namespace();

        fd = sent(9001, 1000, &peer, &f);
        acknowledge(peer, 1000, UINT32_MAX, 0, 0);
        assert_int_equal(finis_write(&f, bytes, 500), 500);
        assert_int_equal(peer_wait_bytes(peer, 1500, deadline_in(PATIENCE_MS)), 0);
        assert_int_equal(peer_send(peer, &(struct peer_segment){ .flags = SEGMENT_RST }), 0);
        await(fd, POLLHUP);
        assert_int_equal(finis_write(&f, bytes, 1), -ECONNRESET);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_int_equal(r.acknowledged, 1000);
        assert_int_equal(r.uncertain, 500);
        assert_int_equal(r.unsent, 0);
        assert_int_equal(r.ending, FINIS_ENDING_RESET);
        close(fd);
}

/* Two ends over the namespace's loopback, the client's first bytes in its SYN. */
static void the_bytes_in_a_syn_are_counted(void **state)
{
        struct finis_report r;
        struct finis f;
        struct sockaddr_storage at;
        socklen_t n = sizeof(at);
        uint16_t port = 0;
        int listener, client, server;
        (void)state;
        need_namespace();

        /* Fast Open on both sides, without a cookie. */
        if (namespace_sysctl("net.ipv4.tcp_fastopen", "1543") < 0)
                skip();
        listener = listening(AF_INET, "127.0.0.1", &port);
        assert_int_equal(setsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN, &(int){ 5 }, sizeof(int)), 0);
        assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &n), 0);
        client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(finis_init(&f, client), 0);
        finis_note_write(&f, sendto(client, bytes, 300, MSG_FASTOPEN, (struct sockaddr *)&at, n));
        server = accept(listener, NULL, NULL);
        assert_true(server >= 0);
        assert_int_equal(recv(server, (char[400]){ 0 }, 400, 0), 300);
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

/* The server's side of it, before the client has acknowledged anything: the kernel's queues are silent. */
static void bytes_of_an_unfinished_handshake_are_counted(void **state)
{
        struct finis_report r;
        struct finis f;
        struct sockaddr_storage at;
        socklen_t n = sizeof(at);
        uint16_t port = 0;
        int listener, client, server;
        (void)state;
        need_namespace();

        if (namespace_sysctl("net.ipv4.tcp_fastopen", "1543") < 0)
                skip();
        listener = listening(AF_INET, "127.0.0.1", &port);
        assert_int_equal(setsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN, &(int){ 5 }, sizeof(int)), 0);
        assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &n), 0);
        client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        /* It sends, and takes no segment for now. */
        assert_int_equal(setsockopt(client, IPPROTO_IP, IP_MINTTL, &(int){ 255 }, sizeof(int)), 0);
        assert_int_equal(sendto(client, bytes, 300, MSG_FASTOPEN, (struct sockaddr *)&at, n), 300);
        server = accept(listener, NULL, NULL);
        assert_true(server >= 0);
        assert_int_equal(finis_init(&f, server), 0);
        assert_int_equal(finis_write(&f, bytes, 200), 200);
        assert_int_equal(finis_read(&f, (char[100]){ 0 }, 100), 100);
        assert_int_equal(finis_report(&f, &r), 0);
        assert_int_equal(r.ending, FINIS_ENDING_OPEN);
        assert_int_equal(r.written, 200);
        assert_int_equal(r.acknowledged, 0);
        assert_int_equal(r.uncertain, 200);
        assert_int_equal(r.received, 300);
        assert_int_equal(r.unread, 200);
        assert_int_equal(r.flags, 0);
        assert_int_equal(finis_look(server, &r), 0);
        assert_int_equal(r.written, 200);
        assert_int_equal(r.flags, 0);

        assert_int_equal(setsockopt(client, IPPROTO_IP, IP_MINTTL, &(int){ 0 }, sizeof(int)), 0);
        for (int i = 0; i < PATIENCE_MS && (finis_report(&f, &r), r.acknowledged) < 200; ++i)
                usleep(1000);
        assert_int_equal(r.written, 200);
        assert_int_equal(r.acknowledged, 200);
        assert_int_equal(r.received, 300);
        assert_int_equal(r.unread, 200);
        assert_int_equal(r.flags, 0);
        close(server);
        close(client);
        close(listener);
}

static void urgent_data_sent_is_counted_as_data(void **state)
{
        struct finis_report r;
        struct finis f;
        int client, server;
        (void)state;
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

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(lost_acknowledgements_are_uncertain_bytes),
                cmocka_unit_test(the_bytes_in_a_syn_are_counted),
                cmocka_unit_test(bytes_of_an_unfinished_handshake_are_counted),
                cmocka_unit_test(urgent_data_sent_is_counted_as_data),
                cmocka_unit_test(the_counts_are_those_of_the_wire),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
