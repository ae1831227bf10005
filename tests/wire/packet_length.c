/* How long a segment is, where it truly goes, and what its checksum says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "wire/packet.h"

#include "hex.h"

enum {
        FRAME_MAX = 1 << 17,
};

#define MAC "020000000002 020000000001 "
/* 46466 > 80: Flags [.], seq 1000, ack 2000, win 501 */
#define TCP "b582 0050 000003e8 000007d0 5010 01f5 0000 0000 "
#define IP4(length) "4500" length "abcd 4000 4006 0000 c0000201 c6336402 "
#define IP6(length, next) "60000000" length next "40 20010db8000000000000000000000001 20010db8000000000000000000000002 "

struct fixture {
        struct packet_reader *reader;
        uint8_t *frame;
        size_t n;
        struct packet packet;
};

static int set_up(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        assert_non_null(f);
        f->frame = calloc(1, FRAME_MAX);
        assert_non_null(f->frame);
        assert_int_equal(packet_reader_new(&f->reader), 0);
        *state = f;
        return 0;
}

static int tear_down(void **state)
{
        struct fixture *f = *state;

        packet_reader_free(f->reader);
        free(f->frame);
        free(f);
        return 0;
}

/* Reads the bytes, followed by @n_more zeros at hand, in a frame with @n_cut bytes more. */
static enum packet_kind read_text(struct fixture *f, uint32_t link_type, const char *text, uint32_t n_more,
                                  uint32_t n_cut)
{
        memset(f->frame, 0, FRAME_MAX);
        f->n = hex(text, f->frame) + n_more;
        return packet_read(f->reader, link_type, f->frame, (uint32_t)f->n, (uint32_t)f->n + n_cut, 0, &f->packet);
}

static void padding_and_a_frame_check_sequence_are_no_payload(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(read_text(f, 1, MAC "0800" IP4("0028") TCP, 6 + 4, 0), PACKET_TCP);
        assert_int_equal(f->packet.segment.n_payload, 0);
        assert_int_equal(f->packet.segment.n_captured, 0);
        assert_int_equal(read_text(f, 1, MAC "86dd" IP6("0014", "06") TCP, 4, 0), PACKET_TCP);
        assert_int_equal(f->packet.segment.n_payload, 0);
}

static void without_an_ip_length_the_frame_says_it(void **state)
{
        struct fixture *f = *state;

        /* Handed to the hardware before it was cut up. */
        assert_int_equal(read_text(f, 1, MAC "0800" IP4("0000") TCP, 70000, 0), PACKET_TCP);
        assert_int_equal(f->packet.segment.n_payload, 70000);
        assert_int_equal(f->packet.segment.n_captured, 70000);
        assert_int_equal(read_text(f, 1, MAC "86dd" IP6("0000", "06") TCP, 70000, 0), PACKET_TCP);
        assert_int_equal(f->packet.segment.n_payload, 70000);
        /* The same, cut by the capture. */
        assert_int_equal(read_text(f, 1, MAC "0800" IP4("0000") TCP, 10, 69990), PACKET_TCP);
        assert_int_equal(f->packet.segment.n_payload, 70000);
        assert_int_equal(f->packet.segment.n_captured, 10);
        /* Six zeros fill the shortest frame of Ethernet. */
        assert_int_equal(read_text(f, 1, MAC "0800" IP4("0000") TCP, 6, 0), PACKET_TCP);
        assert_int_equal(f->packet.segment.n_payload, 0);
        assert_int_equal(read_text(f, 1, MAC "0800" IP4("0000") TCP "01", 5, 0), PACKET_TCP);
        assert_int_equal(f->packet.segment.n_payload, 6);
}

static void a_jumbo_packet_says_its_length_in_an_option(void **state)
{
        struct fixture *f = *state;

        /* 70000 bytes of payload, 20 of TCP, 8 of the option's header: 0x1118c. */
        assert_int_equal(read_text(f, 1, MAC "86dd" IP6("0000", "00") "0600 c204 0001118c" TCP, 70004, 0), PACKET_TCP);
        assert_int_equal(f->packet.segment.n_payload, 70000);
        assert_int_equal(f->packet.segment.n_captured, 70000);
}

static void a_cut_payload_keeps_its_length(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(read_text(f, 1, MAC "0800" IP4("05dc") TCP, 10, 1450), PACKET_TCP);
        assert_int_equal(f->packet.segment.n_payload, 1460);
        assert_int_equal(f->packet.segment.n_captured, 10);
}

static void a_frame_shorter_than_it_says_is_damaged_or_was_cut(void **state)
{
        struct fixture *f = *state;

        /* The checksum of the IPv4 header holds: cut by someone who did not say so. */
        assert_int_equal(read_text(f, 1, MAC "0800" "4500 05dc abcd 4000 4006 9d17 c0000201 c6336402" TCP, 10, 0),
                         PACKET_TCP);
        assert_int_equal(f->packet.segment.n_payload, 1460);
        assert_int_equal(f->packet.segment.n_captured, 10);
        /* It does not: the length is damaged. */
        assert_int_equal(read_text(f, 1, MAC "0800" "4500 05dc abcd 4000 4006 9d18 c0000201 c6336402" TCP, 10, 0),
                         PACKET_TCP);
        assert_int_equal(f->packet.segment.n_payload, 10);
        assert_int_equal(f->packet.segment.n_captured, 10);
}

static void fourteen_bytes_of_a_tcp_header_are_enough(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(read_text(f, 101, IP4("0034") "b582 0050 000003e8 000007d0 8010", 0, 18), PACKET_TCP);
        assert_int_equal(f->packet.segment.seq, 1000);
        assert_int_equal(f->packet.segment.flags, SEGMENT_ACK);
        assert_int_equal(f->packet.segment.n_payload, 0);
        assert_int_equal(f->packet.segment.options, SEGMENT_HAS_BAD | SEGMENT_HAS_NO_WINDOW);
        assert_int_equal(read_text(f, 101, IP4("0034") "b582 0050 000003e8 000007d0 8010 01f5", 0, 16), PACKET_TCP);
        assert_int_equal(f->packet.segment.window, 501);
        assert_int_equal(f->packet.segment.options, SEGMENT_HAS_BAD);
}

static void pppoe_knows_better_than_ip(void **state)
{
        struct fixture *f = *state;

        /* A device that has counted six bytes of padding into the IP length. */
        assert_int_equal(read_text(f, 1, MAC "8864 11 00 0001 002a 0021" IP4("002e") TCP, 6, 0), PACKET_TCP);
        assert_int_equal(f->packet.segment.n_payload, 0);
}

static void a_route_names_the_true_destination(void **state)
{
        static const uint8_t far[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 9 };
        struct fixture *f = *state;

        /* IPv4, a loose source route that is not at its end. */
        assert_int_equal(read_text(f, 101, "4700 0030 abcd 4000 4006 0000 c0000201 c6336402 830704 cb007109 00"
                                   TCP, 0, 0),
                         PACKET_TCP);
        assert_memory_equal(f->packet.segment.destination, "\xcb\x00\x71\x09\0\0\0\0\0\0\0\0\0\0\0\0", 16);
        /* The same at its end. */
        assert_int_equal(read_text(f, 101, "4700 0030 abcd 4000 4006 0000 c0000201 c6336402 830708 cb007109 00"
                                   TCP, 0, 0),
                         PACKET_TCP);
        assert_memory_equal(f->packet.segment.destination, "\xc6\x33\x64\x02\0\0\0\0\0\0\0\0\0\0\0\0", 16);
        /* IPv6, a routing header of mobility; then at its end. */
        assert_int_equal(read_text(f, 101, IP6("002c", "2b") "0602 02 01 00000000 20010db8000000000000000000000009" TCP,
                                   0, 0), PACKET_TCP);
        assert_memory_equal(f->packet.segment.destination, far, 16);
        assert_int_equal(read_text(f, 101, IP6("002c", "2b") "0602 02 00 00000000 20010db8000000000000000000000009" TCP,
                                   0, 0), PACKET_TCP);
        assert_int_equal(f->packet.segment.destination[15], 2);
        /* A segment list, whose first entry is the last stop. */
        assert_int_equal(read_text(f, 101, IP6("003c", "2b") "0604 04 01 01000000 20010db8000000000000000000000009"
                                   "20010db8000000000000000000000002" TCP, 0, 0), PACKET_TCP);
        assert_memory_equal(f->packet.segment.destination, far, 16);
        /* The home of one who is away. */
        assert_int_equal(read_text(f, 101, IP6("002c", "3c") "0602 0102 0000 c910 20010db8000000000000000000000009" TCP,
                                   0, 0), PACKET_TCP);
        assert_memory_equal(f->packet.segment.source, far, 16);
}

/* Behind the same header, with a payload of three bytes: a row's checksum, and what is said of it. */
static void checksums_are_good_bad_or_left_to_the_hardware(void **state)
{
        static const struct {
                const char *sum;
                bool known, good;
        } rows[] = {
                { "3bb8", true, true },
                { "3bb9", true, false },
                { "0000", true, false },
                { "ec54", false, false },       /* the pseudo header alone: its addresses, 6 and 23 */
        };
        static const struct {
                const char *sum;
                bool known, good;
        } rows6[] = {
                { "cc7a", true, true },
                { "cc7b", true, false },
                { "5b92", false, false },
        };
        struct fixture *f = *state;

        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); ++i) {
                char text[256];

                strcpy(text, IP4("002b") "b582 0050 000003e8 000007d0 5010 01f5");
                strcat(strcat(strcat(text, rows[i].sum), "0000"), "616263");
                assert_int_equal(read_text(f, 101, text, 0, 0), PACKET_TCP);
                assert_false(f->packet.checksum_known);
                packet_check(&f->packet);
                assert_int_equal(f->packet.checksum_known, rows[i].known);
                assert_int_equal(f->packet.checksum_good, rows[i].good);
        }
        for (size_t i = 0; i < sizeof(rows6) / sizeof(*rows6); ++i) {
                char text[512];

                strcpy(text, IP6("0017", "06") "b582 0050 000003e8 000007d0 5010 01f5");
                strcat(strcat(strcat(text, rows6[i].sum), "0000"), "616263");
                assert_int_equal(read_text(f, 101, text, 0, 0), PACKET_TCP);
                packet_check(&f->packet);
                assert_int_equal(f->packet.checksum_known, rows6[i].known);
                assert_int_equal(f->packet.checksum_good, rows6[i].good);
        }
}

static void a_checksum_of_what_is_not_at_hand_is_not_known(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(read_text(f, 101, IP4("002b") "b582 0050 000003e8 000007d0 5010 01f5 3bb8 0000 6162", 0, 1),
                         PACKET_TCP);
        packet_check(&f->packet);
        assert_false(f->packet.checksum_known);
        assert_int_equal(read_text(f, 101, IP4("0034") "b582 0050 000003e8 000007d0 8010 01f5 3bb8 0000 0101", 0, 10),
                         PACKET_TCP);
        packet_check(&f->packet);
        assert_false(f->packet.checksum_known);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(padding_and_a_frame_check_sequence_are_no_payload, set_up, tear_down),
                cmocka_unit_test_setup_teardown(without_an_ip_length_the_frame_says_it, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_jumbo_packet_says_its_length_in_an_option, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_cut_payload_keeps_its_length, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_frame_shorter_than_it_says_is_damaged_or_was_cut, set_up, tear_down),
                cmocka_unit_test_setup_teardown(fourteen_bytes_of_a_tcp_header_are_enough, set_up, tear_down),
                cmocka_unit_test_setup_teardown(pppoe_knows_better_than_ip, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_route_names_the_true_destination, set_up, tear_down),
                cmocka_unit_test_setup_teardown(checksums_are_good_bad_or_left_to_the_hardware, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_checksum_of_what_is_not_at_hand_is_not_known, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
