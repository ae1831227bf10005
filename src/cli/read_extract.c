/* finis read --extract: chooses connections by their verdict, marks their frames, and has these copied. */
#include "cli/read_extract.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/say.h"
#include "cli/read_run.h"
#include "cli/read_summary.h"
#include "report/sentence.h"

enum { STATUS_DONE = 0, STATUS_COULD_NOT = 2 };

enum {
        COPY_SIZE = 256 * 1024,
};

/* The first pass. */
struct search {
        struct extract *x;
        bool by_id;
        uint32_t wanted_file;
        uint64_t wanted_frame;
        uint32_t owner_file;            /* the connection that the wanted frame belongs to; 0: not seen */
        uint64_t owner_frame;
};

static char *make_verdict(const struct record *r)
{
        struct phrase p = { .n = 0 };
        size_t n;

        sentence_ending(&p, r);
        n = p.n;
        phrase_add(&p, "; ");
        if (!sentence_loss(&p, r))
                p.text[p.n = n] = '\0';
        n = p.n;
        phrase_add(&p, "; ");
        if (!sentence_causes(&p, r, 3))
                p.text[p.n = n] = '\0';
        return strdup(p.text);
}

static void take_record(void *context, const struct record *r, const struct tracked *t)
{
        struct search *search = context;
        struct extract *x = search->x;
        struct chosen *c = chosen_find(&x->chosen, t->file, t->first_frame);
        int error;

        if (!filter_match(&x->options->filter, r) ||
            (search->by_id && (t->file != search->wanted_file || t->first_frame != search->wanted_frame))) {
                if (c)
                        c->dropped = true;
                return;
        }
        error = chosen_add(&x->chosen, t->file, t->first_frame, &c);
        if (!error) {
                free(c->verdict);
                c->verdict = make_verdict(r);
                error = c->verdict ? 0 : -ENOMEM;
        }
        if (error) {
                x->error = error;
                read_stop();
                return;
        }
        c->dropped = false;
        c->family = t->family;
        memcpy(c->address, t->address, sizeof(c->address));
        memcpy(c->port, t->port, sizeof(c->port));
        c->last_file = t->last_file;
        c->last_frame = t->last_frame;
        c->ending = r->ending;
        c->reset_seen = r->reset.seen && r->reset.frame.known;
        c->reset_frame = r->reset.frame.value;
}

static void find_owner(void *context, const struct tracked_segment *s, const struct frame *frame)
{
        struct search *search = context;

        (void)frame;
        if (s->at_file == search->wanted_file && s->frame == search->wanted_frame) {
                search->owner_file = s->file;
                search->owner_frame = s->first_frame;
        }
}

/* Whether this segment is the one by which the connection ended, as far as is known by now. */
static bool ends(const struct chosen *c, const struct tracked_segment *s)
{
        switch ((int)c->ending) {
        case ENDING_RESET:
        case ENDING_REFUSED:
                return c->reset_seen ? s->frame == c->reset_frame && s->segment->flags & SEGMENT_RST : s->icmp;
        case ENDING_ORDERLY:
        case ENDING_HALF_CLOSED:
                return s->segment->flags & SEGMENT_FIN && !s->repeated && !s->icmp;
        default:
                return true;
        }
}

static void mark(void *context, const struct tracked_segment *s, const struct frame *frame)
{
        struct extract *x = context;
        struct chosen *c = chosen_find(&x->chosen, s->file, s->first_frame);
        int r;

        (void)frame;
        if (x->n_order == 0 || x->order[x->n_order - 1] != s->at_file) {
                size_t i = 0;

                while (i < x->n_order && x->order[i] != s->at_file)
                        i++;
                if (i == x->n_order)
                        x->order[x->n_order++] = s->at_file;
        }
        /* A SYN on a living connection is shown as one of its own until it is known what it was. */
        if (!c && s->segment->flags & SEGMENT_SYN)
                c = chosen_around(&x->chosen, s->segment, s->at_file, s->frame);
        if (!c || c->dropped)
                return;
        r = marks_set(&x->marks[s->at_file - 1], s->frame);
        if (r) {
                x->error = r;
                read_stop();
        }
        if (ends(c, s)) {
                c->ending_file = s->at_file;
                c->ending_frame = s->frame;
        }
}

static int pass(struct extract *x, const struct read_hooks *hooks, bool quiet, struct read_counts *ret_counts)
{
        const struct read_input input = {
                .paths = x->paths,
                .n_paths = x->options->n_paths,
                .tracker = { .max_connections = x->options->max_connections, .by_vlan = x->options->by_vlan },
                .quiet = quiet,
        };
        int r = read_run(&input, hooks, ret_counts);

        if (x->error)
                fprintf(stderr, "finis read: %s\n", strerror(-x->error));
        return r ? r : x->error;
}

/* By a filter, or by any frame of it. Returns a status; STATUS_DONE with what was chosen. */
static int choose(struct extract *x, struct read_counts *ret_counts)
{
        const char *id = x->options->extract;
        struct search search = { .x = x, .by_id = id && *id };
        struct read_hooks hooks = {
                .record = take_record, .segment = search.by_id ? find_owner : NULL, .context = &search,
        };

        if (search.by_id && read_parse_id(id, &search.wanted_file, &search.wanted_frame) < 0) {
                fputs("finis read: --extract: ", stderr);
                say_typed(stderr, id);
                fputs(" is neither an id such as 1.3, nor a filter, nor all\n", stderr);
                return STATUS_COULD_NOT;
        }
        if (pass(x, &hooks, false, ret_counts) < 0)
                return STATUS_COULD_NOT;
        if (search.owner_file && chosen_count(&x->chosen) == 0 &&
            (search.owner_file != search.wanted_file || search.owner_frame != search.wanted_frame)) {
                search.wanted_file = search.owner_file;
                search.wanted_frame = search.owner_frame;
                if (pass(x, &hooks, true, &(struct read_counts){ .frames = 0 }) < 0)
                        return STATUS_COULD_NOT;
        }
        if (ret_counts->interrupted) {
                fputs("finis read: interrupted; nothing is written\n", stderr);
                return STATUS_COULD_NOT;
        }
        if (chosen_count(&x->chosen) > 0)
                return STATUS_DONE;
        fputs("finis read: nothing is written: ", stderr);
        if (search.by_id) {
                fputs("no connection has the frame ", stderr);
                say_typed(stderr, id);
        } else if (!x->options->filter.n_terms || ret_counts->connections == 0) {
                fputs("there is no connection", stderr);
        } else {
                if (ret_counts->connections == 1)
                        fputs("the one connection does not fit ", stderr);
                else
                        fprintf(stderr, "none of the %" PRIu64 " connections fits ", ret_counts->connections);
                filter_say(&x->options->filter, stderr);
        }
        if (search.by_id && x->options->filter.n_terms) {
                fputs(" and fits ", stderr);
                filter_say(&x->options->filter, stderr);
        }
        fputc('\n', stderr);
        return STATUS_COULD_NOT;
}

/* True of what can be read once only: standard input, a pipe by name. */
static bool is_gone_once_read(const char *path)
{
        struct stat status;

        if (!strcmp(path, "-"))
                return true;
        return stat(path, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

static int copy_bytes(int from, int to)
{
        char *bytes = malloc(COPY_SIZE);
        int r = bytes ? 0 : -ENOMEM;

        while (!r) {
                ssize_t n = read(from, bytes, COPY_SIZE), done = 0;

                if (n == 0)
                        break;
                if (n < 0 && errno != EINTR)
                        r = -errno;
                while (!r && done < n) {
                        ssize_t written = write(to, bytes + done, (size_t)(n - done));

                        if (written >= 0)
                                done += written;
                        else if (errno != EINTR)
                                r = -errno;
                }
        }
        free(bytes);
        return r;
}

/* Keeps what can be read once in a file that nobody else finds. Returns its descriptor, or a negative errno after a
 * line on stderr. */
static int keep(const char *path)
{
        const char *folder = getenv("TMPDIR");
        char name[4096];
        int from, fd, r;

        if (!folder || !*folder)
                folder = "/tmp";
        from = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : STDIN_FILENO;
        snprintf(name, sizeof(name), "%s/finis-XXXXXX", folder);
        fd = from < 0 ? -1 : mkostemp(name, O_CLOEXEC);
        r = fd < 0 ? -errno : 0;
        if (fd >= 0) {
                unlink(name);
                r = copy_bytes(from, fd);
        }
        if (from > STDIN_FILENO)
                close(from);
        if (!r)
                return fd;
        if (fd >= 0)
                close(fd);
        fputs("finis read: ", stderr);
        say_typed(stderr, strcmp(path, "-") ? path : "standard input");
        fprintf(stderr, ": it is read more than once for --extract, and could not be kept in ");
        say_typed(stderr, folder);
        fprintf(stderr, ": %s; TMPDIR may name another folder\n", strerror(-r));
        return r;
}

/* The paths to read: those that can be read once by what they were kept in. Returns a status. */
static int find_paths(struct extract *x)
{
        for (size_t i = 0; i < x->options->n_paths; i++) {
                int fd;

                x->paths[i] = x->options->paths[i];
                if (!is_gone_once_read(x->paths[i]))
                        continue;
                fd = keep(x->paths[i]);
                if (fd < 0)
                        return STATUS_COULD_NOT;
                x->kept[i] = (struct kept){ .fd = fd, .is = true };
                snprintf(x->kept[i].path, sizeof(x->kept[i].path), "/proc/self/fd/%d", fd);
                x->paths[i] = x->kept[i].path;
        }
        return STATUS_DONE;
}

/* A capture that is read must not be written over. */
static bool is_input(const struct extract *x, const char *path)
{
        struct stat out, in;

        if (stat(path, &out) < 0)
                return false;
        for (size_t i = 0; i < x->options->n_paths; i++)
                if (stat(x->paths[i], &in) == 0 && in.st_dev == out.st_dev && in.st_ino == out.st_ino &&
                    S_ISREG(in.st_mode))
                        return true;
        return false;
}

static int could_not_write(const char *path, const char *why)
{
        fputs("finis read: ", stderr);
        say_typed(stderr, path);
        fprintf(stderr, ": %s\n", why);
        return STATUS_COULD_NOT;
}

static int write_out(struct extract *x)
{
        const char *path = x->options->write;
        bool to_stdout = !strcmp(path, "-"), reading;
        FILE *file;
        int r;

        if (!to_stdout && is_input(x, path))
                return could_not_write(path, "it is one of the captures that are read; -w needs another name");
        if (to_stdout && isatty(STDOUT_FILENO))
                return could_not_write("standard output", "it is a terminal; a capture goes to a file, with -w FILE");
        file = to_stdout ? stdout : fopen(path, "wbe");
        if (!file)
                return could_not_write(path, strerror(errno));
        r = read_extract_write(x, file, &reading);
        if (!to_stdout) {
                if (fclose(file) && !r)
                        r = -errno;
        } else if (fflush(file) && !r) {
                r = -errno;
        }
        if (r)
                return could_not_write(reading ? "a capture that was read before" : path, strerror(-r));
        read_extract_filter(x, to_stdout ? stderr : stdout);
        if (isatty(STDERR_FILENO))
                fprintf(stderr, "%zu connection%s, %llu frame%s\n", chosen_count(&x->chosen),
                        chosen_count(&x->chosen) == 1 ? "" : "s", (unsigned long long)x->n_frames,
                        x->n_frames == 1 ? "" : "s");
        return STATUS_DONE;
}

static int extract(struct extract *x)
{
        const struct read_hooks hooks = { .segment = mark, .context = x };
        struct read_counts counts, again;
        int status;

        status = choose(x, &counts);
        if (status != STATUS_DONE)
                return status;
        if (x->options->anonymize && anonymizer_init(&x->anonymizer, x->options->key) < 0)
                return could_not_write("--anonymize", "there are no random numbers for a key");
        if (chosen_index_ends(&x->chosen) < 0)
                return could_not_write("--extract", strerror(ENOMEM));
        if (pass(x, &hooks, true, &again) < 0)
                return STATUS_COULD_NOT;
        if (again.interrupted) {
                fputs("finis read: interrupted; nothing is written\n", stderr);
                return STATUS_COULD_NOT;
        }
        if (again.n_read < counts.n_read || again.frames < counts.frames)
                return could_not_write("--extract", "a capture was cut while it was read; nothing is written");
        status = write_out(x);
        read_summary_evicted(stderr, x->options, &counts);
        return status == STATUS_DONE ? read_status(&counts, x->options->strict) : status;
}

int read_extract(const struct read_options *options)
{
        struct extract x = { .options = options };
        int status = STATUS_COULD_NOT;

        if (!options->write) {
                fputs("finis read: --extract and --anonymize write a capture: -w FILE says where\n", stderr);
                return STATUS_COULD_NOT;
        }
        x.paths = calloc(options->n_paths + 1, sizeof(*x.paths));
        x.kept = calloc(options->n_paths + 1, sizeof(*x.kept));
        x.marks = calloc(options->n_paths + 1, sizeof(*x.marks));
        x.order = calloc(options->n_paths + 1, sizeof(*x.order));
        if (!x.paths || !x.kept || !x.marks || !x.order)
                fprintf(stderr, "finis read: %s\n", strerror(ENOMEM));
        else
                status = find_paths(&x);
        if (status == STATUS_DONE) {
                read_stop_on_signals();
                status = extract(&x);
        }
        for (size_t i = 0; x.kept && i < options->n_paths; i++)
                if (x.kept[i].is)
                        close(x.kept[i].fd);
        for (size_t i = 0; x.marks && i < options->n_paths; i++)
                marks_deinit(&x.marks[i]);
        chosen_deinit(&x.chosen);
        free(x.paths);
        free(x.kept);
        free(x.marks);
        free(x.order);
        return status;
}
