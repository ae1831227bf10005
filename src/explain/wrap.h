/* Cuts a block's text into lines of a given width, and prints them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* One line of a text: bytes that may hold marks, and the columns that they take on the screen. */
struct wrapped {
        const char *start;
        size_t n_bytes;
        size_t n_columns;
};

/* Takes the next line of at most `width` columns off [*text, end). Returns false at the end. A word
 * that is longer than a line is cut. */
bool wrap_next(const char **text, const char *end, size_t width, struct wrapped *ret_line);

/* The columns of the whole text, and of its longest word. */
size_t wrap_columns(const char *text, const char *end);
size_t wrap_longest_word(const char *text, const char *end);

/* Prints a line. With `bold`, marks become escapes; *in_bold carries bold text from line to line
 * (every line closes it, so that columns may stand side by side). */
void wrap_print(FILE *out, const struct wrapped *line, bool bold, bool *in_bold);
