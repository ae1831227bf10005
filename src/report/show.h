/* One record in full, for a person or a ticket: how it ended, why, what became of the bytes, what the programs
 * are told, and what speaks for all that. */
#pragma once

#include <stdio.h>

#include "ending/record.h"
#include "report/style.h"

/* All but the segments. @where: "of a.pcap", or "". */
void show_write(FILE *file, const struct record *r, const char *where, const struct style *style);

/* A heading as the others have it. */
void show_heading(FILE *file, const char *text, const struct style *style);
