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

/* The same for words that make up one: connection, reset, by, peer. */
const struct explain_page *explain_find_phrase(char *const *words, size_t n_words);

/* The page of a phrase of two words or more within a message, as in "read: connection reset by
 * peer (104)"; the longest such phrase counts. NULL if there is none. */
const struct explain_page *explain_find_within(const char *message);
