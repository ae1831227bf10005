/* JSON, written by hand: printf obeys the locale and is slow at integers. */
#include "report/json.h"

#include <errno.h>
#include <string.h>

#include "base/decimal.h"

#define NS_PER_S 1000000000U

static void flush(struct json *j)
{
        size_t n = j->n_buffer > 0 ? fwrite_unlocked(j->buffer, 1, j->n_buffer, j->file) : 0;

        if (n < j->n_buffer) {
                if (j->error == 0)
                        j->error = errno > 0 ? -errno : -EIO;
                /* Whoever flushes the FILE is to learn why: something must be left of what it refused. */
                putc_unlocked(j->buffer[n], j->file);
        }
        j->n_buffer = 0;
}

static void put(struct json *j, const char *text, size_t n)
{
        while (n > sizeof(j->buffer) - j->n_buffer) {
                size_t room = sizeof(j->buffer) - j->n_buffer;

                memcpy(j->buffer + j->n_buffer, text, room);
                j->n_buffer += room;
                text += room;
                n -= room;
                flush(j);
        }
        memcpy(j->buffer + j->n_buffer, text, n);
        j->n_buffer += n;
}

static void put_char(struct json *j, char c)
{
        if (j->n_buffer == sizeof(j->buffer))
                flush(j);
        j->buffer[j->n_buffer++] = c;
}

static void put_escape(struct json *j, uint32_t code)
{
        static const char hex[] = "0123456789abcdef";
        const char text[] = { '\\', 'u', hex[code >> 12 & 15], hex[code >> 8 & 15],
                              hex[code >> 4 & 15], hex[code & 15] };

        put(j, text, sizeof(text));
}

/*
 * Reads one character of UTF-8 (RFC 3629). Returns how many bytes it took; of an ill-formed piece as
 * many as could have begun a character (Unicode 15, section 3.9, "maximal subpart"), and code U+FFFD.
 */
static size_t read_utf8(const unsigned char *p, size_t n, uint32_t *ret_code)
{
        unsigned char low = 0x80, high = 0xbf;
        size_t need;
        uint32_t code;

        *ret_code = 0xfffd;
        if (p[0] < 0x80) {
                *ret_code = p[0];
                return 1;
        }
        if (p[0] < 0xc2 || p[0] > 0xf4)
                return 1;
        need = p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : 3;
        code = p[0] & (0x3fU >> need);
        if (p[0] == 0xe0)
                low = 0xa0; /* else longer than need be */
        else if (p[0] == 0xed)
                high = 0x9f; /* else a surrogate */
        else if (p[0] == 0xf0)
                low = 0x90;
        else if (p[0] == 0xf4)
                high = 0x8f; /* else past U+10FFFF */
        for (size_t i = 1; i <= need; i++) {
                if (i >= n || p[i] < low || p[i] > high)
                        return i;
                code = code << 6 | (p[i] & 0x3fU);
                low = 0x80;
                high = 0xbf;
        }
        *ret_code = code;
        return need + 1;
}

/* True of what a terminal would obey, or what would make a reader see other than what is there. */
static bool is_unsafe(uint32_t code)
{
        return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x061c ||
               (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
               (code >= 0x2060 && code <= 0x2069) || code == 0xfeff || code == 0xfffd;
}

/* How many bytes of ASCII stand here that need no escape: as a rule all of them. */
static size_t plain(const unsigned char *p, size_t n)
{
        const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
        size_t i = 0;

        /* Eight at a time: the top bit of a byte is set where it is below 0x20, above 0x7e, '"' or '\\'. A borrow
         * may set it for the byte after such a one too: the loop below looks again. */
        for (; n - i >= 8; i += 8) {
                uint64_t eight, quote, backslash;

                memcpy(&eight, p + i, sizeof(eight));
                quote = eight ^ ones * '"';
                backslash = eight ^ ones * '\\';
                if ((eight | (eight - ones * 0x20) | (eight + ones) | (quote - ones) | (backslash - ones)) & tops)
                        break;
        }
        while (i < n && p[i] >= 0x20 && p[i] < 0x7f && p[i] != '"' && p[i] != '\\')
                i++;
        return i;
}

static void put_text(struct json *j, const char *text, size_t n)
{
        const unsigned char *p = (const unsigned char *)text;

        put_char(j, '"');
        while (n > 0) {
                size_t n_plain = plain(p, n);
                uint32_t code;
                size_t took;

                put(j, (const char *)p, n_plain);
                p += n_plain;
                n -= n_plain;
                if (n == 0)
                        break;
                took = read_utf8(p, n, &code);

                if (code == '"' || code == '\\') {
                        put_char(j, '\\');
                        put_char(j, (char)code);
                } else if (is_unsafe(code)) {
                        put_escape(j, code);
                } else {
                        put(j, (const char *)p, took);
                }
                p += took;
                n -= took;
        }
        put_char(j, '"');
}

/* The comma and the key. Keys are the program's own, and are escaped all the same. */
static void put_key(struct json *j, const char *key)
{
        if (j->comma)
                put_char(j, ',');
        j->comma = true;
        if (key) {
                put_text(j, key, strlen(key));
                put_char(j, ':');
        }
}

void json_begin(struct json *j, FILE *file)
{
        j->file = file;
        j->comma = false;
        j->error = 0;
        j->n_buffer = 0; /* what stands in the buffer needs no zeroing */
}

void json_next(struct json *j)
{
        put_char(j, '\n');
        j->comma = false;
}

int json_flush(struct json *j)
{
        flush(j);
        return j->error;
}

int json_end(struct json *j)
{
        json_next(j);
        return json_flush(j);
}

char *json_room(struct json *j, size_t n)
{
        if (n > sizeof(j->buffer) - j->n_buffer)
                flush(j);
        return j->buffer + j->n_buffer;
}

void json_object(struct json *j, const char *key)
{
        put_key(j, key);
        put_char(j, '{');
        j->comma = false;
}

void json_object_end(struct json *j)
{
        put_char(j, '}');
        j->comma = true;
}

void json_array(struct json *j, const char *key)
{
        put_key(j, key);
        put_char(j, '[');
        j->comma = false;
}

void json_array_end(struct json *j)
{
        put_char(j, ']');
        j->comma = true;
}

void json_null(struct json *j, const char *key)
{
        put_key(j, key);
        put(j, "null", 4);
}

void json_bool(struct json *j, const char *key, bool value)
{
        put_key(j, key);
        if (value)
                put(j, "true", 4);
        else
                put(j, "false", 5);
}

void json_uint(struct json *j, const char *key, uint64_t value)
{
        put_key(j, key);
        j->n_buffer = (size_t)(decimal_put(json_room(j, DECIMAL_ROOM), value) - j->buffer);
}

void json_text_n(struct json *j, const char *key, const char *text, size_t n)
{
        put_key(j, key);
        put_text(j, text, n);
}

void json_text(struct json *j, const char *key, const char *text)
{
        if (text)
                json_text_n(j, key, text, strlen(text));
        else
                json_null(j, key);
}

/*
 * The day of the Gregorian calendar, `days` after 1970-01-01. Years are counted from March, so that
 * the leap day is the last of the year; an era is 400 years, after which the calendar repeats.
 */
static void civil(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day)
{
        int64_t era, year;
        unsigned of_era, year_of_era, of_year, month;

        days += 719468; /* from 0000-03-01 */
        era = (days >= 0 ? days : days - 146096) / 146097;
        of_era = (unsigned)(days - era * 146097);
        year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
        of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        month = (5 * of_year + 2) / 153;
        year = (int64_t)year_of_era + era * 400;
        *ret_day = of_year - (153 * month + 2) / 5 + 1;
        *ret_month = month < 10 ? month + 3 : month - 9;
        *ret_year = *ret_month <= 2 ? year + 1 : year;
}

/* "2026-11-22T05:56:00." */
#define SECOND_SIZE 20

/* So many of them are kept ready. */
#define N_SECONDS 64

static void put_second(char to[static SECOND_SIZE], int64_t seconds)
{
        int64_t days = seconds / 86400, of_day = seconds % 86400, year;
        unsigned month, day, second;

        if (of_day < 0) {
                of_day += 86400;
                days--;
        }
        civil(days, &year, &month, &day);
        second = (unsigned)of_day;

        /* An int64_t of nanoseconds lies between the years 1677 and 2262. */
        to = decimal_two(to, (unsigned)year / 100);
        to = decimal_two(to, (unsigned)year % 100);
        *to++ = '-';
        to = decimal_two(to, month);
        *to++ = '-';
        to = decimal_two(to, day);
        *to++ = 'T';
        to = decimal_two(to, second / 3600);
        *to++ = ':';
        to = decimal_two(to, second / 60 % 60);
        *to++ = ':';
        to = decimal_two(to, second % 60);
        *to = '.';
}

/* A second and its text. Records come in the order of time, more or less: each of the last ones is told many times. */
struct second {
        int64_t seconds;
        char text[SECOND_SIZE];
        bool known;
};

static inline char *put_in_second(char *to, const struct second *second, int64_t ns)
{
        memcpy(to, second->text, SECOND_SIZE);
        to = decimal_put_nine(to + SECOND_SIZE, (uint32_t)ns);
        *to++ = 'Z';
        return to;
}

static __attribute__((noinline)) char *put_in_new_second(char *to, struct second *second, int64_t seconds, int64_t ns)
{
        put_second(second->text, seconds);
        second->seconds = seconds;
        second->known = true;
        return put_in_second(to, second, ns);
}

char *json_put_time(char *to, int64_t time_ns)
{
        static _Thread_local struct second all[N_SECONDS];
        struct second *second;
        int64_t seconds, ns;

        if (__builtin_expect(time_ns < 0, 0)) {
                seconds = time_ns / (int64_t)NS_PER_S;
                ns = time_ns % (int64_t)NS_PER_S;
                if (ns < 0) {
                        ns += NS_PER_S;
                        seconds--;
                }
        } else {
                seconds = (int64_t)((uint64_t)time_ns / NS_PER_S);
                ns = time_ns - seconds * NS_PER_S;
        }
        second = &all[(uint64_t)seconds % N_SECONDS];
        if (__builtin_expect(second->seconds != seconds || !second->known, 0))
                return put_in_new_second(to, second, seconds, ns);
        return put_in_second(to, second, ns);
}

char *json_put_seconds(char *to, int64_t span_ns)
{
        uint64_t ns = span_ns < 0 ? -(uint64_t)span_ns : (uint64_t)span_ns;
        uint64_t seconds = ns / NS_PER_S;

        if (span_ns < 0)
                *to++ = '-';
        to = decimal_put(to, seconds);
        ns -= seconds * NS_PER_S;
        if (ns == 0)
                return to;
        *to++ = '.';
        return decimal_put_fraction(to, (uint32_t)ns);
}

void json_time(struct json *j, const char *key, int64_t time_ns)
{
        char *to;

        put_key(j, key);
        to = json_room(j, JSON_TIME_MAX);
        *to++ = '"';
        to = json_put_time(to, time_ns);
        *to++ = '"';
        json_took(j, to, true);
}

void json_seconds(struct json *j, const char *key, int64_t span_ns)
{
        put_key(j, key);
        json_took(j, json_put_seconds(json_room(j, JSON_SECONDS_MAX), span_ns), true);
}

void json_maybe_bool(struct json *j, const char *key, struct maybe_bool value)
{
        if (value.known)
                json_bool(j, key, value.value);
        else
                json_null(j, key);
}

void json_maybe_uint(struct json *j, const char *key, struct maybe_u64 value)
{
        if (value.known)
                json_uint(j, key, value.value);
        else
                json_null(j, key);
}

void json_maybe_time(struct json *j, const char *key, struct maybe_i64 value)
{
        if (value.known)
                json_time(j, key, value.value);
        else
                json_null(j, key);
}

void json_maybe_seconds(struct json *j, const char *key, struct maybe_i64 value)
{
        if (value.known)
                json_seconds(j, key, value.value);
        else
                json_null(j, key);
}
