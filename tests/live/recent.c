/* Packets in memory: found by their connection, in order, and given up for newer ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "live/recent.h"

enum { AF_OF_IPV4 = 2 };

static struct recent *begin(void)
{
        struct recent *recent;

        assert_int_equal(recent_new(1, &recent), 0);
        return recent;
}

static struct recent_key key_of(uint16_t port)
{
        static const uint8_t a[16] = { 10, 0, 0, 1 }, b[16] = { 10, 0, 0, 2 };

        return recent_key(AF_OF_IPV4, a, port, b, 80);
}

static void add(struct recent *recent, uint16_t port, uint32_t what)
{
        struct recent_key key = key_of(port);
        uint8_t bytes[1000] = { 0 };

        memcpy(bytes, &what, sizeof(what));
        recent_add(recent, &key, what, bytes, sizeof(bytes), 1400);
}

static size_t find(struct recent *recent, uint16_t port, uint64_t after, struct recent_packet *packets, size_t max)
{
        struct recent_key key = key_of(port);

        return recent_find(recent, &key, after, packets, max);
}

static void both_directions_are_one_connection(void **state)
{
        static const uint8_t a[16] = { 10, 0, 0, 1 }, b[16] = { 10, 0, 0, 2 };
        struct recent_key forth = recent_key(AF_OF_IPV4, a, 1000, b, 80), back = recent_key(AF_OF_IPV4, b, 80, a, 1000);
        struct recent_key self = recent_key(AF_OF_IPV4, a, 1000, a, 80),
                          self_back = recent_key(AF_OF_IPV4, a, 80, a, 1000);
        struct recent_key other = recent_key(AF_OF_IPV4, a, 80, b, 1000);

        (void)state;
        assert_memory_equal(&forth, &back, sizeof(forth));
        assert_memory_equal(&self, &self_back, sizeof(self));
        assert_memory_not_equal(&forth, &other, sizeof(forth));
}

static void packets_come_back_in_their_order_and_whole(void **state)
{
        struct recent *recent = begin();
        struct recent_packet packets[8];

        (void)state;
        for (uint32_t i = 1; i <= 3; i++) {
                add(recent, 1000, i);
                add(recent, 1001, 100 + i);
        }
        assert_int_equal(find(recent, 1000, 0, packets, 8), 3);
        for (uint32_t i = 0; i < 3; i++) {
                uint32_t what;

                memcpy(&what, packets[i].bytes, sizeof(what));
                assert_int_equal(what, i + 1);
                assert_int_equal(packets[i].time_ns, i + 1);
                assert_int_equal(packets[i].n_bytes, 1000);
                assert_int_equal(packets[i].n_frame, 1400);
        }
        assert_int_equal(find(recent, 1002, 0, packets, 8), 0);
        recent_free(recent);
}

static void what_was_had_before_is_left_out(void **state)
{
        struct recent *recent = begin();
        struct recent_packet packets[8];

        (void)state;
        add(recent, 1000, 1);
        add(recent, 1000, 2);
        assert_int_equal(find(recent, 1000, 0, packets, 8), 2);
        add(recent, 1000, 3);
        assert_int_equal(find(recent, 1000, packets[1].number, packets, 8), 1);
        assert_int_equal(packets[0].time_ns, 3);
        recent_free(recent);
}

static void the_last_are_kept_where_there_is_too_little_room_for_all(void **state)
{
        struct recent *recent = begin();
        struct recent_packet packets[64];
        size_t n;

        (void)state;
        for (uint32_t i = 1; i <= 5000; i++) {
                add(recent, (uint16_t)(1000 + i % 3), i);
                n = find(recent, (uint16_t)(1000 + i % 3), 0, packets, 64);
                assert_in_range(n, 1, 64);
                assert_int_equal(packets[n - 1].time_ns, i);
                for (size_t k = 0; k < n; k++) {
                        uint32_t what;

                        memcpy(&what, packets[k].bytes, sizeof(what));
                        assert_int_equal(what, packets[k].time_ns);
                        assert_int_equal(what % 3, i % 3);
                        if (k > 0)
                                assert_int_equal(what, packets[k - 1].time_ns + 3);
                }
        }
        /* One that was silent for long is forgotten. */
        add(recent, 2000, 1);
        for (uint32_t i = 1; i <= 100; i++)
                add(recent, 1000, i);
        assert_int_equal(find(recent, 2000, 0, packets, 64), 0);
        assert_int_equal(find(recent, 1000, 0, packets, 3), 3);
        assert_int_equal(packets[2].time_ns, 100);
        recent_free(recent);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(both_directions_are_one_connection),
                cmocka_unit_test(packets_come_back_in_their_order_and_whole),
                cmocka_unit_test(what_was_had_before_is_left_out),
                cmocka_unit_test(the_last_are_kept_where_there_is_too_little_room_for_all),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
