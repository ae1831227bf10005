/* finis read: how every connection in captures ended. */
#include "cli/read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/read_join.h"
#include "cli/read_extract.h"
#include "cli/read_output.h"
#include "cli/read_run.h"

enum { OUTPUT_BUFFER = 1 << 18, SMALL_BUFFER = 512 };
enum { STATUS_DONE = 0, STATUS_BAD = 1, STATUS_COULD_NOT = 2 };

static void take_record(void *context, const struct record *r, const struct tracked *connection)
{
        (void)connection;
        read_output_record(context, r);
        /* Nobody takes what is printed: no need to read on. */
        if (ferror_unlocked(stdout))
                read_stop();
}

static void flush(void *context)
{
        read_output_flush(context);
}

/* Millions of records in steps of 4 KB would be a system call for every second of them. What waits to be seen
 * is flushed when the input waits. JSON comes in large pieces, which are not copied if the buffer is small. */
static void widen_stdout(enum read_format format)
{
        static char buffer[OUTPUT_BUFFER];

        if (isatty(STDOUT_FILENO) != 1)
                setvbuf(stdout, buffer, _IOFBF, format == READ_JSON ? SMALL_BUFFER : sizeof(buffer));
}

static int read_files(const struct read_options *options)
{
        const struct read_input input = {
                .streams = read_output_streams(options),
                .paths = options->paths,
                .n_paths = options->n_paths,
                .tracker = { .max_connections = options->max_connections,
                             .by_vlan = options->by_vlan, .brief = !options->evidence },
                .evidence = options->evidence,
        };
        struct read_hooks hooks = { .record = take_record, .wait = flush };
        struct read_output *output;
        struct read_counts counts;
        int r, status;

        widen_stdout(options->format);
        r = read_output_new(options, &output);
        if (r < 0) {
                fprintf(stderr, "finis read: %s\n", strerror(-r));
                return STATUS_COULD_NOT;
        }
        hooks.context = output;
        read_stop_on_signals();
        r = read_run(&input, &hooks, &counts);
        if (counts.interrupted && !ferror(stdout))
                fputs("finis read: interrupted; this is what was seen until then\n", stderr);
        read_output_finish(output, &counts);
        status = r < 0 ? STATUS_COULD_NOT : read_status(&counts, options->strict);
        if (status == STATUS_DONE && options->check && read_output_check(output))
                status = STATUS_BAD;
        read_output_free(output);
        return status;
}

static int run(const struct read_options *options)
{
        if (options->client) {
                if (options->show || options->extract || options->anonymize) {
                        fputs("finis read: --show, --extract and --anonymize take one of the two captures alone\n",
                              stderr);
                        return STATUS_COULD_NOT;
                }
                return read_join(options);
        }
        if (options->extract || options->anonymize)
                return read_extract(options);
        return options->show ? read_show(options) : read_files(options);
}

int read_main(int argc, char **argv)
{
        struct read_options options;
        int r = read_options(&options, argc, argv), status;

        if (r < 0)
                status = STATUS_COULD_NOT;
        else
                status = r > 0 ? STATUS_DONE : run(&options);
        read_options_deinit(&options);
        return status;
}
