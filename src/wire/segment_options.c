/* The options of a segment. What came before a fault among them holds. */
#include "wire/segment_fill.h"
#include "wire/syn_options.h"

enum {
        MP_TCPRST = 8,               /* RFC 8684, 3.6 */
};

static void read_sack(const uint8_t *blocks, unsigned n_blocks, struct segment *segment)
{
        if (n_blocks > SEGMENT_N_SACK)
                n_blocks = SEGMENT_N_SACK;
        for (unsigned i = 0; i < n_blocks; ++i) {
                segment->sack[i].start = bytes_get32(blocks + 8 * i);
                segment->sack[i].end = bytes_get32(blocks + 8 * i + 4);
        }
        segment->n_sack = (uint8_t)n_blocks;
        segment->options |= SEGMENT_HAS_SACK;
}

static void read_mptcp(const uint8_t *value, unsigned n, struct segment *segment)
{
        segment->options |= SEGMENT_HAS_MPTCP;
        segment->mptcp_subtype = value[0] >> 4;
        if (segment->mptcp_subtype == MP_TCPRST && n >= 2)
                segment->mptcp_reason = value[1];
}

/* One option with its length; @n counts its value alone. A known kind of a wrong length is bad. */
static void read_option(uint8_t kind, const uint8_t *value, unsigned n, struct segment *segment)
{
        if (kind == 2 && n == 2) {
                segment->mss = bytes_get16(value);
                segment->options |= SEGMENT_HAS_MSS;
        } else if (kind == 3 && n == 1) {
                segment->window_scale = value[0];
                segment->options |= SEGMENT_HAS_WINDOW_SCALE;
        } else if (kind == 4 && n == 0) {
                segment->options |= SEGMENT_HAS_SACK_PERMITTED;
        } else if (kind == 5 && n >= 8 && n % 8 == 0) {
                read_sack(value, n / 8, segment);
        } else if (kind == 8 && n == 8) {
                segment_fill_timestamps(value, segment);
                segment->options |= SEGMENT_HAS_TIMESTAMPS;
        } else if (kind == 30 && n >= 1) {
                read_mptcp(value, n, segment);
        } else if (kind == 34) {
                segment->options |= SEGMENT_HAS_FAST_OPEN;
        } else if ((kind >= 2 && kind <= 5) || kind == 8) {
                segment->options |= SEGMENT_HAS_BAD;
        } else {
                segment->options |= SEGMENT_HAS_OTHER;
        }
}

void segment_fill_options_any(const uint8_t *p, size_t n, struct segment *segment)
{
        while (n > 0) {
                if (*p == 0)
                        return;
                if (*p == 1) {
                        ++p;
                        --n;
                        continue;
                }
                if (n < 2 || p[1] < 2 || p[1] > n) {
                        segment->options |= SEGMENT_HAS_BAD;
                        return;
                }
                read_option(p[0], p + 2, p[1] - 2u, segment);
                n -= p[1];
                p += p[1];
        }
}

/* As most SYNs have them. */
static bool fill_of_syn(const uint8_t *p, size_t n, struct segment *segment)
{
        const enum syn_options options = syn_options_of(p, n);

        if (options != SYN_OPTIONS_USUAL && options != SYN_OPTIONS_WITHOUT_TIMESTAMPS)
                return false;
        segment->options |= SEGMENT_HAS_MSS | SEGMENT_HAS_SACK_PERMITTED | SEGMENT_HAS_WINDOW_SCALE;
        if (options == SYN_OPTIONS_USUAL) {
                segment_fill_timestamps(p + SYN_OPTIONS_TIMESTAMPS, segment);
                segment->options |= SEGMENT_HAS_TIMESTAMPS;
        }
        segment->mss = bytes_get16(p + SYN_OPTIONS_MSS);
        segment->window_scale = syn_options_scale(p, n);
        return true;
}

/* What follows a loss: two NOPs and SACK, behind two NOPs and timestamps or not. */
static bool fill_of_sack(const uint8_t *p, size_t n, struct segment *segment)
{
        const uint8_t *sack = bytes_get32(p) == 0x0101080a ? p + 12 : p;
        size_t n_sack = n - (size_t)(sack - p);

        if (n_sack < 12 || bytes_get32(sack) >> 8 != 0x010105 || sack[3] != n_sack - 2 || n_sack % 8 != 4)
                return false;
        if (sack != p) {
                segment_fill_timestamps(p + 4, segment);
                segment->options |= SEGMENT_HAS_TIMESTAMPS;
        }
        read_sack(sack + 4, (unsigned)n_sack / 8, segment);
        return true;
}

void segment_fill_options(const uint8_t *p, size_t n, struct segment *segment)
{
        if (n < 12 || !(fill_of_syn(p, n, segment) || fill_of_sack(p, n, segment)))
                segment_fill_options_any(p, n, segment);
}
