/* Comparing names that people type: neither case nor the choice of '-' or '_' matters. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* True where both name the same thing: "FIN_WAIT1" and "fin-wait1" do. ASCII only, no locale. */
bool text_same_name(const char *a, const char *b);

/* Where `name` begins with `prefix` (read as above), what follows it; else NULL. Borrowed from `name`. */
const char *text_after_prefix(const char *name, const char *prefix);
