/* The options of a segment. What came before a fault among them holds. */
#include "wire/segment_fill.h"

enum {
        MP_TCPRST = 8,               /* RFC 8684, 3.6 */
};

static void read_sack(const uint8_t *blocks, unsigned n_blocks, struct segment *segment) {
        if (n_blocks > SEGMENT_N_SACK)
                n_blocks = SEGMENT_N_SACK;
        for (unsigned i = 0; i < n_blocks; ++i) {
                segment->sack[i].start = bytes_get32(blocks + 8 * i);
                segment->sack[i].end = bytes_get32(blocks + 8 * i + 4);
        }
        segment->n_sack = (uint8_t) n_blocks;
        segment->options |= SEGMENT_HAS_SACK;
}

static void read_mptcp(const uint8_t *value, unsigned n, struct segment *segment) {
        segment->options |= SEGMENT_HAS_MPTCP;
        segment->mptcp_subtype = value[0] >> 4;
        if (segment->mptcp_subtype == MP_TCPRST && n >= 2)
                segment->mptcp_reason = value[1];
}

/* One option with its length; @n counts its value alone. A known kind of a wrong length is bad. */
static void read_option(uint8_t kind, const uint8_t *value, unsigned n, struct segment *segment) {
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

void segment_fill_options(const uint8_t *p, size_t n, struct segment *segment) {
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
