/* Frames of every kind down to the TCP segment in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/packet.h"

#include "hex.h"

enum {
        FRAME_MAX = 2048,
        LINK_ETHERNET = 1,
};

/* 192.0.2.1.46466 > 198.51.100.2.80: Flags [P.], seq 1000:1005, ack 2000, win 501, "hello" */
#define IP4 "4500 002d abcd 4000 4006 0000 c0000201 c6336402 "
#define TCP "b582 0050 000003e8 000007d0 5018 01f5 0000 0000 68656c6c6f "
/* 2001:db8::1.46466 > 2001:db8::2.80: the same */
#define IP6 "60012345 0019 06 40 20010db8000000000000000000000001 20010db8000000000000000000000002 "
/* 02:00:00:00:00:01 > 02:00:00:00:00:02 */
#define MAC "020000000002 020000000001 "

struct row {
        const char *what;
        uint32_t link_type;
        const char *frame;
        enum packet_kind kind;
        uint32_t vlan;
        uint8_t depth;
};

static const struct row rows[] = {
        { "Ethernet, IPv4", 1, MAC "0800" IP4 TCP, PACKET_TCP, 0, 0 },
        { "Ethernet, IPv6", 1, MAC "86dd" IP6 TCP, PACKET_TCP, 0, 0 },
        { "one VLAN tag", 1, MAC "8100 6123 0800" IP4 TCP, PACKET_TCP, 0x123, 0 },
        { "two VLAN tags", 1, MAC "88a8 0001 8100 6123 86dd" IP6 TCP, PACKET_TCP, 0x1123, 0 },
        { "raw IPv4", 101, IP4 TCP, PACKET_TCP, 0, 0 },
        { "raw IPv6", 229, IP6 TCP, PACKET_TCP, 0, 0 },
        { "loopback of a small-endian BSD", 0, "02000000" IP4 TCP, PACKET_TCP, 0, 0 },
        { "loopback of a big-endian BSD", 0, "0000001e" IP6 TCP, PACKET_TCP, 0, 0 },
        { "loopback of OpenBSD", 108, "00000018" IP6 TCP, PACKET_TCP, 0, 0 },
        { "ARP", 1, MAC "0806 0001 0800 0604 0001", PACKET_NOT_IP, 0, 0 },
        { "a link type of one's own", 147, "0102", PACKET_LINK_UNKNOWN, 0, 0 },
};

static void check(const struct row *row, const struct packet *packet) {
        const struct segment *segment = &packet->segment;

        assert_int_equal(packet->vlan, row->vlan);
        assert_int_equal(packet->depth, row->depth);
        assert_int_equal(segment->source_port, 46466);
        assert_int_equal(segment->destination_port, 80);
        assert_int_equal(segment->seq, 1000);
        assert_int_equal(segment->ack, 2000);
        assert_int_equal(segment->flags, SEGMENT_ACK | SEGMENT_PSH);
        assert_int_equal(segment->window, 501);
        assert_int_equal(segment->n_payload, 5);
        assert_int_equal(segment->n_captured, 5);
        assert_memory_equal(segment->payload, "hello", 5);
        assert_int_equal(segment->options, 0);
        assert_int_equal(segment->ttl, 64);
}

static void frames_of_every_kind_are_read(void **state) {
        struct packet_reader *reader;
        (void) state;

        assert_int_equal(packet_reader_new(&reader), 0);
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); ++i) {
                uint8_t frame[FRAME_MAX];
                struct packet packet;
                enum packet_kind kind;
                size_t n;

                n = hex(rows[i].frame, frame);
                kind = packet_read(reader, rows[i].link_type, frame, (uint32_t) n, (uint32_t) n, 0, &packet);
                if (kind != rows[i].kind)
                        print_message("# %s: %s\n", rows[i].what, packet_kind_name(kind));
                assert_int_equal(kind, rows[i].kind);
                if (kind == PACKET_TCP)
                        check(&rows[i], &packet);
        }
        assert_null(packet_reader_free(reader));
}

/* At every length in a block of its own, so that a sanitizer sees the first byte read too many. */
static void a_cut_frame_says_so_or_is_read_alike(void **state) {
        struct packet_reader *reader;
        (void) state;

        assert_int_equal(packet_reader_new(&reader), 0);
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); ++i) {
                uint8_t frame[FRAME_MAX];
                size_t n, n_read = 0;

                if (rows[i].kind != PACKET_TCP)
                        continue;
                n = hex(rows[i].frame, frame);
                for (size_t n_held = 0; n_held < n; ++n_held) {
                        uint8_t *block = malloc(n_held + 1);
                        struct packet packet;
                        enum packet_kind kind;

                        assert_non_null(block);
                        memcpy(block + 1, frame, n_held);
                        kind = packet_read(reader, rows[i].link_type, block + 1, (uint32_t) n_held, (uint32_t) n, 0,
                                           &packet);
                        if (kind == PACKET_TCP) {
                                ++n_read;
                                assert_int_equal(packet.segment.seq, 1000);
                                assert_int_equal(packet.segment.ack, 2000);
                                assert_int_equal(packet.segment.flags, SEGMENT_ACK | SEGMENT_PSH);
                                assert_int_equal(packet.segment.n_payload, 5);
                        } else {
                                if (kind != PACKET_CUT)
                                        print_message("# %s, %zu bytes: %s\n", rows[i].what, n_held,
                                                      packet_kind_name(kind));
                                assert_int_equal(kind, PACKET_CUT);
                        }
                        free(block);
                }
                /* From the flags on: the fourteenth byte of the TCP header, with the payload behind it. */
                assert_int_equal(n_read, 20 + 5 - 14);
        }
        assert_null(packet_reader_free(reader));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(frames_of_every_kind_are_read),
                cmocka_unit_test(a_cut_frame_says_so_or_is_read_alike),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
