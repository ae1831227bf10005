/* The ending record as a line of Zeek's conn.log, so that zeek-cut and what reads such logs can read it. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "ending/record.h"

/* The #-lines before and after the records. @time_ns: of the first and last packet, for #open and #close. */
void record_zeek_header(FILE *file, int64_t time_ns);
void record_zeek_footer(FILE *file, int64_t time_ns);

void record_zeek_write(FILE *file, const struct record *r);
