/*
 * A stream whose reader may be slow: what is printed into it is kept in memory and written by a thread of
 * its own, so that whoever prints goes on. Who prints more than LINES_MOST ahead of the reader waits.
 */
#pragma once

#include <stdio.h>

#define LINES_MOST (64U << 20)

struct lines;

/* @fd stays the caller's. Returns 0 or a negative errno. */
int lines_open(int fd, struct lines **ret_lines);

/* Line-buffered; ends with lines_close(). */
FILE *lines_stream(struct lines *lines);

/* Waits until all that was printed so far is written. Returns 0, or the negative errno of the first write
 * that failed. */
int lines_wait(struct lines *lines);

/* The same, and the end of it. Takes NULL. */
int lines_close(struct lines *lines);
