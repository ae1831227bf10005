/* Tests of src/base/decimal.h: printf is the truth. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/decimal.h"

static void compare(uint64_t value)
{
        char made[DECIMAL_ROOM], wanted[DECIMAL_MAX + 1];

        *decimal_put(made, value) = '\0';
        snprintf(wanted, sizeof(wanted), "%" PRIu64, value);
        assert_string_equal(made, wanted);
}

static void a_number_has_the_digits_that_printf_gives_it(void **state)
{
        (void)state;
        for (uint64_t i = 0; i < 1100000; i += i < 20000 ? 1 : 7)
                compare(i);
        /* Each four digits in each place. */
        for (uint64_t i = 0; i < 10000; i++) {
                compare(i * 10000 + (9999 - i));
                compare(i * 1000000000000 + i * 12345 + 7);
        }
        compare(UINT64_MAX);
}

static void every_number_of_digits_is_right_at_its_ends(void **state)
{
        uint64_t power = 1;
        (void)state;

        for (unsigned i = 0; i < DECIMAL_MAX; i++, power *= 10) {
                compare(power - 1);
                compare(power);
                compare(power + 1);
                compare(power * 9 / 7);
        }
}

static void nanoseconds_have_nine_digits(void **state)
{
        static const uint32_t values[] = { 0, 1, 9, 10, 12345, 99999, 100000, 123456789, 900000000, 999999999 };
        char made[10], wanted[11];
        (void)state;

        for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
                *decimal_put_nine(made, values[i]) = '\0';
                snprintf(wanted, sizeof(wanted), "%09" PRIu32, values[i]);
                assert_string_equal(made, wanted);
        }
}

static void a_fraction_has_no_zeros_behind_it(void **state)
{
        static const uint32_t values[] = { 1, 9, 10, 12345, 38865000, 100000000, 120000000, 123456789, 900000000,
                                           999999999, 500000000, 7000, 99999999 };
        char made[10], wanted[11];
        (void)state;

        for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
                *decimal_put_fraction(made, values[i]) = '\0';
                snprintf(wanted, sizeof(wanted), "%09" PRIu32, values[i]);
                for (size_t n = strlen(wanted); wanted[n - 1] == '0'; n--)
                        wanted[n - 1] = '\0';
                assert_string_equal(made, wanted);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_number_has_the_digits_that_printf_gives_it),
                cmocka_unit_test(every_number_of_digits_is_right_at_its_ends),
                cmocka_unit_test(nanoseconds_have_nine_digits),
                cmocka_unit_test(a_fraction_has_no_zeros_behind_it),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
