/* Finds the page for a word. */
#pragma once

#include <stddef.h>

#include "explain/page.h"

#define EXPLAIN_KEY_MAX 64

/* Writes the one spelling that SO_LINGER, so-linger and "So  Linger" share. A longer word is cut,
 * which no page's key is, so it finds nothing. */
void explain_key(const char *word, char ret_key[static EXPLAIN_KEY_MAX]);

/* The page that the word leads to, or NULL. */
const struct explain_page *explain_find(const char *word);
