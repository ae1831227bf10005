/* Tests of src/lab/sniffer.c: each packet once, both directions, whole and in time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "inside.h"
#include "lab/deadline.h"
#include "lab/peer.h"
#include "lab/sniffer.h"
#include "sockets.h"
#include "wire/checksum.h"
#include "wire/icmp.h"
#include "wire/segment.h"

static int64_t wall_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* How many of the frames have all of @flags. */
static size_t n_with(const struct sniffer *sniffer, uint16_t flags)
{
        size_t n = 0;

        for (size_t i = 0; i < sniffer->n_frames; ++i) {
                struct segment segment;

                if (segment_read(sniffer->frames[i].bytes, sniffer->frames[i].n_bytes, &segment) == 0)
                        n += (segment.flags & flags) == flags;
        }
        return n;
}

static bool two_fins(const struct sniffer *sniffer, void *context)
{
        (void)context;
        return n_with(sniffer, SEGMENT_FIN) >= 2;
}

static bool a_rst(const struct sniffer *sniffer, void *context)
{
        (void)context;
        return n_with(sniffer, SEGMENT_RST) >= 1;
}

static void loopback_is_heard_once_and_with_right_sums(void **state)
{
        (void)state;
        need_namespace();

        for (unsigned v6 = 0; v6 < 2; ++v6) {
                __attribute__((cleanup(sniffer_closep))) struct sniffer *sniffer = NULL;
                int64_t begin = wall_ns();
                int client, server;
                char byte;

                assert_int_equal(sniffer_open("lo", &sniffer), 0);
                pair(v6 ? AF_INET6 : AF_INET, &client, &server);
                assert_int_equal(send(client, "hello", 5, 0), 5);
                assert_int_equal(shutdown(client, SHUT_WR), 0);
                while (recv(server, &byte, 1, 0) > 0)
                        ;
                close(server);
                assert_int_equal(sniffer_wait(sniffer, two_fins, NULL, deadline_in(PATIENCE_MS)), 0);
                close(client);
                assert_int_equal(n_with(sniffer, SEGMENT_SYN), 2);
                assert_int_equal(n_with(sniffer, SEGMENT_SYN | SEGMENT_ACK), 1);
                assert_int_equal(n_with(sniffer, SEGMENT_FIN), 2);
                assert_int_equal(n_with(sniffer, SEGMENT_RST), 0);
                assert_int_equal(sniffer->n_lost, 0);

                size_t n_hello = 0;
                for (size_t i = 0; i < sniffer->n_frames; ++i) {
                        const struct sniffer_frame *frame = &sniffer->frames[i];
                        struct segment segment;
                        bool holds = false;

                        assert_int_equal(segment_read(frame->bytes, frame->n_bytes, &segment), 0);
                        assert_int_equal(frame->n_bytes, frame->n_frame);
                        n_hello += segment.n_payload == 5;
                        assert_int_equal(checksum_check(frame->bytes, frame->n_bytes, &holds), 0);
                        assert_true(holds);
                        assert_true(frame->time_ns >= begin && frame->time_ns <= wall_ns());
                        assert_true(i == 0 || frame->time_ns >= frame[-1].time_ns);
                }
                assert_int_equal(n_hello, 1);
        }
}

static void both_directions_of_the_wire_are_heard(void **state)
{
        __attribute__((cleanup(sniffer_closep))) struct sniffer *sniffer = NULL;
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        size_t n_errors = 0;
        int fd;
        (void)state;
        need_namespace();

        assert_int_equal(sniffer_open(NAMESPACE_WIRE, &sniffer), 0);
        assert_int_equal(peer_open(AF_INET, PEER_SERVER, 7101, 0, &peer), 0);
        fd = connecting(AF_INET, 7101);
        assert_int_equal(peer_handshake(peer, deadline_in(PATIENCE_MS)), 0);
        assert_int_equal(peer_icmp(peer, ICMP_ERROR_HOST_UNREACHABLE), 0);
        assert_int_equal(peer_send(peer, &(struct peer_segment){ .flags = SEGMENT_RST }), 0);
        await(fd, POLLERR);
        close(fd);
        assert_int_equal(sniffer_wait(sniffer, a_rst, NULL, deadline_in(PATIENCE_MS)), 0);
        assert_int_equal(sniffer->n_frames, 5);
        for (size_t i = 0; i < 5; ++i) {
                const struct sniffer_frame *frame = &sniffer->frames[i];
                static const bool from_peer[] = { false, true, false, true, true };
                struct icmp_about about;

                assert_int_equal(frame->outgoing, from_peer[i]);
                if (icmp_read(frame->bytes, frame->n_bytes, &about) == 0) {
                        ++n_errors;
                        assert_int_equal(about.destination_port, 7101);
                }
        }
        assert_int_equal(n_errors, 1);
}

static void only_the_ports_asked_for_are_kept(void **state)
{
        __attribute__((cleanup(sniffer_closep))) struct sniffer *sniffer = NULL;
        static const uint16_t ports[] = { 7102 };
        (void)state;
        need_namespace();

        assert_int_equal(sniffer_open(NAMESPACE_WIRE, &sniffer), 0);
        assert_int_equal(sniffer_ports(sniffer, ports, 1), 0);
        for (uint16_t port = 7101; port <= 7103; ++port) {
                __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
                int fd;

                assert_int_equal(peer_open(AF_INET6, PEER_SERVER, port, 0, &peer), 0);
                fd = connecting(AF_INET6, port);
                assert_int_equal(peer_wait_flags(peer, SEGMENT_SYN, 0, deadline_in(PATIENCE_MS)), 0);
                assert_int_equal(peer_icmp(peer, ICMP_ERROR_PORT_UNREACHABLE), 0);
                await(fd, POLLERR);
                close(fd);
        }
        /* The SYN, and the ICMP error about it. */
        assert_int_equal(sniffer_drain(sniffer), 2);
        assert_int_equal(sniffer_drain(sniffer), 0);
        assert_int_equal(sniffer_ports(sniffer, NULL, 0), 0);
        assert_int_equal(sniffer->n_frames, 2);
}

static void clearing_forgets_what_was_not_yet_drained(void **state)
{
        __attribute__((cleanup(sniffer_closep))) struct sniffer *sniffer = NULL;
        int client, server;
        (void)state;
        need_namespace();

        assert_int_equal(sniffer_open("lo", &sniffer), 0);
        pair(AF_INET, &client, &server);
        assert_int_equal(sniffer_clear(sniffer), 0);
        assert_int_equal(sniffer->n_frames, 0);
        assert_int_equal(send(client, "x", 1, 0), 1);
        await(server, POLLIN);
        assert_true(sniffer_drain(sniffer) >= 1);
        assert_int_equal(n_with(sniffer, SEGMENT_SYN), 0);
        close(client);
        close(server);
}

/* Loopback passes segments of up to 64 KB. */
static void a_long_frame_is_cut_and_keeps_its_length(void **state)
{
        __attribute__((cleanup(sniffer_closep))) struct sniffer *sniffer = NULL;
        static char buffer[60000];
        size_t n_received = 0, n_long = 0;
        int client, server;
        (void)state;
        need_namespace();

        assert_int_equal(sniffer_open("lo", &sniffer), 0);
        pair(AF_INET, &client, &server);
        assert_int_equal(send(client, buffer, sizeof(buffer), 0), sizeof(buffer));
        while (n_received < sizeof(buffer)) {
                ssize_t n = recv(server, buffer, sizeof(buffer), 0);

                assert_true(n > 0);
                n_received += (size_t)n;
        }
        assert_true(sniffer_drain(sniffer) > 0);
        for (size_t i = 0; i < sniffer->n_frames; ++i) {
                const struct sniffer_frame *frame = &sniffer->frames[i];
                struct segment segment;

                assert_int_equal(segment_read(frame->bytes, frame->n_bytes, &segment), 0);
                if (frame->n_bytes == frame->n_frame)
                        continue;
                ++n_long;
                assert_true(frame->n_bytes > 3900 && frame->n_bytes < frame->n_frame);
                assert_true(segment.n_captured < segment.n_payload);
                assert_int_equal(frame->n_frame - frame->n_bytes, segment.n_payload - segment.n_captured);
        }
        assert_true(n_long > 0);
        close(client);
        close(server);
}

static void what_the_ring_cannot_hold_is_counted(void **state)
{
        __attribute__((cleanup(sniffer_closep))) struct sniffer *sniffer = NULL;
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        size_t n_sent = 0;
        int fd;
        (void)state;
        need_namespace();

        assert_int_equal(peer_open(AF_INET, PEER_SERVER, 7104, 0, &peer), 0);
        fd = connecting(AF_INET, 7104);
        assert_int_equal(peer_wait_flags(peer, SEGMENT_SYN, 0, deadline_in(PATIENCE_MS)), 0);
        assert_int_equal(sniffer_open(NAMESPACE_WIRE, &sniffer), 0);
        /* RSTs that no SYN_SENT socket takes: without ACK they are ignored. */
        for (size_t i = 0; i < sniffer->n_slots + 100; ++i)
                n_sent += peer_send(peer, &(struct peer_segment){
                        .flags = SEGMENT_RST, .ack = PEER_ACK_NONE, .seq_offset = 5 }) == 0;
        assert_int_equal(n_sent, sniffer->n_slots + 100);
        assert_true(sniffer_drain(sniffer) > 0);
        assert_true(sniffer->n_lost >= 90);
        assert_true(sniffer->n_frames + sniffer->n_lost >= n_sent);
        /* Room again. */
        assert_int_equal(sniffer_clear(sniffer), 0);
        assert_int_equal(peer_send(peer, &(struct peer_segment){ .flags = SEGMENT_RST }), 0);
        assert_int_equal(sniffer_wait(sniffer, a_rst, NULL, deadline_in(PATIENCE_MS)), 0);
        close(fd);
}

static void a_device_that_is_not_there_is_refused(void **state)
{
        struct sniffer *sniffer = NULL;
        (void)state;

        assert_int_equal(sniffer_open("no-such-dev", &sniffer), -ENODEV);
        assert_null(sniffer);
        assert_null(sniffer_close(NULL));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(loopback_is_heard_once_and_with_right_sums),
                cmocka_unit_test(both_directions_of_the_wire_are_heard),
                cmocka_unit_test(only_the_ports_asked_for_are_kept),
                cmocka_unit_test(clearing_forgets_what_was_not_yet_drained),
                cmocka_unit_test(a_long_frame_is_cut_and_keeps_its_length),
                cmocka_unit_test(what_the_ring_cannot_hold_is_counted),
                cmocka_unit_test(a_device_that_is_not_there_is_refused),
        };

        return cmocka_run_group_tests_name("lab/sniffer", tests, NULL, NULL);
}
