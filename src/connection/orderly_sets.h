/*
 * From the row of segments of a connection to sets of them, a bit for each, four segments at a time: who sent them,
 * which bear payload, which acknowledge all there was. A number is where a segment stands in what its sender sends.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "connection/orderly.h"
#include "wire/segment.h"

/* Of four segments, and of two. */
typedef uint32_t four __attribute__((vector_size(16)));
typedef uint64_t two __attribute__((vector_size(16)));
typedef int32_t four_signed __attribute__((vector_size(16)));

struct orderly_sets {
        uint64_t by_1;
        uint64_t data, fin;             /* they bear payload, or a FIN */
        uint64_t full;                  /* they acknowledge all that the other end had sent */
        uint64_t same_ttl;              /* they have the TTL of their sender's SYN */
};

/* Where the row stands: what both ends have sent, in each place the same number, and the TTLs of their SYNs. */
struct orderly_sums {
        four sent[2];
        four ttl[2];
};

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && offsetof(struct row, at_and_what) == 0 &&
               offsetof(struct row, ack) == 12 && offsetof(struct row, n_payload) == 28 &&
               offsetof(struct row, ttl) == 30, "a row is read as words of 32 bits");

static inline four orderly_all(uint32_t n)
{
        return (four){ n, n, n, n };
}

/* The highest bit of each. */
static inline uint64_t orderly_set(four of)
{
#ifdef __SSE2__
        typedef float four_floats __attribute__((vector_size(16)));

        return (unsigned)__builtin_ia32_movmskps((four_floats)of);
#else
        of >>= 31;
        return of[0] | of[1] << 1 | of[2] << 2 | of[3] << 3;
#endif
}

/* Each with all before it added, and what was before them all. */
static inline four orderly_add_up(four n, four before)
{
        const four none = { 0 };

        n += __builtin_shufflevector(none, n, 0, 4, 5, 6);
        n += __builtin_shufflevector(none, n, 0, 1, 4, 5);
        return n + before;
}

static inline unsigned orderly_count(uint64_t set)
{
        set -= set >> 1 & 0x5555555555555555u;
        set = (set & 0x3333333333333333u) + (set >> 2 & 0x3333333333333333u);
        set = (set + (set >> 4)) & 0x0f0f0f0f0f0f0f0fu;
        return (unsigned)(set * 0x0101010101010101u >> 56);
}

/* Zeek's letters for the segments @firsts, in their order. Returns the end. */
static inline char *orderly_put_letters(char *to, uint64_t firsts, uint64_t by_1, uint64_t data, uint64_t fin)
{
        static const char letters[] = "ADFFadff";

        for (; firsts != 0; firsts &= firsts - 1) {
                int i = __builtin_ctzll(firsts);

                *to++ = letters[(by_1 >> i & 1) << 2 | (fin >> i & 1) << 1 | (data >> i & 1)];
        }
        return to;
}

static inline four orderly_half(const struct row *row, unsigned half)
{
        four read;

        __builtin_memcpy(&read, (const char *)row + half * sizeof(read), sizeof(read));
        return read;
}

/* Takes four segments, of which the first stands at @at of the sets. @counts is all ones for those whose payload
 * counts, which is not so for a SYN. Their times are those since the first of the row. */
static inline __attribute__((always_inline)) void
orderly_take_four(struct orderly_sums *sums, struct orderly_sets *sets, const struct row *rows, unsigned at,
                  four counts, uint32_t ret_number[static 4], uint64_t ret_since[static 4])
{
        const two time = { (UINT64_C(1) << ROW_WHAT_SHIFT) - 1, (UINT64_C(1) << ROW_WHAT_SHIFT) - 1 };
        const two since_01 =
                (two)__builtin_shufflevector(orderly_half(&rows[0], 0), orderly_half(&rows[1], 0), 0, 1, 4, 5) & time;
        const two since_23 =
                (two)__builtin_shufflevector(orderly_half(&rows[2], 0), orderly_half(&rows[3], 0), 0, 1, 4, 5) & time;
        const four low_01 = __builtin_shufflevector(orderly_half(&rows[0], 0), orderly_half(&rows[1], 0), 1, 3, 5, 7);
        const four low_23 = __builtin_shufflevector(orderly_half(&rows[2], 0), orderly_half(&rows[3], 0), 1, 3, 5, 7);
        const four high_01 = __builtin_shufflevector(orderly_half(&rows[0], 1), orderly_half(&rows[1], 1), 2, 6, 3, 7);
        const four high_23 = __builtin_shufflevector(orderly_half(&rows[2], 1), orderly_half(&rows[3], 1), 2, 6, 3, 7);
        /* What each is, above 16 other bits; what it acknowledges; its payload, its TTL, and a byte
         * that means nothing. */
        const four what = __builtin_shufflevector(low_01, low_23, 0, 2, 4, 6);
        const four ack = __builtin_shufflevector(low_01, low_23, 1, 3, 5, 7);
        const four rest = __builtin_shufflevector(high_01, high_23, 2, 3, 6, 7);
        const four payload = rest & 0xffff & counts, ttl = rest >> 16 & 0xff;
        const four fin = what >> 16 & SEGMENT_FIN;
        const four by_1 = (four)((four_signed)(what << 7) >> 31);
        const four room = payload + fin, room_1 = room & by_1;
        const four sent_0 = orderly_add_up(room - room_1, sums->sent[0]),
                   sent_1 = orderly_add_up(room_1, sums->sent[1]);
        const four swap = (sent_0 ^ sent_1) & by_1, mine = sent_0 ^ swap, theirs = sent_1 ^ swap;
        const four first = mine - room;

        sets->by_1 |= orderly_set(by_1) << at;
        sets->data |= orderly_set(-payload) << at;
        sets->fin |= orderly_set(fin << 31) << at;
        sets->full |= orderly_set((four)(ack == theirs)) << at;
        sets->same_ttl |= orderly_set((four)(ttl == (sums->ttl[0] ^ ((sums->ttl[0] ^ sums->ttl[1]) & by_1)))) << at;
        __builtin_memcpy(ret_number, &first, sizeof(first));
        __builtin_memcpy(ret_since, &since_01, sizeof(since_01));
        __builtin_memcpy(ret_since + 2, &since_23, sizeof(since_23));
        sums->sent[0] = __builtin_shufflevector(sent_0, sent_0, 3, 3, 3, 3);
        sums->sent[1] = __builtin_shufflevector(sent_1, sent_1, 3, 3, 3, 3);
}

/* What four segments are, and no more: of a SYN, whether it bears payload means nothing. */
struct orderly_kinds {
        uint64_t by_1, data, fin;
};

/* Zeek's letters for the first of each kind of each end, in their order; @all are those that there are, two SYNs before
 * all others, and one FIN of each end. Returns the end. */
static inline char *orderly_put_first_letters(char *to, const struct orderly_kinds *kinds, uint64_t all)
{
        static const char letters[] = "aAdDfF";
        const uint64_t by_0 = all & ~kinds->by_1, data = kinds->data & ~kinds->fin;
        const uint64_t acks = all & ~(kinds->data | kinds->fin | 3);
        const uint64_t sets[] = { acks & kinds->by_1, acks & by_0, data & kinds->by_1, data & by_0,
                                  kinds->fin & kinds->by_1, kinds->fin & by_0 };
        uint64_t firsts = 0;
        char at[65];

#pragma GCC unroll 6
        for (unsigned k = 0; k < 6; k++) {
                uint64_t first = sets[k] & -sets[k];

                firsts |= first;
                at[sets[k] ? __builtin_ctzll(sets[k]) : 64] = letters[k];
        }
        for (; firsts != 0; firsts &= firsts - 1)
                *to++ = at[__builtin_ctzll(firsts)];
        return to;
}

static inline __attribute__((always_inline)) void
orderly_take_kinds(struct orderly_kinds *kinds, const struct row *rows, unsigned at)
{
        const four low_01 = __builtin_shufflevector(orderly_half(&rows[0], 0), orderly_half(&rows[1], 0), 1, 3, 5, 7);
        const four low_23 = __builtin_shufflevector(orderly_half(&rows[2], 0), orderly_half(&rows[3], 0), 1, 3, 5, 7);
        const four high_01 = __builtin_shufflevector(orderly_half(&rows[0], 1), orderly_half(&rows[1], 1), 1, 3, 5, 7);
        const four high_23 = __builtin_shufflevector(orderly_half(&rows[2], 1), orderly_half(&rows[3], 1), 1, 3, 5, 7);
        const four what = __builtin_shufflevector(low_01, low_23, 0, 2, 4, 6);
        const four payload = __builtin_shufflevector(high_01, high_23, 1, 3, 5, 7) & 0xffff;

        kinds->by_1 |= orderly_set(what << 7) << at;
        kinds->fin |= orderly_set(what << 15) << at;
        kinds->data |= orderly_set(-payload) << at;
}

/* Of four segments, those that have another TTL than their sender's SYN. */
static inline __attribute__((always_inline)) uint64_t
orderly_other_ttl(const struct orderly_sums *sums, const struct row *rows)
{
        const four low_01 = __builtin_shufflevector(orderly_half(&rows[0], 0), orderly_half(&rows[1], 0), 1, 3, 5, 7);
        const four low_23 = __builtin_shufflevector(orderly_half(&rows[2], 0), orderly_half(&rows[3], 0), 1, 3, 5, 7);
        const four high_01 = __builtin_shufflevector(orderly_half(&rows[0], 1), orderly_half(&rows[1], 1), 1, 3, 5, 7);
        const four high_23 = __builtin_shufflevector(orderly_half(&rows[2], 1), orderly_half(&rows[3], 1), 1, 3, 5, 7);
        const four what = __builtin_shufflevector(low_01, low_23, 0, 2, 4, 6);
        const four ttl = __builtin_shufflevector(high_01, high_23, 1, 3, 5, 7) >> 16 & 0xff;
        const four by_1 = (four)((four_signed)(what << 7) >> 31);

        return orderly_set((four)(ttl != (sums->ttl[0] ^ ((sums->ttl[0] ^ sums->ttl[1]) & by_1))));
}
