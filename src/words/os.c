/* The systems. */
#include "words/os.h"

#include "words/word.h"

static const struct word words[N_OSES] = {
        [OS_LINUX] = { "linux", "Linux, told or shown by what only Linux sends." },
        [OS_OTHER] = { "other", "Shown not to be Linux." },
        [OS_UNKNOWN] = { "unknown", "Nothing tells." },
};

WORD_FUNCTIONS(os, words)
