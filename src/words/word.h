/*
 * A word and its sentence. Each set of words is an enum in a header of its own and one table that
 * names every value; the functions over the table are the same for all sets, so they are made here.
 */
#pragma once

#include <errno.h>
#include <stddef.h>

struct word {
        const char *name;
        const char *sentence;
};

/* The row whose name is `name` (case, '-' and '_' do not matter), or -ENOENT. Rows may be empty. */
int word_find(const struct word *words, size_t n_words, const char *name, size_t *ret_index);

/*
 * Defines set_name() and set_sentence() over a table indexed by `enum set`.
 * Both are NULL for a value that the table does not have: JSON prints that as null.
 */
#define WORD_NAMES(set, table)                                                                     \
        const char *set##_name(enum set value)                                                     \
        {                                                                                          \
                size_t i = (size_t)(int)value;                                                     \
                return i < sizeof(table) / sizeof(table[0]) ? table[i].name : NULL;                \
        }                                                                                          \
        const char *set##_sentence(enum set value)                                                 \
        {                                                                                          \
                size_t i = (size_t)(int)value;                                                     \
                return i < sizeof(table) / sizeof(table[0]) ? table[i].sentence : NULL;            \
        }

/* Defines set_find(): 0 and the value, or -ENOENT. */
#define WORD_FIND(set, table)                                                                      \
        int set##_find(const char *name, enum set *ret)                                            \
        {                                                                                          \
                size_t i;                                                                          \
                int r = word_find(table, sizeof(table) / sizeof(table[0]), name, &i);              \
                if (r < 0)                                                                         \
                        return r;                                                                  \
                *ret = (enum set)i;                                                                \
                return 0;                                                                          \
        }

#define WORD_FUNCTIONS(set, table)                                                                 \
        WORD_NAMES(set, table)                                                                     \
        WORD_FIND(set, table)
