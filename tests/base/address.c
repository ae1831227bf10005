/* Tests of src/base/address.c: inet_ntop() is the truth. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/address.h"

static void compare(int family, const uint8_t *address)
{
        char made[INET6_ADDRSTRLEN], wanted[INET6_ADDRSTRLEN];

        address_put(made, family, address);
        assert_non_null(inet_ntop(family, address, wanted, sizeof(wanted)));
        assert_string_equal(made, wanted);
}

static void every_byte_of_an_ipv4_address_is_written(void **state)
{
        (void)state;
        for (unsigned i = 0; i < 256; i++)
                compare(AF_INET, (const uint8_t[]){ (uint8_t)i, (uint8_t)(255 - i), (uint8_t)(i / 2),
                                                    (uint8_t)(i / 9) });
}

/* Every pattern of zeros, and words of one to four digits and of all ones between them. */
static void zeros_of_an_ipv6_address_are_left_out_where_inet_ntop_does(void **state)
{
        static const uint16_t words[] = { 0x1, 0x2a, 0x3bc, 0xfe80, 0xffff, 0x100, 0x10 };
        (void)state;

        for (unsigned zeros = 0; zeros < 256; zeros++)
                for (unsigned turn = 0; turn < 7; turn++) {
                        uint8_t address[16];

                        for (unsigned i = 0; i < 8; i++) {
                                uint16_t word = zeros >> i & 1 ? 0 : words[(i + turn) % 7];

                                address[2 * i] = (uint8_t)(word >> 8);
                                address[2 * i + 1] = (uint8_t)word;
                        }
                        compare(AF_INET6, address);
                }
}

static void an_ipv4_address_within_is_written_as_inet_ntop_does(void **state)
{
        (void)state;
        compare(AF_INET6, (const uint8_t[16]){ [10] = 0xff, [11] = 0xff, 10, 0, 0, 1 });
        compare(AF_INET6, (const uint8_t[16]){ [12] = 10, 0, 0, 1 });
        compare(AF_INET6, (const uint8_t[16]){ [15] = 1 });
        compare(AF_INET6, (const uint8_t[16]){ 0 });
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_byte_of_an_ipv4_address_is_written),
                cmocka_unit_test(zeros_of_an_ipv6_address_are_left_out_where_inet_ntop_does),
                cmocka_unit_test(an_ipv4_address_within_is_written_as_inet_ntop_does),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
