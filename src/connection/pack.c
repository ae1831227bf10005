/*
 * A row is two bytes of flags, the time and the frame since the row before, and what its sender's last row and the
 * other end's do not foretell: an acknowledgement of all that was sent, the same window, the other end's time stamp are
 * worth nothing. Numbers are written in groups of seven bits.
 *
 * A struct is a row of its words of four bytes. A byte says how many of them are zero, and of what kind the next is.
 */
#include "connection/pack.h"

#include <string.h>

enum {
        PACKED_BY_1 = 1 << 0,
        PACKED_MICROSECONDS = 1 << 1,   /* the time is a number of them */
        PACKED_ACK = 1 << 2,            /* this is not as foretold, and so it follows … */
        PACKED_TS_VALUE = 1 << 3,
        PACKED_TS_ECHO = 1 << 4,
        PACKED_WINDOW = 1 << 5,
        PACKED_IP_ID = 1 << 6,
        PACKED_PAYLOAD = 1 << 7,
        PACKED_TTL = 1 << 8,
        PACKED_WHAT = 1 << 9,
        PACKED_IP_ID_NEXT = 1 << 10,    /* … but this: it is the next number */
        ROW_PACKED_MAX = 48,            /* bytes of a row at the most */
};

/* What the rows so far foretell. */
struct past {
        uint64_t at;
        uint32_t frame;
        struct {
                uint32_t ack, ts_value;
                uint16_t window, ip_id, what;
                uint8_t ttl;
        } side[2];
};

#define AT_MASK ((UINT64_C(1) << ROW_WHAT_SHIFT) - 1)

static uint8_t *put(uint8_t *to, uint64_t n)
{
        for (; n >= 0x80; n >>= 7)
                *to++ = (uint8_t)(n | 0x80);
        *to++ = (uint8_t)n;
        return to;
}

static const uint8_t *get(const uint8_t *from, uint64_t *ret_n)
{
        uint64_t n = 0;
        unsigned shift = 0;

        for (; *from & 0x80; shift += 7)
                n |= (uint64_t)(*from++ & 0x7f) << shift;
        *ret_n = n | (uint64_t)*from++ << shift;
        return from;
}

/* What is a little less is a small number, too. */
static uint8_t *put_difference(uint8_t *to, uint32_t difference)
{
        return put(to, difference << 1 ^ (0 - (difference >> 31)));
}

static const uint8_t *get_difference(const uint8_t *from, uint32_t *ret_difference)
{
        uint64_t n;

        from = get(from, &n);
        *ret_difference = (uint32_t)(n >> 1) ^ (0 - (uint32_t)(n & 1));
        return from;
}

static void go_on(struct past *past, unsigned side, const struct row *row)
{
        unsigned what = row_what(row);

        past->at = row->at_and_what & AT_MASK;
        past->frame = row->frame;
        past->side[side].ack = row->ack;
        past->side[side].ts_value = row->ts_value;
        past->side[side].window = row->window;
        past->side[side].ip_id = row->ip_id;
        past->side[side].what = (uint16_t)what;
        past->side[side].ttl = row->ttl;
        /* The other end will acknowledge all of it. */
        past->side[!side].ack += (what & SEGMENT_SYN ? 0 : row->n_payload) + !!(what & (SEGMENT_SYN | SEGMENT_FIN));
}

static uint8_t *pack_row(const struct row *row, struct past *past, uint8_t *to)
{
        unsigned side = row_what(row) & ROW_BY_1 ? 1 : 0, flags = side ? PACKED_BY_1 : 0;
        uint64_t since = (row->at_and_what & AT_MASK) - past->at;
        uint32_t ack = row->ack - past->side[side].ack, ts_value = row->ts_value - past->side[side].ts_value;
        uint32_t ts_echo = row->ts_echo - past->side[!side].ts_value;
        uint32_t window = (uint32_t)row->window - past->side[side].window;
        uint16_t what = (uint16_t)(row_what(row) ^ past->side[side].what);
        uint8_t *start = to;

        to = put(to + 2, since % 1000 == 0 ? since / 1000 : since);
        to = put(to, row->frame - past->frame);
        flags |= since % 1000 == 0 ? PACKED_MICROSECONDS : 0;
        if (ack != 0) {
                flags |= PACKED_ACK;
                to = put_difference(to, ack);
        }
        if (ts_value != 0) {
                flags |= PACKED_TS_VALUE;
                to = put_difference(to, ts_value);
        }
        if (ts_echo != 0) {
                flags |= PACKED_TS_ECHO;
                to = put_difference(to, ts_echo);
        }
        if (window != 0) {
                flags |= PACKED_WINDOW;
                to = put_difference(to, window);
        }
        if (row->ip_id == (uint16_t)(past->side[side].ip_id + 1)) {
                flags |= PACKED_IP_ID_NEXT;
        } else if (row->ip_id != past->side[side].ip_id) {
                flags |= PACKED_IP_ID;
                to = put(to, row->ip_id);
        }
        if (row->n_payload != 0) {
                flags |= PACKED_PAYLOAD;
                to = put(to, row->n_payload);
        }
        if (row->ttl != past->side[side].ttl) {
                flags |= PACKED_TTL;
                *to++ = row->ttl;
        }
        if (what != 0) {
                flags |= PACKED_WHAT;
                to = put(to, what);
        }
        start[0] = (uint8_t)flags;
        start[1] = (uint8_t)(flags >> 8);
        go_on(past, side, row);
        return to;
}

size_t pack_rows(struct row *const rows[], unsigned n, uint8_t *to, size_t room)
{
        uint8_t *start = to;
        struct past past = {};

        for (unsigned i = 0; i < n; i++) {
                if ((size_t)(to - start) + ROW_PACKED_MAX > room)
                        return 0;
                to = pack_row(rows[i], &past, to);
        }
        return (size_t)(to - start);
}

static const uint8_t *unpack_row(const uint8_t *from, struct past *past, struct row *row)
{
        unsigned flags = from[0] | (unsigned)from[1] << 8, side = flags & PACKED_BY_1 ? 1 : 0;
        uint32_t ack = 0, ts_value = 0, ts_echo = 0, window = 0;
        uint64_t since, frame, ip_id, n_payload = 0, what = 0;

        from = get(from + 2, &since);
        from = get(from, &frame);
        if (flags & PACKED_ACK)
                from = get_difference(from, &ack);
        if (flags & PACKED_TS_VALUE)
                from = get_difference(from, &ts_value);
        if (flags & PACKED_TS_ECHO)
                from = get_difference(from, &ts_echo);
        if (flags & PACKED_WINDOW)
                from = get_difference(from, &window);
        ip_id = past->side[side].ip_id + (flags & PACKED_IP_ID_NEXT ? 1u : 0u);
        if (flags & PACKED_IP_ID)
                from = get(from, &ip_id);
        if (flags & PACKED_PAYLOAD)
                from = get(from, &n_payload);
        row->ttl = flags & PACKED_TTL ? *from++ : past->side[side].ttl;
        if (flags & PACKED_WHAT)
                from = get(from, &what);
        since = past->at + (flags & PACKED_MICROSECONDS ? since * 1000 : since);
        row->at_and_what = since | (what ^ past->side[side].what) << ROW_WHAT_SHIFT;
        row->frame = past->frame + (uint32_t)frame;
        row->ack = past->side[side].ack + ack;
        row->ts_value = past->side[side].ts_value + ts_value;
        row->ts_echo = past->side[!side].ts_value + ts_echo;
        row->window = (uint16_t)(past->side[side].window + window);
        row->ip_id = (uint16_t)ip_id;
        row->n_payload = (uint16_t)n_payload;
        go_on(past, side, row);
        return from;
}

void unpack_rows(const uint8_t *from, unsigned n, struct row *const ret_rows[])
{
        struct past past = {};

        for (unsigned i = 0; i < n; i++)
                from = unpack_row(from, &past, ret_rows[i]);
}

enum {
        WORD_NONE = 0,                  /* only zeroes; 1 to 4: a word of so many bytes */
        WORD_TIME_NEAR = 5,             /* two words, a time: its distance in three bytes */
        WORD_TIME = 6,                  /* … in six */
        WORD_TIME_SAME = 7,
        WORD_KIND_BITS = 3,
        ZEROES_MAX = (1 << (8 - WORD_KIND_BITS)) - 1,
        WORD_PACKED_MAX = 7,            /* bytes at the most */
};

/* Whether a distance, which may be less than zero, fits into so many bytes. */
static bool is_within(uint64_t distance, unsigned n_bytes)
{
        return distance + (UINT64_C(1) << (8 * n_bytes - 1)) < UINT64_C(1) << 8 * n_bytes;
}

static unsigned bytes_of(uint32_t word)
{
        return word >> 24 ? 4 : word >> 16 ? 3 : word >> 8 ? 2 : 1;
}

static uint8_t *put_bytes(uint8_t *to, uint64_t value, unsigned n)
{
        for (unsigned i = 0; i < n; i++)
                *to++ = (uint8_t)(value >> 8 * i);
        return to;
}

static uint64_t get_bytes(const uint8_t *from, unsigned n)
{
        uint64_t value = 0;

        for (unsigned i = 0; i < n; i++)
                value |= (uint64_t)from[i] << 8 * i;
        return value;
}

size_t pack_words(const void *from, size_t n_words, int64_t time, uint8_t *to, size_t room)
{
        const char *words = from, *end = words + n_words * 4;
        uint8_t *start = to;

        while (words < end) {
                uint32_t word = 0, zeroes = 0;
                uint64_t distance;
                uint8_t *kind = to;

                for (; words < end && zeroes < ZEROES_MAX; zeroes++, words += 4) {
                        memcpy(&word, words, 4);
                        if (word != 0)
                                break;
                }
                if ((size_t)(to - start) + WORD_PACKED_MAX > room)
                        return 0;
                *to++ = (uint8_t)(zeroes << WORD_KIND_BITS);
                if (word == 0)
                        continue;
                if (end - words >= 8) {
                        memcpy(&distance, words, 8);
                        distance -= (uint64_t)time;
                        if (is_within(distance, 6)) {
                                unsigned n = distance == 0 ? 0 : is_within(distance, 3) ? 3 : 6;

                                *kind |= n == 0 ? WORD_TIME_SAME : n == 3 ? WORD_TIME_NEAR : WORD_TIME;
                                to = put_bytes(to, distance, n);
                                words += 8;
                                continue;
                        }
                }
                *kind |= (uint8_t)bytes_of(word);
                to = put_bytes(to, word, bytes_of(word));
                words += 4;
        }
        return (size_t)(to - start);
}

size_t unpack_words(const uint8_t *from, size_t n_words, int64_t time, void *ret_words)
{
        const uint8_t *start = from;
        char *words = ret_words, *end = words + n_words * 4;

        memset(words, 0, n_words * 4);
        while (words < end) {
                unsigned kind = *from & ((1u << WORD_KIND_BITS) - 1), n = kind;
                uint64_t value;

                words += 4 * (*from++ >> WORD_KIND_BITS);
                if (kind >= WORD_TIME_NEAR) {
                        n = kind == WORD_TIME_SAME ? 0 : kind == WORD_TIME_NEAR ? 3 : 6;
                        value = get_bytes(from, n);
                        /* It may be less than zero. */
                        if (n > 0 && value >> (8 * n - 1))
                                value -= UINT64_C(1) << 8 * n;
                        value += (uint64_t)time;
                        memcpy(words, &value, 8);
                        words += 8;
                } else if (kind != WORD_NONE) {
                        uint32_t word = (uint32_t)get_bytes(from, n);

                        memcpy(words, &word, 4);
                        words += 4;
                }
                from += n;
        }
        return (size_t)(from - start);
}
