/* Tests of src/wire/icmp.c: errors written about a segment are read back to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "wire/checksum.h"
#include "wire/icmp.h"
#include "wire/segment.h"

static int make_segment(uint8_t family, uint32_t n_payload, uint8_t *packet, size_t size)
{
        static const uint8_t payload[1400];
        struct segment segment = {
                .family = family, .ttl = 64, .flags = SEGMENT_ACK, .source_port = 1111, .destination_port = 2222,
                .seq = 0xfedcba98, .n_payload = n_payload, .payload = payload,
        };

        inet_pton(family, family == AF_INET6 ? "2001:db8::1" : "192.0.2.1", segment.source);
        inet_pton(family, family == AF_INET6 ? "2001:db8::2" : "192.0.2.2", segment.destination);
        return segment_write(packet, size, &segment);
}

static void an_error_is_read_back_to_the_segment_it_is_about(void **state)
{
        static const enum icmp_error errors[] = {
                ICMP_ERROR_NET_UNREACHABLE, ICMP_ERROR_HOST_UNREACHABLE, ICMP_ERROR_PROTOCOL_UNREACHABLE,
                ICMP_ERROR_PORT_UNREACHABLE, ICMP_ERROR_ADMIN_PROHIBITED,
        };
        static const uint8_t families[] = { AF_INET, AF_INET6 };
        static const uint32_t sizes[] = { 0, 5, 1400 };
        (void)state;

        for (size_t f = 0; f < 2; ++f)
                for (size_t s = 0; s < 3; ++s)
                        for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); ++i) {
                                size_t limit = families[f] == AF_INET6 ? 1280 : 576;
                                uint8_t about[1500], packet[ICMP_SIZE_MAX];
                                struct icmp_about read;
                                struct segment quoted;
                                int n_about, n;

                                n_about = make_segment(families[f], sizes[s], about, sizeof(about));
                                assert_true(n_about > 0);
                                n = icmp_write(packet, sizeof(packet), errors[i], about, (size_t)n_about);
                                assert_true(n > 0 && (size_t)n <= limit);
                                assert_int_equal(icmp_read(packet, (size_t)n, &read), 0);
                                assert_int_equal(icmp_about_error(&read), errors[i]);
                                assert_int_equal(read.family, families[f]);
                                assert_int_equal(read.source_port, 1111);
                                assert_int_equal(read.destination_port, 2222);
                                assert_int_equal(read.seq, 0xfedcba98);
                                /* It comes from where the segment went. */
                                assert_int_equal(segment_read(about, (size_t)n_about, &quoted), 0);
                                assert_memory_equal(read.from, quoted.destination, 16);
                                assert_memory_equal(read.source, quoted.source, 16);
                                assert_memory_equal(read.destination, quoted.destination, 16);
                        }
}

static void the_checksums_of_an_error_add_up_to_nothing(void **state)
{
        uint8_t about[100], packet[ICMP_SIZE_MAX];
        uint64_t sum;
        int n_about, n;
        (void)state;

        n_about = make_segment(AF_INET, 5, about, sizeof(about));
        n = icmp_write(packet, sizeof(packet), ICMP_ERROR_PORT_UNREACHABLE, about, (size_t)n_about);
        assert_int_equal(n, 20 + 8 + n_about);
        assert_int_equal(checksum_fold(checksum_add(0, packet, 20)), 0);
        assert_int_equal(checksum_fold(checksum_add(0, packet + 20, (size_t)n - 20)), 0);

        n_about = make_segment(AF_INET6, 5, about, sizeof(about));
        n = icmp_write(packet, sizeof(packet), ICMP_ERROR_PORT_UNREACHABLE, about, (size_t)n_about);
        assert_int_equal(n, 40 + 8 + n_about);
        sum = checksum_pseudo(AF_INET6, packet + 8, packet + 24, IPPROTO_ICMPV6, (size_t)n - 40);
        assert_int_equal(checksum_fold(checksum_add(sum, packet + 40, (size_t)n - 40)), 0);
}

static void types_and_codes_have_the_names_of_both_families(void **state)
{
        static const struct {
                uint8_t family, type, code;
                enum icmp_error expected;
        } rows[] = {
                { AF_INET, 3, 0, ICMP_ERROR_NET_UNREACHABLE }, { AF_INET6, 1, 0, ICMP_ERROR_NET_UNREACHABLE },
                { AF_INET, 3, 1, ICMP_ERROR_HOST_UNREACHABLE }, { AF_INET6, 1, 3, ICMP_ERROR_HOST_UNREACHABLE },
                { AF_INET, 3, 2, ICMP_ERROR_PROTOCOL_UNREACHABLE },
                { AF_INET6, 4, 1, ICMP_ERROR_PROTOCOL_UNREACHABLE },
                { AF_INET, 3, 3, ICMP_ERROR_PORT_UNREACHABLE }, { AF_INET6, 1, 4, ICMP_ERROR_PORT_UNREACHABLE },
                { AF_INET, 3, 9, ICMP_ERROR_ADMIN_PROHIBITED }, { AF_INET, 3, 10, ICMP_ERROR_ADMIN_PROHIBITED },
                { AF_INET, 3, 13, ICMP_ERROR_ADMIN_PROHIBITED }, { AF_INET6, 1, 1, ICMP_ERROR_ADMIN_PROHIBITED },
                { AF_INET, 3, 4, ICMP_ERROR_TOO_BIG }, { AF_INET6, 2, 0, ICMP_ERROR_TOO_BIG },
                { AF_INET, 11, 0, ICMP_ERROR_TIME_EXCEEDED }, { AF_INET6, 3, 0, ICMP_ERROR_TIME_EXCEEDED },
                { AF_INET, 3, 5, ICMP_ERROR_OTHER }, { AF_INET6, 4, 0, ICMP_ERROR_OTHER },
        };
        (void)state;

        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); ++i) {
                struct icmp_about about = {
                        .family = rows[i].family, .type = rows[i].type, .code = rows[i].code,
                };

                assert_int_equal(icmp_about_error(&about), rows[i].expected);
        }
}

static void what_cannot_be_told_is_refused(void **state)
{
        uint8_t about[100], packet[ICMP_SIZE_MAX];
        size_t n;
        (void)state;

        n = (size_t)make_segment(AF_INET, 5, about, sizeof(about));
        assert_int_equal(icmp_write(packet, sizeof(packet), ICMP_ERROR_TOO_BIG, about, n), -EINVAL);
        assert_int_equal(icmp_write(packet, sizeof(packet), ICMP_ERROR_PORT_UNREACHABLE, about, 19), -EINVAL);
        assert_int_equal(icmp_write(packet, 30, ICMP_ERROR_PORT_UNREACHABLE, about, n), -ENOBUFS);
        about[0] = 0x95;
        assert_int_equal(icmp_write(packet, sizeof(packet), ICMP_ERROR_PORT_UNREACHABLE, about, n), -EINVAL);
}

static void other_messages_are_no_errors_about_tcp(void **state)
{
        uint8_t about[100], packet[ICMP_SIZE_MAX], other[ICMP_SIZE_MAX];
        struct icmp_about read;
        size_t n;
        (void)state;

        n = (size_t)make_segment(AF_INET, 5, about, sizeof(about));
        assert_int_equal(icmp_read(about, n, &read), ICMP_NOT);      /* the segment itself */
        n = (size_t)icmp_write(packet, sizeof(packet), ICMP_ERROR_PORT_UNREACHABLE, about, n);
        memcpy(other, packet, n);
        other[20] = 8;                                               /* an echo request */
        assert_int_equal(icmp_read(other, n, &read), ICMP_NOT);
        memcpy(other, packet, n);
        other[28 + 9] = IPPROTO_UDP;                                 /* about another protocol */
        assert_int_equal(icmp_read(other, n, &read), ICMP_NOT);
        assert_int_equal(icmp_read(packet, 20 + 8 + 20 + 7, &read), ICMP_NOT);
        assert_int_equal(icmp_read(packet, 20 + 8 + 20 + 8, &read), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_error_is_read_back_to_the_segment_it_is_about),
                cmocka_unit_test(the_checksums_of_an_error_add_up_to_nothing),
                cmocka_unit_test(types_and_codes_have_the_names_of_both_families),
                cmocka_unit_test(what_cannot_be_told_is_refused),
                cmocka_unit_test(other_messages_are_no_errors_about_tcp),
        };

        return cmocka_run_group_tests_name("wire/icmp", tests, NULL, NULL);
}
