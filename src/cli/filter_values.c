/* Reading numbers, spans, times and addresses out of the words of a filter. */
#include "cli/filter_values.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define SECOND_NS INT64_C(1000000000)
#define DAY_NS (86400 * SECOND_NS)

struct unit {
        const char *name;
        int64_t factor;
};

static const struct unit none[] = { { "", 1 }, { NULL, 0 } };
static const struct unit bytes[] = {
        { "", 1 },           { "B", 1 },          { "k", 1000 },      { "kB", 1000 },
        { "kb", 1000 },      { "K", 1000 },      { "KB", 1000 },
        { "M", 1000000 },    { "MB", 1000000 },   { "G", 1000000000 }, { "GB", 1000000000 }, { "KiB", 1 << 10 },
        { "MiB", 1 << 20 },  { "GiB", 1 << 30 },  { NULL, 0 },
};
static const struct unit spans[] = {
        { "", SECOND_NS }, { "s", SECOND_NS }, { "ms", 1000000 }, { "us", 1000 }, { "ns", 1 },
        { "m", 60 * SECOND_NS }, { "min", 60 * SECOND_NS }, { "h", 3600 * SECOND_NS }, { "d", DAY_NS }, { NULL, 0 },
};

/* A decimal number with a unit. *ret_end: behind it. *ret_last: what one more in its last digit is worth. */
static int read_number(const char *text, const struct unit *units, const char **ret_end, int64_t *ret_value,
                       int64_t *ret_last)
{
        uint64_t digits = 0, scale = 1;
        bool point = false;
        const char *p = text;
        size_t n_unit;

        if (*p < '0' || *p > '9')
                return -EINVAL;
        for (; (*p >= '0' && *p <= '9') || (*p == '.' && !point); p++) {
                if (*p == '.') {
                        point = true;
                        continue;
                }
                if (digits > UINT64_MAX / 10 - 1)
                        return -EINVAL;
                digits = digits * 10 + (uint64_t)(*p - '0');
                if (point)
                        scale *= 10;
                if (scale > 1000000000)
                        return -EINVAL;
        }
        n_unit = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
        for (; units->name; units++)
                if (strlen(units->name) == n_unit && strncmp(units->name, p, n_unit) == 0)
                        break;
        if (!units->name || (point && units->factor == 1))
                return -EINVAL;
        /* The factor is at most a day of nanoseconds and the scale 10^9: only the whole part can be too much. */
        if (digits / scale > (uint64_t)(INT64_MAX / units->factor - 1))
                return -EINVAL;
        *ret_value = (int64_t)(digits / scale * (uint64_t)units->factor +
                               (uint64_t)((unsigned __int128)(digits % scale) * (uint64_t)units->factor / scale));
        *ret_last = units->factor / (int64_t)scale;
        *ret_end = p + n_unit;
        return 0;
}

/* One number, or two with a '-' between them. */
static int read_range(const char *text, const struct unit *units, bool rounded, struct filter_value *ret_value)
{
        int64_t from, to, last;
        const char *end;

        if (read_number(text, units, &end, &from, &last) < 0)
                return -EINVAL;
        to = from;
        if (*end == '-') {
                if (read_number(end + 1, units, &end, &to, &last) < 0 || to < from)
                        return -EINVAL;
        } else if (rounded) {
                from -= last / 2;
                to += (last - 1) / 2;
        }
        if (*end)
                return -EINVAL;
        *ret_value = (struct filter_value){ .range = { from, to } };
        return 0;
}

int filter_read_count(const char *text, bool units, struct filter_value *ret_value)
{
        return read_range(text, units ? bytes : none, false, ret_value);
}

int filter_read_span(const char *text, bool rounded, struct filter_value *ret_value)
{
        return read_range(text, spans, rounded, ret_value);
}

/* "05:56", "05:56:00", "05:56:00.5": nanoseconds since midnight. */
static const char *read_clock(const char *text, int64_t *ret_ns)
{
        struct tm tm = { 0 };
        const char *p = strptime(text, "%H:%M:%S", &tm);
        int64_t ns = 0, place = SECOND_NS / 10;

        if (!p) {
                p = strptime(text, "%H:%M", &tm);
        } else if (*p == '.') {
                for (p++; *p >= '0' && *p <= '9'; p++, place /= 10)
                        ns += (*p - '0') * place;
        }
        if (p)
                *ret_ns = ns + ((tm.tm_hour * 60 + tm.tm_min) * INT64_C(60) + tm.tm_sec) * SECOND_NS;
        return p;
}

int filter_read_time(const char *text, struct filter_value *ret_value)
{
        struct tm tm = { 0 };
        int64_t clock = 0, last;
        const char *p;

        *ret_value = (struct filter_value){ 0 };
        if (*text == '@') {
                if (read_number(text + 1, spans, &p, &ret_value->range.from, &last) < 0 || *p)
                        return -EINVAL;
                ret_value->range.to = ret_value->range.from;
                return 0;
        }
        if (*text == '-') {
                struct timespec now;

                /* So long before now. */
                if (read_number(text + 1, spans, &p, &clock, &last) < 0 || *p || clock < 0)
                        return -EINVAL;
                clock_gettime(CLOCK_REALTIME, &now);
                clock = (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec - clock;
                ret_value->range.from = ret_value->range.to = clock;
                return 0;
        }
        p = strptime(text, "%Y-%m-%d", &tm);
        if (p && tm.tm_year + 1900 < 2262 && tm.tm_year + 1900 >= 1678) {
                if ((*p == 'T' || *p == ' ') && p[1])
                        p = read_clock(p + 1, &clock);
                clock += timegm(&tm) * SECOND_NS;
        } else {
                p = read_clock(text, &clock);
                ret_value->time_of_day = true;
        }
        if (p && *p == 'Z')
                p++;
        if (!p || *p)
                return -EINVAL;
        ret_value->range.from = ret_value->range.to = clock;
        return 0;
}

static int read_port(const char *text, struct filter_address *a)
{
        char *end;
        unsigned long port = strtoul(text, &end, 10);

        if (*text < '0' || *text > '9' || *end || port > UINT16_MAX)
                return -EINVAL;
        a->any_port = false;
        a->port = (uint16_t)port;
        return 0;
}

/* An address and, if there is a '/', how many bits of it count. */
static int read_ip(char *text, struct filter_address *a)
{
        char *slash = strchr(text, '/'), *end;
        unsigned long bits;

        if (slash)
                *slash = '\0';
        if (inet_pton(AF_INET, text, a->bytes) == 1)
                a->family = AF_INET;
        else if (inet_pton(AF_INET6, text, a->bytes) == 1)
                a->family = AF_INET6;
        else
                return -EINVAL;
        a->any_ip = false;
        a->prefix = a->family == AF_INET ? 32 : 128;
        if (!slash)
                return 0;
        bits = strtoul(slash + 1, &end, 10);
        if (slash[1] < '0' || slash[1] > '9' || *end || bits > a->prefix)
                return -EINVAL;
        a->prefix = (uint8_t)bits;
        return 0;
}

int filter_read_address(const char *text, struct filter_value *ret_value)
{
        struct filter_address *a = &ret_value->address;
        char copy[FILTER_TEXT_MAX], *colon;
        size_t n = strlen(text);

        if (n == 0 || n >= sizeof(copy))
                return -EINVAL;
        memcpy(copy, text, n + 1);
        *ret_value = (struct filter_value){ .address = { .any_ip = true, .any_port = true } };
        if (*copy == ':' && copy[1] != ':')
                return read_port(copy + 1, a);
        if (*copy == '[') {
                char *close = strchr(copy, ']');

                if (!close || (close[1] && close[1] != ':'))
                        return -EINVAL;
                *close = '\0';
                if (close[1] && read_port(close + 2, a) < 0)
                        return -EINVAL;
                return strchr(copy + 1, ':') ? read_ip(copy + 1, a) : -EINVAL;
        }
        colon = strchr(copy, ':');
        if (colon && !strchr(colon + 1, ':')) {
                *colon = '\0';
                if (read_port(colon + 1, a) < 0)
                        return -EINVAL;
        }
        return read_ip(copy, a);
}
