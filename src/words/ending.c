/* The endings. */
#include "words/ending.h"

#include "words/word.h"

static const struct word endings[N_ENDINGS] = {
        [ENDING_REFUSED] = { "refused", "A reset or an ICMP error answered the SYN." },
        [ENDING_UNANSWERED] = { "unanswered", "Nothing answered the SYN, or the handshake was never completed." },
        [ENDING_RESET] = { "reset", "A reset ended the connection before both sides' FINs were acknowledged." },
        [ENDING_ORDERLY] = { "orderly", "Both sides sent their FIN." },
        [ENDING_TIMED_OUT] = { "timed-out", "One side fell silent and the other gave up, or repeated itself in vain." },
        [ENDING_HALF_CLOSED] = { "half-closed",
                                 "One side sent its FIN; the other had not yet when sight of it was lost." },
        [ENDING_OPEN] = { "open", "The connection was established and nothing had ended it yet." },
        [ENDING_UNSEEN] = { "unseen", "Too little was seen to say how it ended." },
};

WORD_FUNCTIONS(ending, endings)
