/*
 * From what a person typed to a page. Case, and whether a word's parts are joined by "_", "-" or
 * a space, make no difference.
 */
#include "explain/lookup.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define MESSAGE_WORDS_MAX 64
#define PUNCTUATION " \t\n:;,.!?()[]{}<>\"'"

void explain_key(const char *word, char ret_key[static EXPLAIN_KEY_MAX])
{
        /* The kernel's sources write reset reasons with this prefix, its trace output without. */
        const char *reason = text_after_prefix(word, "SK_RST_REASON_");
        size_t n = 0;
        bool gap = false;

        if (reason != NULL)
                word = reason;

        for (; *word != '\0' && n < EXPLAIN_KEY_MAX - 1; word++) {
                if (*word == ' ' || *word == '_' || *word == '-') {
                        gap = n > 0;
                        continue;
                }
                if (gap && n < EXPLAIN_KEY_MAX - 2)
                        ret_key[n++] = '-';
                gap = false;
                ret_key[n++] = (char)tolower((unsigned char)*word);
        }
        /* A call is often typed as it is written: send(). */
        if (n > 2 && ret_key[n - 1] == ')' && ret_key[n - 2] == '(')
                n -= 2;
        ret_key[n] = '\0';
}

const struct explain_page *explain_find(const char *word)
{
        char key[EXPLAIN_KEY_MAX];

        explain_key(word, key);
        for (size_t i = 0; i < n_explain_words; i++)
                if (strcmp(explain_words[i].key, key) == 0)
                        return explain_words[i].page;
        for (size_t i = 0; i < n_explain_aliases; i++)
                if (strcmp(explain_aliases[i].key, key) == 0)
                        return explain_aliases[i].page;
        return NULL;
}

const struct explain_page *explain_find_phrase(char *const *words, size_t n_words)
{
        char phrase[2 * EXPLAIN_KEY_MAX];
        size_t n = 0;

        for (size_t i = 0; i < n_words && n < sizeof(phrase); i++) {
                const int more = snprintf(phrase + n, sizeof(phrase) - n, "%s ", words[i]);

                if (more < 0)
                        return NULL;
                n += (size_t)more;
        }
        return n < sizeof(phrase) ? explain_find(phrase) : NULL;
}

const struct explain_page *explain_find_within(const char *message)
{
        char text[1024], *words[MESSAGE_WORDS_MAX], *rest = text;
        size_t n = 0;

        snprintf(text, sizeof(text), "%s", message);
        while (n < MESSAGE_WORDS_MAX) {
                char *word = strsep(&rest, PUNCTUATION);

                if (word == NULL)
                        break;
                if (*word != '\0')
                        words[n++] = word;
        }
        for (size_t n_phrase = n; n_phrase >= 2; n_phrase--) {
                for (size_t first = 0; first + n_phrase <= n; first++) {
                        const struct explain_page *page = explain_find_phrase(words + first, n_phrase);

                        if (page != NULL)
                                return page;
                }
        }
        return NULL;
}
