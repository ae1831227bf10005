/* The keys of the filter language: what each of them asks of a record. For filter.c alone. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "ending/record.h"

enum filter_type {
        FILTER_WORD,
        FILTER_COUNT,
        FILTER_PORT,
        FILTER_BYTES,   /* a count that may be given as 10k */
        FILTER_SPAN,
        FILTER_SINCE,   /* a time, and = means from then on */
        FILTER_UNTIL,   /* likewise, up to then */
        FILTER_ADDRESS,
        FILTER_TEXT,
};

/* As many values as a record can have for one key. */
#define FILTER_OF_RECORD_MAX (N_CAUSES + 1)

struct filter_key {
        const char *name;
        enum filter_type type;
        const char *help;
        /* FILTER_WORD: the words by their numbers, and which of them the record has. */
        const char *(*word)(int i);
        int n_words;
        size_t (*words_of)(const struct record *r, int words[static FILTER_OF_RECORD_MAX]);
        bool ordered;   /* < and > mean something */
        /* Counts, spans and times. */
        size_t (*numbers_of)(const struct record *r, int64_t numbers[static 2]);
        /* Addresses: one end or either. */
        bool client, server;
        /* Texts. */
        size_t (*texts_of)(const struct record *r, const char *texts[static 2]);
};

extern const struct filter_key filter_keys[];
extern const size_t n_filter_keys;
