/* Saying back what a user typed, or what a file is called: without control characters. */
#pragma once

#include <stddef.h>
#include <stdio.h>

/* Nothing that a terminal would obey goes through: controls and bytes that are no UTF-8 become '?'. */
void say_typed(FILE *file, const char *text);
void say_typed_n(FILE *file, const char *text, size_t n);
