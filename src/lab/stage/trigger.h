/* When an act of the stage is due: "accept", "first-byte", "received=N", "sent=N", "answer", "time=2s",
 * "idle=500ms", "pattern=TEXT", "fin". */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRIGGER_PATTERN_MAX 256
#define TRIGGERS_MAX 4

enum trigger_kind {
        TRIGGER_NONE,
        TRIGGER_ACCEPT,
        TRIGGER_FIRST_BYTE, /* as received=1 */
        TRIGGER_RECEIVED,
        TRIGGER_SENT,
        TRIGGER_ANSWER, /* all of it was sent and acknowledged */
        TRIGGER_TIME,
        TRIGGER_IDLE,
        TRIGGER_PATTERN,
        TRIGGER_FIN,
        N_TRIGGERS,
};

struct trigger {
        enum trigger_kind kind;
        uint64_t n;     /* bytes, or nanoseconds */
        uint8_t pattern[TRIGGER_PATTERN_MAX];
        uint16_t fall[TRIGGER_PATTERN_MAX]; /* of the matcher: how much of it still fits behind a miss */
        size_t pattern_length;
};

/* 0; -EINVAL, and *ret_why (static) says what is wrong. */
int trigger_parse(const char *text, struct trigger *ret_trigger, const char **ret_why);
void trigger_init(enum trigger_kind kind, struct trigger *ret_trigger);

/* "2s", "500ms", "1m" in nanoseconds; a bare number is milliseconds. 0 or -EINVAL. */
int trigger_parse_time(const char *text, uint64_t *ret_ns);
/* Text with \n, \r, \t, \0, \\ and \xHH into bytes; at most `size`. 0, -EINVAL or -E2BIG. */
int trigger_unescape(const char *text, uint8_t *bytes, size_t size, size_t *ret_n);

/* Looks for the pattern in the next `n` bytes of a stream; *state begins with 0. Returns how many of
 * them were looked at when it was complete, or 0 if it was not. */
size_t trigger_match(const struct trigger *trigger, uint16_t *state, const uint8_t *bytes, size_t n);

#define TRIGGER_TEXT_MAX 48
/* As it may be typed, shortened where it is long. Returns `text`. */
char *trigger_text(const struct trigger *trigger, char text[static TRIGGER_TEXT_MAX]);
