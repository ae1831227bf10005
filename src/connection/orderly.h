/*
 * A connection of which all was in order so far, as most are from SYN to FIN: kept as the row of its segments, each
 * just as it came, and nothing worked out. That takes a third of the memory that struct connection does, and
 * a segment touches three lines of it instead of ten. When it is given out, its facts are made of the row itself
 * (orderly_facts.h). When the first segment comes that is in any way remarkable, the row is made into a struct
 * connection (orderly_grow()): the very one that the long way of each segment would have made.
 *
 * In order means: a SYN without data, which may come again while nothing answers; its SYN-ACK, if it came but once,
 * and the ACK of that; then only segments with ACK, each beginning where its
 * sender's last one ended, acknowledging what was sent and never less than before, with a window, without options
 * but timestamps, in one file and not back in time; a FIN of each end at the most. Behind them may stand a RST that its
 * receiver surely takes, with what was on its way then and the RSTs that this draws, or an ICMP error that answers the
 * SYN (orderly_last.c).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "connection/node.h"

/* Rows lie in pieces of memory, the first four rows in one, and later ones in larger ones: most connections are short,
 * and those that are long are so by far. */
enum {
        ROW_PIECES = 8,
        ROW_PIECES_OF_4 = 4,            /* then one of 16, and the others of 32 */
        ROW_MAX = 4 * ROW_PIECES_OF_4 + 16 + 3 * 32,
};

/* Where the row @i stands: in which piece, and whether it is the first there. */
enum {
        ROW_PIECE = ROW_PIECES - 1,
        ROW_BEGINS = ROW_PIECES,
};

static inline unsigned row_where(unsigned i)
{
#define FOUR(piece) piece, piece, piece, piece
#define BEGINS(piece) piece | ROW_BEGINS, piece, piece, piece
#define SIXTEEN(piece) FOUR(piece), FOUR(piece), FOUR(piece), FOUR(piece)
#define LONG(piece) BEGINS(piece), FOUR(piece), FOUR(piece), FOUR(piece), SIXTEEN(piece)
        static const uint8_t where[ROW_MAX + 1] = {
                BEGINS(0), BEGINS(1), BEGINS(2), BEGINS(3), BEGINS(4), FOUR(4), FOUR(4), FOUR(4),
                LONG(5), LONG(6), LONG(7), ROW_BEGINS,
        };
#undef FOUR
#undef BEGINS
#undef SIXTEEN
#undef LONG

        return where[i];
}

/* The row with which a piece begins. */
static inline unsigned row_piece_begin(unsigned piece)
{
        return piece <= ROW_PIECES_OF_4 ? piece * 4 : (piece - ROW_PIECES_OF_4) * 32;
}

/* How many rows there are in a piece. */
static inline unsigned row_piece_size(unsigned piece)
{
        return piece < ROW_PIECES_OF_4 ? 4 : piece == ROW_PIECES_OF_4 ? 16 : 32;
}

/* Of a segment in a row, above the lowest eight flags of its TCP header. */
enum {
        ROW_FLAGS = 0xff,
        ROW_BY_1 = 1 << 8,              /* who sent it */
        ROW_TIMESTAMPS = 1 << 9,
        ROW_GOODBYE = 1 << 10,            /* its payload is a good-bye … */
        ROW_GOODBYE_KNOWN = 1 << 11,      /* … or not */
        ROW_SHORT = 1 << 12,            /* not all of its payload is at hand */
        /* Of a SYN. */
        ROW_SCALE = 1 << 12,
        ROW_MPTCP = 1 << 13,
        ROW_LINUX = 1 << 14,
        ROW_OTHER_OS = 1 << 15,
};

/* A segment: half a line of 64 bytes. Where it stands follows from those before it. */
struct row {
        uint64_t at_and_what;           /* nanoseconds after the first one in 48 bits, and above them ROW_* */
        uint32_t frame;
        uint32_t ack;                   /* as it stands in it */
        uint32_t ts_echo, ts_value;
        uint16_t window, ip_id;
        uint16_t n_payload;             /* of a SYN, which has none: its window scale */
        uint8_t ttl;
        uint8_t none;                   /* means nothing, and may be anything */
};

#define ROW_WHAT_SHIFT 48

static inline unsigned row_what(const struct row *row)
{
        return (unsigned)(row->at_and_what >> ROW_WHAT_SHIFT);
}

/* Nanoseconds since the first. */
static inline int64_t row_since(const struct row *row)
{
        return (int64_t)(row->at_and_what & ((UINT64_C(1) << ROW_WHAT_SHIFT) - 1));
}

enum {
        ORDERLY_FIN_0 = 1 << 0,         /* 0 has sent its FIN; 1: the next bit */
        ORDERLY_FIN_1 = 1 << 1,
        ORDERLY_OPEN = 1 << 2,          /* the SYN-ACK was acknowledged */
        ORDERLY_ENDED = 1 << 3,         /* both FINs were */
        ORDERLY_EVICTED = 1 << 4,
        ORDERLY_GIVEN = 1 << 5,
        ORDERLY_CUT = 1 << 6,           /* some frame was cut, below its TCP payload */
        ORDERLY_ANSWERED = 1 << 7,      /* there is a SYN-ACK */
        ORDERLY_SHORT = 1 << 8,         /* some segment is */
        ORDERLY_PACKED = 1 << 9,        /* its rows are at @packed, for table_unpack() … */
        ORDERLY_CONNECTION = 1 << 10,   /* … or there is a struct connection, and this only stands in its place */
        ORDERLY_EXTRA = 1 << 11,        /* … with an extra */
        ORDERLY_RESET = 1 << 12,        /* behind the first @n_before rows is a RST that ended it */
        ORDERLY_SIBLINGS = 1 << 13,     /* … like others at that moment (sibling.h) */
        ORDERLY_ICMP = 1 << 14,         /* the last row is an ICMP error that quotes its SYN */
        ORDERLY_MISSES = 1 << 15,       /* of a struct connection that is packed: give_misses() */
        ORDERLY_LAST = ORDERLY_RESET | ORDERLY_ICMP,
        ORDERLY_OVER = ORDERLY_ENDED | ORDERLY_GIVEN | ORDERLY_PACKED | ORDERLY_LAST,   /* takes no more rows */
};

struct orderly {
        struct head head;
        uint32_t next[2];               /* the number after the last that each sent */
        uint16_t flags;                 /* ORDERLY_* */
        uint8_t n;                      /* segments */
        uint8_t n_before;               /* of ORDERLY_LAST: those in order, before what is not */

        uint32_t acked[2];              /* the number up to which each was acknowledged */
        int64_t first, last;            /* times of its first segment and of its last */
        uint32_t first_frame;
        uint32_t file;
        union {
                uint32_t piece[ROW_PIECES];     /* numbers of pieces (row_pieces.h), as many as @n needs */
                struct {
                        uint32_t number, size;  /* of struct store */
                } packed;
        };
};

_Static_assert(sizeof(struct row) == 32 && sizeof(struct orderly) == 128, "whole lines, or halves of one");

struct table;

/* Whether a segment may be the first of such a connection. */
bool orderly_may_begin(const struct tracker_input *input);

/* Takes the next segment of a connection that is not over. False, with nothing done: it is not in order, or the row is
 * full, or there is no memory. */
bool orderly_take(struct table *table, struct orderly *o, unsigned sender, const struct tracker_input *input);

/* What a row wants of a SYN beside what it wants of any segment. */
struct orderly_syn {
        uint64_t timestamps;            /* ts_value above ts_echo */
        unsigned what;                  /* ROW_TIMESTAMPS, ROW_SCALE and what follows it */
        unsigned scale;
};

/* Whether a frame that went the straight way is a SYN or SYN-ACK which a row can hold, and whose options are none or
 * those that most have. */
bool orderly_read_syn(const struct tracker_frame *frame, struct orderly_syn *ret_syn);

/* orderly_take() of such a one, which is the first of all, or is to be the second; it is not over. */
bool orderly_begin(struct table *table, struct orderly *o, const struct tracker_frame *frame, uint32_t file,
                   struct orderly_syn syn);
bool orderly_answer(struct table *table, struct orderly *o, const struct tracker_frame *frame, uint32_t file,
                    struct orderly_syn syn);

/* As orderly_take(), for a RST that ends it, or an ICMP error that quotes a segment of @sender; after that it takes no
 * more … */
bool orderly_take_reset(struct table *table, struct orderly *o, unsigned sender, const struct tracker_frame *frame,
                        uint32_t file);
bool orderly_take_icmp(struct table *table, struct orderly *o, unsigned sender, const struct tracker_input *input);

/* … but, behind the RST, what changes nothing about the end: more RSTs, and what was on its way to who sent the
 * first. */
bool orderly_take_late(struct table *table, struct orderly *o, unsigned sender, const struct tracker_frame *frame,
                       uint32_t file);

enum { ORDERLY_LATE_MAX = 15 };

/* What stands behind the rows that are in order: the segments again, or the error, as far as they matter. */
struct orderly_last {
        struct orderly before;          /* as it was before them */
        uint32_t next[2];
        unsigned n, i;                  /* rows, and which of them is due */
        bool icmp;
        struct row row[1 + ORDERLY_LATE_MAX];
};

void orderly_last_of(const struct table *table, const struct orderly *o, struct orderly_last *ret_last);

/* The next of them; false: there is none. */
bool orderly_last_next(struct orderly_last *last, unsigned *ret_sender, struct tracker_input *ret_input);

/* What was before them. */
struct orderly orderly_before_last(const struct table *table, const struct orderly *o);

/* Writes the row of a segment, whatever it is. False: it is full, or there is no memory. */
bool orderly_add(struct table *table, struct orderly *o, unsigned sender, const struct tracker_input *input,
                 unsigned what, unsigned n_payload);

/* Makes it a struct connection: all but its place in the lists, and what is ORDERLY_LAST. */
void orderly_grow(const struct table *table, const struct orderly *o, struct connection *ret_c);
