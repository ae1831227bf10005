/* Which of the known words somebody meant: the restricted Damerau-Levenshtein distance. */
#include "cli/suggest.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { LONGEST = 63 };

static size_t least(size_t a, size_t b)
{
        return a < b ? a : b;
}

static int letter(char c)
{
        return tolower((unsigned char)c);
}

size_t suggest_distance(const char *a, const char *b)
{
        size_t rows[3][LONGEST + 1], n_a = strlen(a), n_b = strlen(b);
        size_t *above2 = rows[0], *above = rows[1], *row = rows[2];

        if (n_a > LONGEST || n_b > LONGEST)
                return SIZE_MAX;

        for (size_t j = 0; j <= n_b; j++)
                row[j] = j;
        for (size_t i = 1; i <= n_a; i++) {
                size_t *spare = above2;

                above2 = above;
                above = row;
                row = spare;
                row[0] = i;
                for (size_t j = 1; j <= n_b; j++) {
                        size_t differ = letter(a[i - 1]) != letter(b[j - 1]);

                        row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + differ);
                        if (i > 1 && j > 1 && letter(a[i - 1]) == letter(b[j - 2]) &&
                            letter(a[i - 2]) == letter(b[j - 1]))
                                row[j] = least(row[j], above2[j - 2] + 1);
                }
        }
        return row[n_b];
}

int suggest_near(const char *word, const char *known, size_t *ret_distance)
{
        size_t n_word = strlen(word), distance = suggest_distance(word, known);

        if (n_word == 0 || distance == SIZE_MAX)
                return 0;
        if (distance > (n_word + 2) / 3 && strncasecmp(word, known, n_word) != 0)
                return 0;
        *ret_distance = distance;
        return 1;
}
