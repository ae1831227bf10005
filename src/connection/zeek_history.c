/*
 * The history: a letter for each kind of thing that an end did, the first time that it did it (Zeek's
 * update_history() in TCPSessionAdapter.cc, CheckHistory() and ScaledHistoryEntry() in session/Session.h).
 * Kept as five bits a letter, twelve letters a word.
 */
#include "connection/zeek_internal.h"

unsigned zeek_letter_at(const struct zeek *z, unsigned i)
{
        return z->history[i / 12] >> (i % 12 * 5) & 0x1f;
}

void zeek_add_code(struct zeek *z, unsigned code)
{
        unsigned i = z->n_history;

        if (i == ZEEK_HISTORY_MAX)
                return;
        z->history[i / 12] |= (uint64_t)code << (i % 12 * 5);
        z->n_history++;
}

static inline void add_letter(struct zeek *z, unsigned side, char letter)
{
        zeek_add_code(z, zeek_letter_code(letter) | (side == zeek_originator(z) ? 0 : 0x10));
}

/* Adds @letter unless it was given before; then returns true. */
static inline bool given_before(struct zeek *z, unsigned side, uint8_t seen, char letter)
{
        if (z->seen[side] & seen)
                return true;
        z->seen[side] |= seen;
        add_letter(z, side, letter);
        return false;
}

void zeek_note_event(struct zeek *z, unsigned side, uint32_t count, char letter)
{
        uint64_t power = 1;

        while (power < count)
                power *= 10;
        if (power == count)
                add_letter(z, side, letter);
}

size_t zeek_history(const struct zeek *z, char history[static ZEEK_HISTORY_MAX + 1])
{
        /* ZEEK_LETTERS, and the same for the responder: small ones, and '~' for '^'. */
        static const char letters[32] = "?SHADFRIQTWG^\0\0\0"
                                        "?shadfriqtwg~\0\0";
        const uint64_t *word = z->history;

        for (unsigned i = 0; i < z->n_history; word++) {
                unsigned end = z->n_history - i > 12 ? i + 12 : z->n_history;

                for (uint64_t codes = *word; i < end; codes >>= 5)
                        history[i++] = letters[codes & 0x1f];
        }
        history[z->n_history] = '\0';
        return z->n_history;
}

/* A connection that began with a SYN-ACK and goes on with an ACK or data is no scan: its beginning was
 * missed, and the SYN-ACK came from the responder after all. */
static void flip_after_syn_ack(struct zeek *z)
{
        if (z->n_history != 1 || zeek_letter_at(z, 0) != zeek_letter_code('H'))
                return;
        z->flags = (z->flags ^ FLAG_FLIPPED) & (uint8_t)~FLAG_PARTIAL;
        z->is[0] |= IS_SEEN;
        z->is[1] |= IS_SEEN;
        z->n_history = 0;
        z->history[0] = 0;
        zeek_add_code(z, zeek_letter_code('^'));
        zeek_add_code(z, zeek_letter_code('H') | 0x10);
}

void zeek_note_segment(struct zeek *z, unsigned side, const struct segment *s, uint32_t position)
{
        bool syn = s->flags & SEGMENT_SYN, fin = s->flags & SEGMENT_FIN, rst = s->flags & SEGMENT_RST;

        if (fin && rst) {
                given_before(z, side, SEEN_FIN_RST, 'I');
        } else if (syn + fin + rst > 1) {
                given_before(z, side, SEEN_MULTI, 'Q');
        } else if (syn) {
                char letter = s->flags & SEGMENT_ACK ? 'H' : 'S';

                if (given_before(z, side, SEEN_SYN, letter) && position != z->rare[side].syn)
                        add_letter(z, side, letter);
                z->rare[side].syn = position;
        } else if (fin) {
                uint32_t end = position + s->n_payload + 1;

                if (given_before(z, side, SEEN_FIN, 'F') && end != z->rare[side].fin_end)
                        add_letter(z, side, 'F');
        } else if (rst) {
                if (given_before(z, side, SEEN_RST, 'R') && position != z->rare[side].rst)
                        add_letter(z, side, 'R');
                z->rare[side].rst = position;
        } else if (s->n_payload > 0) {
                flip_after_syn_ack(z);
                given_before(z, side, SEEN_DATA, 'D');
        } else if (s->flags & SEGMENT_ACK) {
                flip_after_syn_ack(z);
                given_before(z, side, SEEN_ACK, 'A');
        }
}
