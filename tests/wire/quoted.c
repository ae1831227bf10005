/* ICMP errors and the segments that they quote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/socket.h>

#include "wire/packet.h"

#include "hex.h"

/* 203.0.113.1 > 192.0.2.1, a length: ICMP */
#define FROM4(length) "4500" length "0001 0000 4001 0000 cb007101 c0000201 "
/* 2001:db8::fe > 2001:db8::1, a length: ICMPv6 */
#define FROM6(length) "60000000" length "3a40 20010db80000000000000000000000fe 20010db8000000000000000000000001 "
/* 192.0.2.1.46466 > 198.51.100.2.80: Flags [S], seq 1000, win 501, options [mss 1460] */
#define IP4 "4500 002c abcd 4000 3f06 0000 c0000201 c6336402 "
#define IP6 "60000000 0018 06 40 20010db8000000000000000000000001 20010db8000000000000000000000002 "
#define EIGHT "b582 0050 000003e8 "
#define TCP EIGHT "00000000 6002 01f5 0000 0000 020405b4 "

struct row {
        const char *what;
        const char *frame;
        enum packet_kind kind;
        enum icmp_error error;
        uint8_t n_quoted;
        uint16_t flags;
};

static const struct row rows[] = {
        { "port unreachable, eight bytes", FROM4("0038") "0303 0000 00000000" IP4 EIGHT, PACKET_ICMP_ERROR,
          ICMP_ERROR_PORT_UNREACHABLE, 8, 0 },
        { "host unreachable, all of it", FROM4("0048") "0301 0000 00000000" IP4 TCP, PACKET_ICMP_ERROR,
          ICMP_ERROR_HOST_UNREACHABLE, 24, SEGMENT_SYN },
        { "net unreachable, cut at the flags", FROM4("003e") "0300 0000 00000000" IP4 EIGHT "00000000 6002",
          PACKET_ICMP_ERROR, ICMP_ERROR_NET_UNREACHABLE, 14, SEGMENT_SYN },
        { "prohibited", FROM4("0038") "030d 0000 00000000" IP4 EIGHT,
          PACKET_ICMP_ERROR, ICMP_ERROR_ADMIN_PROHIBITED, 8, 0 },
        { "too big", FROM4("0038") "0304 0000 000005dc" IP4 EIGHT, PACKET_ICMP_ERROR, ICMP_ERROR_TOO_BIG, 8, 0 },
        { "out of hops", FROM4("0038") "0b00 0000 00000000" IP4 EIGHT,
          PACKET_ICMP_ERROR, ICMP_ERROR_TIME_EXCEEDED, 8, 0 },
        { "a parameter", FROM4("0038") "0c00 0000 00000000" IP4 EIGHT, PACKET_ICMP_ERROR, ICMP_ERROR_OTHER, 8, 0 },
        { "slow down", FROM4("0038") "0400 0000 00000000" IP4 EIGHT, PACKET_ICMP_ERROR, ICMP_ERROR_OTHER, 8, 0 },
        { "only the ports", FROM4("0034") "0303 0000 00000000" IP4 "b582 0050", PACKET_ICMP_ERROR,
          ICMP_ERROR_PORT_UNREACHABLE, 4, 0 },
        { "the first piece of a packet", FROM4("0038") "0303 0000 00000000"
          "4500 05dc abcd 2000 3f06 0000 c0000201 c6336402"
          EIGHT, PACKET_ICMP_ERROR, ICMP_ERROR_PORT_UNREACHABLE, 8, 0 },
        { "labels behind the quoted packet, whose length is told",
          FROM4("00c4") "0b00 0000 00070000" IP4 EIGHT "2000 0000"
          "00080101 00011140", PACKET_ICMP_ERROR, ICMP_ERROR_TIME_EXCEEDED, 8, 0 },
        { "IPv6: refused", FROM6("0044") "0104 0000 00000000" IP6 EIGHT "00000000 6002 01f5 0000 0000",
          PACKET_ICMP_ERROR, ICMP_ERROR_PORT_UNREACHABLE, 20, SEGMENT_SYN },
        { "IPv6: too big", FROM6("0048") "0200 0000 000005dc" IP6 TCP,
          PACKET_ICMP_ERROR, ICMP_ERROR_TOO_BIG, 24, SEGMENT_SYN },
        { "IPv6: with an option before", FROM6("0050") "0104 0000 00000000" "60000000 0020 3c 40"
          "20010db8000000000000000000000001 20010db8000000000000000000000002 0600 0104 00000000" TCP, PACKET_ICMP_ERROR,
          ICMP_ERROR_PORT_UNREACHABLE, 24, SEGMENT_SYN },

        { "three bytes", FROM4("0033") "0303 0000 00000000" IP4 "b582 00", PACKET_ICMP, 0, 0, 0 },
        { "about UDP", FROM4("0038") "0303 0000 00000000" "4500 002c abcd 4000 3f11 0000 c0000201 c6336402" EIGHT,
          PACKET_ICMP, 0, 0, 0 },
        { "about an error about TCP", FROM4("0054") "0303 0000 00000000" FROM4("0038") "0303 0000 00000000" IP4 EIGHT,
          PACKET_ICMP, 0, 0, 0 },
        { "a later piece of a packet", FROM4("0038") "0303 0000 00000000"
          "4500 05dc abcd 0010 3f06 0000 c0000201 c6336402"
          EIGHT, PACKET_ICMP, 0, 0, 0 },
        { "go another way", FROM4("0038") "0501 0000 cb007102" IP4 EIGHT, PACKET_ICMP, 0, 0, 0 },
        { "an answer to a ping, with a packet in it", FROM4("0048") "0000 0000 00000000" IP4 TCP,
          PACKET_ICMP, 0, 0, 0 },
        { "IPv6: a neighbour", FROM6("0018") "8700 0000 00000000 20010db8000000000000000000000002",
          PACKET_ICMP, 0, 0, 0 },
};

static void errors_are_read_to_the_segment_that_they_quote(void **state)
{
        struct packet_reader *reader;
        (void)state;

        assert_int_equal(packet_reader_new(&reader), 0);
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); ++i) {
                const struct row *row = &rows[i];
                uint8_t frame[512];
                struct packet packet;
                enum packet_kind kind;
                uint32_t n;
                bool v6;

                n = (uint32_t)hex(row->frame, frame);
                v6 = frame[0] >> 4 == 6;
                kind = packet_read(reader, 101, frame, n, n, 0, &packet);
                if (kind != row->kind)
                        print_message("# %s: %s\n", row->what, packet_kind_name(kind));
                assert_int_equal(kind, row->kind);
                if (kind != PACKET_ICMP_ERROR)
                        continue;
                assert_int_equal(packet.icmp, row->error);
                assert_int_equal(packet.n_quoted, row->n_quoted);
                assert_int_equal(packet.depth, 0);
                assert_int_equal(packet.segment.family, v6 ? AF_INET6 : AF_INET);
                assert_int_equal(packet.icmp_from[v6 ? 15 : 0], v6 ? 0xfe : 203);
                assert_int_equal(packet.segment.source[v6 ? 15 : 0], v6 ? 1 : 192);
                assert_int_equal(packet.segment.destination[v6 ? 15 : 0], v6 ? 2 : 198);
                assert_int_equal(packet.segment.source_port, 46466);
                assert_int_equal(packet.segment.destination_port, 80);
                assert_int_equal(packet.segment.seq, row->n_quoted >= 8 ? 1000 : 0);
                assert_int_equal(packet.segment.flags, row->flags);
                assert_int_equal(packet.segment.mss, row->n_quoted == 24 ? 1460 : 0);
                assert_int_equal(!!(packet.segment.options & SEGMENT_HAS_NO_WINDOW), row->n_quoted < 16);
        }
        packet_reader_free(reader);
}

static void an_error_in_a_tunnel_is_an_error(void **state)
{
        struct packet_reader *reader;
        struct packet packet;
        uint8_t frame[256];
        uint32_t n;
        (void)state;

        assert_int_equal(packet_reader_new(&reader), 0);
        n = (uint32_t)hex("4500 0050 0001 0000 402f 0000 0a000001 0a000002 0000 0800"
                           FROM4("0038") "0303 0000 00000000"
                           IP4 EIGHT, frame);
        assert_int_equal(packet_read(reader, 101, frame, n, n, 0, &packet), PACKET_ICMP_ERROR);
        assert_int_equal(packet.depth, 1);
        assert_int_equal(packet.icmp_from[0], 203);
        assert_int_equal(packet.segment.seq, 1000);
        packet_reader_free(reader);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(errors_are_read_to_the_segment_that_they_quote),
                cmocka_unit_test(an_error_in_a_tunnel_is_an_error),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
