/* The sides. */
#include "words/side.h"

#include "words/word.h"

static const struct word sides[N_SIDES] = {
        [SIDE_CLIENT] = { "client", "The end that sent the SYN." },
        [SIDE_SERVER] = { "server", "The end that answered the SYN." },
        [SIDE_NETWORK] = { "network", "Something between the two ends, and shown to be so." },
        [SIDE_UNKNOWN] = { "unknown", "It cannot be said which side it was." },
};

WORD_FUNCTIONS(side, sides)
