/*
 * The filter language that `finis read`, `run` and `watch` share: words such as severity=bad, port=443,8000-8100,
 * ip=10.0.0.0/8, idle>60. It asks of a record alone, whatever its source.
 *
 * A word is a key, an operator (= != < > <= >=) and values with commas between them. Of several words all must
 * hold, of several values one. What a record does not know fits no word but one with !=.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ending/record.h"

#define FILTER_TERMS_MAX 24
#define FILTER_VALUES_MAX 32
#define FILTER_TEXT_MAX 64
#define FILTER_WHY_MAX 512 /* all causes by name */

enum filter_op { FILTER_EQUAL, FILTER_NOT_EQUAL, FILTER_LESS, FILTER_LESS_EQUAL, FILTER_GREATER, FILTER_GREATER_EQUAL };

struct filter_address {
        bool any_ip, any_port;
        uint8_t family, prefix; /* bits */
        uint8_t bytes[16];
        uint16_t port;
};

/* One value; which member holds follows from the key. */
struct filter_value {
        union {
                int word;
                struct {
                        int64_t from, to; /* both belong to it */
                } range;
                struct filter_address address;
                char text[FILTER_TEXT_MAX];
        };
        bool time_of_day; /* @range is nanoseconds since midnight */
};

struct filter_key;

struct filter_term {
        const char *typed; /* as it was given to filter_add(): borrowed */
        const struct filter_key *key;
        enum filter_op op;
        size_t n_values;
        struct filter_value values[FILTER_VALUES_MAX];
};

/* Zeroed, it lets everything through. */
struct filter {
        size_t n_terms;
        struct filter_term terms[FILTER_TERMS_MAX];
};

/* True of what looks like a word of a filter: letters, then an operator. Not of "./a=b". */
bool filter_is_word(const char *word);

/* Adds a word, which must live as long as the filter. -EINVAL, and a sentence for people in @why, if it is none
 * that is known. */
int filter_add(struct filter *filter, const char *word, char why[static FILTER_WHY_MAX]);

/* Its words as they were typed, with blanks between them. */
void filter_say(const struct filter *filter, FILE *file);

bool filter_match(const struct filter *filter, const struct record *r);

/* The keys with a line each, for --help. */
void filter_help(FILE *file);
