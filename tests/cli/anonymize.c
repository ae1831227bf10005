/* Tests of src/cli/anonymize*.c: addresses that keep their prefixes, headers that keep what tells of endings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "cli/anonymize.h"
#include "wire/bytes.h"
#include "wire/icmp.h"

enum {
        LINK_RAW = 101,
        LINK_ETHERNET = 1,
};

static struct anonymizer anonymizer;
static struct packet_reader *reader;

static int begin(void **state)
{
        (void)state;
        return anonymizer_init(&anonymizer, "a key") || packet_reader_new(&reader);
}

static int end(void **state)
{
        (void)state;
        reader = packet_reader_free(reader);
        return 0;
}

static unsigned int common_bits(const uint8_t *a, const uint8_t *b, unsigned int n)
{
        unsigned int i = 0;

        while (i < n && !((a[i / 8] ^ b[i / 8]) >> (7 - i % 8) & 1))
                i++;
        return i;
}

static void prefixes_are_kept_bit_by_bit(void **state)
{
        static const uint8_t families[] = { AF_INET, AF_INET6 };
        uint32_t random = 1;
        (void)state;

        for (size_t f = 0; f < 2; f++) {
                unsigned int n = families[f] == AF_INET ? 32 : 128;

                for (unsigned int shared = 0; shared < n; shared++) {
                        uint8_t a[16] = { 0 }, b[16], to_a[16], to_b[16];

                        for (unsigned int i = 0; i < n / 8; i++)
                                a[i] = (uint8_t)((random = random * 1103515245 + 12345) >> 16);
                        memcpy(b, a, 16);
                        b[shared / 8] ^= (uint8_t)(0x80 >> shared % 8);
                        for (unsigned int i = shared / 8 + 1; i < n / 8; i++)
                                b[i] = (uint8_t)((random = random * 1103515245 + 12345) >> 16);
                        anonymize_address(&anonymizer, families[f], a, to_a);
                        anonymize_address(&anonymizer, families[f], b, to_b);
                        assert_int_equal(common_bits(a, b, n), shared);
                        assert_int_equal(common_bits(to_a, to_b, n), shared);
                        assert_memory_not_equal(a, to_a, n / 8);
                }
        }
}

static void a_key_gives_always_the_same_and_another_key_another(void **state)
{
        struct anonymizer same, other, unknown, unknown_too;
        const uint8_t address[16] = { 192, 0, 2, 77 };
        uint8_t to[5][16];
        (void)state;

        assert_int_equal(anonymizer_init(&same, "a key"), 0);
        assert_int_equal(anonymizer_init(&other, "another key"), 0);
        assert_int_equal(anonymizer_init(&unknown, NULL), 0);
        assert_int_equal(anonymizer_init(&unknown_too, NULL), 0);
        anonymize_address(&anonymizer, AF_INET, address, to[0]);
        anonymize_address(&same, AF_INET, address, to[1]);
        anonymize_address(&other, AF_INET, address, to[2]);
        assert_memory_equal(to[0], to[1], 16);
        assert_memory_not_equal(to[0], to[2], 4);
        assert_memory_not_equal(unknown.key, unknown_too.key, 16);
        /* As IPv6 it is another address. */
        anonymize_address(&anonymizer, AF_INET6, address, to[3]);
        assert_memory_not_equal(to[0], to[3], 4);
        /* Behind the four bytes there is nothing. */
        for (size_t i = 4; i < 16; i++)
                assert_int_equal(to[0][i], 0);
}

/* Anonymises the IP packet @bytes; reads what became of it. */
static enum packet_kind go_through(const uint8_t *bytes, uint32_t n, struct anonymized *ret_anonymized,
                                   struct packet *ret_before, struct packet *ret_after)
{
        enum packet_kind kind = packet_read(reader, LINK_RAW, bytes, n, n, 1, ret_before);

        assert_true(kind == PACKET_TCP || kind == PACKET_ICMP_ERROR);
        anonymize_packet(&anonymizer, ret_before, kind == PACKET_ICMP_ERROR, ret_anonymized);
        assert_true(ret_anonymized->n_bytes <= ret_anonymized->n_frame);
        assert_int_equal(packet_read(reader, LINK_ETHERNET, ret_anonymized->bytes, ret_anonymized->n_bytes,
                                     ret_anonymized->n_frame, 1, ret_after), kind);
        return kind;
}

static const struct segment sample = {
        .ttl = 57, .tos = 0x2, .dont_fragment = true, .ip_id = 0x1234, .flags = SEGMENT_ACK | SEGMENT_PSH,
        .source_port = 51234, .destination_port = 443, .window = 500, .seq = 0xfffffff0, .ack = 77, .n_payload = 600,
        .options = SEGMENT_HAS_TIMESTAMPS, .ts_value = 5, .ts_echo = 6, .flow_label = 0,
};

static struct segment sample_of(uint8_t family)
{
        static const uint8_t payload[600] = "GET / HTTP/1.1\r\nHost: secret.example\r\n";
        struct segment segment = sample;

        segment.family = family;
        segment.payload = payload;
        memcpy(segment.source, "\x20\x01\x0d\xb8zzzzabcdefgh", 16);
        memcpy(segment.destination, "\x20\x01\x0d\xb8yyyyijklmnop", 16);
        if (family == AF_INET) {
                memcpy(segment.source, (uint8_t[16]){ 10, 1, 2, 3 }, 16);
                memcpy(segment.destination, (uint8_t[16]){ 192, 0, 2, 9 }, 16);
                return segment;
        }
        segment.flow_label = 0xabcde;
        segment.dont_fragment = false;
        segment.ip_id = 0;
        return segment;
}

static void what_a_header_says_stays_but_whose_it_is(void **state)
{
        static const uint8_t families[] = { AF_INET, AF_INET6 };
        (void)state;

        for (size_t f = 0; f < 2; f++) {
                struct segment segment = sample_of(families[f]);
                struct anonymized out;
                struct packet before, after;
                const struct segment *s = &after.segment;
                uint8_t bytes[1500];
                size_t n_address = families[f] == AF_INET ? 4 : 16;
                int n = segment_write(bytes, sizeof(bytes), &segment);

                assert_true(n > 0);
                assert_int_equal(go_through(bytes, (uint32_t)n, &out, &before, &after), PACKET_TCP);
                assert_int_equal(out.n_frame, n + 14);
                assert_int_equal(out.n_bytes, n + 14 - 600);
                assert_int_equal(s->ttl, 57);
                assert_int_equal(s->tos, 2);
                assert_int_equal(s->dont_fragment, families[f] == AF_INET);
                assert_int_equal(s->ip_id, families[f] == AF_INET ? 0x1234 : 0);
                assert_int_equal(s->flow_label, families[f] == AF_INET ? 0 : 0xabcde);
                assert_int_equal(s->flags, sample.flags);
                assert_int_equal(s->source_port, 51234);
                assert_int_equal(s->destination_port, 443);
                assert_int_equal(s->window, 500);
                assert_int_equal(s->seq, sample.seq);
                assert_int_equal(s->ack, sample.ack);
                assert_int_equal(s->ts_value, 5);
                assert_int_equal(s->ts_echo, 6);
                assert_int_equal(s->n_payload, 600);
                assert_int_equal(s->n_captured, 0);
                assert_null(memmem(out.bytes, out.n_bytes, segment.source, n_address));
                assert_null(memmem(out.bytes, out.n_bytes, segment.destination, n_address));
        }
}

static void vlans_stay(void **state)
{
        static const uint32_t vlans[] = { 0, 5, 4095, 7 << 12 | 9, 7 << 12 };
        struct segment segment = sample_of(AF_INET);
        uint8_t bytes[1500];
        int n = segment_write(bytes, sizeof(bytes), &segment);
        (void)state;

        for (size_t i = 0; i < sizeof(vlans) / sizeof(vlans[0]); i++) {
                struct anonymized out;
                struct packet packet, after;

                assert_int_equal(packet_read(reader, LINK_RAW, bytes, (uint32_t)n, (uint32_t)n, 1, &packet),
                                 PACKET_TCP);
                packet.vlan = vlans[i];
                anonymize_packet(&anonymizer, &packet, false, &out);
                assert_int_equal(packet_read(reader, LINK_ETHERNET, out.bytes, out.n_bytes, out.n_frame, 1, &after),
                                 PACKET_TCP);
                assert_int_equal(after.vlan, vlans[i]);
        }
}

/* Puts options into a segment of no payload; returns those that come out. */
static const uint8_t *options_after(const uint8_t *options, uint32_t n_options, struct anonymized *ret_out)
{
        struct segment segment = sample_of(AF_INET);
        struct packet before, after;
        uint8_t bytes[200];
        int n;

        segment.options = 0;
        segment.n_payload = 0;
        n = segment_write(bytes, sizeof(bytes), &segment);
        assert_int_equal(n, 40);
        memcpy(bytes + 40, options, n_options);
        bytes_put16(bytes + 2, (uint16_t)(40 + n_options));
        bytes[20 + 12] = (uint8_t)((20 + n_options) / 4 << 4);
        go_through(bytes, 40 + n_options, ret_out, &before, &after);
        assert_int_equal(before.segment.options, after.segment.options);
        return ret_out->bytes + 14 + 40;
}

static void options_stay_without_their_secrets(void **state)
{
#define CASE(before, after) { (const uint8_t *)before, (const uint8_t *)after, sizeof(before) - 1 }
        static const struct {
                const uint8_t *before, *after;
                uint32_t n;
        } cases[] = {
                /* MSS, window scale, SACK permitted, timestamps: as they were */
                CASE("\2\4\5\xb4\1\3\3\7\4\2\1\1\x8\xa" "abcdefgh\1\1",
                     "\2\4\5\xb4\1\3\3\7\4\2\1\1\x8\xa" "abcdefgh\1\1"),
                CASE("\1\1\5\x12" "abcdefghijklmnop", "\1\1\5\x12" "abcdefghijklmnop"),
                /* MD5, TCP-AO */
                CASE("\x13\x12" "abcdefghijklmnop\1\1", "\x13\x12\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\1"),
                CASE("\x1d\x10kkabcdefghijkl", "\x1d\x10kk\0\0\0\0\0\0\0\0\0\0\0\0"),
                /* Fast Open's cookie */
                CASE("\x22\xa" "abcdefgh\1\1", "\x22\xa\0\0\0\0\0\0\0\0\1\1"),
                /* Multipath TCP: ADD_ADDR with an address; a reset's reason */
                CASE("\x1e\x10\x31\2\xa\1\2\3abcdefgh", "\x1e\x10\x31\2\0\0\0\0\0\0\0\0\0\0\0\0"),
                CASE("\x1e\4\x81\6", "\x1e\4\x81\6"),
                /* one that nobody knows */
                CASE("\x63\x8" "abcdef", "\x63\x8\0\0\0\0\0\0"),
                /* behind the end, and behind what does not add up */
                CASE("\1\0abcdef", "\1\0\0\0\0\0\0\0"),
                CASE("\1\x63\1abcde", "\1\x63\1\0\0\0\0\0"),
                CASE("\1\1\1\x63", "\1\1\1\x63"),
                CASE("\x63\x28" "abcdef", "\x63\x28\0\0\0\0\0\0"),
        };
        (void)state;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct anonymized out;

                assert_memory_equal(options_after(cases[i].before, cases[i].n, &out), cases[i].after, cases[i].n);
        }
}

static void an_icmp_error_stays_one(void **state)
{
        static const uint8_t families[] = { AF_INET, AF_INET6 };
        static const enum icmp_error errors[] = {
                ICMP_ERROR_NET_UNREACHABLE, ICMP_ERROR_HOST_UNREACHABLE, ICMP_ERROR_PROTOCOL_UNREACHABLE,
                ICMP_ERROR_PORT_UNREACHABLE, ICMP_ERROR_ADMIN_PROHIBITED,
        };
        (void)state;

        for (size_t f = 0; f < 2; f++) {
                for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
                        struct segment segment = sample_of(families[f]);
                        struct anonymized out;
                        struct packet before, after;
                        uint8_t about[1500], bytes[ICMP_SIZE_MAX], expected[16];
                        int n = segment_write(about, sizeof(about), &segment);

                        n = icmp_write(bytes, sizeof(bytes), errors[i], about, (size_t)n);
                        assert_true(n > 0);
                        assert_int_equal(go_through(bytes, (uint32_t)n, &out, &before, &after), PACKET_ICMP_ERROR);
                        assert_int_equal(after.icmp, errors[i]);
                        assert_int_equal(after.segment.seq, segment.seq);
                        assert_int_equal(after.segment.n_payload, before.segment.n_payload);
                        anonymize_address(&anonymizer, families[f], before.icmp_from, expected);
                        assert_memory_equal(after.icmp_from, expected, 16);
                        anonymize_address(&anonymizer, families[f], segment.source, expected);
                        assert_memory_equal(after.segment.source, expected, 16);
                        assert_null(memmem(out.bytes, out.n_bytes, "GET", 3));
                }
        }
        /* Those that icmp_write() does not write. */
        for (int v6 = 0; v6 < 2; v6++) {
                static const enum icmp_error others[] = { ICMP_ERROR_TOO_BIG,
                                                          ICMP_ERROR_TIME_EXCEEDED, ICMP_ERROR_OTHER };

                for (size_t i = 0; i < 3; i++) {
                        struct segment segment = sample_of(v6 ? AF_INET6 : AF_INET);
                        struct anonymized out;
                        struct packet packet, after;
                        uint8_t bytes[1500];
                        int n = segment_write(bytes, sizeof(bytes), &segment);

                        assert_int_equal(packet_read(reader, LINK_RAW, bytes, (uint32_t)n, (uint32_t)n, 1, &packet),
                                         PACKET_TCP);
                        packet.icmp = others[i];
                        packet.n_quoted = 20;
                        packet.segment.payload = bytes + (v6 ? 60 : 40);
                        memcpy(packet.icmp_from, segment.destination, 16);
                        anonymize_packet(&anonymizer, &packet, true, &out);
                        assert_int_equal(packet_read(reader, LINK_ETHERNET, out.bytes, out.n_bytes, out.n_frame, 1,
                                                     &after), PACKET_ICMP_ERROR);
                        assert_int_equal(after.icmp, others[i]);
                }
        }
}

static void of_a_tls_alert_its_header_stays(void **state)
{
        struct segment segment = sample_of(AF_INET);
        struct anonymized out;
        struct packet before, after;
        uint8_t bytes[200];
        int n;
        (void)state;

        segment.n_payload = 31;
        segment.payload = (const uint8_t *) "\x15\x03\x03\0\x1a" "abcdefghijklmnopqrstuvwxyz";
        n = segment_write(bytes, sizeof(bytes), &segment);
        go_through(bytes, (uint32_t)n, &out, &before, &after);
        assert_int_equal(after.segment.n_payload, 31);
        assert_int_equal(after.segment.n_captured, 5);
        assert_memory_equal(after.segment.payload, "\x15\x03\x03\0\x1a", 5);
        segment.payload = (const uint8_t *) "\x17\x03\x03\0\x1a" "abcdefghijklmnopqrstuvwxyz";
        n = segment_write(bytes, sizeof(bytes), &segment);
        go_through(bytes, (uint32_t)n, &out, &before, &after);
        assert_int_equal(after.segment.n_captured, 0);
}

static void a_header_that_was_cut_stays_cut(void **state)
{
        struct segment segment = sample_of(AF_INET);
        struct anonymized out;
        struct packet before, after;
        uint8_t bytes[1500];
        int n = segment_write(bytes, sizeof(bytes), &segment);
        (void)state;

        for (uint32_t held = 34; held < 52; held++) {
                assert_int_equal(packet_read(reader, LINK_RAW, bytes, held, (uint32_t)n, 1, &before), PACKET_TCP);
                anonymize_packet(&anonymizer, &before, false, &out);
                assert_int_equal(out.n_bytes, held + 14);
                assert_int_equal(out.n_frame, n + 14);
                assert_int_equal(packet_read(reader, LINK_ETHERNET, out.bytes, out.n_bytes, out.n_frame, 1, &after),
                                 PACKET_TCP);
                assert_int_equal(after.segment.n_payload, before.segment.n_payload);
                assert_int_equal(after.segment.seq, before.segment.seq);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(prefixes_are_kept_bit_by_bit),
                cmocka_unit_test(a_key_gives_always_the_same_and_another_key_another),
                cmocka_unit_test(what_a_header_says_stays_but_whose_it_is),
                cmocka_unit_test(vlans_stay),
                cmocka_unit_test(options_stay_without_their_secrets),
                cmocka_unit_test(an_icmp_error_stays_one),
                cmocka_unit_test(of_a_tls_alert_its_header_stays),
                cmocka_unit_test(a_header_that_was_cut_stays_cut),
        };

        return cmocka_run_group_tests(tests, begin, end);
}
