/* The sources of records. */
#include "words/source.h"

#include "words/word.h"

static const struct word sources[N_SOURCES] = {
        [SOURCE_CAPTURE] = { "capture", "Packets in a file." },
        [SOURCE_RUN] = { "run", "The calls of a program that finis ran." },
        [SOURCE_WATCH] = { "watch", "The running kernel." },
        [SOURCE_LAB] = { "lab", "A scenario that finis staged, so it knows what was done." },
        [SOURCE_SOCKET] = { "socket", "One open socket, asked by the program that owns it." },
};

WORD_FUNCTIONS(source, sources)
