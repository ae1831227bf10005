/* The certainties. */
#include "words/certainty.h"

#include "words/word.h"

static const struct word certainties[N_CERTAINTIES] = {
        [CERTAINTY_POSSIBLE] = { "possible", "It fits what was seen, and so do others." },
        [CERTAINTY_LIKELY] = { "likely", "A named fact speaks for it against all others that fit." },
        [CERTAINTY_CERTAIN] = { "certain", "The kernel that did it said so, or nothing else can make what was seen." },
};

WORD_FUNCTIONS(certainty, certainties)
