/* A table of text in columns of fixed width; cells are wrapped. */
#pragma once

#include <stddef.h>
#include <stdio.h>

#define COLUMNS_MAX 4

struct columns {
        FILE *file;
        size_t n;
        int width[COLUMNS_MAX];
};

void columns_header(const struct columns *columns, const char *const headers[]);
/* A cell that is the same as the one above it may be given as "". */
void columns_row(const struct columns *columns, const char *const cells[]);
