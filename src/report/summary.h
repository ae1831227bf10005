/* The totals of many records in words: how they ended and why, and what became of their bytes. */
#pragma once

#include <stdio.h>

#include "report/style.h"
#include "report/totals.h"

/* A table of endings with their causes, and a line about bytes. */
void summary_write(FILE *file, const struct totals *totals, const struct style *style);
