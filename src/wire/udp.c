/* UDP, for the tunnels in it. A port says little about what a packet is: whatever is found behind one stays
 * in doubt until an IP header proves it, and otherwise the packet was plain UDP. */
#include "wire/walk.h"

enum {
        SIZE_UDP = 8,
        SIZE_VXLAN = 8,
        SIZE_GENEVE = 8,
        SIZE_GTP = 8,
        SIZE_GTP_OLD = 20,
        SIZE_LISP = 8,
        SIZE_AYIYA = 8,
        SIZE_CAPWAP = 8,
        QUIC_CONNECTION_ID_MAX = 20,
};

static enum layer not_a_tunnel(struct walk *walk)
{
        return walk_end(walk, PACKET_UDP);
}

/* RFC 7348; with a group policy the first two reserved bytes are in use. */
static enum layer vxlan(struct walk *walk)
{
        if (walk->n_held < SIZE_VXLAN || !(walk->at[0] & 0x08) || walk->at[7] != 0)
                return not_a_tunnel(walk);
        return walk_to(walk, SIZE_VXLAN, LAYER_ETHERNET);
}

/* The generic extension names what follows. */
static enum layer vxlan_gpe(struct walk *walk)
{
        uint8_t next;

        if (walk->n_held < SIZE_VXLAN || !(walk->at[0] & 0x08))
                return not_a_tunnel(walk);
        next = walk->at[0] & 0x04 ? walk->at[3] : 3;
        walk_over(walk, SIZE_VXLAN);
        switch (next) {
        case 1:
                return LAYER_IPV4;
        case 2:
                return LAYER_IPV6;
        case 3:
                return LAYER_ETHERNET;
        case 4:
                walk->protocol = 0x894f;        /* a service header */
                return LAYER_ETHERTYPE;
        default:
                return not_a_tunnel(walk);
        }
}

/* RFC 8926 */
static enum layer geneve(struct walk *walk)
{
        uint32_t n;

        if (walk->n_held < SIZE_GENEVE || walk->at[0] >> 6 != 0)
                return not_a_tunnel(walk);
        n = SIZE_GENEVE + (walk->at[0] & 0x3fu) * 4;
        walk->protocol = bytes_get16(walk->at + 2);
        return walk->protocol < 0x600 ? not_a_tunnel(walk) : walk_to(walk, n, LAYER_ETHERTYPE);
}

/* The user plane of mobile networks (3GPP TS 29.281), with its optional fields and extension headers. */
static enum layer gtp(struct walk *walk)
{
        uint8_t flags, next;

        if (walk->n_held < SIZE_GTP)
                return not_a_tunnel(walk);
        flags = walk->at[0];
        if (flags >> 5 != 1 || !(flags & 0x10) || walk->at[1] != 0xff)
                return not_a_tunnel(walk);
        walk_over(walk, SIZE_GTP);
        if (flags & 0x07) {
                if (walk->n_held < 4)
                        return walk_short(walk, 4);
                next = flags & 0x04 ? walk->at[3] : 0;
                walk_over(walk, 4);
                while (next != 0) {
                        uint32_t n;

                        if (walk->n_held < 4)
                                return walk_short(walk, 4);
                        n = walk->at[0] * 4u;
                        if (n == 0)
                                return not_a_tunnel(walk);
                        if (walk->n_held < n)
                                return walk_short(walk, n);
                        next = walk->at[n - 1];
                        walk_over(walk, n);
                }
        }
        return walk_is_ip(walk) ? LAYER_IP : LAYER_ETHERNET;
}

/* RFC 4380: IPv6 behind at most an authentication and an origin. Its clients use any port, so the
 * addresses must show it, or the port. */
static enum layer teredo(struct walk *walk, bool by_port)
{
        const uint8_t *ip;
        uint32_t n = 0;

        if (walk->n_held >= 13 && walk->at[0] == 0 && walk->at[1] == 1)
                n = 13u + walk->at[2] + walk->at[3];
        if (walk->n_held >= n + 8 && walk->at[n] == 0 && walk->at[n + 1] == 0)
                n += 8;
        if (walk->n_held < n + WALK_SIZE_IPV6)
                return not_a_tunnel(walk);
        ip = walk->at + n;
        if (ip[0] >> 4 != 6 || bytes_get16(ip + 4) + n + WALK_SIZE_IPV6 > walk->n_wire)
                return not_a_tunnel(walk);
        if (!by_port && (bytes_get16(ip + 4) + n + WALK_SIZE_IPV6 != walk->n_wire ||
                         (bytes_get32(ip + 8) != 0x20010000 && bytes_get32(ip + 24) != 0x20010000)))
                return not_a_tunnel(walk);
        return walk_to(walk, n, LAYER_IPV6);
}

/* GTP before it was split in two: as much of a header, with a flow and a tunnel of eight bytes (GSM 09.60). */
static enum layer gtp_old(struct walk *walk)
{
        if (walk->n_held < SIZE_GTP_OLD || (walk->at[0] & 0xfe) != 0x1e || walk->at[1] != 0xff)
                return not_a_tunnel(walk);
        return walk_to(walk, SIZE_GTP_OLD, LAYER_IP);
}

/* RFC 2661: a data message with PPP in it. */
static enum layer l2tp(struct walk *walk)
{
        uint32_t flags, n = 6;

        if (walk->n_held < n)
                return not_a_tunnel(walk);
        flags = bytes_get16(walk->at);
        if ((flags & 0x800f) != 0x0002)
                return not_a_tunnel(walk);
        if (flags & 0x4000)
                n += 2;
        if (flags & 0x0800)
                n += 4;
        if (flags & 0x0200) {
                if (walk->n_held < n + 2)
                        return walk_short(walk, n + 2);
                n += 2u + bytes_get16(walk->at + n);
        }
        return walk_to(walk, n, LAYER_PPP);
}

/* What MikroTik's and other sniffers send home: tagged fields up to an end, then the frame. */
static enum layer tzsp(struct walk *walk)
{
        uint32_t what;

        if (walk->n_held < 5 || walk->at[0] != 1 || walk->at[1] > 1)
                return not_a_tunnel(walk);
        what = bytes_get16(walk->at + 2);
        walk_over(walk, 4);
        for (;;) {
                uint32_t n;

                if (walk->n_held < 1)
                        return walk_short(walk, 1);
                n = 1;
                if (walk->at[0] > 1) {
                        if (walk->n_held < 2)
                                return walk_short(walk, 2);
                        n = 2u + walk->at[1];
                        if (walk->n_held < n)
                                return walk_short(walk, n);
                } else if (walk->at[0] == 1) {
                        if (what == 1)
                                return walk_to(walk, 1, LAYER_ETHERNET);
                        walk->wifi_padded = false;
                        walk->wifi_swapped = false;
                        return what == 0x12 ? walk_to(walk, 1, LAYER_WIFI) : not_a_tunnel(walk);
                }
                walk_over(walk, n);
        }
}

/* Anything in Anything, as SixXS ran it: IPv6 behind an identity and a signature. */
static enum layer ayiya(struct walk *walk)
{
        uint32_t n;

        if (walk->n_held < SIZE_AYIYA || walk->at[3] != 41)
                return not_a_tunnel(walk);
        n = SIZE_AYIYA + (1u << (walk->at[0] >> 4)) + (walk->at[1] >> 4) * 4u;
        return walk_to(walk, n, LAYER_IPV6);
}

/* RFC 5415: what an access point sends its controller, 802.3 or 802.11, the latter often with its first two
 * bytes exchanged. */
static enum layer capwap(struct walk *walk)
{
        uint32_t n;

        if (walk->n_held < SIZE_CAPWAP)
                return not_a_tunnel(walk);
        if (bytes_get32(walk->at) == 0x01000000)        /* DTLS */
                return walk_end(walk, PACKET_ENCRYPTED);
        n = (walk->at[1] >> 3) * 4u;
        if (walk->at[0] != 0 || n < SIZE_CAPWAP || (walk->at[3] & 0x80) || walk->n_held < n + 2)
                return not_a_tunnel(walk);
        if (!(walk->at[2] & 1))
                return walk_to(walk, n, LAYER_ETHERNET);
        walk_over(walk, n);
        walk->wifi_padded = false;
        walk->wifi_swapped = (walk->at[0] & 0x0f) != 0x08;      /* version 0, type data */
        return LAYER_WIFI;
}

/* A long header of a version that was in use (RFC 9000, 17.2; RFC 9369; the drafts; Google's own). */
static bool is_quic(const struct walk *walk)
{
        uint32_t version;

        if (walk->n_held < 7 || !(walk->at[0] & 0x80) || walk->at[5] > QUIC_CONNECTION_ID_MAX)
                return false;
        version = bytes_get32(walk->at + 1);
        return version == 1 || version == 0x6b3343cf || version >> 8 == 0xff0000 ||
               (version >> 24 == 'Q' && version >> 16 == ('Q' << 8 | '0')) || version >> 16 == ('T' << 8 | '0');
}

/* IPsec in UDP (RFC 3948): four zeros are for IKE, one byte of ones keeps a NAT awake. */
static bool is_esp(const struct walk *walk)
{
        return walk->n_held >= 8 && bytes_get32(walk->at) != 0;
}

static enum layer by_port(struct walk *walk, uint16_t port)
{
        switch (port) {
        case 4789:
        case 8472:              /* what Linux took before VXLAN had a number */
        case 48879:
                return vxlan(walk);
        case 4790:
                return vxlan_gpe(walk);
        case 6081:
                return geneve(walk);
        case 2152:
                return gtp(walk);
        case 3386:
                return gtp_old(walk);
        case 3544:
                return teredo(walk, true);
        case 1701:
                return l2tp(walk);
        case 37008:
                return tzsp(walk);
        case 5072:
                return ayiya(walk);
        case 5247:
                return capwap(walk);
        case 4341:              /* LISP, RFC 9300 */
                return walk->n_held < SIZE_LISP ? not_a_tunnel(walk) : walk_to(walk, SIZE_LISP, LAYER_IP);
        case 4754:              /* RFC 8086 */
                return LAYER_GRE;
        case 6635:              /* RFC 7510 */
                return LAYER_MPLS;
        case 4500:
                return is_esp(walk) ? walk_end(walk, PACKET_ENCRYPTED) : not_a_tunnel(walk);
        default:
                return N_LAYERS;
        }
}

enum layer walk_udp(struct walk *walk)
{
        uint16_t source, destination;
        enum layer layer;
        uint32_t n;

        if (walk->n_held < SIZE_UDP)
                return walk_short(walk, SIZE_UDP);
        source = bytes_get16(walk->at);
        destination = bytes_get16(walk->at + 2);
        n = bytes_get16(walk->at + 4);
        if (n >= SIZE_UDP && n < walk->n_wire)
                walk_limit(walk, n);
        walk_over(walk, SIZE_UDP);
        if (walk->icmp)
                return walk_end(walk, PACKET_UDP);

        if (is_quic(walk))
                return walk_end(walk, PACKET_QUIC);
        walk->in_doubt = true;
        layer = by_port(walk, destination);
        if (layer == N_LAYERS)
                layer = by_port(walk, source);
        if (layer == N_LAYERS)
                layer = teredo(walk, false);
        /* What ends here was told by more than the port. */
        if (layer == LAYER_END && walk->kind == PACKET_ENCRYPTED)
                walk->in_doubt = false;
        return layer;
}
