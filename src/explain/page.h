/*
 * The pages of `finis explain` as they come out of docs/explain: words that lead to a page, and a
 * page as a list of blocks. tools/explain-to-c.py makes the tables declared here at build time.
 */
#pragma once

#include <stddef.h>

/* Bytes below 32 that stand in a block's text in place of Markdown's marks. */
#define EXPLAIN_BOLD_ON '\001'
#define EXPLAIN_BOLD_OFF '\002'
#define EXPLAIN_CODE_ON '\003'
#define EXPLAIN_CODE_OFF '\004'
#define EXPLAIN_ROW '\036'  /* between two rows of a table */
#define EXPLAIN_CELL '\037' /* between two cells; behind an item's mark and a model table's name */

/* In the order in which `finis explain` lists them. */
enum explain_kind {
        EXPLAIN_KIND_ERRNO,
        EXPLAIN_KIND_SIGNAL,
        EXPLAIN_KIND_ENDING,
        EXPLAIN_KIND_CAUSE,
        EXPLAIN_KIND_RESET_REASON,
        EXPLAIN_KIND_CONN_STATE,
        EXPLAIN_KIND_CLAIM,
        EXPLAIN_KIND_TERM,
};
#define N_EXPLAIN_KINDS (EXPLAIN_KIND_TERM + 1)

enum explain_block_kind {
        EXPLAIN_PARAGRAPH,
        EXPLAIN_HEADING,
        EXPLAIN_ITEM,  /* mark, cell mark, text */
        EXPLAIN_TABLE, /* rows of n_columns cells; the first is the head */
        EXPLAIN_CODE,  /* lines, printed as they are */
        EXPLAIN_MODEL, /* the table's name, cell mark, its text when the page was written */
};

struct explain_block {
        enum explain_block_kind kind;
        size_t n_columns; /* of a table, else 0 */
        const char *text;
};

struct explain_page {
        const char *file; /* in docs/explain */
        const char *title;
        const struct explain_block *blocks;
        size_t n_blocks;
};

struct explain_word {
        const char *name; /* as it is written */
        const char *key;  /* as it is looked up: see explain_key() */
        enum explain_kind kind;
        const char *line; /* what it means, in at most 48 characters */
        const struct explain_page *page;
};

/* Another way to type a word. */
struct explain_alias {
        const char *key;
        const struct explain_page *page;
};

extern const struct explain_page explain_pages[];
extern const size_t n_explain_pages;
extern const struct explain_word explain_words[]; /* sorted by kind */
extern const size_t n_explain_words;
extern const struct explain_alias explain_aliases[];
extern const size_t n_explain_aliases;
