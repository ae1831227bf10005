/* The records of `finis read`: chosen, counted and printed. */
#include "cli/read_output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/read_known.h"
#include "cli/read_list.h"
#include "cli/read_summary.h"
#include "report/line.h"
#include "report/phrase.h"
#include "report/record_csv.h"
#include "report/record_json.h"
#include "report/record_zeek.h"
#include "report/servers.h"
#include "report/summary.h"
#include "report/totals.h"

/* So many connections are listed if nobody says how many; so many may be kept in order. */
enum { LIMIT = 10, KEPT_MAX = 1000000, WHERE_MAX = 280 };

struct read_output {
        const struct read_options *options;
        bool counts;                    /* totals are wanted */
        bool lines;                     /* JSON, and nothing but: all records are wanted */
        bool header;                    /* it was printed */
        bool short_of_memory;
        struct totals totals;
        struct servers *servers;        /* NULL: they are not told */
        struct read_known *known;
        struct read_list *list;         /* NULL: none, or printed as they come */
        struct json json;               /* lines that stdout has not got yet */
        int64_t last_ns;
};

bool read_output_streams(const struct read_options *options)
{
        return options->format != READ_EYES || (options->all && !options->sort && !options->limit);
}

int read_output_new(const struct read_options *options, struct read_output **ret_output)
{
        struct read_output *output = calloc(1, sizeof(*output));
        size_t max = options->limit ? options->limit : options->all ? KEPT_MAX : LIMIT;
        int r = 0;

        if (!output)
                return -ENOMEM;
        output->options = options;
        json_begin(&output->json, stdout);
        output->counts = options->format == READ_EYES || options->check;
        output->lines = options->format == READ_JSON && !output->counts && options->filter.n_terms == 0;
        if (output->counts)
                r = read_known_new(&output->known);
        if (r == 0 && options->format == READ_EYES)
                r = servers_new(&output->servers);
        if (r == 0 && !read_output_streams(options))
                r = read_list_new(options->sort, max, options->evidence, &options->style, &output->list);
        if (r < 0) {
                read_output_free(output);
                return r;
        }
        if (options->format == READ_CSV)
                record_csv_header(stdout);
        *ret_output = output;
        return 0;
}

struct read_output *read_output_free(struct read_output *output)
{
        if (!output)
                return NULL;
        json_flush(&output->json);
        read_known_free(output->known);
        servers_free(output->servers);
        read_list_free(output->list);
        free(output);
        return NULL;
}

static void add(struct read_output *output, const struct record *r, const struct totals_share *share)
{
        totals_count(&output->totals, share);
        if (output->servers)
                servers_count(output->servers, &r->server, share);
}

/* The old one was of the same ends, unless their roles have turned since. */
static void take_away(struct read_output *output, const struct record *r, const struct totals_share *share)
{
        totals_uncount(&output->totals, share);
        if (output->servers)
                servers_uncount(output->servers, &r->server, share);
}

static void count(struct read_output *output, const struct record *r, bool wanted)
{
        struct totals_share share = totals_share(r), old;
        bool was;

        /* A first rev cannot have been there before. */
        if (!wanted) {
                if (r->rev > 1 && read_known_take(output->known, r->file.value, r->first_frame.value, &old))
                        take_away(output, r, &old);
                return;
        }
        was = read_known_put(output->known, r->file.value, r->first_frame.value, &share, &old);
        if (was)
                take_away(output, r, &old);
        add(output, r, &share);
}

/* Of several files the one where the connection begins; NULL if there is only one. */
static const char *where_is(const struct read_options *options, const struct record *r, char where[static WHERE_MAX])
{
        const char *path, *slash;

        if (options->n_paths < 2 || !r->file.known || r->file.value > options->n_paths)
                return NULL;
        path = options->paths[r->file.value - 1];
        slash = strrchr(path, '/');
        snprintf(where, WHERE_MAX, "in %s",
                 strcmp(path, "-") == 0 ? "standard input" : slash && slash[1] ? slash + 1 : path);
        return where;
}

static void print_json(struct read_output *output, const struct record *r)
{
        json_record(&output->json, NULL, r, output->options->evidence ? RECORD_JSON_EVIDENCE : 0);
        json_next(&output->json);
}

static void print(struct read_output *output, const struct record *r)
{
        const struct read_options *options = output->options;
        char where[WHERE_MAX];

        switch (options->format) {
        case READ_JSON:
                print_json(output, r);
                break;
        case READ_CSV:
                record_csv_write(stdout, r);
                break;
        case READ_ZEEK:
                if (!output->header)
                        record_zeek_header(stdout, r->started.value);
                output->header = true;
                record_zeek_write(stdout, r);
                break;
        case READ_EYES:
                if (output->list) {
                        if (read_list_add(output->list, r, where_is(options, r, where)) < 0)
                                output->short_of_memory = true;
                        break;
                }
                line_write(stdout, r, where_is(options, r, where), &options->style);
                if (options->evidence)
                        line_write_evidence(stdout, r, &options->style);
                break;
        }
}

void read_output_record(struct read_output *output, const struct record *r)
{
        bool wanted;

        if (__builtin_expect(output->lines, 1)) {
                print_json(output, r);
                return;
        }
        wanted = filter_match(&output->options->filter, r);
        if (output->counts)
                count(output, r, wanted);
        if (wanted)
                print(output, r);
        else if (r->rev > 1 && output->list)
                read_list_remove(output->list, r);
}

void read_output_flush(struct read_output *output)
{
        json_flush(&output->json);
        fflush(stdout);
}

bool read_output_check(const struct read_output *output)
{
        if (output->totals.n == 0)
                fprintf(stderr, "finis read: --check: %s, so none was checked\n", output->options->filter.n_terms > 0
                        ? "no connection fits the filter" : "there is no connection");
        return output->totals.severities[SEVERITY_BAD] > 0;
}

/* "57 connections:", "12 of 57 connections fit the filter:" */
static void put_number(const struct read_output *output, const struct read_counts *counts)
{
        const struct totals *t = &output->totals;
        struct phrase p = { 0 };

        if (output->options->filter.n_terms > 0) {
                phrase_count(&p, t->n);
                phrase_add(&p, " of ");
                phrase_count(&p, counts->connections);
                phrase_add(&p, counts->connections == 1 ? " connection fits" : " connections fit");
                phrase_add(&p, " the filter");
        } else if (t->n == 0) {
                phrase_add(&p, "no TCP in it");
        } else {
                phrase_count(&p, t->n);
                phrase_add(&p, t->n == 1 ? " connection" : " connections");
        }
        if (t->n > 0) {
                phrase_add(&p, ": ");
                for (int s = SEVERITY_BAD; s >= SEVERITY_FINE; s--) {
                        if (t->severities[s] == 0)
                                continue;
                        if (p.text[p.n - 2] != ':')
                                phrase_add(&p, ", ");
                        phrase_count(&p, t->severities[s]);
                        phrase_add(&p, " %s", severity_name((enum severity)s));
                }
        }
        puts(p.text);
}

/* How many of the list are told: all if there are few or they were asked for, else what is bad, else notable. */
static size_t n_told(const struct read_output *output, const char **ret_heading)
{
        const struct read_options *options = output->options;
        size_t n = read_list_count(output->list), i = 0;
        enum severity least = SEVERITY_BAD;

        *ret_heading = "";
        if (options->filter.n_terms > 0 || options->sort || options->all || options->limit ||
            output->totals.n <= LIMIT / 2)
                return n;
        if (output->totals.severities[SEVERITY_BAD] == 0)
                least = SEVERITY_NOTABLE;
        while (i < n && read_list_severity(output->list, i) >= least)
                i++;
        *ret_heading = least == SEVERITY_BAD ? "Bad, worst first:\n" : "Nothing is bad. Notable:\n";
        return i;
}

static void put_list(struct read_output *output)
{
        const struct read_options *options = output->options;
        const char *heading, *word;
        uint64_t candidates = output->totals.n;
        size_t n;

        read_list_sort(output->list);
        n = n_told(output, &heading);
        if (n == 0) {
                if (output->totals.n > 0) {
                        fputs("\nNothing is bad. All connections:\n  finis read --all ", stdout);
                        read_summary_files(stdout, options);
                        putchar('\n');
                }
                return;
        }
        if (*heading == 'B')
                candidates = output->totals.severities[SEVERITY_BAD];
        else if (*heading)
                candidates = output->totals.severities[SEVERITY_NOTABLE];
        printf("\n%s", heading);
        read_list_write(output->list, n, stdout);
        if (candidates > n) {
                struct phrase p = { 0 };

                phrase_count(&p, candidates - n);
                printf("%s more of these: --limit %" PRIu64 "\n", p.text, candidates);
        }
        word = read_list_cause(output->list, 0);
        printf("\nMore of one%s:\n  ", word ? ", and of a word" : "");
        read_summary_show(stdout, options, read_list_id(output->list, 0));
        if (word)
                printf("\n  finis explain %s", word);
        putchar('\n');
}

void read_output_finish(struct read_output *output, const struct read_counts *counts)
{
        const struct read_options *options = output->options;

        json_flush(&output->json);
        if (options->format == READ_ZEEK) {
                if (!output->header)
                        record_zeek_header(stdout, counts->first_ns);
                record_zeek_footer(stdout, counts->last_ns);
        }
        if (output->short_of_memory)
                fputs("finis read: not all connections could be listed, for want of memory\n", stderr);
        if (options->format != READ_EYES)
                read_summary_evicted(stderr, options, counts);
        if (options->format != READ_EYES || counts->n_read == 0)
                return;
        if (!output->list && output->totals.n > 0)
                putchar('\n');
        read_summary_input(stdout, options, counts);
        put_number(output, counts);
        summary_write(stdout, &output->totals, &options->style);
        read_summary_others(stdout, options, counts);
        /* A few connections are listed one by one anyway. */
        if (output->totals.n > LIMIT / 2)
                servers_write(stdout, output->servers, &options->style);
        read_summary_evicted(stdout, options, counts);
        if (output->list)
                put_list(output);
}
