/* A play in words: calls and results, what each side was told, the wire in short, one scenario in full. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "lab/play.h"

#define TELL_MAX 96

/* "send(10)", "shutdown(SHUT_WR)", "SO_LINGER on, 0 s": the act as a C programmer knows it. */
char *tell_act(const struct lab_act *act, char text[static TELL_MAX]);
/* "10", "ECONNRESET", "EPIPE + SIGPIPE", "waits"; for SO_ERROR the name of its value. */
char *tell_result(const struct step *step, char text[static TELL_MAX]);
/* One of the model's emissions: "FIN", "10 bytes", "RST in reply"; NULL for what is not worth a word. */
const char *tell_emitted(const struct emitted *emitted, char text[static TELL_MAX]);

/* What the table says below a scenario's name: at most 80 columns a line. */
void tell_short(FILE *file, const struct play *play);
/* All of it: calls, rules, ladder, poll bits, bytes, advice. */
void tell_full(FILE *file, const struct play *play, bool utf8, bool bold);
