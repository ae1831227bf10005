/* What `finis read` was asked for: shared by its files. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/filter.h"
#include "report/style.h"

enum read_format { READ_EYES, READ_JSON, READ_CSV, READ_ZEEK };

enum read_sort {
        READ_SORT_NONE, /* as they end */
        READ_SORT_SEVERITY,
        READ_SORT_TIME,
        READ_SORT_BYTES,
        READ_SORT_LOST,
        READ_SORT_DURATION,
        READ_SORT_IDLE,
};

struct read_options {
        const char **paths;     /* owned; the strings are argv's */
        size_t n_paths;
        struct filter filter;
        enum read_format format;
        enum read_sort sort;
        bool all;
        size_t limit;           /* 0: the default */
        bool evidence;
        bool check;
        bool strict;
        size_t max_connections;
        bool by_vlan;
        const char *show;       /* an id or "worst"; NULL: not asked for */
        const char *extract;    /* --extract: an id; "" where the filter chooses; NULL: not asked for */
        const char *write;      /* -w */
        bool anonymize;
        const char *key;        /* --key of --anonymize */
        const char *client;     /* --client, --server: captures of the two ends */
        const char *server;
        struct style style;
};

/* Reads the command line. 0 to go on, 1 if all is done, or a negative errno after a line on stderr. */
int read_options(struct read_options *options, int argc, char **argv);
void read_options_deinit(struct read_options *options);

/* finis read --show: one connection in full. Returns the exit status. */
int read_show(const struct read_options *options);
