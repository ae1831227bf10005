/* finis watch: how the connections of this host end, as they end. */
#include "cli/watch.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/watch_capture.h"
#include "cli/watch_record.h"
#include "cli/watch_sums.h"
#include "cli/wrong.h"
#include "live/facts.h"
#include "live/feed.h"
#include "live/heard.h"
#include "live/losses.h"
#include "live/packets.h"
#include "live/rights.h"
#include "report/ladder.h"
#include "report/record_json.h"

enum { STATUS_DONE = 0, STATUS_BAD = 1, STATUS_COULD_NOT = 2 };
enum { TICK_MS = 100 };
#define SECOND_NS INT64_C(1000000000)

struct watch {
        const struct watch_options *options;
        struct feed *feed;             /* NULL: only @ended is heard */
        struct ended *ended;
        struct pairs *pairs;
        struct cgroups *cgroups;
        struct watch_capture *capture; /* NULL: not asked for */
        struct live_clock clock;
        struct watch_sums sums;
        FILE *out;
        struct style style;
        uint64_t n_printed;
        struct live_losses losses;
        bool any_bad;
};

static volatile sig_atomic_t stop;

static void on_signal(int signal)
{
        (void)signal;
        stop = 1;
}

static bool is_wanted(const struct watch *watch, const struct watch_record *r)
{
        const struct watch_options *options = watch->options;

        if (options->pid && !watch_record_is_of(r, options->pid))
                return false;
        return filter_match(&options->filter, &r->record);
}

/* Bad ones, if nothing else was asked for. */
static bool is_to_be_told(const struct watch_options *options, const struct watch_record *r)
{
        return options->all || options->filter.n_terms || options->pid || r->record.severity == SEVERITY_BAD;
}

static void print(struct watch *watch, const struct watch_record *r)
{
        const struct watch_options *options = watch->options;

        watch->any_bad |= r->record.severity == SEVERITY_BAD;
        if (!is_to_be_told(options, r) || options->summary_s || (options->count && watch->n_printed >= options->count))
                return;
        watch->n_printed++;
        if (options->json)
                record_write_json(watch->out, &r->record, options->evidence ? RECORD_JSON_EVIDENCE : 0);
        else
                watch_record_write(watch->out, r, options->evidence, &watch->style);
        if (options->count && watch->n_printed >= options->count)
                stop = 1;
}

static void tell(void *context, struct live_connection *c)
{
        struct watch *watch = context;
        const struct facts *wire;
        struct watch_record r;
        uint64_t digest;

        watch_record(&r, c, &watch->clock, NULL, watch->options->evidence, watch->cgroups);
        if (watch->capture && (is_to_be_told(watch->options, &r) || r.record.ending != ENDING_ORDERLY)) {
                wire = watch_capture_look(watch->capture, c, &watch->clock);
                if (wire)
                        watch_record(&r, c, &watch->clock, wire, watch->options->evidence, watch->cgroups);
        }
        if (!is_wanted(watch, &r))
                return;
        if (watch->capture && is_to_be_told(watch->options, &r))
                watch_capture_write(watch->capture, c, &r.record);
        digest = watch_record_digest(&r.record);
        if (c->told_as == digest)
                return;
        watch_sums_add(&watch->sums, &r, c->told_as != 0);
        c->told_as = digest;
        print(watch, &r);
}

static void hear(void *context, const struct ended_socket *socket)
{
        struct watch *watch = context;
        struct watch_record r;

        if (heard_is_empty(socket))
                return;
        watch_record_heard(&r, socket, watch->clock.until_ns, watch->options->evidence);
        if (!is_wanted(watch, &r))
                return;
        watch_sums_add(&watch->sums, &r, false);
        print(watch, &r);
}

static void take_end(void *context, const struct live_end *end)
{
        pairs_end(((struct watch *)context)->pairs, end);
}

static void take_reset(void *context, const struct live_reset *reset)
{
        pairs_reset(((struct watch *)context)->pairs, reset);
}

static int take_in(struct watch *watch)
{
        return watch->feed ? feed_take(watch->feed) : ended_take(watch->ended, hear, watch);
}

static int run(struct watch *watch)
{
        int64_t begun = live_now(CLOCK_MONOTONIC), redrawn = begun;
        int r = 0;

        while (!stop && r == 0) {
                int fd = watch->feed ? feed_fd(watch->feed) : ended_fd(watch->ended);
                struct pollfd p = { .fd = fd, .events = POLLIN };
                int64_t at;

                poll(&p, 1, TICK_MS);
                live_clock_set(&watch->clock);
                /* All that came before is taken in by then: nothing is due that this would have added to. */
                at = live_now(CLOCK_MONOTONIC);
                live_losses_look(&watch->losses, watch->feed, at, false, &watch->clock);
                if (watch->capture)
                        watch_capture_take(watch->capture);
                r = take_in(watch);
                pairs_tick(watch->pairs, (uint64_t)at);
                if (watch->options->summary_s && at - redrawn >= watch->options->summary_s * SECOND_NS) {
                        watch_sums_redraw(watch->out, &watch->sums, watch->feed, at - redrawn);
                        redrawn = at;
                }
                fflush(watch->out);
                if (ferror(watch->out) ||
                    (watch->options->for_s > 0 && (double)(at - begun) >= watch->options->for_s * 1e9))
                        break;
        }
        live_clock_set(&watch->clock);
        if (watch->feed)
                feed_stop(watch->feed);
        live_losses_look(&watch->losses, watch->feed, live_now(CLOCK_MONOTONIC), true, &watch->clock);
        if (r == 0)
                r = take_in(watch);
        if (watch->capture) {
                /* What is under way to the memory yet. */
                poll(NULL, 0, 2 * PACKETS_DELAY_MS);
                watch_capture_take(watch->capture);
        }
        pairs_flush(watch->pairs);
        watch_sums_write(watch->options->json ? stderr : watch->out, &watch->sums, watch->feed,
                         live_now(CLOCK_MONOTONIC) - begun, &watch->style);
        watch_sums_losses(stderr, watch->feed);
        if (watch->capture)
                watch_capture_losses(stderr, watch->capture);
        if (watch->ended && ended_lost(watch->ended))
                fputs("finis watch: the kernel dropped messages: they came faster than they were read\n", stderr);
        return r;
}

static void take_signals(void)
{
        struct sigaction action = { .sa_handler = on_signal };

        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        sigaction(SIGHUP, &action, NULL);
}

/* With BPF; else, and with a word on why, what the kernel tells everybody. */
static int open_sources(struct watch *watch)
{
        const struct feed_hooks hooks = { .end = take_end, .reset = take_reset, .context = watch };
        const struct watch_options *options = watch->options;
        bool orderly_too = options->all || options->filter.n_terms > 0 || options->pid || options->summary_s;
        char why[FEED_WHY_MAX] = "as asked for";
        int r = -EPERM;

        if (!options->unprivileged)
                r = feed_open(orderly_too, &hooks, &watch->feed, why);
        if (r == 0) {
                watch->clock.reasons = feed_has_reasons(watch->feed);
                r = rights_drop();
                if (r < 0)
                        fprintf(stderr, "finis watch: giving up rights: %s\n", strerror(-r));
                else
                        fprintf(stderr, "finis watch: watching this host by tracepoints%s; Ctrl-C stops it\n%s",
                                feed_sees_accept(watch->feed) ? " and accept()" : "",
                                watch->clock.reasons ? ""
                                                     : "finis watch: this kernel gives no reasons for its resets\n");
                return r;
        }
        /* Before a word of it: who reads that may act at once. */
        r = ended_open(&watch->ended);
        fprintf(stderr, "finis watch: without BPF: %s\n", why);
        if (r < 0) {
                fprintf(stderr, "finis watch: listening for destroyed sockets: %s\n", strerror(-r));
                return r;
        }
        fputs("finis watch: so it only hears what was in each socket of this network\n"
              "namespace when it was destroyed: neither who ended it nor how, nor which\n"
              "program\n", stderr);
        return 0;
}

static int open_all(struct watch *watch)
{
        int r;

        watch->out = watch->options->output ? fopen(watch->options->output, "we") : stdout;
        if (!watch->out) {
                wrong_line("finis watch: opening %s: %s", watch->options->output, strerror(errno));
                return -errno;
        }
        watch->style = (struct style){ .width = STYLE_WIDTH, .utf8 = ladder_utf8() };
        watch->style.colour = isatty(fileno(watch->out)) == 1 && !getenv("NO_COLOR");
        r = pairs_new(tell, watch, &watch->pairs);
        if (r == 0)
                r = cgroups_new(&watch->cgroups);
        if (r == 0 && watch->options->capture)
                r = watch_capture_open(watch->options->capture, &watch->capture);
        return r < 0 ? r : open_sources(watch);
}

int watch_main(int argc, char **argv)
{
        struct watch_options options;
        struct watch watch = { .options = &options };
        int r = watch_options(&options, argc, argv), status;

        if (r != 0)
                return r < 0 ? STATUS_COULD_NOT : STATUS_DONE;
        take_signals();
        /* One of that number may come yet. */
        if (options.pid && kill((pid_t)options.pid, 0) < 0 && errno == ESRCH)
                fprintf(stderr, "finis watch: --pid %" PRIu32 ": there is no such process now\n", options.pid);
        r = open_all(&watch);
        live_clock_set(&watch.clock);
        if (r == 0)
                r = run(&watch);
        status = r < 0 ? STATUS_COULD_NOT : options.check && watch.any_bad ? STATUS_BAD : STATUS_DONE;
        if (watch_capture_close(watch.capture) < 0)
                status = STATUS_COULD_NOT;
        feed_close(watch.feed);
        ended_close(watch.ended);
        pairs_free(watch.pairs);
        cgroups_free(watch.cgroups);
        if (options.output && watch.out && fclose(watch.out) != 0) {
                wrong_line("finis watch: writing %s: %s", options.output, strerror(errno));
                status = STATUS_COULD_NOT;
        }
        return status;
}
