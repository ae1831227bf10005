/*
 * A connection in Zeek's words: the conn_state and the history that Zeek's conn.log would show for it, had
 * it ignored checksums and kept the connection in one row (docs/zeek.md).
 *
 * This is a small machine of its own beside the tracker's, since Zeek's words follow from what Zeek
 * believes, and that is not always what happened: any RST ends a connection for it, whoever sent it.
 * It lives within the tracker's node, needs no initialising but zeroes, and allocates nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/segment.h"
#include "words/conn_state.h"

/* So many letters are kept; what comes later is left out. A history is short, since Zeek counts repeats in
 * powers of ten: of 6,390 real connections the longest has 12 letters. */
#define ZEEK_HISTORY_MAX 24

/* Pieces that came above a hole, of both ways together. If there are more, the nearest are joined, and a
 * hole between them is never counted as a gap. */
#define ZEEK_PIECES_MAX 3

struct zeek {
        /* The first 40 bytes are all that a segment in order touches. */
        struct {
                uint32_t start;         /* the SYN's number, or one before the first */
                uint32_t last;          /* the end of what it sent */
                uint32_t ack;           /* what the other side acknowledged */
                uint32_t next;          /* the first byte that is missing, counted from @start */
        } side[2];                      /* by sender: 0 sent the connection's first segment */
        uint8_t state[2];               /* with the state before it */
        uint8_t seen[2];                /* letters that are given once, or differ the next time */
        uint8_t is[2];                  /* flags of a side */
        uint8_t flags;
        uint8_t n_history : 5;
        uint8_t n_pieces : 3;

        uint64_t history[2];            /* five bits a letter */
        struct {
                uint32_t syn, rst;      /* where the last of each stood, counted from @start */
                uint32_t fin_end;       /* the number after the FIN, likewise */
                uint32_t repeats;
                uint16_t zero_windows, gaps;
        } rare[2];
        struct {
                uint32_t start, end;    /* counted from the side's @start */
        } piece[ZEEK_PIECES_MAX];
        uint8_t piece_of_1;             /* a bit for each piece that the other end sent */
};

/*
 * Takes the next segment, in the order of the file. @sender is 0 for the end that sent the very first
 * segment of the connection, else 1: it stays the same however the roles turn out.
 *
 * Which segment belongs to which connection is the caller's affair. A new connection of the same ends is a
 * new struct of zeroes.
 */
void zeek_segment(struct zeek *z, unsigned sender, const struct segment *segment);

/* Which of the two is Zeek's originator: 0 or 1. Upper-case letters of the history are its. */
unsigned zeek_originator(const struct zeek *z);

enum conn_state zeek_state(const struct zeek *z);

/* Writes the history with its closing NUL; returns its length. */
size_t zeek_history(const struct zeek *z, char history[static ZEEK_HISTORY_MAX + 1]);
