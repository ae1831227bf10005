/* The records of `finis read`, chosen by the filter and printed in the way that was asked for. */
#pragma once

#include "cli/read.h"
#include "cli/read_run.h"
#include "ending/record.h"

struct read_output;

/* Whether records are printed as they come, and not listed at the end. */
bool read_output_streams(const struct read_options *options);

int read_output_new(const struct read_options *options, struct read_output **ret_output);
struct read_output *read_output_free(struct read_output *output);

/* A record, or again one with a greater rev. Those that the filter does not want are counted. */
void read_output_record(struct read_output *output, const struct record *r);

/* The input may wait: what is printed so far is to be seen. */
void read_output_flush(struct read_output *output);

/* The end: the summary and the list, if they are for eyes. @counts: NULL if nothing is known of packets. */
void read_output_finish(struct read_output *output, const struct read_counts *counts);

/* Whether any of the records that were wanted is bad, by its last rev. Says so where the filter let none through. */
bool read_output_check(const struct read_output *output);
