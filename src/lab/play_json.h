/* A play for programs: one JSON object a line, and the truth that goes beside its capture. */
#pragma once

#include <stdio.h>

#include "lab/play.h"

void play_write_json(FILE *file, const struct play *play);
/* NAME.ipv4.pcap and NAME.ipv4.json in `directory`. 0, -ENODATA where the wire was not seen, or another
 * negative errno. */
int play_write_pcap(const char *directory, const struct play *play);
