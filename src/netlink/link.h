/* Devices, addresses and neighbours of the network namespace at hand, by rtnetlink. Each call
 * opens its own socket: they are for setting up, not for speed. All return 0 or a negative errno. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
        LINK_MAC_SIZE = 6,
};

int link_up(const char *name);

/* Whether the kernel lets packets pass. After link_up() it does so a moment later, from a work queue
 * (linkwatch_do_dev()); until then it drops what is sent without a word (noop_qdisc). IFF_RUNNING does
 * not tell: it is set as well while the state is not yet known. */
int link_is_running(const char *name, bool *ret_running);

/* A pair of virtual Ethernet devices, both down, with the addresses given. */
int link_veth(const char *name, const uint8_t mac[static LINK_MAC_SIZE],
              const char *other, const uint8_t other_mac[static LINK_MAC_SIZE]);

/* Gives @name an address of @family (4 or 16 bytes); IPv6 without duplicate address detection. */
int link_address(const char *name, uint8_t family, const void *address, uint8_t n_prefix_bits);

/* A neighbour that is never asked for and never forgotten. */
int link_neighbour(const char *name, uint8_t family, const void *address,
                   const uint8_t mac[static LINK_MAC_SIZE]);

/* The index of a device, > 0, or a negative errno. */
int link_index(const char *name);

/* The link layer address of a device. */
int link_mac(const char *name, uint8_t ret_mac[static LINK_MAC_SIZE]);

/* Leaves cutting up, joining and checksums to nobody: what is on the wire is then what TCP made.
 * Best effort; the first refusal is returned after all were tried. */
int link_offloads_off(const char *name);
