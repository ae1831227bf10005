/* The straight way of frames that are no untagged IPv4 on Ethernet: where IP begins in them. */
#include "wire/packet_plain.h"

/* Bare IP: what stands there, as if it were behind its Ethernet type. */
static uint32_t begins_bare(const uint8_t *ip)
{
        return (uint32_t)ip[0] << 16 | ((ip[0] >> 4 == 6 ? PLAIN_IS_IPV6 : PLAIN_IS_IPV4) & PLAIN_TYPE);
}

/* The address families of all systems, before IP on their loopback (link.c); in either order. */
static bool is_family_of_ip(uint32_t family)
{
        const uint32_t families = 1u << 2 | 1u << 10 | 1u << 23 | 1u << 24 | 1u << 28 | 1u << 30;

        if (family > 0xffff)
                family = __builtin_bswap32(family);
        return family < 32 && families >> family & 1;
}

bool plain_find_any(uint32_t link_type, const uint8_t *bytes, uint32_t n_bytes, uint32_t n_frame,
                    struct plain *ret_plain)
{
        const uint8_t *ip;
        uint32_t n, begins, has = n_bytes < n_frame ? PLAIN_CUT : 0;

        if (link_type == 1) {
                if (n_bytes < PLAIN_ETHERNET + PLAIN_LEAST)
                        return false;
                ip = bytes + PLAIN_ETHERNET;
                n = n_bytes - PLAIN_ETHERNET;
                begins = plain_load(ip - 2);
                /* Cisco's ISL (ethernet.c) has bytes of SNAP there, so it is none of these. */
                if ((begins & PLAIN_TYPE) == 0x0081) {
                        has |= (bytes_get16(ip) & PLAIN_VLAN) << PLAIN_VLAN_SHIFT;
                        ip += PLAIN_TAG;
                        n -= PLAIN_TAG;
                        begins = plain_load(ip - 2);
                }
        } else if (link_type == 113) {
                if (n_bytes < PLAIN_SLL + PLAIN_LEAST)
                        return false;
                ip = bytes + PLAIN_SLL;
                n = n_bytes - PLAIN_SLL;
                begins = plain_load(ip - 2);
        } else if (link_type == 276) {
                if (n_bytes < PLAIN_SLL2 + PLAIN_LEAST)
                        return false;
                ip = bytes + PLAIN_SLL2;
                n = n_bytes - PLAIN_SLL2;
                begins = (plain_load(bytes) & PLAIN_TYPE) | (uint32_t)ip[0] << 16;
        } else if (link_type == 101) {
                if (n_bytes < PLAIN_LEAST)
                        return false;
                ip = bytes;
                n = n_bytes;
                begins = begins_bare(ip);
        } else if (link_type == 0 || link_type == 108) {
                if (n_bytes < PLAIN_LOOPBACK + PLAIN_LEAST || !is_family_of_ip(plain_load(bytes)))
                        return false;
                ip = bytes + PLAIN_LOOPBACK;
                n = n_bytes - PLAIN_LOOPBACK;
                begins = begins_bare(ip);
        } else {
                return false;
        }
        return plain_find_ip(ip, n, begins, has, ret_plain);
}
