/* What a frame begins with, by its link type (LINKTYPE_* of www.tcpdump.org/linktypes.html). */
#include "wire/walk.h"

#include <netinet/in.h>

/* A header of @n bytes with an Ethernet type at @at. */
static enum layer over_typed(struct walk *walk, uint32_t n, uint32_t at)
{
        if (walk->n_held < n)
                return walk_short(walk, n);
        walk->protocol = bytes_get16(walk->at + at);
        walk_over(walk, n);
        return LAYER_ETHERTYPE;
}

/* Four bytes with the address family, in the order of the machine that captured (NULL) or of the network
 * (LOOP). What follows says itself which IP it is; the number differs between systems. */
static enum layer loopback(struct walk *walk)
{
        uint32_t family;

        if (walk->n_held < 4)
                return walk_short(walk, 4);
        family = bytes_get32(walk->at);
        walk_over(walk, 4);
        if (family > 0xffff)
                family = __builtin_bswap32(family);
        switch (family) {
        case 2:                 /* AF_INET, everywhere */
        case 10:                /* AF_INET6: Linux, NetBSD and OpenBSD, FreeBSD, macOS, Windows */
        case 23:
        case 24:
        case 28:
        case 30:
                return LAYER_IP;
        default:
                /* Some write an Ethernet type there. */
                walk->protocol = (uint16_t)family;
                return family >= 0x600 && family <= 0xffff ? LAYER_ETHERTYPE : walk_end(walk, PACKET_NOT_IP);
        }
}

/* The protocol is an Ethernet type, or a small number of Linux's own: 4 is 802.2. */
static enum layer cooked(struct walk *walk, uint32_t n, uint32_t at)
{
        if (walk->n_held < n)
                return walk_short(walk, n);
        walk->protocol = bytes_get16(walk->at + at);
        walk_over(walk, n);
        if (walk->protocol >= 0x600)
                return LAYER_ETHERTYPE;
        if (walk->protocol == 4)
                return LAYER_LLC;
        return walk_end(walk, PACKET_NOT_IP);
}

/* RFC 1201 with the offsets of Linux (@n_offset 2) or without (BSD, 0); RFC 1051 has no further header. */
static enum layer arcnet(struct walk *walk, uint32_t n_offset)
{
        uint32_t n = 2 + n_offset;
        uint8_t type;

        if (walk->n_held < n + 2)
                return walk_short(walk, n + 2);
        type = walk->at[n];
        if (type == 240)
                return walk_to(walk, n + 1, LAYER_IPV4);
        /* A frame of an awkward size repeats the type behind four bytes more. */
        if (n_offset == 0 && walk->at[n + 1] == 0xff)
                n += 4;
        if (type == 212)
                return walk_to(walk, n + 4, LAYER_IPV4);
        if (type == 196)
                return walk_to(walk, n + 4, LAYER_IPV6);
        return walk_end(walk, PACKET_NOT_IP);
}

/* Juniper's routers: a magic, flags, perhaps extensions; then the frame, or what is left of one whose link
 * header was taken off. */
static enum layer juniper(struct walk *walk, enum layer next)
{
        uint32_t n = 4;
        uint8_t flags;

        if (walk->n_held < 6)
                return walk_short(walk, 6);
        if (bytes_get32(walk->at) >> 8 != 0x4d4743)
                return walk_end(walk, PACKET_BROKEN);
        flags = walk->at[3];
        if (flags & 0x80)
                n = 6u + bytes_get16(walk->at + 4);
        if (flags & 0x02)
                return walk_to(walk, n + 4, LAYER_IP);
        return walk_to(walk, n, next);
}

/* What the Linux firewall logged: attributes in the order of the machine, one of which is the packet. */
static enum layer nflog(struct walk *walk)
{
        if (walk->n_held < 4)
                return walk_short(walk, 4);
        walk_over(walk, 4);
        for (;;) {
                uint32_t n, n_padded, type;

                if (walk->n_held < 4)
                        return walk_short(walk, 4);
                n = __builtin_bswap16(bytes_get16(walk->at));
                type = __builtin_bswap16(bytes_get16(walk->at + 2));
                if (type > 0xff) {
                        n = bytes_get16(walk->at);
                        type = bytes_get16(walk->at + 2);
                }
                if (n < 4)
                        return walk_end(walk, PACKET_BROKEN);
                n_padded = (n + 3) & ~3u;
                if (type == 9) {
                        walk_over(walk, 4);
                        if (n - 4 <= walk->n_wire)
                                walk_limit(walk, n - 4);
                        return LAYER_IP;
                }
                if (walk->n_held < n_padded)
                        return walk_short(walk, n_padded);
                walk_over(walk, n_padded);
        }
}

/* Token ring: a source route may follow the addresses. */
static enum layer token_ring(struct walk *walk)
{
        uint32_t n = 14;

        if (walk->n_held < n + 1)
                return walk_short(walk, n + 1);
        if (walk->at[8] & 0x80)
                n += walk->at[14] & 0x1fu;
        return walk_to(walk, n, LAYER_LLC);
}

/* OpenBSD's and FreeBSD's packet filter: the first byte is the length, without what it is padded by. */
static enum layer pflog(struct walk *walk)
{
        if (walk->n_held < 1)
                return walk_short(walk, 1);
        return walk_to(walk, (walk->at[0] + 3u) & ~3u, LAYER_IP);
}

/* Apple's tap: length and link type, little-endian. */
static enum layer pktap(struct walk *walk)
{
        uint32_t n, link_type;

        if (walk->n_held < 12)
                return walk_short(walk, 12);
        n = __builtin_bswap32(bytes_get32(walk->at));
        link_type = __builtin_bswap32(bytes_get32(walk->at + 8));
        if (n < 12 || link_type == LINK_PKTAP)
                return walk_end(walk, PACKET_BROKEN);
        if (walk->n_held < n)
                return walk_short(walk, n);
        walk_over(walk, n);
        return walk_link(walk, link_type);
}

/* PPP behind a byte that tells the direction; pppd puts it in the place of the address. */
static enum layer directed(struct walk *walk, enum layer next)
{
        if (next == LAYER_PPP && walk->n_held >= 2 && walk->at[1] == 0x03)
                return walk_to(walk, 2, next);
        return walk_to(walk, 1, next);
}

enum layer walk_link(struct walk *walk, uint32_t link_type)
{
        switch (link_type) {
        case 0:                 /* NULL */
        case 108:               /* LOOP */
                return loopback(walk);
        case 1:
                return LAYER_ETHERNET;
        case 12:                /* what BSD and Linux wrote for raw IP before it had a number of its own */
        case 14:
        case 101:               /* RAW */
        case 228:               /* IPV4 */
        case 229:               /* IPV6 */
                return LAYER_IP;
        case 113:               /* LINUX_SLL */
                return cooked(walk, 16, 14);
        case 276:               /* LINUX_SLL2 */
                return cooked(walk, 20, 0);
        case 9:                 /* PPP; a serial line that was taken for it may speak Cisco's HDLC */
        case 50:                /* PPP_HDLC */
        case 104:               /* C_HDLC */
                return LAYER_HDLC;
        case 51:                /* PPP_ETHER */
                return LAYER_PPPOE;
        case 166:               /* PPP_PPPD */
        case 204:               /* PPP_WITH_DIR */
                return directed(walk, LAYER_PPP);
        case 205:               /* C_HDLC_WITH_DIR */
                return directed(walk, LAYER_HDLC);
        case 107:               /* FRELAY */
                return LAYER_FRAME_RELAY;
        case 206:               /* FRELAY_WITH_DIR */
                return directed(walk, LAYER_FRAME_RELAY);
        case 219:               /* MPLS */
                return LAYER_MPLS;
        case 105:               /* IEEE802_11 */
                return LAYER_WIFI;
        case 127:               /* IEEE802_11_RADIOTAP */
                return walk_radiotap(walk);
        case 119:               /* IEEE802_11_PRISM */
        case 163:               /* IEEE802_11_AVS */
                return walk_prism(walk);
        case LINK_PPI:
                return walk_ppi(walk);
        case 6:                 /* IEEE802_5 */
                return token_ring(walk);
        case 10:                /* FDDI: a byte of frame control and two addresses */
                return walk_to(walk, 13, LAYER_LLC);
        case 7:                 /* ARCNET_BSD */
                return arcnet(walk, 0);
        case 129:               /* ARCNET_LINUX */
                return arcnet(walk, 2);
        case 8:                 /* SLIP */
                return walk_to(walk, 16, LAYER_IP);
        case 11:                /* the same, as BSD wrote it */
        case 100:               /* ATM_RFC1483 */
                return LAYER_LLC;
        case 109:               /* ENC: address family, SPI, flags */
                return walk_to(walk, 12, LAYER_IP);
        case 117:
                return pflog(walk);
        case 122:               /* IP_OVER_FC */
                return walk_to(walk, 16, LAYER_LLC);
        case 138:               /* APPLE_IP_OVER_IEEE1394 */
                return over_typed(walk, 18, 16);
        case 242:               /* IPOIB */
                return over_typed(walk, 44, 40);
        case 226:               /* IPNET */
                return walk_to(walk, 24, LAYER_IP);
        case 240:               /* NETANALYZER */
                return walk_to(walk, 4, LAYER_ETHERNET);
        case 241:               /* NETANALYZER_TRANSPARENT: with the preamble */
                return walk_to(walk, 12, LAYER_ETHERNET);
        case 274:               /* ETHERNET_MPACKET: a preamble */
                return walk_to(walk, 8, LAYER_ETHERNET);
        case 281:               /* DSA_TAG_BRCM */
        case 284:               /* DSA_TAG_DSA */
                return walk_switch(walk, 4);
        case 282:               /* DSA_TAG_BRCM_PREPEND */
                return walk_to(walk, 4, LAYER_ETHERNET);
        case 285:               /* DSA_TAG_EDSA */
                return walk_switch(walk, 8);
        case 197:               /* ERF */
                return walk_erf(walk);
        case 123:               /* SUNATM */
                return walk_sunatm(walk);
        case 143:               /* DOCSIS */
                return walk_docsis(walk);
        case 239:
                return nflog(walk);
        case LINK_PKTAP:
                return pktap(walk);
        case 178:               /* JUNIPER_ETHER */
                return juniper(walk, LAYER_ETHERNET);
        case 167:               /* JUNIPER_PPPOE */
                return juniper(walk, LAYER_ETHERNET);
        case 179:               /* JUNIPER_PPP */
                return juniper(walk, LAYER_PPP);
        case 180:               /* JUNIPER_FRELAY */
                return juniper(walk, LAYER_FRAME_RELAY);
        case 181:               /* JUNIPER_CHDLC */
                return juniper(walk, LAYER_HDLC);
        default:
                return walk_end(walk, PACKET_LINK_UNKNOWN);
        }
}
