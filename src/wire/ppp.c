/* PPP, and the other framings of serial lines: PPPoE, Cisco's HDLC, frame relay. */
#include "wire/walk.h"

enum {
        SIZE_PPPOE = 6,
        SIZE_CISCO = 4,
};

/* A multilink header (RFC 1990): only a packet in one piece can be read. Long sequence numbers, as almost
 * everyone uses. */
static enum layer multilink(struct walk *walk)
{
        if (walk->n_held < 4)
                return walk_short(walk, 4);
        if ((walk->at[0] & 0xc0) != 0xc0)
                return walk_end(walk, PACKET_FRAGMENT);
        walk_over(walk, 4);
        return LAYER_PPP;
}

enum layer walk_ppp(struct walk *walk)
{
        uint32_t n = 1;

        if (walk->n_held < 2)
                return walk_short(walk, 2);
        if (walk->at[0] == 0xff && walk->at[1] == 0x03) {
                walk_over(walk, 2);
                if (walk->n_held < 1)
                        return walk_short(walk, 1);
        }
        walk->protocol = walk->at[0];
        /* An odd first byte is a compressed number (RFC 1661, 6.5). */
        if (!(walk->at[0] & 1)) {
                n = 2;
                if (walk->n_held < n)
                        return walk_short(walk, n);
                walk->protocol = bytes_get16(walk->at);
        }
        walk_over(walk, n);
        switch (walk->protocol) {
        case 0x0021:
                return LAYER_IPV4;
        case 0x0057:
                return LAYER_IPV6;
        case 0x003d:
                return multilink(walk);
        case 0x0281:
        case 0x0283:
                return LAYER_MPLS;
        case 0x0053:            /* RFC 1968 */
        case 0x00fd:            /* compressed as a whole; with MPPE encrypted as well */
                return walk_end(walk, PACKET_ENCRYPTED);
        default:
                return walk_end(walk, PACKET_NOT_IP);
        }
}

/* RFC 2516. The length tells the padding of Ethernet from the packet, even where a device has counted that
 * padding into the IP length. */
enum layer walk_pppoe(struct walk *walk)
{
        uint32_t n;

        if (walk->n_held < SIZE_PPPOE)
                return walk_short(walk, SIZE_PPPOE);
        if (walk->at[0] != 0x11 || walk->at[1] != 0)
                return walk_end(walk, PACKET_NOT_IP);
        n = bytes_get16(walk->at + 4);
        walk_over(walk, SIZE_PPPOE);
        if (n <= walk->n_wire) {
                walk_limit(walk, n);
                walk->exact = true;
        }
        return LAYER_PPP;
}

/* Address and control, or for Cisco an address, a zero, and an Ethernet type. */
enum layer walk_hdlc(struct walk *walk)
{
        if (walk->n_held < SIZE_CISCO)
                return walk_short(walk, SIZE_CISCO);
        if (walk->at[0] != 0x0f && walk->at[0] != 0x8f)
                return LAYER_PPP;
        walk->protocol = bytes_get16(walk->at + 2);
        walk_over(walk, SIZE_CISCO);
        return walk->protocol < 0x600 ? walk_end(walk, PACKET_NOT_IP) : LAYER_ETHERTYPE;
}

/* RFC 2427; and Cisco's own way, an Ethernet type straight behind the address. */
enum layer walk_frame_relay(struct walk *walk)
{
        uint32_t n = 0;

        do {
                if (walk->n_held < n + 2)
                        return walk_short(walk, n + 2);
        } while (!(walk->at[n++] & 1) && n < 4);
        walk_over(walk, n);
        if (walk->n_held < 3)
                return walk_short(walk, 3);
        if (walk->at[0] != 0x03) {
                walk->protocol = bytes_get16(walk->at);
                walk_over(walk, 2);
                return walk->protocol < 0x600 ? walk_end(walk, PACKET_NOT_IP) : LAYER_ETHERTYPE;
        }
        walk_over(walk, walk->at[1] == 0 ? 2 : 1);      /* a byte of padding may follow the control byte */
        switch (walk->at[0]) {
        case 0xcc:
                walk_over(walk, 1);
                return LAYER_IPV4;
        case 0x8e:
                walk_over(walk, 1);
                return LAYER_IPV6;
        case 0x80:              /* SNAP without the LLC before it */
                if (walk->n_held < 6)
                        return walk_short(walk, 6);
                walk->protocol = bytes_get16(walk->at + 4);
                if (bytes_get32(walk->at) == 0x800080c2 && (walk->protocol == 1 || walk->protocol == 7)) {
                        if (walk->n_held < 8)
                                return walk_short(walk, 8);
                        walk_over(walk, 8);
                        return LAYER_ETHERNET;
                }
                if (bytes_get32(walk->at) != 0x80000000 || walk->protocol < 0x600)
                        return walk_end(walk, PACKET_NOT_IP);
                walk_over(walk, 6);
                return LAYER_ETHERTYPE;
        default:
                return walk_end(walk, PACKET_NOT_IP);
        }
}
