/* What the parts of Zeek's view share: not for others, who see zeek.h. */
#pragma once

#include <string.h>

#include "connection/zeek.h"

/* Of an endpoint: what it has sent so far. The values are in no order, but that the two of a running
 * connection are neighbours. */
enum {
        INACTIVE,       /* nothing */
        SYN_SENT,
        SYN_ACK_SENT,   /* a SYN-ACK, as the originator */
        PARTIAL,        /* something, but no SYN */
        ESTABLISHED,
        CLOSED,         /* a FIN */
        RESET,          /* a RST */
};

/* Of letters that are given once: z->seen. */
enum {
        SEEN_SYN = 0x01,
        SEEN_FIN = 0x02,
        SEEN_RST = 0x04,
        SEEN_FIN_RST = 0x08,
        SEEN_DATA = 0x10,
        SEEN_ACK = 0x20,
        SEEN_MULTI = 0x40,
};

/* Of a side: z->is. */
enum {
        IS_FAR = 0x01,          /* so far from its start that a number below it can only be a later one */
        IS_SKIPPED = 0x02,      /* its bytes are no longer put in order */
        IS_FINISHED = 0x04,     /* a FIN was seen */
        IS_SEEN = 0x08,         /* a segment of it was seen before this one */
};

/* Of the connection: z->flags. */
enum {
        FLAG_STARTED = 0x01,
        FLAG_FLIPPED = 0x02,    /* 1 is the originator, not 0 */
        FLAG_PARTIAL = 0x04,    /* its beginning was not seen */
};

static inline int32_t distance(uint32_t from, uint32_t to)
{
        return (int32_t)(to - from);
}

static inline unsigned state_of(const struct zeek *z, unsigned side)
{
        return z->state[side] & 0x0f;
}

static inline unsigned state_before(const struct zeek *z, unsigned side)
{
        return z->state[side] >> 4;
}

static inline void set_state(struct zeek *z, unsigned side, unsigned state)
{
        unsigned old = state_of(z, side);

        if (state != old)
                z->state[side] = (uint8_t)(old << 4 | state);
}

/* A number that Zeek passes over. */
static inline bool is_before_start(const struct zeek *z, unsigned side, uint32_t number)
{
        return !(z->is[side] & IS_FAR) && distance(z->side[side].start, number) < 0;
}

/* The history (zeek_history.c). A code is the letter's place in a list, with LETTER_OF_RESPONDER where it is
 * written small. */
enum {
        LETTER_OF_RESPONDER = 0x10,
};

static const char ZEEK_LETTERS[] = "?SHADFRIQTWG^";

/* Of a letter that is written there: a constant, once compiled. */
static inline unsigned zeek_letter_code(char letter)
{
        return (unsigned)(strchr(ZEEK_LETTERS, letter) - ZEEK_LETTERS);
}

unsigned zeek_letter_at(const struct zeek *z, unsigned i);
void zeek_add_code(struct zeek *z, unsigned code);

/* Notes the segment's own letter. @position: where it begins, counted from the side's start. */
void zeek_note_segment(struct zeek *z, unsigned side, const struct segment *s, uint32_t position);

/* Adds @letter if that was the first, the tenth, the hundredth … event of its kind. */
void zeek_note_event(struct zeek *z, unsigned side, uint32_t count, char letter);

/* So much may wait for an acknowledgement: Zeek's tcp_excessive_data_without_further_acks. */
#define ZEEK_UNACKED_MAX (10 << 20)

/* Content gaps (zeek_gaps.c). Positions count from the side's start. */
void zeek_take_data(struct zeek *z, unsigned side, const struct segment *s, uint32_t position);
void zeek_take_ack(struct zeek *z, unsigned side, uint32_t position);

/* What is not plain (zeek_plain.h), and any, step by step. */
void zeek_take(struct zeek *z, unsigned sender, const struct segment *s);
void zeek_take_any(struct zeek *z, unsigned sender, const struct segment *s);

/* States (zeek_states.c). @was_originator is what was believed when the segment came: its letter may have
 * turned the roles. */
void zeek_update_state(struct zeek *z, unsigned side, const struct segment *s, bool was_originator);
