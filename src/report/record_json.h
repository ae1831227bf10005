/* The ending record as JSON: one object a line, every key present, in the order of the schema. */
#pragma once

#include <stdio.h>

#include "ending/record.h"
#include "report/json.h"

/* Flags. */
#define RECORD_JSON_EVIDENCE 1U /* adds the key "evidence" at the end */

/* 0, or a negative errno where the FILE has failed. What it still buffers may fail later. */
int record_write_json(FILE *file, const struct record *r, unsigned flags);

/* The same object as a member of another, or of an array where `key` is NULL. */
void json_record(struct json *j, const char *key, const struct record *r, unsigned flags);
