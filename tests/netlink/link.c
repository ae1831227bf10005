/* Tests of src/netlink/link.c, and of route.c where it asks, in a namespace of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <net/if.h>

#include "../lab/inside.h"
#include "../lab/sockets.h"
#include "lab/deadline.h"
#include "netlink/link.h"
#include "netlink/route.h"

static const uint8_t mac_left[LINK_MAC_SIZE] = { 2, 0, 0, 0, 7, 1 };
static const uint8_t mac_right[LINK_MAC_SIZE] = { 2, 0, 0, 0, 7, 2 };

static void a_pair_has_the_addresses_given(void **state)
{
        uint8_t mac[LINK_MAC_SIZE];
        (void)state;
        need_namespace();

        assert_int_equal(link_veth("left", mac_left, "right", mac_right), 0);
        assert_int_equal(link_mac("left", mac), 0);
        assert_memory_equal(mac, mac_left, LINK_MAC_SIZE);
        assert_int_equal(link_mac("right", mac), 0);
        assert_memory_equal(mac, mac_right, LINK_MAC_SIZE);
        assert_int_equal(link_index("left"), if_nametoindex("left"));
        assert_int_equal(link_up("left"), 0);
        assert_int_equal(link_offloads_off("left"), 0);
}

static void a_device_runs_when_both_ends_are_up(void **state)
{
        bool left = true, right = true;
        (void)state;
        need_namespace();

        assert_int_equal(link_is_running("left", &left), 0);
        assert_false(left);
        assert_int_equal(link_up("right"), 0);
        for (int64_t deadline = deadline_in(PATIENCE_MS); !(left && right) && deadline_left_ms(deadline) > 0;) {
                assert_int_equal(link_is_running("left", &left), 0);
                assert_int_equal(link_is_running("right", &right), 0);
        }
        assert_true(left && right);
        assert_int_equal(link_is_running("no-such-dev", &left), -ENODEV);
        assert_true(left);
}

static void an_address_can_be_bound_at_once(void **state)
{
        (void)state;
        need_namespace();

        for (unsigned v6 = 0; v6 < 2; ++v6) {
                uint8_t family = v6 ? AF_INET6 : AF_INET;
                const char *text = v6 ? "2001:db8:7::1" : "192.0.2.7";
                uint16_t port = 0;
                uint8_t bytes[16];
                int fd;

                assert_int_equal(inet_pton(family, text, bytes), 1);
                assert_int_equal(link_address("left", family, bytes, v6 ? 64 : 24), 0);
                assert_int_equal(link_address("left", family, bytes, v6 ? 64 : 24), -EEXIST);
                /* No duplicate address detection holds it back. */
                fd = listening(family, text, &port);
                close(fd);
                assert_int_equal(link_neighbour("left", family, bytes, mac_right), 0);
        }
}

static void an_address_is_taken_in_here_once_it_has_its_route(void **state)
{
        (void)state;
        need_namespace();

        for (unsigned v6 = 0; v6 < 2; ++v6) {
                uint8_t family = v6 ? AF_INET6 : AF_INET;
                uint8_t bytes[16];
                bool local = true;

                assert_int_equal(inet_pton(family, v6 ? "2001:db8:7::8" : "192.0.2.8", bytes), 1);
                assert_int_equal(route_is_local(family, bytes, &local), 0);
                assert_false(local);
                assert_int_equal(link_address("left", family, bytes, v6 ? 64 : 24), 0);
                for (int64_t deadline = deadline_in(PATIENCE_MS); !local && deadline_left_ms(deadline) > 0;)
                        assert_int_equal(route_is_local(family, bytes, &local), 0);
                assert_true(local);
                /* No route at all. */
                assert_int_equal(inet_pton(family, v6 ? "2001:db8:8::8" : "198.51.100.8", bytes), 1);
                assert_int_equal(route_is_local(family, bytes, &local), 0);
                assert_false(local);
        }
}

static void what_cannot_be_is_refused(void **state)
{
        uint8_t mac[LINK_MAC_SIZE];
        (void)state;

        assert_int_equal(link_up("no-such-dev"), -ENODEV);
        assert_int_equal(link_index("no-such-dev"), -ENODEV);
        assert_int_equal(link_mac("no-such-dev", mac), -ENODEV);
        assert_int_equal(link_mac("a-name-that-is-too-long", mac), -ENAMETOOLONG);
        assert_int_equal(link_address("no-such-dev", AF_INET, mac, 24), -ENODEV);
        assert_int_equal(link_offloads_off("no-such-dev"), -ENODEV);
        assert_int_equal(link_veth("a-name-that-is-too-long", mac_left, "b", mac_right), -ENAMETOOLONG);
        need_namespace();
        assert_int_equal(link_veth(NAMESPACE_SOCKETS, mac_left, "b", mac_right), -EEXIST);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_pair_has_the_addresses_given),
                cmocka_unit_test(a_device_runs_when_both_ends_are_up),
                cmocka_unit_test(an_address_can_be_bound_at_once),
                cmocka_unit_test(an_address_is_taken_in_here_once_it_has_its_route),
                cmocka_unit_test(what_cannot_be_is_refused),
        };

        return cmocka_run_group_tests_name("netlink/link", tests, NULL, NULL);
}
