/* Saying in one line what is wrong with what was typed, and what to do about it. */
#pragma once

#include <getopt.h>

/* A line on standard error, whose end is added; nothing in it that a terminal would obey. errno
 * stays. Always -EINVAL. */
__attribute__((format(printf, 1, 2))) int wrong_line(const char *format, ...);

/* "finis read: --sort x: it can be severity, ...". @option and @text may be empty. Always -EINVAL. */
int wrong_word(const char *command, const char *option, const char *text, const char *why);

/* What getopt_long() gave back as @c, ':' or '?', of the options @known: opterr is 0, and its letters begin with ':'.
 * Always -EINVAL. */
int wrong_option(const char *command, int c, char *const *argv, const struct option *known);
