/* IEEE 802.11: data frames in the clear, and the headers that capture programs put before them. Their
 * numbers are little-endian. */
#include "wire/walk.h"

enum {
        SIZE_DATA = 24,
        TYPE_DATA = 2,
        SIZE_SUBFRAME = 14,
};

static uint16_t get16(const uint8_t *p)
{
        return __builtin_bswap16(bytes_get16(p));
}

static uint32_t get32(const uint8_t *p)
{
        return __builtin_bswap32(bytes_get32(p));
}

enum layer walk_wifi(struct walk *walk)
{
        const uint8_t *p = walk->at;
        uint32_t n = SIZE_DATA;
        uint8_t what, flags;
        bool qos, aggregate;

        if (walk->n_held < 2)
                return walk_short(walk, 2);
        what = p[walk->wifi_swapped];
        flags = p[!walk->wifi_swapped];
        if ((what >> 2 & 3) != TYPE_DATA || (what & 0x40))      /* 0x40: without data */
                return walk_end(walk, PACKET_NOT_IP);
        if (flags & 0x40)
                return walk_end(walk, PACKET_ENCRYPTED);
        qos = what & 0x80;
        if ((flags & 0x03) == 0x03)
                n += 6;         /* from one distribution system to another: a fourth address */
        if (qos)
                n += 2;
        if (walk->n_held < n)
                return walk_short(walk, n);
        aggregate = qos && (p[n - 2] & 0x80);
        if (qos && (flags & 0x80))
                n += 4;         /* HT control */
        if (walk->wifi_padded)
                n = (n + 3) & ~3u;
        if (walk->n_held < n)
                return walk_short(walk, n);
        if (p[walk->wifi_swapped ? 23 : 22] & 0x0f)
                return walk_end(walk, PACKET_FRAGMENT);
        walk_over(walk, n);
        if (!aggregate)
                return LAYER_LLC;
        /* Of several packets in one frame the first is read. */
        if (walk->n_held < SIZE_SUBFRAME)
                return walk_short(walk, SIZE_SUBFRAME);
        n = bytes_get16(walk->at + 12);
        walk_over(walk, SIZE_SUBFRAME);
        if (n <= walk->n_wire)
                walk_limit(walk, n);
        return LAYER_LLC;
}

/* www.radiotap.org. Of its fields only the flags matter: whether the 802.11 header is padded. */
enum layer walk_radiotap(struct walk *walk)
{
        const uint8_t *p = walk->at;
        uint32_t n, at = 4, present;

        if (walk->n_held < 8)
                return walk_short(walk, 8);
        n = get16(p + 2);
        if (p[0] != 0 || n < 8)
                return walk_end(walk, PACKET_BROKEN);
        if (walk->n_held < n)
                return walk_short(walk, n);
        present = get32(p + at);
        while (at + 8 <= n && (get32(p + at) & 0x80000000))
                at += 4;
        at += 4;
        if (present & 0x1)
                at = ((at + 7) & ~7u) + 8;      /* the time */
        if ((present & 0x2) && at < n)
                walk->wifi_padded = p[at] & 0x20;
        return walk_to(walk, n, LAYER_WIFI);
}

/* The header of AVS, which names its own length, or that of the Prism driver, which does so too but in the
 * order of the machine that captured. */
enum layer walk_prism(struct walk *walk)
{
        uint32_t n;

        if (walk->n_held < 8)
                return walk_short(walk, 8);
        n = bytes_get32(walk->at + 4);
        if (bytes_get32(walk->at) >> 12 != 0x80211000 >> 12 && n > 0xffff)
                n = __builtin_bswap32(n);
        return n < 8 || n > 0xffff ? walk_end(walk, PACKET_BROKEN) : walk_to(walk, n, LAYER_WIFI);
}

/* Per-packet information, with a link type of its own. */
enum layer walk_ppi(struct walk *walk)
{
        uint32_t n, link_type;

        if (walk->n_held < 8)
                return walk_short(walk, 8);
        n = get16(walk->at + 2);
        link_type = get32(walk->at + 4);
        if (n < 8 || link_type == LINK_PPI)
                return walk_end(walk, PACKET_BROKEN);
        if (walk->n_held < n)
                return walk_short(walk, n);
        walk_over(walk, n);
        return walk_link(walk, link_type);
}
