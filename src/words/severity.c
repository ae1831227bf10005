/* The severities. */
#include "words/severity.h"

#include "words/word.h"

static const struct word severities[N_SEVERITIES] = {
        [SEVERITY_FINE] = { "fine", "Everyday: nothing was lost that anybody wanted." },
        [SEVERITY_NOTABLE] = { "notable", "Not as it should be, but no bytes are known to be lost or in doubt." },
        [SEVERITY_BAD] = { "bad", "Bytes were lost or are in doubt, an exchange was cut, or somebody waited in vain." },
};

WORD_FUNCTIONS(severity, severities)
