/* The words around a list of connections: what was read, what was no TCP, and what to type next. */
#pragma once

#include <stdio.h>

#include "cli/read.h"
#include "cli/read_run.h"
#include "report/totals.h"

/* "capture.pcap: 1,234 packets, 1.2 MB in 12.3 s from 2026-11-22 05:56:00 UTC" */
void read_summary_input(FILE *file, const struct read_options *options, const struct read_counts *counts);

/* How many were given out before their time; nothing if none was. To stderr as a line of its own. */
void read_summary_evicted(FILE *file, const struct read_options *options, const struct read_counts *counts);

/* What was not followed, and why; nothing if there is no such. */
void read_summary_others(FILE *file, const struct read_options *options, const struct read_counts *counts);

/* The command that tells one connection in full. */
void read_summary_show(FILE *file, const struct read_options *options, const char *id);

/* The files as they were typed, fit to be typed again; "FILE..." where they are too long. */
void read_summary_files(FILE *file, const struct read_options *options);
