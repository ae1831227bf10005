/* Ethernet and its relatives: tags, LLC and SNAP, and what an Ethernet type names. */
#include "wire/walk.h"

enum {
        SIZE_ETHERNET = 14,
        SIZE_ISL = 26,
        SIZE_LLC = 3,
        SIZE_SNAP = 5,
        TYPE_LEAST = 0x600,     /* below, the type is a length (IEEE 802.3, 3.2.6) */
};

/* Cisco ISL: a frame around the frame, which begins with a multicast address of Cisco's; behind its
 * length the bytes of SNAP. */
static bool is_isl(const uint8_t *p, uint32_t n)
{
        return (p[0] == 0x01 || p[0] == 0x03) && p[1] == 0x00 && p[2] == 0x0c && p[3] == 0x00 && p[4] == 0x00 &&
               n >= SIZE_ETHERNET + SIZE_LLC && p[14] == 0xaa && p[15] == 0xaa && p[16] == 0x03;
}

static void keep_vlan(struct walk *walk, uint32_t id)
{
        /* The two outermost ids, of the outermost Ethernet. */
        if (walk->n_vlans == 2 || walk->n_ip > 0)
                return;
        walk->vlan = walk->vlan << 12 | (id & 0xfff);
        ++walk->n_vlans;
}

enum layer walk_ethernet(struct walk *walk)
{
        if (walk->n_held < SIZE_ETHERNET)
                return walk_short(walk, SIZE_ETHERNET);
        if (is_isl(walk->at, walk->n_held)) {
                if (walk->n_held < SIZE_ISL)
                        return walk_short(walk, SIZE_ISL);
                keep_vlan(walk, bytes_get16(walk->at + 20) >> 1);
                walk_over(walk, SIZE_ISL);
                return LAYER_ETHERNET;
        }
        walk->protocol = bytes_get16(walk->at + 12);
        walk_over(walk, SIZE_ETHERNET);
        return LAYER_ETHERTYPE;
}

/* A tag of @n bytes, the last two of which name what follows. */
static enum layer tag(struct walk *walk, uint32_t n)
{
        if (walk->n_held < n)
                return walk_short(walk, n);
        if (n == 4)
                keep_vlan(walk, bytes_get16(walk->at));
        walk->protocol = bytes_get16(walk->at + n - 2);
        walk_over(walk, n);
        return LAYER_ETHERTYPE;
}

/* The tag of MACsec (IEEE 802.1AE 9.3). It may do no more than prove who sent the frame: what follows
 * is then in clear. */
static enum layer security(struct walk *walk)
{
        enum { VERSION = 0x80, WITH_SCI = 0x20, ENCRYPTED = 0x08, CHANGED = 0x04 };

        if (walk->n_held < 1)
                return walk_short(walk, 1);
        if (walk->at[0] & (VERSION | ENCRYPTED | CHANGED))
                return walk_end(walk, PACKET_ENCRYPTED);
        return tag(walk, walk->at[0] & WITH_SCI ? 16 : 8);
}

/* Network Service Header (RFC 8300). */
static enum layer service(struct walk *walk)
{
        uint32_t n;

        if (walk->n_held < 8)
                return walk_short(walk, 8);
        n = (walk->at[1] & 0x3fu) * 4;
        if (n < 8)
                return walk_end(walk, PACKET_BROKEN);
        switch (walk->at[3]) {
        case 1:
                return walk_to(walk, n, LAYER_IPV4);
        case 2:
                return walk_to(walk, n, LAYER_IPV6);
        case 3:
                return walk_to(walk, n, LAYER_ETHERNET);
        case 5:
                return walk_to(walk, n, LAYER_MPLS);
        default:
                return walk_end(walk, PACKET_NOT_IP);
        }
}

enum layer walk_ethertype(struct walk *walk)
{
        if (walk->protocol < TYPE_LEAST) {
                /* The rest of the frame is padding. */
                if (walk->protocol > 0 && walk->protocol <= walk->n_wire)
                        walk_limit(walk, walk->protocol);
                return LAYER_LLC;
        }
        switch (walk->protocol) {
        case 0x0800:
                return LAYER_IPV4;
        case 0x86dd:
                return LAYER_IPV6;
        case 0x8100:            /* 802.1Q */
        case 0x88a8:            /* 802.1ad */
        case 0x9100:            /* stacked tags before 802.1ad */
        case 0x9200:
        case 0x9300:
                return tag(walk, 4);
        case 0x8926:            /* VN-Tag */
        case 0x892f:            /* HSR (IEC 62439-3) */
        case 0xf1c1:            /* R-TAG of 802.1CB */
                return tag(walk, 6);
        case 0x893f:            /* E-TAG of 802.1BR */
        case 0x8909:            /* Cisco MetaData */
                return tag(walk, 8);
        case 0x88e7:            /* I-TAG of 802.1ah: a whole frame behind four bytes */
                return walk_to(walk, 4, LAYER_ETHERNET);
        case 0x6558:            /* a whole frame, in GRE and Geneve */
                return LAYER_ETHERNET;
        case 0x8847:
        case 0x8848:
                return LAYER_MPLS;
        case 0x8864:
                return LAYER_PPPOE;
        case 0x880b:
                return LAYER_PPP;
        case 0x894f:
                return service(walk);
        case 0x88e5:
                return security(walk);
        default:
                return walk_fabric(walk);
        }
}

/* IEEE 802.2, and SNAP in it (RFC 1042); what is bridged, too (RFC 2684). */
enum layer walk_llc(struct walk *walk)
{
        uint32_t organisation;

        if (walk->n_held < SIZE_LLC)
                return walk_short(walk, SIZE_LLC);
        if (walk->at[0] == 0x06 && walk->at[1] == 0x06 && walk->at[2] == 0x03)
                return walk_to(walk, SIZE_LLC, LAYER_IP);
        if (walk->at[0] != 0xaa || walk->at[1] != 0xaa || walk->at[2] != 0x03)
                return walk_end(walk, PACKET_NOT_IP);
        if (walk->n_held < SIZE_LLC + SIZE_SNAP)
                return walk_short(walk, SIZE_LLC + SIZE_SNAP);
        organisation = bytes_get32(walk->at + 2) & 0xffffff;
        walk->protocol = bytes_get16(walk->at + 6);
        walk_over(walk, SIZE_LLC + SIZE_SNAP);
        if (organisation == 0x000000 || organisation == 0x0000f8)
                return walk->protocol < TYPE_LEAST ? walk_end(walk, PACKET_NOT_IP) : LAYER_ETHERTYPE;
        if (organisation == 0x0080c2 && (walk->protocol == 1 || walk->protocol == 7))
                return walk_to(walk, 2, LAYER_ETHERNET);
        return walk_end(walk, PACKET_NOT_IP);
}

static bool is_usual_type(const uint8_t *p)
{
        uint16_t type = bytes_get16(p);

        return type == 0x0800 || type == 0x86dd || type == 0x8100 || type == 0x88a8 || type == 0x0806;
}

/* A stack of labels (RFC 3032). What is below is not named: IP shows by its first bits, a pseudowire of
 * Ethernet by its control word (RFC 4448) or by a type at the right place. */
enum layer walk_mpls(struct walk *walk)
{
        bool bottom = false;

        while (!bottom) {
                if (walk->n_held < 4)
                        return walk_short(walk, 4);
                bottom = walk->at[2] & 1;
                walk_over(walk, 4);
        }
        if (walk->n_held == 0)
                return walk_short(walk, 1);
        switch (walk->at[0] >> 4) {
        case 4:
                if (walk->n_held < WALK_SIZE_IPV4 || walk_may_be_ip(walk))
                        return LAYER_IPV4;
                break;
        case 6:
                if (walk->n_held < WALK_SIZE_IPV6 || walk_may_be_ip(walk))
                        return LAYER_IPV6;
                break;
        case 0:
                /* Some send Ethernet without the control word, and addresses begin with a zero, too. */
                if (walk->n_held < 4 + SIZE_ETHERNET)
                        return walk_short(walk, 4 + SIZE_ETHERNET);
                if (!is_usual_type(walk->at + 4 + 12) && is_usual_type(walk->at + 12))
                        return LAYER_ETHERNET;
                return walk_to(walk, 4, LAYER_ETHERNET);
        case 1:
                return walk_end(walk, PACKET_NOT_IP);
        default:
                break;
        }
        return LAYER_ETHERNET;
}
