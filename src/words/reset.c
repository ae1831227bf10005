/* Shape and validity of a RST. */
#include "words/reset.h"

#include "words/word.h"

static const struct word kinds[N_RESET_KINDS] = {
        [RESET_KIND_ACTIVE] = { "active",
                "Sent by the closing kernel of its own accord: RST and ACK, its own window and options." },
        [RESET_KIND_REPLY] = { "reply",
                "An answer to a segment that could not be taken: window 0, no options." },
        [RESET_KIND_UNKNOWN] = { "unknown", "The shape fits neither, or was not seen." },
};

static const struct word validities[N_RESET_VALIDITIES] = {
        [RESET_VALIDITY_EXACT] = { "exact",
                "Its number is just the one expected next (of an answer to a SYN: it acknowledges that SYN)." },
        [RESET_VALIDITY_SACK_EDGE] = { "sack-edge",
                "Its number is the end of the highest block that the receiver had reported by SACK; Linux takes it." },
        [RESET_VALIDITY_BEFORE_FIN] = { "before-fin",
                "Its number is that of the FIN already received, one before the expected; Linux takes it." },
        [RESET_VALIDITY_IN_WINDOW] = { "in-window",
                "Its number lies in the window but is not the expected one; Linux answers with a challenge ACK." },
        [RESET_VALIDITY_OUTSIDE] = { "outside",
                "Its number lies outside the window; it is dropped without an answer." },
        [RESET_VALIDITY_UNKNOWN] = { "unknown",
                "What the receiver expected is not known." },
};

WORD_FUNCTIONS(reset_kind, kinds)
WORD_FUNCTIONS(reset_validity, validities)
