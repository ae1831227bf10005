/* Tests of src/base/siphash.h: against the vectors of its authors (SipHash paper, appendix A, and vectors.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/siphash.h"

static void the_vectors_of_its_authors_hold(void **state)
{
        /* Key 00 01 … 0f, input 00 01 … of each length. */
        static const struct {
                size_t n;
                uint64_t hash;
        } vectors[] = {
                { 0, 0x726fdb47dd0e0e31 }, { 1, 0x74f839c593dc67fd }, { 7, 0xab0200f58b01d137 },
                { 8, 0x93f5f5799a932462 }, { 15, 0xa129ca6149be45e5 },
        };
        static const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
        uint8_t bytes[16];
        (void)state;

        for (uint8_t i = 0; i < 16; i++)
                bytes[i] = i;
        for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
                assert_int_equal(siphash(key, bytes, vectors[i].n), vectors[i].hash);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_vectors_of_its_authors_hold),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
