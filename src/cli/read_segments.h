/* The segments of one connection for its ladder: the first and the last of them, however many there are. */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "connection/tracker.h"
#include "report/style.h"

struct read_segments;

/* @max: how many are told; 0: as many as fit to be read, 40. */
int read_segments_new(size_t max, struct read_segments **ret_segments);
struct read_segments *read_segments_free(struct read_segments *segments);

/* @segment belongs to another connection, or to none: a SYN between the same ends may be one on the living
 * connection, and is kept until a connection is given out that begins with it: read_segments_forget(). */
void read_segments_consider(struct read_segments *segments, const struct tracked_segment *segment);
void read_segments_forget(struct read_segments *segments, uint32_t file, uint64_t first_frame);

void read_segments_add(struct read_segments *segments, const struct tracked_segment *segment);

/* The ladder; @connection says who is who, and where the numbers begin. */
void read_segments_write(FILE *file, const struct read_segments *segments, const struct tracked *connection,
                         const struct style *style);
