/* The fates of bytes. */
#include "words/fate.h"

#include "words/word.h"

static const struct word fates[N_FATES] = {
        [FATE_NONE] = { "none", "No bytes were sent this way." },
        [FATE_ACKED] = { "acked",
                         "The other kernel acknowledged every byte; whether its program read them is another matter." },
        [FATE_UNCERTAIN] = { "uncertain",
                             "Some bytes were sent and never acknowledged; they may or may not have arrived." },
        [FATE_LOST] = { "lost", "Some bytes certainly never reached the program." },
        [FATE_UNKNOWN] = { "unknown", "Too little was seen to say." },
};

WORD_FUNCTIONS(fate, fates)
