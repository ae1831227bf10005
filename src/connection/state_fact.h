/* Stating facts: how each is known, and what it is. */
#pragma once

#include <string.h>

#include "ending/facts.h"

#define KNOWN(fact, how_known, what)                                                               \
        do {                                                                                       \
                (fact).how = (how_known);                                                          \
                (fact).value = (what);                                                             \
        } while (0)
#define SEEN(fact, what) KNOWN(fact, HOW_SEEN, what)
#define INFERRED(fact, what) KNOWN(fact, HOW_INFERRED, what)
/* Where @known does not hold the fact is unknown, and zero. */
#define KNOWN_IF(known, fact, how_known, what)                                                     \
        do {                                                                                       \
                if (known)                                                                         \
                        KNOWN(fact, how_known, what);                                              \
                else                                                                               \
                        memset(&(fact), 0, sizeof(fact));                                          \
        } while (0)
#define SEEN_IF(known, fact, what) KNOWN_IF(known, fact, HOW_SEEN, what)
#define INFERRED_IF(known, fact, what) KNOWN_IF(known, fact, HOW_INFERRED, what)

enum { PORT_SSH = 22 };
