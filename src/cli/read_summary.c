/* The words around a list of connections. */
#include "cli/read_summary.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/say.h"
#include "report/phrase.h"

#define SECOND_NS INT64_C(1000000000)
/* More than that would only hide the command in which it stands. */
enum { FILES_MAX = 50 };

static void add_time(struct phrase *p, int64_t time_ns)
{
        int64_t seconds = time_ns / SECOND_NS - (time_ns % SECOND_NS < 0);
        time_t t = (time_t)seconds;
        struct tm tm;
        char text[32];

        if (gmtime_r(&t, &tm) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm) > 0)
                phrase_add(p, "%s", text);
}

static const char *name_of(const char *path)
{
        return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* What was read, by its name or names; returns its columns. */
static size_t put_names(FILE *file, const struct read_options *options, const struct read_counts *counts)
{
        if (options->client) {
                say_typed(file, name_of(options->client));
                fputs(" and ", file);
                say_typed(file, name_of(options->server));
                return phrase_columns(name_of(options->client)) + 5 + phrase_columns(name_of(options->server));
        }
        if (options->n_paths != 1 && counts->n_unreadable > 0)
                return (size_t)fprintf(file, "%zu of %zu files", counts->n_read, options->n_paths);
        if (options->n_paths != 1)
                return (size_t)fprintf(file, "%zu files", options->n_paths);
        say_typed(file, name_of(options->paths[0]));
        return phrase_columns(name_of(options->paths[0]));
}

void read_summary_input(FILE *file, const struct read_options *options, const struct read_counts *counts)
{
        struct phrase p = { 0 };
        int64_t span;
        size_t n;

        phrase_count(&p, counts->frames);
        phrase_add(&p, counts->frames == 1 ? " packet" : " packets");
        if (counts->frames > 0) {
                phrase_add(&p, ", ");
                phrase_bytes(&p, counts->bytes);
        }
        /* Nobody vouches for the times of a capture. */
        if (!__builtin_sub_overflow(counts->last_ns, counts->first_ns, &span) && span > 0) {
                phrase_add(&p, " in ");
                phrase_span(&p, span);
        }
        if (counts->first_ns != 0) {
                phrase_add(&p, " from ");
                add_time(&p, counts->first_ns);
        }
        n = put_names(file, options, counts);
        fprintf(file, ":%s%s\n", n + 2 + p.n > options->style.width ? "\n  " : " ", p.text);
}

void read_summary_evicted(FILE *file, const struct read_options *options, const struct read_counts *counts)
{
        struct phrase p = { 0 };

        if (counts->evicted == 0)
                return;
        phrase_count(&p, counts->evicted);
        phrase_add(&p, counts->evicted == 1 ? " connection was judged before its time"
                                            : " connections were judged before their time");
        phrase_add(&p, ", as too many were open at once; --max-connections N remembers more");
        if (file == stderr)
                fprintf(file, "finis read: %s\n", p.text);
        else
                phrase_write(file, p.text, options->style.width, 2, 0);
}

void read_summary_others(FILE *file, const struct read_options *options, const struct read_counts *counts)
{
        struct phrase p = { 0 };
        bool any = false;

        for (int i = 0; i < N_PACKET_KINDS; i++) {
                if (i == PACKET_TCP || i == PACKET_ICMP_ERROR || counts->kinds[i] == 0)
                        continue;
                phrase_add(&p, "%s%s ", any ? ", " : "Other packets: ", packet_kind_name((enum packet_kind)i));
                phrase_count(&p, counts->kinds[i]);
                any = true;
        }
        if (!any)
                return;
        if (counts->kinds[PACKET_QUIC] > 0)
                phrase_add(&p, ". QUIC is encrypted to its end: how its connections ended cannot be seen");
        phrase_write(file, p.text, options->style.width, 2, 0);
}

/* Words for a shell: in quotes if need be. */
static void put_file(FILE *file, const char *path)
{
        if (*path == '-')
                fputs("./", file); /* else it would be an option */
        if (path[strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/+,@%-")] == '\0') {
                fputs(path, file);
                return;
        }
        fputc('\'', file);
        for (;;) {
                size_t n = strcspn(path, "'");

                say_typed_n(file, path, n);
                path += n;
                if (*path++ == '\0')
                        break;
                fputs("'\\''", file);
        }
        fputc('\'', file);
}

/* Of two captures of the same connections, one at a time can be looked into: the one that the id is of. */
void read_summary_show(FILE *file, const struct read_options *options, const char *id)
{
        const char *dot = strchr(id, '.');

        fputs("finis read --show ", file);
        if (options->client && dot) {
                const char *path = strtoul(id, NULL, 10) == 1 ? options->client : options->server;

                fprintf(file, "%s ", dot + 1);
                put_file(file, path);
        } else {
                fprintf(file, "%s ", id);
                read_summary_files(file, options);
        }
}

void read_summary_files(FILE *file, const struct read_options *options)
{
        size_t n = 0;

        if (options->client) {
                fputs("--client ", file);
                put_file(file, options->client);
                fputs(" --server ", file);
                put_file(file, options->server);
                return;
        }

        /* One file is named whatever its length: a command is there to be copied. */
        for (size_t i = 0; options->n_paths > 1 && i < options->n_paths; i++)
                n += strlen(options->paths[i]) + 1;
        for (size_t i = 0; i < options->n_paths; i++)
                if (strcmp(options->paths[i], "-") == 0)
                        n = FILES_MAX + 1;      /* it is gone: what was saved of it can be read again */
        if (n > FILES_MAX) {
                fputs(options->n_paths == 1 ? "FILE" : "FILE...", file);
                return;
        }
        for (size_t i = 0; i < options->n_paths; i++) {
                if (i > 0)
                        fputc(' ', file);
                put_file(file, options->paths[i]);
        }
}
