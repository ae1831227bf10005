/*
 * finis read --show: one connection in full. The pass keeps its segments as they come, the first and the last
 * of them; what they mean is known only when the connection is given out.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "cli/read.h"
#include "cli/read_run.h"
#include "cli/read_segments.h"
#include "cli/read_summary.h"
#include "report/show.h"
#include "report/totals.h"

enum { STATUS_DONE = 0, STATUS_BAD = 1, STATUS_COULD_NOT = 2 };
enum { N_NEAR = 3 };

struct id {
        uint32_t file;
        uint64_t frame;
};

/* What a pass looks for and finds. */
struct search {
        const struct read_options *options;
        struct id wanted;
        struct read_segments *segments; /* NULL: they are not kept in this pass */
        bool found;
        bool bad;
        char *text;                     /* the record told in full, but for the segments */
        struct id owner;                /* the connection that the wanted frame belongs to; frame 0: none seen */
        struct id near[N_NEAR];         /* ids of the same file around the wanted one, nearest first */
        size_t n_near;
        struct id worst;
        struct totals_share worst_share;
        struct tracked tracked;         /* of the connection: what its ladder needs. Its pointers are not used */
};

static uint64_t distance(struct id a, struct id b)
{
        return a.frame > b.frame ? a.frame - b.frame : b.frame - a.frame;
}

static void note_near(struct search *s, struct id id)
{
        size_t i;

        if (id.file != s->wanted.file)
                return;
        for (i = 0; i < s->n_near; i++)
                if (s->near[i].frame == id.frame)
                        return;
        for (i = s->n_near; i > 0 && distance(id, s->wanted) < distance(s->near[i - 1], s->wanted); i--)
                if (i < N_NEAR)
                        s->near[i] = s->near[i - 1];
        if (i < N_NEAR) {
                s->near[i] = id;
                s->n_near += s->n_near < N_NEAR;
        }
}

static bool is_worse(const struct totals_share *a, const struct totals_share *b)
{
        if (a->severity != b->severity)
                return a->severity > b->severity;
        if (a->lost != b->lost)
                return a->lost > b->lost;
        return a->uncertain > b->uncertain;
}

static const char *name_of(const struct search *s, uint32_t file)
{
        const char *path = s->options->paths[file - 1];

        return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* The words are made at once: what the record borrows is gone when this returns. */
static void keep(struct search *s, const struct record *r, const struct tracked *connection)
{
        const char *path = name_of(s, connection->file), *last = name_of(s, connection->last_file);
        size_t n_where = strlen(path) + strlen(last) + 16, n_text;
        char *where = malloc(n_where);
        FILE *file;

        free(s->text);
        s->text = NULL;
        file = open_memstream(&s->text, &n_text);
        if (!file || !where) {
                free(where);
                if (file)
                        fclose(file);
                return;
        }
        if (connection->file == connection->last_file)
                snprintf(where, n_where, "of %s", path);
        else
                snprintf(where, n_where, "of %s and %s", path, last);
        show_write(file, r, where, &s->options->style);
        fclose(file);
        free(where);
        s->found = true;
        s->bad = r->severity == SEVERITY_BAD;
        s->tracked = *connection;
}

static void take_record(void *context, const struct record *r, const struct tracked *connection)
{
        struct search *s = context;
        struct id id = { connection->file, connection->first_frame };
        struct totals_share share = totals_share(r);

        if (s->segments && (id.file != s->wanted.file || id.frame != s->wanted.frame))
                read_segments_forget(s->segments, id.file, id.frame);
        if (!filter_match(&s->options->filter, r))
                return;
        if (s->worst.frame == 0 || is_worse(&share, &s->worst_share)) {
                s->worst = id;
                s->worst_share = share;
        }
        note_near(s, id);
        if (s->segments && id.file == s->wanted.file && id.frame == s->wanted.frame)
                keep(s, r, connection);
}

static void take_segment(void *context, const struct tracked_segment *segment, const struct frame *frame)
{
        struct search *s = context;

        (void)frame;
        if (segment->at_file == s->wanted.file && segment->frame == s->wanted.frame)
                s->owner = (struct id){ segment->file, segment->first_frame };
        if (s->segments && segment->file == s->wanted.file && segment->first_frame == s->wanted.frame)
                read_segments_add(s->segments, segment);
        else if (s->segments)
                read_segments_consider(s->segments, segment);
}

static int pass(struct search *s, bool quiet, struct read_counts *ret_counts)
{
        const struct read_options *options = s->options;
        const struct read_input input = {
                .paths = options->paths,
                .n_paths = options->n_paths,
                .tracker = { .max_connections = options->max_connections, .by_vlan = options->by_vlan },
                .evidence = true,
                .quiet = quiet,
        };
        const struct read_hooks hooks = { .record = take_record, .segment = take_segment, .context = s };

        return read_run(&input, &hooks, ret_counts);
}

static void put_files(const struct read_options *options)
{
        if (options->n_paths == 1)
                read_summary_files(stderr, options);
        else
                fprintf(stderr, "these %zu files", options->n_paths);
}

/* What was asked for, why it is not told, and what there is instead. */
static int not_there(const struct search *s, const struct read_counts *counts)
{
        const struct read_options *options = s->options;
        const char *id = strcmp(options->show, "worst") == 0 ? NULL : options->show;
        const bool filtered = options->filter.n_terms > 0;

        fputs("finis read: ", stderr);
        if (counts->interrupted) {
                fprintf(stderr, "interrupted before %s%s was seen", id ? "connection " : "", id ? id : "all");
        } else if (s->wanted.file > options->n_paths) {
                fprintf(stderr, "no connection %s: there is no file %" PRIu32, id, s->wanted.file);
        } else if (counts->connections == 0) {
                fputs("no connection in ", stderr);
                put_files(options);
                fputs("; there is none at all", stderr);
        } else if (filtered && s->owner.frame) {
                fprintf(stderr, "connection %" PRIu32 ".%" PRIu64 " does not fit ", s->owner.file, s->owner.frame);
                filter_say(&options->filter, stderr);
                fputs("; without that it is told", stderr);
        } else if (s->n_near == 0) {
                if (counts->connections == 1)
                        fputs("the one connection in ", stderr);
                else
                        fprintf(stderr, "none of the %" PRIu64 " connections in ", counts->connections);
                put_files(options);
                fputs(counts->connections == 1 ? " does not fit " : " fits ", stderr);
                filter_say(&options->filter, stderr);
        } else {
                fprintf(stderr, "no connection %s in ", id);
                put_files(options);
                fprintf(stderr, "; the nearest%s: ", filtered ? " that fit" : "");
                for (size_t i = 0; i < s->n_near; i++)
                        fprintf(stderr, "%s%" PRIu32 ".%" PRIu64, i == 0 ? "" : ", ",
                                s->near[i].file, s->near[i].frame);
        }
        fputc('\n', stderr);
        return STATUS_COULD_NOT;
}

static int tell(const struct search *s, const struct read_counts *counts)
{
        int status = read_status(counts, s->options->strict);

        if (!s->text) {
                fputs("finis read: out of memory\n", stderr);
                return STATUS_COULD_NOT;
        }
        fputs(s->text, stdout);
        show_heading(stdout, "Segments", &s->options->style);
        puts("  At the right: frame numbers. Bytes count from 1.");
        read_segments_write(stdout, s->segments, &s->tracked, &s->options->style);
        printf("\nIts frames alone, for Wireshark:\n  finis read --extract %" PRIu32
               ".%" PRIu64 " -w %" PRIu32 ".%" PRIu64
               ".pcapng ", s->wanted.file, s->wanted.frame, s->wanted.file, s->wanted.frame);
        read_summary_files(stdout, s->options);
        putchar('\n');
        read_summary_evicted(stderr, s->options, counts);
        if (status == STATUS_DONE && s->options->check && s->bad)
                return STATUS_BAD;
        return status;
}

/* A pipe, by whatever name, gives what it holds once. */
static bool read_again(const struct read_options *options)
{
        struct stat st;

        for (size_t i = 0; i < options->n_paths; i++)
                if (strcmp(options->paths[i], "-") == 0 || (stat(options->paths[i], &st) == 0 && S_ISFIFO(st.st_mode)))
                        return false;
        return true;
}

static int search(struct search *s)
{
        bool worst = strcmp(s->options->show, "worst") == 0;
        struct read_counts counts;
        struct id id;

        if (worst && !read_again(s->options)) {
                fputs("finis read: --show worst reads twice, which a pipe does not allow; save it to a file first\n",
                      stderr);
                return STATUS_COULD_NOT;
        }
        if (!worst)
                read_parse_id(s->options->show, &s->wanted.file, &s->wanted.frame);
        read_stop_on_signals();
        if (pass(s, false, &counts) < 0)
                return STATUS_COULD_NOT;
        if (s->found)
                return tell(s, &counts);
        if (counts.n_read == 0)
                return STATUS_COULD_NOT; /* which was said */
        id = worst ? s->worst : s->owner;
        if (counts.interrupted || id.frame == 0)
                return not_there(s, &counts);
        if (!read_again(s->options)) {
                fprintf(stderr, "finis read: %s is a frame of connection %" PRIu32 ".%" PRIu64 ": --show that\n",
                        s->options->show, id.file, id.frame);
                return STATUS_COULD_NOT;
        }
        s->wanted = id;
        if (pass(s, true, &counts) < 0)
                return STATUS_COULD_NOT;
        return s->found ? tell(s, &counts) : not_there(s, &counts);
}

int read_show(const struct read_options *options)
{
        struct search s = { .options = options };
        int status = STATUS_COULD_NOT;

        if (read_segments_new(options->limit, &s.segments) < 0)
                fputs("finis read: out of memory\n", stderr);
        else
                status = search(&s);
        read_segments_free(s.segments);
        free(s.text);
        return status;
}
