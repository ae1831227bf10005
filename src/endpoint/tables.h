/* Tables for people, made by asking the model: what its rules add up to. At most 76 columns. */
#pragma once

#include <stdio.h>

/* Writes the table `name`: send, recv, poll, close, rst, timers or icmp. 0, or -ENOENT. */
int endpoint_table_write(FILE *file, const char *name);
/* The names in their order; NULL past the last. */
const char *endpoint_table_name(size_t index);
