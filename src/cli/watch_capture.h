/*
 * finis watch --capture: the last packets of every connection stay in memory; those of each that is told are written
 * to a file, with the verdict in a comment, and RSTs from elsewhere are judged by their shape.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "ending/record.h"
#include "live/facts.h"
#include "live/pairs.h"

struct watch_capture;

/* Opens the packet socket and makes the file at @path. Returns 0 or a negative errno, after a line on stderr. */
int watch_capture_open(const char *path, struct watch_capture **ret_capture);
/* Writes what is left. Takes NULL. Returns 0 or a negative errno. */
int watch_capture_close(struct watch_capture *capture);

/* Takes in the packets that came. */
void watch_capture_take(struct watch_capture *capture);

/* What its packets tell of the connection, or NULL: none are there. Borrowed until the next call. */
const struct facts *watch_capture_look(struct watch_capture *capture, const struct live_connection *c,
                                       const struct live_clock *clock);

/* Writes the packets that the last watch_capture_look() found; but none twice. */
void watch_capture_write(struct watch_capture *capture, struct live_connection *c, const struct record *r);

/* A line if packets were missed, or the file could not be written. */
void watch_capture_losses(FILE *file, struct watch_capture *capture);
