/* The larger parts of a record told in full. For show.c alone. */
#pragma once

#include <stdio.h>

#include "ending/record.h"
#include "report/style.h"

enum { SHOW_INDENT = 2, SHOW_COLUMN = 13 };

/* A name in the left column and words beside it. */
void show_row(FILE *file, const char *name, const char *text, const struct style *style);

/* What became of the bytes each way. */
void show_bytes(FILE *file, const struct record *r, const struct style *style);

/* What each program was told, or would be told. */
void show_told(FILE *file, const struct record *r, const struct style *style);
