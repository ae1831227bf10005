/* Tests of src/lab/peer*.c: the peer against sockets of the running kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "inside.h"
#include "lab/deadline.h"
#include "lab/peer.h"
#include "netlink/diag.h"
#include "netlink/link.h"
#include "sockets.h"
#include "wire/seq.h"

static const uint8_t families[] = { AF_INET, AF_INET6 };

/* The peer as server, and the kernel's socket connected to it. */
static int opened(uint8_t family, uint16_t port, struct peer **ret_peer)
{
        int fd;

        assert_int_equal(peer_open(family, PEER_SERVER, port, 0, ret_peer), 0);
        fd = connecting(family, port);
        assert_int_equal(peer_handshake(*ret_peer, deadline_in(PATIENCE_MS)), 0);
        await(fd, POLLOUT);
        assert_int_equal(error_of(fd), 0);
        return fd;
}

static void as_server_it_opens_takes_data_and_resets(void **state)
{
        (void)state;
        need_namespace();

        for (unsigned i = 0; i < 2; ++i) {
                __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
                struct diag_socket socket;
                struct diag_tuple tuple;
                char buffer[64];
                int fd;

                fd = opened(families[i], 7001, &peer);
                assert_true(peer->agreed_timestamps);
                assert_int_equal(send(fd, "hello", 5, 0), 5);
                assert_int_equal(peer_wait_bytes(peer, 5, deadline_in(PATIENCE_MS)), 0);
                assert_memory_equal(peer->seen[peer->n_seen - 1].segment.payload, "hello", 5);
                assert_int_equal(peer_send(peer, &(struct peer_segment){ .n_payload = 10 }), 0);
                assert_int_equal(peer_wait_acked(peer, deadline_in(PATIENCE_MS)), 0);
                assert_int_equal(recv(fd, buffer, sizeof(buffer), 0), 10);
                assert_memory_equal(buffer, "abcdefghij", 10);

                assert_int_equal(diag_tuple_of(fd, &tuple), 0);
                assert_int_equal(diag_look(&tuple, &socket), 0);
                assert_int_equal(socket.state, TCP_STATE_ESTABLISHED);

                assert_int_equal(peer_send(peer, &(struct peer_segment){ .flags = SEGMENT_RST }), 0);
                await(fd, POLLERR);
                assert_int_equal(recv(fd, buffer, sizeof(buffer), 0), -1);
                assert_int_equal(errno, ECONNRESET);
                assert_int_equal(recv(fd, buffer, sizeof(buffer), 0), 0);
                assert_int_equal(diag_look(&tuple, &socket), -ENOENT);
                close(fd);
        }
}

static void as_client_it_opens_and_closes_in_order(void **state)
{
        (void)state;
        need_namespace();

        for (unsigned i = 0; i < 2; ++i) {
                __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
                uint16_t port = 0;
                char buffer[64];
                int listener, fd;

                listener = listening(families[i], families[i] == AF_INET6 ? NAMESPACE_SOCKETS_IPV6
                                                                         : NAMESPACE_SOCKETS_IPV4, &port);
                assert_int_equal(peer_open(families[i], PEER_CLIENT, 40000, port, &peer), 0);
                assert_int_equal(peer_handshake(peer, deadline_in(PATIENCE_MS)), 0);
                fd = accept(listener, NULL, NULL);
                assert_true(fd >= 0);
                assert_int_equal(peer_send(peer, &(struct peer_segment){ .n_payload = 3, .flags = SEGMENT_FIN }), 0);
                assert_int_equal(peer_wait_acked(peer, deadline_in(PATIENCE_MS)), 0);
                assert_int_equal(recv(fd, buffer, sizeof(buffer), 0), 3);
                assert_int_equal(recv(fd, buffer, sizeof(buffer), 0), 0);
                close(fd);
                assert_int_equal(peer_wait_flags(peer, SEGMENT_FIN, 0, deadline_in(PATIENCE_MS)), 0);
                assert_true(peer->fin_seen);
                assert_false(peer->rst_seen);
                assert_int_equal(peer->n_received, 0);
                assert_int_equal(seq_distance(peer->kernel_isn, peer->kernel_next), 2);
                close(listener);
        }
}

static void a_port_without_a_listener_refuses_the_client(void **state)
{
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        const struct segment *rst;
        (void)state;
        need_namespace();

        assert_int_equal(peer_open(AF_INET, PEER_CLIENT, 40001, 9, &peer), 0);
        assert_int_equal(peer_handshake(peer, deadline_in(PATIENCE_MS)), -ECONNREFUSED);
        /* The shape of a reply to a SYN: RST|ACK, seq 0, window 0, no options. */
        rst = &peer->seen[0].segment;
        assert_int_equal(rst->flags, SEGMENT_RST | SEGMENT_ACK);
        assert_int_equal(rst->seq, 0);
        assert_int_equal(rst->ack, peer->isn + 1);
        assert_int_equal(rst->window, 0);
        assert_int_equal(rst->options, 0);
}

static void a_rst_to_the_syn_refuses_the_socket(void **state)
{
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        int fd;
        (void)state;
        need_namespace();

        assert_int_equal(peer_open(AF_INET, PEER_SERVER, 7002, 0, &peer), 0);
        fd = connecting(AF_INET, 7002);
        assert_int_equal(peer_wait_flags(peer, SEGMENT_SYN, 0, deadline_in(PATIENCE_MS)), 0);
        assert_int_equal(peer_send(peer, &(struct peer_segment){ .flags = SEGMENT_RST, .seq_offset = 0 }), 0);
        await(fd, POLLERR);
        assert_int_equal(error_of(fd), ECONNREFUSED);
        close(fd);
}

static void it_acknowledges_nothing_by_itself(void **state)
{
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        int fd, n = -1;
        (void)state;
        need_namespace();

        fd = opened(AF_INET, 7003, &peer);
        assert_int_equal(send(fd, "0123456789", 10, 0), 10);
        assert_int_equal(peer_wait_bytes(peer, 10, deadline_in(PATIENCE_MS)), 0);
        assert_int_equal(ioctl(fd, SIOCOUTQ, &n), 0);
        assert_int_equal(n, 10);
        /* Told to, it acknowledges 7 of 10; the kernel's own answer is what shows it. */
        assert_int_equal(peer_send(peer, &(struct peer_segment){
                .ack = PEER_ACK_FEWER, .ack_value = 3, .n_payload = 1 }), 0);
        assert_int_equal(peer_wait_acked(peer, deadline_in(PATIENCE_MS)), 0);
        assert_int_equal(ioctl(fd, SIOCOUTQ, &n), 0);
        assert_int_equal(n, 3);
        assert_int_equal(peer_send(peer, &(struct peer_segment){ .n_payload = 1 }), 0);
        assert_int_equal(peer_wait_acked(peer, deadline_in(PATIENCE_MS)), 0);
        assert_int_equal(ioctl(fd, SIOCOUTQ, &n), 0);
        assert_int_equal(n, 0);
        close(fd);
}

static void what_the_kernel_repeats_is_counted_once(void **state)
{
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        size_t n_seen;
        int fd;
        (void)state;
        need_namespace();

        fd = opened(AF_INET, 7004, &peer);
        assert_int_equal(send(fd, "abc", 3, 0), 3);
        assert_int_equal(peer_wait_bytes(peer, 3, deadline_in(PATIENCE_MS)), 0);
        n_seen = peer->n_seen;
        /* Unacknowledged, it is sent again after some 200 ms. */
        assert_true(peer_read(peer, deadline_in(PATIENCE_MS)) > 0);
        assert_int_equal(peer->seen[n_seen].segment.n_payload, 3);
        assert_int_equal(peer->n_received, 3);
        close(fd);
}

static void segments_off_the_order_move_nothing_on(void **state)
{
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        uint32_t next;
        char buffer[64];
        int fd;
        (void)state;
        need_namespace();

        fd = opened(AF_INET6, 7005, &peer);
        next = peer->next;
        /* Five bytes behind a hole of five: acknowledged by SACK only. */
        assert_int_equal(peer_send(peer, &(struct peer_segment){ .seq_offset = 5, .n_payload = 5 }), 0);
        assert_int_equal(peer->next, next);
        assert_int_equal(peer_wait_flags(peer, SEGMENT_ACK, peer->n_seen, deadline_in(PATIENCE_MS)), 0);
        assert_int_equal(peer->last_ack, next);
        assert_true(peer->seen[peer->n_seen - 1].segment.options & SEGMENT_HAS_SACK);
        assert_int_equal(peer->seen[peer->n_seen - 1].segment.sack[0].start, next + 5);
        assert_int_equal(peer->seen[peer->n_seen - 1].segment.sack[0].end, next + 10);
        assert_int_equal(recv(fd, buffer, sizeof(buffer), 0), -1);
        assert_int_equal(errno, EAGAIN);
        /* The hole is filled, and the letters fit together. */
        assert_int_equal(peer_send(peer, &(struct peer_segment){ .n_payload = 5 }), 0);
        await(fd, POLLIN);
        assert_int_equal(recv(fd, buffer, sizeof(buffer), 0), 10);
        assert_memory_equal(buffer, "abcdefghij", 10);
        close(fd);
}

/* Sends @segment to the peer in the kernel's name, so that it can come in any order. */
static void forge(const struct segment *segment)
{
        struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_halen = 6 };
        uint8_t packet[1500];
        int fd, n;

        to.sll_ifindex = link_index(NAMESPACE_SOCKETS);
        assert_int_equal(link_mac(NAMESPACE_WIRE, to.sll_addr), 0);
        n = segment_write(packet, sizeof(packet), segment);
        assert_true(n > 0);
        fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        assert_true(fd >= 0);
        assert_int_equal(sendto(fd, packet, (size_t)n, 0, (struct sockaddr *)&to, sizeof(to)), n);
        close(fd);
}

static void bytes_count_in_order_and_once(void **state)
{
        static const struct {
                uint32_t begin, n;
                uint16_t flags;
                uint64_t n_received;         /* afterwards */
                uint32_t highest;
                bool fin;
        } rows[] = {
                { 5, 5, SEGMENT_ACK, 0, 10, false },                     /* behind a hole: not kept */
                { 0, 7, SEGMENT_ACK, 7, 10, false },
                { 2, 3, SEGMENT_ACK, 7, 10, false },                     /* nothing new */
                { 5, 5, SEGMENT_ACK, 10, 10, false },                    /* old and new */
                { 12, 0, SEGMENT_ACK | SEGMENT_FIN, 10, 13, false },     /* a FIN behind a hole */
                { 10, 2, SEGMENT_ACK | SEGMENT_FIN, 12, 13, true },
                { 10, 2, SEGMENT_ACK | SEGMENT_FIN, 12, 13, true },
        };
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        uint32_t first;
        int fd;
        (void)state;
        need_namespace();

        fd = opened(AF_INET, 7011, &peer);
        first = peer->kernel_next;
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); ++i) {
                struct segment segment = peer->seen[0].segment;

                segment.seq = first + rows[i].begin;
                segment.ack = peer->next;
                segment.flags = rows[i].flags;
                segment.options = 0;
                segment.n_payload = rows[i].n;
                segment.payload = (const uint8_t *) "0123456789";
                forge(&segment);
                assert_int_equal(peer_read(peer, deadline_in(PATIENCE_MS)), 1);
                assert_int_equal(peer->n_received, rows[i].n_received);
                assert_int_equal(peer->kernel_next, first + rows[i].n_received + rows[i].fin);
                assert_int_equal(peer->kernel_highest, first + rows[i].highest);
                assert_int_equal(peer->fin_seen, rows[i].fin);
        }
        close(fd);
}

static void a_rst_beside_the_next_byte_is_challenged(void **state)
{
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        struct diag_socket socket;
        struct diag_tuple tuple;
        size_t n_seen;
        int fd;
        (void)state;
        need_namespace();

        fd = opened(AF_INET, 7006, &peer);
        n_seen = peer->n_seen;
        assert_int_equal(peer_send(peer, &(struct peer_segment){ .flags = SEGMENT_RST, .seq_offset = 100 }), 0);
        assert_int_equal(peer_wait_flags(peer, SEGMENT_ACK, n_seen, deadline_in(PATIENCE_MS)), 0);
        assert_false(peer->rst_seen);
        assert_int_equal(diag_tuple_of(fd, &tuple), 0);
        assert_int_equal(diag_look(&tuple, &socket), 0);
        assert_int_equal(socket.state, TCP_STATE_ESTABLISHED);
        close(fd);
}

static void an_old_timestamp_is_not_taken(void **state)
{
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        uint32_t next;
        size_t n_seen;
        char byte;
        int fd;
        (void)state;
        need_namespace();

        fd = opened(AF_INET, 7007, &peer);
        n_seen = peer->n_seen;
        next = peer->next;
        assert_int_equal(peer_send(peer, &(struct peer_segment){ .n_payload = 1, .ts_offset = -100000 }), 0);
        assert_int_equal(peer_wait_flags(peer, SEGMENT_ACK, n_seen, deadline_in(PATIENCE_MS)), 0);
        assert_int_equal(peer->last_ack, next);
        assert_int_equal(recv(fd, &byte, 1, 0), -1);
        assert_int_equal(errno, EAGAIN);
        close(fd);
}

/* tcp_v4_err(), tcp_v6_err(): what an unanswered SYN makes of each error, and at once. */
static void icmp_errors_end_the_attempt_to_connect(void **state)
{
        static const struct {
                enum icmp_error error;
                int expected4;
                int expected6;
        } rows[] = {
                { ICMP_ERROR_NET_UNREACHABLE, ENETUNREACH, ENETUNREACH },
                { ICMP_ERROR_HOST_UNREACHABLE, EHOSTUNREACH, EHOSTUNREACH },
                { ICMP_ERROR_PROTOCOL_UNREACHABLE, ENOPROTOOPT, EPROTO },
                { ICMP_ERROR_PORT_UNREACHABLE, ECONNREFUSED, ECONNREFUSED },
                { ICMP_ERROR_ADMIN_PROHIBITED, EHOSTUNREACH, EACCES },
        };
        (void)state;
        need_namespace();

        for (unsigned f = 0; f < 2; ++f)
                for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); ++i) {
                        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
                        int fd;

                        assert_int_equal(peer_open(families[f], PEER_SERVER, 7008, 0, &peer), 0);
                        assert_int_equal(peer_icmp(peer, rows[i].error), -ENODATA);
                        fd = connecting(families[f], 7008);
                        assert_int_equal(peer_wait_flags(peer, SEGMENT_SYN, 0, deadline_in(PATIENCE_MS)), 0);
                        assert_int_equal(peer_icmp(peer, rows[i].error), 0);
                        await(fd, POLLERR);
                        assert_int_equal(error_of(fd), f ? rows[i].expected6 : rows[i].expected4);
                        close(fd);
                }
}

/* Closing costs a grace period of the kernel, so the socket is kept for the next peer: which must
 * hear nothing of what came before, and of which a child has its own. */
static void the_next_peer_hears_nothing_of_the_last(void **state)
{
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        int fd, kept, status;
        (void)state;
        need_namespace();

        assert_int_equal(peer_open(AF_INET, PEER_SERVER, 7012, 0, &peer), 0);
        kept = peer->fd;
        peer = peer_close(peer);
        fd = connecting(AF_INET, 7012);
        assert_int_equal(peer_open(AF_INET, PEER_SERVER, 7012, 0, &peer), 0);
        assert_int_equal(peer->fd, kept);
        assert_int_equal(peer_read(peer, 0), -ETIMEDOUT);
        close(fd);
        peer = peer_close(peer);
        fflush(stdout);
        if (fork() == 0) {
                struct peer *childs = NULL;
                struct stat ours, theirs;

                /* The parent's is still open here, so one number is as good as the other. */
                if (fstat(kept, &ours) < 0 || peer_open(AF_INET, PEER_SERVER, 7013, 0, &childs) < 0)
                        _exit(1);
                _exit(fstat(childs->fd, &theirs) == 0 && ours.st_ino != theirs.st_ino ? 0 : 2);
        }
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
        /* Two at a time have two. */
        struct peer *other = NULL;
        assert_int_equal(peer_open(AF_INET, PEER_SERVER, 7012, 0, &peer), 0);
        assert_int_equal(peer_open(AF_INET6, PEER_SERVER, 7012, 0, &other), 0);
        assert_int_not_equal(peer->fd, other->fd);
        peer_close(other);
}

static void waiting_in_vain_ends_at_the_deadline(void **state)
{
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        int64_t deadline;
        (void)state;
        need_namespace();

        assert_int_equal(peer_open(AF_INET, PEER_SERVER, 7009, 0, &peer), 0);
        deadline = deadline_in(30);
        assert_int_equal(peer_handshake(peer, deadline), -ETIMEDOUT);
        assert_int_equal(deadline_left_ms(deadline), 0);
        assert_int_equal(peer_read(peer, 0), -ETIMEDOUT);
}

static void what_makes_no_peer_is_refused(void **state)
{
        struct peer *peer = NULL;
        (void)state;

        assert_int_equal(peer_open(AF_UNIX, PEER_SERVER, 1, 0, &peer), -EAFNOSUPPORT);
        assert_int_equal(peer_open(AF_INET, PEER_SERVER, 0, 0, &peer), -EINVAL);
        assert_int_equal(peer_open(AF_INET, PEER_CLIENT, 1, 0, &peer), -EINVAL);
        assert_null(peer);
        need_namespace();
        assert_int_equal(peer_open(AF_INET, PEER_SERVER, 7010, 0, &peer), 0);
        /* Nobody is there to send to yet. */
        assert_int_equal(peer_send(peer, &(struct peer_segment){}), -ENOTCONN);
        peer = peer_close(peer);
        assert_null(peer_close(peer));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(as_server_it_opens_takes_data_and_resets),
                cmocka_unit_test(as_client_it_opens_and_closes_in_order),
                cmocka_unit_test(a_port_without_a_listener_refuses_the_client),
                cmocka_unit_test(a_rst_to_the_syn_refuses_the_socket),
                cmocka_unit_test(it_acknowledges_nothing_by_itself),
                cmocka_unit_test(what_the_kernel_repeats_is_counted_once),
                cmocka_unit_test(segments_off_the_order_move_nothing_on),
                cmocka_unit_test(bytes_count_in_order_and_once),
                cmocka_unit_test(a_rst_beside_the_next_byte_is_challenged),
                cmocka_unit_test(an_old_timestamp_is_not_taken),
                cmocka_unit_test(icmp_errors_end_the_attempt_to_connect),
                cmocka_unit_test(the_next_peer_hears_nothing_of_the_last),
                cmocka_unit_test(waiting_in_vain_ends_at_the_deadline),
                cmocka_unit_test(what_makes_no_peer_is_refused),
        };

        return cmocka_run_group_tests_name("lab/peer", tests, NULL, NULL);
}
