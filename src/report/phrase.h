/* Text for people that is put together piece by piece in a buffer of its own, and then laid out in lines. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PHRASE_MAX 2048

/* Zeroed, it is empty. What does not fit is left out; the pieces are bounded, so that does not happen. */
struct phrase {
        size_t n;
        char text[PHRASE_MAX];
};

void phrase_add(struct phrase *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "1,234,567" */
void phrase_count(struct phrase *p, uint64_t n);
/* "1 byte", "600 bytes", "12,345 bytes", "1.2 MB" */
void phrase_bytes(struct phrase *p, uint64_t n);
/* "12 µs", "35 ms", "5.0 s", "3 min 20 s", "2 h 5 min" */
void phrase_span(struct phrase *p, int64_t span_ns);

/* Makes the first letter a capital. */
void phrase_capital(struct phrase *p);

/*
 * Writes @text in lines of at most @width columns, each after @indent blanks; in the first line @n_before
 * columns are taken already. Ends the last line. Controls become '?'.
 */
void phrase_write(FILE *file, const char *text, unsigned width, unsigned indent, unsigned n_before);

/* How many columns a text of UTF-8 takes, a column a character. */
size_t phrase_columns(const char *text);
