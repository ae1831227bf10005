/* Reads what is typed behind --after, and finds patterns in a stream that comes in pieces. */
#include "lab/stage/trigger.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const char *const names[N_TRIGGERS] = {
        [TRIGGER_NONE] = "never",       [TRIGGER_ACCEPT] = "accept", [TRIGGER_FIRST_BYTE] = "first-byte",
        [TRIGGER_RECEIVED] = "received", [TRIGGER_SENT] = "sent",     [TRIGGER_ANSWER] = "answer",
        [TRIGGER_TIME] = "time",         [TRIGGER_IDLE] = "idle",     [TRIGGER_PATTERN] = "pattern",
        [TRIGGER_FIN] = "fin",
};

static bool has_value(enum trigger_kind kind)
{
        return kind == TRIGGER_RECEIVED || kind == TRIGGER_SENT || kind == TRIGGER_TIME || kind == TRIGGER_IDLE ||
               kind == TRIGGER_PATTERN;
}

static int number(const char *text, uint64_t *ret_n, const char **ret_rest)
{
        char *end;
        unsigned long long n;

        if (*text < '0' || *text > '9')
                return -EINVAL;
        errno = 0;
        n = strtoull(text, &end, 10);
        if (errno)
                return -EINVAL;
        *ret_n = n;
        *ret_rest = end;
        return 0;
}

int trigger_parse_time(const char *text, uint64_t *ret_ns)
{
        static const struct {
                const char *unit;
                uint64_t ns;
        } units[] = { { "", 1000000 }, { "us", 1000 }, { "ms", 1000000 },
                      { "s", 1000000000 }, { "m", UINT64_C(60000000000) } };
        const char *rest;
        uint64_t n;

        if (number(text, &n, &rest) < 0)
                return -EINVAL;
        for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
                if (!strcmp(rest, units[i].unit)) {
                        /* A century of waiting is enough, and keeps sums of times in range. */
                        if (n > UINT64_C(3000000000000000000) / units[i].ns)
                                return -EINVAL;
                        *ret_ns = n * units[i].ns;
                        return 0;
                }
        return -EINVAL;
}

static int hex(char c)
{
        return c >= '0' && c <= '9' ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int trigger_unescape(const char *text, uint8_t *bytes, size_t size, size_t *ret_n)
{
        static const char letters[] = "nrt0\\", meant[] = "\n\r\t\0\\";
        size_t n = 0;

        for (; *text; text++) {
                uint8_t byte = (uint8_t)*text;

                if (*text == '\\') {
                        const char *letter = text[1] ? strchr(letters, text[1]) : NULL;

                        if (letter) {
                                byte = (uint8_t)meant[letter - letters];
                                text++;
                        } else if (text[1] == 'x' && hex(text[2]) >= 0 && hex(text[3]) >= 0) {
                                byte = (uint8_t)(hex(text[2]) << 4 | hex(text[3]));
                                text += 3;
                        } else {
                                return -EINVAL;
                        }
                }
                if (n == size)
                        return -E2BIG;
                bytes[n++] = byte;
        }
        *ret_n = n;
        return 0;
}

/* How long a beginning of the pattern is also an end of its first i bytes (Knuth, Morris, Pratt). */
static void prepare(struct trigger *t)
{
        uint16_t k = 0;

        t->fall[0] = 0;
        for (size_t i = 1; i < t->pattern_length; i++) {
                while (k > 0 && t->pattern[i] != t->pattern[k])
                        k = t->fall[k - 1];
                if (t->pattern[i] == t->pattern[k])
                        k++;
                t->fall[i] = k;
        }
}

void trigger_init(enum trigger_kind kind, struct trigger *ret_trigger)
{
        memset(ret_trigger, 0, sizeof(*ret_trigger));
        ret_trigger->kind = kind;
        if (kind == TRIGGER_FIRST_BYTE)
                ret_trigger->n = 1;
}

static int set_value(struct trigger *t, const char *value, const char **ret_why)
{
        const char *rest = "";

        switch (t->kind) {
        case TRIGGER_RECEIVED:
        case TRIGGER_SENT:
                *ret_why = "a number of bytes, 1 or more, is needed";
                return number(value, &t->n, &rest) < 0 || *rest || t->n == 0 ? -EINVAL : 0;
        case TRIGGER_TIME:
        case TRIGGER_IDLE:
                *ret_why = "a time such as 500ms or 2s is needed";
                return trigger_parse_time(value, &t->n);
        case TRIGGER_PATTERN:
                *ret_why = "a pattern of 1 to 256 bytes is needed; \\n, \\r, \\t, \\0, \\\\ and \\xHH are known";
                if (trigger_unescape(value, t->pattern, sizeof(t->pattern), &t->pattern_length) < 0 ||
                    t->pattern_length == 0)
                        return -EINVAL;
                prepare(t);
                return 0;
        case TRIGGER_NONE:
        case TRIGGER_ACCEPT:
        case TRIGGER_FIRST_BYTE:
        case TRIGGER_ANSWER:
        case TRIGGER_FIN:
        case N_TRIGGERS:
                break;
        }
        return -EINVAL;
}

int trigger_parse(const char *text, struct trigger *ret_trigger, const char **ret_why)
{
        const char *equals = strchr(text, '=');
        char name[16] = "";
        struct trigger t;

        *ret_why = "accept, first-byte, received=N, sent=N, answer, time=T, idle=T, pattern=TEXT and fin are known";
        if ((equals ? (size_t)(equals - text) : strlen(text)) >= sizeof(name))
                return -EINVAL;
        memcpy(name, text, equals ? (size_t)(equals - text) : strlen(text));
        for (enum trigger_kind kind = TRIGGER_ACCEPT; kind < N_TRIGGERS; kind++) {
                int r = 0;

                if (!text_same_name(names[kind], name))
                        continue;
                trigger_init(kind, &t);
                if (has_value(kind) != (equals != NULL)) {
                        *ret_why = equals ? "this one takes no value" : "this one needs a value: NAME=VALUE";
                        return -EINVAL;
                }
                if (equals)
                        r = set_value(&t, equals + 1, ret_why);
                if (r == 0)
                        *ret_trigger = t;
                return r;
        }
        return -EINVAL;
}

size_t trigger_match(const struct trigger *trigger, uint16_t *state, const uint8_t *bytes, size_t n)
{
        uint16_t k = *state;

        for (size_t i = 0; i < n; i++) {
                while (k > 0 && bytes[i] != trigger->pattern[k])
                        k = trigger->fall[k - 1];
                if (bytes[i] == trigger->pattern[k])
                        k++;
                if (k == trigger->pattern_length) {
                        *state = 0;
                        return i + 1;
                }
        }
        *state = k;
        return 0;
}

/* The largest unit that says it exactly. */
static void time_text(uint64_t ns, char *text, size_t size)
{
        if (ns % 1000000000 == 0)
                snprintf(text, size, "%" PRIu64 "s", ns / 1000000000);
        else if (ns % 1000000 == 0)
                snprintf(text, size, "%" PRIu64 "ms", ns / 1000000);
        else
                snprintf(text, size, "%" PRIu64 "us", ns / 1000);
}

char *trigger_text(const struct trigger *trigger, char text[static TRIGGER_TEXT_MAX])
{
        size_t n = (size_t)snprintf(text, TRIGGER_TEXT_MAX, "%s", names[trigger->kind]);

        if (!has_value(trigger->kind))
                return text;
        text[n++] = '=';
        text[n] = 0;
        if (trigger->kind == TRIGGER_PATTERN) {
                for (size_t i = 0; i < trigger->pattern_length && n < TRIGGER_TEXT_MAX - 8; i++) {
                        uint8_t c = trigger->pattern[i];

                        n += (size_t)snprintf(text + n, TRIGGER_TEXT_MAX - n,
                                              c >= ' ' && c <= '~' && c != '\\' ? "%c" : "\\x%02x", c);
                }
        } else if (trigger->kind == TRIGGER_TIME || trigger->kind == TRIGGER_IDLE) {
                time_text(trigger->n, text + n, TRIGGER_TEXT_MAX - n);
        } else {
                snprintf(text + n, TRIGGER_TEXT_MAX - n, "%" PRIu64, trigger->n);
        }
        return text;
}
