/* Which of the known words somebody meant who mistyped one. */
#pragma once

#include <stddef.h>

/* How many single mistakes lie between two words: a letter too many, missing, wrong, or two
 * neighbours swapped; case counts as none. Words over 63 letters are infinitely far (SIZE_MAX). */
size_t suggest_distance(const char *a, const char *b);

/* Whether @word is near enough to @known to ask "did you mean": the beginning of it, or one
 * mistake away for each three letters. The smaller *ret_distance the nearer. */
int suggest_near(const char *word, const char *known, size_t *ret_distance);
