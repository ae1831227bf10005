/* Shrinks sequences: first whole tails and halves, then single acts. */
#include "lab/shrink.h"

#include <stdio.h>
#include <string.h>

#define MAX_ACTS 64
#define MAX_TEXT 2048

struct acts {
        char text[MAX_TEXT];
        const char *act[MAX_ACTS];
        size_t n;
};

static void split(struct acts *a, const char *text)
{
        char *p = a->text;

        snprintf(a->text, sizeof(a->text), "%s", text);
        a->n = 0;
        for (char *word = strtok_r(p, ", ", &p); word && a->n < MAX_ACTS; word = strtok_r(NULL, ", ", &p))
                a->act[a->n++] = word;
}

/* All but [from, from + n). */
static void join(const struct acts *a, size_t from, size_t n, char *text, size_t size)
{
        size_t at = 0;

        text[0] = 0;
        for (size_t i = 0; i < a->n && at < size; i++)
                if (i < from || i >= from + n)
                        at += (size_t)snprintf(text + at, size - at, "%s%s", at ? "," : "", a->act[i]);
}

size_t shrink(char *acts, size_t size, bool (*disagrees)(const char *acts, void *context), void *context)
{
        char candidate[MAX_TEXT];
        struct acts a;
        size_t plays = 0;

        split(&a, acts);
        for (size_t chunk = a.n / 2 ? a.n / 2 : 1; chunk >= 1; chunk /= 2) {
                for (size_t from = a.n >= chunk ? a.n - chunk : 0;;) {
                        bool shorter = false;

                        if (a.n > chunk) {
                                join(&a, from, chunk, candidate, sizeof(candidate));
                                plays++;
                                shorter = disagrees(candidate, context);
                        }
                        if (shorter) {
                                snprintf(acts, size, "%s", candidate);
                                split(&a, acts);
                                from = a.n >= chunk && from > a.n - chunk ? a.n - chunk : from;
                        }
                        if (from == 0)
                                break;
                        from = from > chunk ? from - chunk : 0;
                }
        }
        return plays;
}
