/* Prints a table of a page in a given width: cells that are too long are wrapped. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "explain/page.h"

void explain_columns_write(FILE *out, const struct explain_block *table, size_t indent, size_t width,
                           bool bold);
