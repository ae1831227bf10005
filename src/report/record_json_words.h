/*
 * The words of a record as JSON has them: in quotes, with their length, and in one size, so that a word is put
 * without a call, a search for its end or a loop. The words themselves stand in src/words and nowhere else.
 */
#pragma once

#include <stdint.h>
#include <string.h>

#include "words/cause.h"
#include "words/certainty.h"
#include "words/closed.h"
#include "words/conn_state.h"
#include "words/ending.h"
#include "words/fate.h"
#include "words/os.h"
#include "words/reset.h"
#include "words/retry.h"
#include "words/roles.h"
#include "words/severity.h"
#include "words/side.h"
#include "words/sides_seen.h"
#include "words/source.h"

/* So much is written for a word, whatever its length: room for it must be there. */
#define JSON_WORD_MAX 32

struct json_word {
        char text[JSON_WORD_MAX - 1];
        uint8_t n;
};

/* Each set, and how many of its values are words; what is past them is null. The one past them has a row too. */
#define JSON_WORDS(F)                                                                              \
        F(source, N_SOURCES)                                                                       \
        F(os, OS_UNKNOWN)                                                                          \
        F(ending, N_ENDINGS)                                                                       \
        F(side, SIDE_UNKNOWN)                                                                      \
        F(severity, N_SEVERITIES)                                                                  \
        F(cause, N_CAUSES)                                                                         \
        F(certainty, N_CERTAINTIES)                                                                \
        F(closed, CLOSED_UNKNOWN)                                                                  \
        F(fate, N_FATES)                                                                           \
        F(reset_kind, RESET_KIND_UNKNOWN)                                                          \
        F(reset_validity, RESET_VALIDITY_UNKNOWN)                                                  \
        F(roles, N_ROLES)                                                                          \
        F(sides_seen, N_SIDES_SEEN)                                                                \
        F(retry, N_RETRIES)                                                                        \
        F(conn_state, N_CONN_STATES)

#define JSON_WORDS_MEMBER(set, n_words) struct json_word set[(n_words) + 1];

struct json_words {
        JSON_WORDS(JSON_WORDS_MEMBER)
};

/* Made before main() begins, and never changed. */
extern struct json_words json_words;

static inline char *json_put_word(char *to, const struct json_word *words, unsigned n_words, unsigned value)
{
        const struct json_word *word = &words[value < n_words ? value : n_words];

        memcpy(to, word, sizeof(*word));
        return to + word->n;
}

/* The same without its quotes, and nothing for null: for other formats. */
static inline char *json_put_bare(char *to, const struct json_word *words, unsigned n_words, unsigned value)
{
        const struct json_word *word = &words[value < n_words ? value : n_words];

        if (word->text[0] != '"')
                return to;
        memcpy(to, word->text + 1, sizeof(word->text) - 1);
        return to + word->n - 2;
}

#define JSON_PUT_WORD(set, n_words)                                                                \
        static inline char *json_put_##set(char *to, enum set value)                               \
        {                                                                                          \
                return json_put_word(to, json_words.set, (n_words), (unsigned)(int)value);         \
        }                                                                                          \
        static inline char *json_put_bare_##set(char *to, enum set value)                          \
        {                                                                                          \
                return json_put_bare(to, json_words.set, (n_words), (unsigned)(int)value);         \
        }
JSON_WORDS(JSON_PUT_WORD)
