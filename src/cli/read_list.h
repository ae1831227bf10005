/* The connections that a summary names: so many of them as were asked for, the first by some order. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/read.h"
#include "ending/record.h"

struct read_list;

int read_list_new(enum read_sort sort, size_t max, bool evidence, const struct style *style,
                  struct read_list **ret_list);
struct read_list *read_list_free(struct read_list *list);

/* Takes a record in, in the place of its earlier revs, if it is among the first. -ENOMEM: it is left out. */
int read_list_add(struct read_list *list, const struct record *r, const char *where);
/* Takes its earlier revs out. */
void read_list_remove(struct read_list *list, const struct record *r);

/* Puts all in order; then they can be asked for by number. */
void read_list_sort(struct read_list *list);
size_t read_list_count(const struct read_list *list);
/* The first @n of them. Where the same is to be said of several in a row, it is said once, below the last. */
void read_list_write(const struct read_list *list, size_t n, FILE *file);
enum severity read_list_severity(const struct read_list *list, size_t i);
/* The likeliest cause, by its name; NULL if there is none, or nothing more to be said of it. */
const char *read_list_cause(const struct read_list *list, size_t i);
/* Borrowed; "" if there is no such. */
const char *read_list_id(const struct read_list *list, size_t i);
