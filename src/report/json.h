/*
 * Writing JSON to a FILE: no allocation, no locale. This is the one place where text is escaped.
 *
 * Every call takes a key; inside an array the key is NULL. Commas are put by the writer. What
 * the FILE refuses is told by json_end(), not before.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/maybe.h"

/* Enough for some records, and for any one if what it could be is there at once. */
#define JSON_BUFFER_SIZE 65536

struct json {
        FILE *file;
        bool comma; /* the next value needs one before it */
        int error;  /* the first that the FILE gave, negative */
        size_t n_buffer;
        char buffer[JSON_BUFFER_SIZE];
};

void json_begin(struct json *j, FILE *file);

/* Ends the line. 0, or the first error of the FILE; what it still buffers may yet fail. */
int json_end(struct json *j);

/* The same for one of many lines: the FILE may get it later, with others, at the latest by json_flush(). */
void json_next(struct json *j);
int json_flush(struct json *j);

void json_object(struct json *j, const char *key);
void json_object_end(struct json *j);
void json_array(struct json *j, const char *key);
void json_array_end(struct json *j);

void json_null(struct json *j, const char *key);
void json_bool(struct json *j, const char *key, bool value);
void json_uint(struct json *j, const char *key, uint64_t value);

/*
 * Text from anywhere, NULL as null. Control characters, and those that turn the direction of the
 * line or end it, are escaped; each maximal ill-formed piece of UTF-8 becomes U+FFFD.
 */
void json_text(struct json *j, const char *key, const char *text);
void json_text_n(struct json *j, const char *key, const char *text, size_t n);

/* Nanoseconds since 1970 as "2026-11-22T05:56:00.123456789Z": always nine digits. */
void json_time(struct json *j, const char *key, int64_t time_ns);

/* A span as seconds, exact: 6.234567, 5, 0.000000001. */
void json_seconds(struct json *j, const char *key, int64_t span_ns);

/*
 * For what is written a million times: room for @n bytes of JSON made by the caller, who says by json_took()
 * where they end and whether the next value needs a comma before it. @n is at most JSON_BUFFER_SIZE.
 */
char *json_room(struct json *j, size_t n);

static inline void json_took(struct json *j, const char *end, bool comma)
{
        j->n_buffer = (size_t)(end - j->buffer);
        j->comma = comma;
}

/* "2026-11-22T05:56:00.123456789Z" without quotes or NUL; and a span. Return the end. */
#define JSON_TIME_MAX 32
#define JSON_SECONDS_MAX 24
char *json_put_time(char *to, int64_t time_ns);
char *json_put_seconds(char *to, int64_t span_ns);

/* The same where known, else null. */
void json_maybe_bool(struct json *j, const char *key, struct maybe_bool value);
void json_maybe_uint(struct json *j, const char *key, struct maybe_u64 value);
void json_maybe_time(struct json *j, const char *key, struct maybe_i64 value);
void json_maybe_seconds(struct json *j, const char *key, struct maybe_i64 value);
