/* Looking a word up. The sets are short, so a walk is enough. */
#include "words/word.h"

#include "base/text.h"

int word_find(const struct word *words, size_t n_words, const char *name, size_t *ret_index)
{
        for (size_t i = 0; i < n_words; i++)
                if (words[i].name && text_same_name(words[i].name, name)) {
                        *ret_index = i;
                        return 0;
                }
        return -ENOENT;
}
