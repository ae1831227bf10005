/* The two classic cases side by side, as they just ran here: at most 40 lines of 80 columns. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "lab/play.h"

/* Plays and tells. 0; 1 where the kernel did what the model does not allow; 2 where it could not be
 * played, with a line on stderr. */
int demo_run(FILE *file, const struct stage_rights *rights, struct sniffer *sniffer, bool colour);
