/* What a call told a program, as a word: "0", "ECONNRESET", "EPIPE+SIGPIPE", "sent", "waits". */
#pragma once

#include "ending/record.h"

/* Longest: "EPROTONOSUPPORT+SIGPIPE", or the digits of a count with the signal. */
#define TOLD_TEXT_MAX 32

/* Writes the word without a NUL; returns where it ends. */
char *told_put(char *to, const struct told *told);
