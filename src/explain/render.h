/* Prints a page, and the list of all words. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "explain/page.h"

#define EXPLAIN_WIDTH_LEAST 20
#define EXPLAIN_WIDTH_MOST 80

/* How the output is to look. */
struct explain_style {
        size_t width; /* columns; taken into the bounds above */
        bool bold;    /* headings in bold, by escape sequences */
};

/* Lines of code and the model's tables are never wrapped; all else fits the width. */
void explain_render(FILE *out, const struct explain_page *page, const struct explain_style *style);

/* The words by kind, with a line each. */
void explain_list(FILE *out, const struct explain_style *style);

const char *explain_kind_heading(enum explain_kind kind);
