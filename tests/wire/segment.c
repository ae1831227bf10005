/* Tests of src/wire/segment*.c and checksum.c: real packets read, packets of our own read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "wire/checksum.h"
#include "wire/segment.h"
#include "wire/segment_text.h"
#include "wire/seq.h"

/* What Linux 6.18 sent:
 * IP 10.91.0.1.53320 > 10.91.0.2.7000: Flags [S], seq 1390378585, win 64240,
 *    options [mss 1460,sackOK,TS val 3946299181 ecr 0,nop,wscale 10], length 0 */
static const uint8_t syn[] =
        "\x45\x00\x00\x3c\x7b\xb2\x40\x00\x40\x06\xaa\x51\x0a\x5b\x00\x01\x0a\x5b\x00\x02\xd0\x48\x1b\x58"
        "\x52\xdf\x7e\x59\x00\x00\x00\x00\xa0\x02\xfa\xf0\xd1\x14\x00\x00\x02\x04\x05\xb4\x04\x02\x08\x0a"
        "\xeb\x37\xbf\x2d\x00\x00\x00\x00\x01\x03\x03\x0a";

/* IP 10.91.0.1.53320 > 10.91.0.2.7000: Flags [P.], seq 1390378586:1390378591, ack 268435457,
 *    win 63, options [nop,nop,TS val 3946299181 ecr 1592037], length 5 */
static const uint8_t hello[] =
        "\x45\x00\x00\x39\x7b\xb4\x40\x00\x40\x06\xaa\x52\x0a\x5b\x00\x01\x0a\x5b\x00\x02\xd0\x48\x1b\x58"
        "\x52\xdf\x7e\x5a\x10\x00\x00\x01\x80\x18\x00\x3f\x5b\xa8\x00\x00\x01\x01\x08\x0a\xeb\x37\xbf\x2d"
        "\x00\x18\x4a\xe5\x68\x65\x6c\x6c\x6f";

/* IP6 (flowlabel 0x81829) fd91::1.51664 > fd91::2.7000: Flags [.], ack 268436457, win 64,
 *    options [nop,nop,TS val 4212291434 ecr 1592060], length 0 */
static const uint8_t ack6[] =
        "\x60\x08\x18\x29\x00\x20\x06\x40\xfd\x91\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"
        "\xfd\x91\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\xc9\xd0\x1b\x58\xba\xba\x94\x4e"
        "\x10\x00\x03\xe9\x80\x10\x00\x40\x75\xaa\x00\x00\x01\x01\x08\x0a\xfb\x12\x77\x6a\x00\x18\x4a\xfc";

enum {
        N_SYN = sizeof(syn) - 1,
        N_HELLO = sizeof(hello) - 1,
        N_ACK6 = sizeof(ack6) - 1,
};

static void a_syn_of_linux_is_read_with_its_options(void **state)
{
        struct segment segment;
        (void)state;

        assert_int_equal(segment_read(syn, N_SYN, &segment), 0);
        assert_int_equal(segment.family, AF_INET);
        assert_int_equal(segment.ttl, 64);
        assert_int_equal(segment.tos, 0);
        assert_true(segment.dont_fragment);
        assert_int_equal(segment.ip_id, 0x7bb2);
        assert_memory_equal(segment.source, "\x0a\x5b\x00\x01", 4);
        assert_memory_equal(segment.destination, "\x0a\x5b\x00\x02", 4);
        assert_int_equal(segment.source_port, 53320);
        assert_int_equal(segment.destination_port, 7000);
        assert_int_equal(segment.seq, 1390378585);
        assert_int_equal(segment.flags, SEGMENT_SYN);
        assert_int_equal(segment.window, 64240);
        assert_int_equal(segment.options, SEGMENT_HAS_MSS | SEGMENT_HAS_SACK_PERMITTED |
                         SEGMENT_HAS_TIMESTAMPS | SEGMENT_HAS_WINDOW_SCALE);
        assert_int_equal(segment.mss, 1460);
        assert_int_equal(segment.window_scale, 10);
        assert_int_equal(segment.ts_value, 0xeb37bf2d);
        assert_int_equal(segment.ts_echo, 0);
        assert_int_equal(segment.n_payload, 0);
        assert_int_equal(segment_length(&segment), 1);
}

static void data_and_its_length_are_found(void **state)
{
        struct segment segment;
        (void)state;

        assert_int_equal(segment_read(hello, N_HELLO, &segment), 0);
        assert_int_equal(segment.flags, SEGMENT_PSH | SEGMENT_ACK);
        assert_int_equal(segment.ack, 268435457);
        assert_int_equal(segment.options, SEGMENT_HAS_TIMESTAMPS);
        assert_int_equal(segment.ts_echo, 1592037);
        assert_int_equal(segment.n_payload, 5);
        assert_int_equal(segment.n_captured, 5);
        assert_int_equal(segment.offset, 20);
        assert_memory_equal(segment.payload, "hello", 5);
}

static void an_ipv6_segment_is_read_with_its_flow_label(void **state)
{
        struct segment segment;
        (void)state;

        assert_int_equal(segment_read(ack6, N_ACK6, &segment), 0);
        assert_int_equal(segment.family, AF_INET6);
        assert_int_equal(segment.flow_label, 0x81829);
        assert_int_equal(segment.ttl, 64);
        assert_memory_equal(segment.source, ack6 + 8, 16);
        assert_memory_equal(segment.destination, ack6 + 24, 16);
        assert_int_equal(segment.source_port, 51664);
        assert_int_equal(segment.flags, SEGMENT_ACK);
        assert_int_equal(segment.ack, 268436457);
        assert_int_equal(segment.window, 64);
        assert_int_equal(segment.ts_value, 0xfb12776a);
        assert_int_equal(segment.n_payload, 0);
}

static void padding_behind_the_packet_is_not_payload(void **state)
{
        uint8_t packet[N_SYN + 6] = {};
        struct segment segment;
        (void)state;

        memcpy(packet, syn, N_SYN);
        assert_int_equal(segment_read(packet, sizeof(packet), &segment), 0);
        assert_int_equal(segment.n_payload, 0);
        assert_int_equal(segment.n_captured, 0);
}

static void a_cut_payload_keeps_its_length_on_the_wire(void **state)
{
        struct segment segment;
        (void)state;

        assert_int_equal(segment_read(hello, N_HELLO - 3, &segment), 0);
        assert_int_equal(segment.n_payload, 5);
        assert_int_equal(segment.n_captured, 2);
        /* Cut within the options: the rest of the header still counts. */
        assert_int_equal(segment_read(hello, 40, &segment), 0);
        assert_int_equal(segment.n_payload, 5);
        assert_int_equal(segment.n_captured, 0);
        assert_int_equal(segment.seq, 1390378586);
        assert_int_equal(segment.options, SEGMENT_HAS_BAD);
        assert_int_equal(segment_read(hello, 39, &segment), SEGMENT_CUT);
}

static void what_is_no_segment_is_told_by_its_reason(void **state)
{
        static const struct {
                size_t at;
                uint8_t value;
                int expected;
        } rows[] = {
                { 0, 0x55, SEGMENT_NOT_IP },
                { 0, 0x44, SEGMENT_BROKEN },         /* an IP header of 16 bytes */
                { 9, 17, SEGMENT_NOT_TCP },          /* UDP */
                { 6, 0x20, SEGMENT_FRAGMENT },       /* more fragments */
                { 7, 0x01, SEGMENT_FRAGMENT },       /* not the first */
                { 3, 39, SEGMENT_BROKEN },           /* too short for a TCP header */
                { 3, 12, SEGMENT_BROKEN },           /* too short for its own */
                { 32, 0x40, SEGMENT_BROKEN },        /* a TCP header of 16 bytes */
                { 32, 0xf0, SEGMENT_BROKEN },        /* one of 60, where 37 are left */
        };
        (void)state;

        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); ++i) {
                struct segment segment, before;
                uint8_t packet[N_HELLO];

                memcpy(packet, hello, N_HELLO);
                packet[rows[i].at] = rows[i].value;
                memset(&segment, 0x5a, sizeof(segment));
                before = segment;
                assert_int_equal(segment_read(packet, N_HELLO, &segment), rows[i].expected);
                assert_memory_equal(&segment, &before, sizeof(segment));
        }
}

static void ipv6_extension_headers_are_stepped_over(void **state)
{
        uint8_t packet[N_ACK6 + 24];
        struct segment segment;
        (void)state;

        /* Hop by hop, destination options of 8 bytes each, and a fragment header of a whole packet. */
        memcpy(packet, ack6, 40);
        packet[5] = 32 + 24;
        packet[6] = 0;
        memcpy(packet + 40, "\x3c\x00\x01\x04\x00\x00\x00\x00" "\x2c\x00\x01\x04\x00\x00\x00\x00"
               "\x06\x00\x00\x00\x12\x34\x56\x78", 24);
        memcpy(packet + 64, ack6 + 40, N_ACK6 - 40);
        assert_int_equal(segment_read(packet, sizeof(packet), &segment), 0);
        assert_int_equal(segment.offset, 64);
        assert_int_equal(segment.ack, 268436457);
        /* A real fragment. */
        packet[59] = 0x01;
        assert_int_equal(segment_read(packet, sizeof(packet), &segment), SEGMENT_FRAGMENT);
        /* An option header that claims more than the packet has. */
        packet[41] = 200;
        assert_int_equal(segment_read(packet, sizeof(packet), &segment), SEGMENT_BROKEN);
}

/* Options as bytes, and what is read of them. */
static void options_that_do_not_add_up_are_noted(void **state)
{
        static const struct {
                const char *bytes;
                uint16_t options;
        } rows[] = {
                { "\x08\x0a\x00\x00", SEGMENT_HAS_BAD },                     /* ends within the option */
                { "\x02\x00\x00\x00", SEGMENT_HAS_BAD },                     /* length 0 */
                { "\x02\x01\x00\x00", SEGMENT_HAS_BAD },                     /* length 1 */
                { "\x01\x01\x01\x02", SEGMENT_HAS_BAD },                     /* no room for a length */
                { "\x03\x04\x07\x00", SEGMENT_HAS_BAD },                     /* a wrong length, by the kind */
                { "\x04\x02\x02\x09", SEGMENT_HAS_SACK_PERMITTED | SEGMENT_HAS_BAD },
                { "\x00\x02\x00\x00", 0 },                                   /* nothing counts after the end */
                { "\x1e\x04\x00\x00", SEGMENT_HAS_MPTCP },
                { "\x22\x02\x00\x00", SEGMENT_HAS_FAST_OPEN },
                { "\x45\x04\x00\x00", SEGMENT_HAS_OTHER },                   /* of no known kind */
        };
        (void)state;

        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); ++i) {
                uint8_t packet[44];
                struct segment segment;

                memcpy(packet, hello, 40);
                packet[3] = 44;
                packet[32] = 0x60;
                memcpy(packet + 40, rows[i].bytes, 4);
                assert_int_equal(segment_read(packet, sizeof(packet), &segment), 0);
                assert_int_equal(segment.options, rows[i].options);
                assert_int_equal(segment.n_payload, 0);
        }
}

/* Field by field: padding of the struct does not count. */
static void assert_same(const struct segment *a, const struct segment *b)
{
        assert_int_equal(a->family, b->family);
        assert_int_equal(a->ttl, b->ttl);
        assert_int_equal(a->tos, b->tos);
        assert_int_equal(a->options, b->options);
        assert_int_equal(a->window_scale, b->window_scale);
        assert_int_equal(a->n_sack, b->n_sack);
        assert_int_equal(a->dont_fragment, b->dont_fragment);
        assert_int_equal(a->flags, b->flags);
        assert_int_equal(a->ip_id, b->ip_id);
        assert_int_equal(a->mss, b->mss);
        assert_int_equal(a->source_port, b->source_port);
        assert_int_equal(a->destination_port, b->destination_port);
        assert_int_equal(a->window, b->window);
        assert_int_equal(a->urgent, b->urgent);
        assert_int_equal(a->seq, b->seq);
        assert_int_equal(a->ack, b->ack);
        assert_int_equal(a->ts_value, b->ts_value);
        assert_int_equal(a->ts_echo, b->ts_echo);
        assert_int_equal(a->flow_label, b->flow_label);
        assert_int_equal(a->n_payload, b->n_payload);
        assert_memory_equal(a->source, b->source, 16);
        assert_memory_equal(a->destination, b->destination, 16);
        assert_memory_equal(a->sack, b->sack, a->n_sack * sizeof(*a->sack));
        if (a->n_payload > 0)
                assert_memory_equal(a->payload, b->payload, a->n_payload);
}

static void round_trip(const struct segment *segment)
{
        uint8_t packet[2048];
        struct segment back;
        bool holds = false;
        int n;

        n = segment_write(packet, sizeof(packet), segment);
        assert_true(n > 0);
        assert_int_equal(segment_read(packet, (size_t)n, &back), 0);
        assert_same(segment, &back);
        assert_int_equal(back.n_captured, segment->n_payload);
        assert_int_equal(checksum_check(packet, (size_t)n, &holds), 0);
        assert_true(holds);
        /* A byte that changes is noticed, and mended. */
        packet[n - 1] ^= 0x01;
        assert_int_equal(checksum_check(packet, (size_t)n, &holds), 0);
        assert_false(holds);
        assert_int_equal(checksum_mend(packet, (size_t)n), 0);
        assert_int_equal(checksum_check(packet, (size_t)n, &holds), 0);
        assert_true(holds);
}

static void what_is_written_is_read_back(void **state)
{
        static const uint8_t options[] = {
                0, SEGMENT_HAS_MSS, SEGMENT_HAS_TIMESTAMPS, SEGMENT_HAS_SACK, SEGMENT_HAS_WINDOW_SCALE,
                SEGMENT_HAS_TIMESTAMPS | SEGMENT_HAS_SACK,
                SEGMENT_HAS_MSS | SEGMENT_HAS_SACK_PERMITTED | SEGMENT_HAS_WINDOW_SCALE,
                SEGMENT_HAS_MSS | SEGMENT_HAS_SACK_PERMITTED | SEGMENT_HAS_WINDOW_SCALE | SEGMENT_HAS_TIMESTAMPS,
        };
        static const uint32_t sizes[] = { 0, 1, 2, 3, 5, 1000, 1447 };
        uint8_t payload[1447];
        (void)state;

        for (size_t i = 0; i < sizeof(payload); ++i)
                payload[i] = (uint8_t)(i * 7);
        for (unsigned v6 = 0; v6 < 2; ++v6)
                for (size_t o = 0; o < sizeof(options); ++o)
                        for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); ++s) {
                                struct segment segment = {
                                        .family = v6 ? AF_INET6 : AF_INET,
                                        .ttl = 61, .tos = 0x48, .options = options[o],
                                        .flags = SEGMENT_ACK | SEGMENT_PSH | SEGMENT_AE | SEGMENT_URG,
                                        .source_port = 65535, .destination_port = 1,
                                        .window = 65535, .urgent = 3, .seq = 0xffffffff, .ack = 0x80000000,
                                        .dont_fragment = !v6, .ip_id = v6 ? 0 : 0xfffe,
                                        .flow_label = v6 ? 0xfffff : 0,
                                        .n_payload = sizes[s], .payload = payload,
                                };

                                inet_pton(segment.family, v6 ? "2001:db8::1" : "192.0.2.1", segment.source);
                                inet_pton(segment.family, v6 ? "2001:db8::2" : "192.0.2.2", segment.destination);
                                if (options[o] & SEGMENT_HAS_MSS)
                                        segment.mss = 1460;
                                if (options[o] & SEGMENT_HAS_WINDOW_SCALE)
                                        segment.window_scale = 14;
                                if (options[o] & SEGMENT_HAS_TIMESTAMPS)
                                        segment.ts_value = 0xfffffffe, segment.ts_echo = 7;
                                if (options[o] & SEGMENT_HAS_SACK) {
                                        segment.n_sack = options[o] & SEGMENT_HAS_TIMESTAMPS ? 3 : 4;
                                        for (unsigned i = 0; i < segment.n_sack; ++i) {
                                                segment.sack[i].start = 0xfffffff0 + i;
                                                segment.sack[i].end = 0xfffffff8 + i;
                                        }
                                }
                                round_trip(&segment);
                        }
}

static void a_packet_of_linux_is_written_byte_by_byte_the_same(void **state)
{
        static const struct {
                const uint8_t *packet;
                size_t n;
        } rows[] = { { syn, N_SYN }, { hello, N_HELLO }, { ack6, N_ACK6 } };
        (void)state;

        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); ++i) {
                struct segment segment;
                uint8_t packet[128];

                assert_int_equal(segment_read(rows[i].packet, rows[i].n, &segment), 0);
                assert_int_equal(segment_write(packet, sizeof(packet), &segment), rows[i].n);
                assert_memory_equal(packet, rows[i].packet, rows[i].n);
        }
}

static void a_segment_that_cannot_be_written_is_refused(void **state)
{
        struct segment segment = { .family = AF_INET, .flags = SEGMENT_ACK };
        uint8_t packet[70000];
        (void)state;

        assert_int_equal(segment_write(packet, 39, &segment), -ENOBUFS);
        assert_int_equal(segment_write(packet, 40, &segment), 40);
        segment.n_payload = 65496;
        assert_int_equal(segment_write(packet, sizeof(packet), &segment), -EINVAL);
        segment.payload = packet;
        assert_int_equal(segment_write(packet, sizeof(packet), &segment), -ENOBUFS);
        segment.n_payload = 0;
        segment.options = SEGMENT_HAS_SACK | SEGMENT_HAS_TIMESTAMPS;
        segment.n_sack = 4;
        assert_int_equal(segment_write(packet, sizeof(packet), &segment), -EINVAL);
        segment.family = AF_UNIX;
        assert_int_equal(segment_write(packet, sizeof(packet), &segment), -EINVAL);
}

static void a_cut_segment_has_no_checksum_to_speak_of(void **state)
{
        uint8_t packet[N_HELLO];
        bool holds = true;
        (void)state;

        memcpy(packet, hello, N_HELLO);
        assert_int_equal(checksum_check(packet, N_HELLO - 1, &holds), SEGMENT_CUT);
        assert_int_equal(checksum_mend(packet, N_HELLO - 1), SEGMENT_CUT);
        /* The options are cut, and there is no payload that could be missed. */
        memcpy(packet, syn, 44);
        assert_int_equal(checksum_mend(packet, 44), SEGMENT_CUT);
        assert_memory_equal(packet, syn, 44);
}

static void sequence_numbers_are_compared_across_the_wrap(void **state)
{
        (void)state;
        assert_int_equal(seq_distance(0xfffffff0, 0x10), 0x20);
        assert_int_equal(seq_distance(0x10, 0xfffffff0), -0x20);
        assert_int_equal(seq_distance(5, 5), 0);
        assert_int_equal(seq_distance(0, 0x7fffffff), 0x7fffffff);
}

static void a_segment_is_told_in_a_few_words(void **state)
{
        static const struct {
                uint16_t flags;
                uint32_t n_payload;
                uint16_t window;
                const char *expected;
        } rows[] = {
                { SEGMENT_SYN, 0, 100, "SYN" },
                { SEGMENT_SYN | SEGMENT_ACK, 0, 100, "SYN ACK" },
                { SEGMENT_ACK, 0, 100, "ACK 7" },
                { SEGMENT_ACK, 0, 0, "ACK 7 win 0" },
                { SEGMENT_ACK | SEGMENT_PSH, 1, 100, "1 byte 1:2 ACK 7" },
                { SEGMENT_ACK | SEGMENT_FIN, 10, 100, "FIN 10 bytes 1:11 ACK 7" },
                { SEGMENT_ACK | SEGMENT_FIN, 0, 100, "FIN 1 ACK 7" },
                { SEGMENT_RST, 0, 0, "RST 1 win 0" },
                { SEGMENT_RST | SEGMENT_ACK, 0, 92, "RST 1 ACK 7 win 92" },
                { 0, 0, 100, "no flags" },
        };
        (void)state;

        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); ++i) {
                struct segment segment = {
                        .flags = rows[i].flags, .n_payload = rows[i].n_payload, .window = rows[i].window,
                        .seq = 1001, .ack = 0x00000003,
                };
                char text[SEGMENT_TEXT_MAX];

                /* Bases across the wrap are taken too. */
                assert_string_equal(segment_text(&segment, 1000, 0xfffffffc, text), rows[i].expected);
        }
}

static void the_longest_text_fits(void **state)
{
        struct segment segment = {
                .flags = SEGMENT_SYN | SEGMENT_FIN | SEGMENT_RST | SEGMENT_URG | SEGMENT_ACK,
                .n_payload = 4000000000u, .seq = 4000000000u, .ack = 4000000000u, .window = 65535,
                .options = SEGMENT_HAS_SACK, .n_sack = 4,
        };
        char text[SEGMENT_TEXT_MAX + 1];
        (void)state;

        for (unsigned i = 0; i < 4; ++i)
                segment.sack[i].start = segment.sack[i].end = 4000000000u;
        text[SEGMENT_TEXT_MAX] = 'X';
        segment_text(&segment, 0, 0, text);
        assert_int_equal(text[SEGMENT_TEXT_MAX], 'X');
        assert_true(strlen(text) < SEGMENT_TEXT_MAX);
        assert_true(strlen(text) > 80);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_syn_of_linux_is_read_with_its_options),
                cmocka_unit_test(data_and_its_length_are_found),
                cmocka_unit_test(an_ipv6_segment_is_read_with_its_flow_label),
                cmocka_unit_test(padding_behind_the_packet_is_not_payload),
                cmocka_unit_test(a_cut_payload_keeps_its_length_on_the_wire),
                cmocka_unit_test(what_is_no_segment_is_told_by_its_reason),
                cmocka_unit_test(ipv6_extension_headers_are_stepped_over),
                cmocka_unit_test(options_that_do_not_add_up_are_noted),
                cmocka_unit_test(what_is_written_is_read_back),
                cmocka_unit_test(a_packet_of_linux_is_written_byte_by_byte_the_same),
                cmocka_unit_test(a_segment_that_cannot_be_written_is_refused),
                cmocka_unit_test(a_cut_segment_has_no_checksum_to_speak_of),
                cmocka_unit_test(sequence_numbers_are_compared_across_the_wrap),
                cmocka_unit_test(a_segment_is_told_in_a_few_words),
                cmocka_unit_test(the_longest_text_fits),
        };

        return cmocka_run_group_tests_name("wire/segment", tests, NULL, NULL);
}
