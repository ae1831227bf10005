/* A record as an entry of a list: its id and ends, and below them how it ended, in words. */
#pragma once

#include <stdio.h>

#include "ending/record.h"
#include "report/style.h"

/* @where: where it was seen, "in cap2.pcap", or NULL if that goes without saying. */
void line_write(FILE *file, const struct record *r, const char *where, const struct style *style);

/* Its two halves: who with whom, and what is to be said of it. */
void line_write_head(FILE *file, const struct record *r, const struct style *style);
void line_write_words(FILE *file, const struct record *r, const char *where, const struct style *style);

/* What was sent each way by a connection that ended with a FIN and lost nothing: its words speak of bytes only where
 * some are missed. No line of another, nor where nothing is known. */
void line_write_bytes(FILE *file, const struct record *r, const struct style *style);

/* The evidence below it, a line or two each. */
void line_write_evidence(FILE *file, const struct record *r, const struct style *style);
