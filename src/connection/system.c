/*
 * Linux writes the options of a SYN in one order (tcp_options_write): MSS; SACK permitted and timestamps, or two
 * NOPs and either alone; a NOP and the window scale. Only the whole row of five is taken for Linux, or that without
 * timestamps, since others write the shorter ones too. Windows, macOS and FreeBSD put the window scale before SACK or
 * timestamps, which Linux never does; neither does it ever send a SYN without MSS.
 */
#include "connection/system.h"

#include <string.h>

enum {
        SIZE_TCP = 20,
        OPTION_END = 0, OPTION_NOP = 1, OPTION_MSS = 2, OPTION_SCALE = 3, OPTION_SACK = 4, OPTION_TIMESTAMPS = 8,
        ROW = 16,
        OPTIONS_OF_LINUX = 20,          /* bytes of them in its usual SYN … */
        OPTIONS_WITHOUT_TIMESTAMPS = 12, /* … and in its SYN without them; from farther off others write it, too */
};

/* The kinds of the options in order. Returns how many, 0 if they do not add up or were not all at hand. */
static unsigned
read_row(const struct segment *s, uint8_t row[static ROW])
{
        const uint8_t *p, *end = s->payload;
        unsigned n = 0;

        if (s->options & SEGMENT_HAS_BAD || s->n_header < SIZE_TCP)
                return 0;
        for (p = end - (s->n_header - SIZE_TCP); p < end && *p != OPTION_END && n < ROW;) {
                row[n++] = *p;
                if (*p == OPTION_NOP)
                        p++;
                else if (end - p < 2 || p[1] < 2)
                        return 0;
                else
                        p += p[1];
        }
        return n;
}

/* What most SYNs are, known by the places of their options, of which there are @n bytes: the first eight and the last
 * four are looked at at once, and the values of the MSS and of the scale do not matter. */
static inline bool
is_usual(const struct segment *s, unsigned n, const uint8_t first[static 8])
{
        static const uint8_t first_mask[8] = { 255, 255, 0, 0, 255, 255, 255, 255 };
        static const uint8_t last[4] = { OPTION_NOP, OPTION_SCALE, 3, 0 };
        static const uint8_t last_mask[4] = { 255, 255, 255, 0 };
        const uint8_t *options = s->payload - n;
        uint64_t want, mask, is;
        uint32_t want_last, mask_last, is_last;

        memcpy(&want, first, 8);
        memcpy(&mask, first_mask, 8);
        memcpy(&want_last, last, 4);
        memcpy(&mask_last, last_mask, 4);
        memcpy(&is, options, 8);
        memcpy(&is_last, options + n - 4, 4);
        return ((is & mask) ^ want) == 0 && ((is_last & mask_last) ^ want_last) == 0;
}

unsigned
system_of(const struct segment *s)
{
        static const uint8_t of_linux[8] = { OPTION_MSS, 4, 0, 0, OPTION_SACK, 2, OPTION_TIMESTAMPS, 10 };
        static const uint8_t without_timestamps[8] = { OPTION_MSS, 4, 0, 0, OPTION_NOP, OPTION_NOP, OPTION_SACK, 2 };
        static const uint8_t linux_row[] = { OPTION_MSS, OPTION_SACK, OPTION_TIMESTAMPS, OPTION_NOP, OPTION_SCALE };
        uint8_t row[ROW];
        bool scaled = false;
        unsigned n;

        if (!(s->options & SEGMENT_HAS_BAD)) {
                if (s->n_header == SIZE_TCP + OPTIONS_OF_LINUX && s->ttl <= 64 &&
                    is_usual(s, OPTIONS_OF_LINUX, of_linux))
                        return DIRECTION_LINUX;
                if (s->n_header == SIZE_TCP + OPTIONS_WITHOUT_TIMESTAMPS &&
                    is_usual(s, OPTIONS_WITHOUT_TIMESTAMPS, without_timestamps))
                        return s->ttl <= 64 ? DIRECTION_LINUX : 0;
                if (s->n_header == SIZE_TCP)
                        return DIRECTION_OTHER_OS;
        }
        n = read_row(s, row);
        if (n >= sizeof(linux_row) && memcmp(row, linux_row, sizeof(linux_row)) == 0 && s->ttl <= 64)
                return DIRECTION_LINUX;
        for (unsigned i = 0; i < n; i++) {
                if (scaled && (row[i] == OPTION_SACK || row[i] == OPTION_TIMESTAMPS))
                        return DIRECTION_OTHER_OS;
                scaled |= row[i] == OPTION_SCALE;
        }
        return 0;
}
