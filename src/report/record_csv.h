/* The ending record as CSV (RFC 4180): a header line, then a line a record. What is not known is empty. */
#pragma once

#include <stdio.h>

#include "ending/record.h"

void record_csv_header(FILE *file);
void record_csv_write(FILE *file, const struct record *r);
