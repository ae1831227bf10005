/* The words of a record as JSON has them, made from those of src/words. */
#include "report/record_json_words.h"

#include <assert.h>

struct json_words json_words;

static void fill(struct json_word *word, const char *name)
{
        size_t n = name ? strlen(name) : 0;

        if (!name) {
                memcpy(word->text, "null", 4);
                word->n = 4;
                return;
        }
        assert(n + 2 <= sizeof(word->text));
        word->text[0] = '"';
        memcpy(word->text + 1, name, n);
        word->text[n + 1] = '"';
        word->n = (uint8_t)(n + 2);
}

/* Before main(), so that no thread can find them half made. */
static void __attribute__((constructor)) fill_all(void)
{
#define FILL(set, n_words)                                                                         \
        for (int i = 0; i < (int)(n_words); i++)                                                   \
                fill(&json_words.set[i], set##_name((enum set)i));                                 \
        fill(&json_words.set[n_words], NULL);
        JSON_WORDS(FILL)
#undef FILL
}
