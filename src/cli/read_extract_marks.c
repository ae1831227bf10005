/* A bitmap that grows. */
#include "cli/read_extract_marks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
        WORDS_LEAST = 1024,
};

int marks_set(struct marks *marks, uint64_t frame)
{
        uint64_t word = frame / 64;

        if (word >= marks->n_words) {
                size_t n = marks->n_words ? marks->n_words : WORDS_LEAST;
                uint64_t *words;

                while (n <= word && n < SIZE_MAX / 32)
                        n *= 2;
                if (n <= word)
                        return -ENOMEM;
                words = realloc(marks->words, n * sizeof(*words));
                if (!words)
                        return -ENOMEM;
                memset(words + marks->n_words, 0, (n - marks->n_words) * sizeof(*words));
                marks->words = words;
                marks->n_words = n;
        }
        marks->words[word] |= UINT64_C(1) << frame % 64;
        return 0;
}

bool marks_have(const struct marks *marks, uint64_t frame)
{
        return frame / 64 < marks->n_words && marks->words[frame / 64] >> frame % 64 & 1;
}

void marks_deinit(struct marks *marks)
{
        free(marks->words);
        *marks = (struct marks){ .words = NULL };
}
