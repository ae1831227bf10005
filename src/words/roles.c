/* How client and server were told apart. */
#include "words/roles.h"

#include "words/word.h"

static const struct word words[N_ROLES] = {
        [ROLES_TOLD] = { "told", "A kernel or a program said so." },
        [ROLES_SYN] = { "syn", "The SYN was seen." },
        [ROLES_SYN_ACK] = { "syn-ack", "The SYN-ACK was seen; the SYN was not." },
        [ROLES_PORTS] = { "ports", "Inferred: one port is a known service and the other is not." },
        [ROLES_FIRST] = { "first", "A guess: the sender of the first segment seen is called the client." },
};

WORD_FUNCTIONS(roles, words)
