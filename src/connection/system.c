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
        TTL_OF_LINUX = 64,              /* from farther off others write the same */
};

/* The kinds of the options in order. Returns how many, 0 if they do not add up or were not all at hand. */
static unsigned read_row(const struct segment *s, uint8_t row[static ROW])
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

unsigned system_of_usual(enum syn_options options, unsigned ttl)
{
        return options == SYN_OPTIONS_NONE ? DIRECTION_OTHER_OS : ttl <= TTL_OF_LINUX ? DIRECTION_LINUX : 0;
}

unsigned system_of(const struct segment *s)
{
        static const uint8_t linux_row[] = { OPTION_MSS, OPTION_SACK, OPTION_TIMESTAMPS, OPTION_NOP, OPTION_SCALE };
        uint8_t row[ROW];
        enum syn_options options;
        bool scaled = false;
        unsigned n;

        if (!(s->options & SEGMENT_HAS_BAD) && s->n_header >= SIZE_TCP) {
                n = s->n_header - SIZE_TCP;
                options = syn_options_of(s->payload - n, n);
                if (options != SYN_OPTIONS_OTHER)
                        return system_of_usual(options, s->ttl);
        }
        n = read_row(s, row);
        if (n >= sizeof(linux_row) && memcmp(row, linux_row, sizeof(linux_row)) == 0 && s->ttl <= TTL_OF_LINUX)
                return DIRECTION_LINUX;
        for (unsigned i = 0; i < n; i++) {
                if (scaled && (row[i] == OPTION_SACK || row[i] == OPTION_TIMESTAMPS))
                        return DIRECTION_OTHER_OS;
                scaled |= row[i] == OPTION_SCALE;
        }
        return 0;
}
