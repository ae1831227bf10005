/* What was staged, as a line for eyes and as JSON. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "lab/stage/stage.h"

void stage_write_line(FILE *file, const struct stage_result *result);
void stage_write_json(FILE *file, const struct stage_result *result);

/* The endings, each with what a client is told of it. */
void stage_list_text(FILE *file);
void stage_list_json(FILE *file);
