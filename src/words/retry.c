/* May the last request be sent again? */
#include "words/retry.h"

#include "words/word.h"

static const struct word retries[N_RETRIES] = {
        [RETRY_SAFE] = { "safe", "The last request reached no program, so sending it again cannot do it twice." },
        [RETRY_MAYBE_PROCESSED] = { "maybe-processed",
                                    "The last request may have reached a program that acted on it." },
        [RETRY_UNKNOWN] = { "unknown", "Too little was seen to say." },
};

WORD_FUNCTIONS(retry, retries)
