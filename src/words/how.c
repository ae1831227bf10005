/* How facts are known. */
#include "words/how.h"

#include "words/word.h"

static const struct word words[N_HOWS] = {
        [HOW_UNKNOWN] = { "unknown", "Nothing says." },
        [HOW_INFERRED] = { "inferred", "It follows from other facts by a rule that has exceptions." },
        [HOW_TOLD] = { "told", "A kernel or a program said so of itself." },
        [HOW_SEEN] = { "seen", "A segment, a call or its result showed it." },
};

WORD_FUNCTIONS(how, words)
