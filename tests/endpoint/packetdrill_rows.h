/*
 * The rows of the tables in a page of docs/ that can be played on the model. A row is one if a cell of it
 * begins with acts between backquotes; the next cell then names the rules of the model that answer, each
 * between backquotes. The first cell names the case; the last says whether the model agrees.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define ROWS_MAX 256

struct row {
        char name[96];     /* of the first cell, as a word */
        char line[1024];   /* the acts */
        char rules[512];   /* the cell after them */
        char verdict[512]; /* the last cell */
        int at;            /* line of the page */
};

/* Reads the rows of `page`, a path below the tree; fails the test that asks if it cannot. */
size_t rows_read(const char *page, struct row *ret_rows);

/* Fails the test unless each rule that the row names has answered, and there is one. */
struct replay;
void row_rules_answered(const struct row *row, const struct replay *replay);

/* One cmocka test a row, and `extra` with all rows (state: struct row *) as one more. */
int rows_run(const char *group, struct row *rows, size_t n, void (*test)(void **state), void (*extra)(void **state));
