/* The endpoint model's tables, which some pages print. */
#pragma once

#include <stdio.h>

/* Writes the model's table. Returns 0, or -ENOENT if this build has no such table: then the text
 * that stands in the page is as good as can be had. */
int explain_model_write(FILE *out, const char *name);
