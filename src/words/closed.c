/* The ends of a direction. */
#include "words/closed.h"

#include "words/word.h"

static const struct word words[N_CLOSEDS] = {
        [CLOSED_NO] = { "no", "The sender of this direction neither sent a FIN nor a reset." },
        [CLOSED_FIN] = { "fin", "The sender closed this direction with a FIN; a reset may have followed." },
        [CLOSED_RESET] = { "reset", "The sender ended this direction with a reset, without a FIN before it." },
        [CLOSED_UNKNOWN] = { "unknown", "The segments of this sender were not all seen." },
};

WORD_FUNCTIONS(closed, words)
