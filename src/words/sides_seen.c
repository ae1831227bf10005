/* Which sides were seen. */
#include "words/sides_seen.h"

#include "words/word.h"

static const struct word words[N_SIDES_SEEN] = {
        [SIDES_SEEN_BOTH] = { "both", "Both ends." },
        [SIDES_SEEN_CLIENT] = { "client", "Only those of the client." },
        [SIDES_SEEN_SERVER] = { "server", "Only those of the server." },
        [SIDES_SEEN_NONE] = { "none",
                              "Neither: the connection is known from hearsay, such as an ICMP error that quotes it." },
};

WORD_FUNCTIONS(sides_seen, words)
