/* Any bytes may come: everything that reads packets gets truncated and damaged ones, each in a
 * block of exactly its size, so that a sanitizer or valgrind sees the first byte read too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "wire/checksum.h"
#include "wire/icmp.h"
#include "wire/segment.h"
#include "wire/segment_text.h"

enum {
        N_ROUNDS = 300000,
        N_SEEDS = 4,
        SEED_MAX = 1500,
};

struct seed {
        uint8_t bytes[SEED_MAX];
        size_t n;
};

/* Fixed, so that a failure comes again: splitmix64. */
static uint64_t next(uint64_t *state)
{
        uint64_t z = *state += 0x9e3779b97f4a7c15;

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
}

static void make_seeds(struct seed seeds[static N_SEEDS])
{
        for (unsigned i = 0; i < 2; ++i) {
                struct segment segment = {
                        .family = i ? AF_INET6 : AF_INET, .ttl = 64, .flags = SEGMENT_ACK | SEGMENT_FIN,
                        .source_port = 1, .destination_port = 2, .options = SEGMENT_HAS_SACK | SEGMENT_HAS_TIMESTAMPS,
                        .n_sack = 3, .n_payload = 9, .payload = (const uint8_t *) "123456789",
                };
                int n;

                n = segment_write(seeds[i].bytes, SEED_MAX, &segment);
                assert_true(n > 0);
                seeds[i].n = (size_t)n;
                n = icmp_write(seeds[i + 2].bytes, SEED_MAX, ICMP_ERROR_PORT_UNREACHABLE, seeds[i].bytes, seeds[i].n);
                assert_true(n > 0);
                seeds[i + 2].n = (size_t)n;
        }
}

/* Reads @n bytes by every way there is, and checks what any answer must hold to. */
static void read_all_ways(const uint8_t *bytes, size_t n, unsigned n_read[static 2])
{
        struct icmp_about about;
        struct segment segment;
        uint8_t *block;
        bool holds;
        int r;

        block = malloc(n ? n : 1);
        assert_non_null(block);
        memcpy(block, bytes, n);
        /* One byte past the end of an empty block would be one of ours. */
        r = segment_read(n ? block : block + 1, n, &segment);
        assert_in_range(r, 0, SEGMENT_BROKEN);
        if (r == 0) {
                char text[SEGMENT_TEXT_MAX];
                uint8_t sum = 0;

                ++n_read[0];
                assert_true(segment.payload >= block && segment.payload + segment.n_captured <= block + n);
                assert_true(segment.n_captured <= segment.n_payload);
                assert_true(segment.offset + 20 <= n);
                assert_in_range(segment.n_sack, 0, SEGMENT_N_SACK);
                for (uint32_t i = 0; i < segment.n_captured; ++i)
                        sum ^= segment.payload[i];
                assert_true(strlen(segment_text(&segment, sum, 0, text)) < SEGMENT_TEXT_MAX);
        }
        if (checksum_check(block, n, &holds) == 0) {
                assert_int_equal(checksum_mend(block, n), 0);
        }
        if (icmp_read(block, n, &about) == 0)
                ++n_read[1];
        free(block);
}

static void truncated_packets_are_read_within_their_bounds(void **state)
{
        struct seed seeds[N_SEEDS];
        unsigned n_read[2] = {};
        (void)state;

        make_seeds(seeds);
        for (unsigned i = 0; i < N_SEEDS; ++i)
                for (size_t n = 0; n <= seeds[i].n; ++n)
                        read_all_ways(seeds[i].bytes, n, n_read);
        /* Both kinds were read whole at least. */
        assert_true(n_read[0] >= 2 && n_read[1] >= 2);
}

static void damaged_packets_are_read_within_their_bounds(void **state)
{
        unsigned n_read[2] = {};
        struct seed seeds[N_SEEDS];
        uint64_t random = 1;
        (void)state;

        make_seeds(seeds);
        for (unsigned round = 0; round < N_ROUNDS; ++round) {
                const struct seed *seed = &seeds[next(&random) % N_SEEDS];
                uint8_t bytes[SEED_MAX];
                unsigned n_hits = 1 + (unsigned)(next(&random) % 6);
                size_t n = seed->n;

                memcpy(bytes, seed->bytes, n);
                while (n_hits--)
                        bytes[next(&random) % n] = (uint8_t)next(&random);
                if (next(&random) % 4 == 0)
                        n = next(&random) % (n + 1);
                read_all_ways(bytes, n, n_read);
        }
        /* Damage that nothing survives would test nothing. */
        assert_true(n_read[0] > N_ROUNDS / 10 && n_read[1] > N_ROUNDS / 10);
}

static void noise_is_read_within_its_bounds(void **state)
{
        unsigned n_read[2] = {};
        uint64_t random = 2;
        (void)state;

        for (unsigned round = 0; round < N_ROUNDS / 3; ++round) {
                uint8_t bytes[128];
                size_t n = next(&random) % sizeof(bytes);

                for (size_t i = 0; i < n; ++i)
                        bytes[i] = (uint8_t)next(&random);
                /* Noise that looks like IP with TCP gets further in. */
                if (n > 40) {
                        bytes[0] = round % 2 ? 0x60 : (uint8_t)(0x40 | (bytes[0] & 0x0f));
                        bytes[6] = round % 2 ? (uint8_t)((const uint8_t[]){ 6, 0, 43, 44, 51, 60 }[bytes[6] % 6]) : 0;
                        bytes[7] = 0;
                        bytes[9] = round % 2 ? bytes[9] : 6;
                        bytes[2] = 0;
                }
                read_all_ways(bytes, n, n_read);
        }
        assert_true(n_read[0] > 100);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(truncated_packets_are_read_within_their_bounds),
                cmocka_unit_test(damaged_packets_are_read_within_their_bounds),
                cmocka_unit_test(noise_is_read_within_its_bounds),
        };

        return cmocka_run_group_tests_name("wire/hostile", tests, NULL, NULL);
}
