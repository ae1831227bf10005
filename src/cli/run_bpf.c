/*
 * The same feed as finis watch has, and of what it tells only that of which an end is in the program's cgroup. Where
 * the other end is on this host too, it is told with it, and so what it did is known.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/run_bpf.h"
#include "cli/run_group.h"
#include "cli/watch_record.h"
#include "cli/wrong.h"
#include "live/facts.h"
#include "live/feed.h"
#include "live/losses.h"
#include "live/rights.h"
#include "report/record_json.h"

enum { STATUS_FAILED = 125, TICK_MS = 100 };
/* When the last process has gone: what the kernels do then of their own accord is over soon, or takes minutes. */
#define LAST_TICKS 4

struct run_bpf {
        struct run_show *show;
        struct run_group group;
        struct feed *feed;
        struct pairs *pairs;
        struct live_clock clock;
        struct live_losses losses;
        pid_t pid;
        int *exec_error;                /* shared with the child */
};

static void tell(void *context, struct live_connection *c)
{
        struct run_bpf *run = context;
        bool ours = false, told = false;
        struct watch_record r;
        uint64_t digest;
        FILE *out;

        for (unsigned i = 0; i < c->n_ends; i++) {
                bool own = c->ends[i].cgroup == run->group.id;

                ours = ours || own;
                told = told || (own && c->ends[i].error);
        }
        if (!ours)
                return;
        watch_record(&r, c, &run->clock, NULL, run->show->options->evidence, NULL);
        r.record.source = SOURCE_RUN;
        digest = watch_record_digest(&r.record);
        if (c->told_as == digest)
                return;
        /* A straggler changed the verdict: it is the same connection. */
        if (c->told_as)
                run->show->n--;
        c->told_as = digest;
        out = run_show_counts(run->show, &r.record, told) ? run_show_where(run->show, &r.record) : NULL;
        if (!out)
                return;
        if (run->show->options->json)
                record_write_json(out, &r.record, run->show->options->evidence ? RECORD_JSON_EVIDENCE : 0);
        else
                watch_record_write(out, &r, run->show->options->evidence, &run->show->style);
        run_show_written(run->show, out);
}

static void take_end(void *context, const struct live_end *end)
{
        pairs_end(((struct run_bpf *)context)->pairs, end);
}

static void take_reset(void *context, const struct live_reset *reset)
{
        pairs_reset(((struct run_bpf *)context)->pairs, reset);
}

static void child(const struct run_options *options, int go, int *exec_error)
{
        char byte;

        if (read(go, &byte, 1) != 1)
                _exit(STATUS_FAILED);
        sigprocmask(SIG_SETMASK, &options->mask, NULL);
        execvp(options->command[0], options->command);
        *exec_error = errno;
        _exit(errno == ENOENT ? 127 : 126);
}

/* The program keeps its rights; we give up ours before it runs. */
static int begin(struct run_bpf *run, char why[static RUN_BPF_WHY_MAX])
{
        int go[2], r;

        run->exec_error = mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (run->exec_error == MAP_FAILED || pipe2(go, O_CLOEXEC) < 0)
                return -errno;
        fflush(NULL);
        run->pid = fork();
        if (run->pid == 0) {
                close(go[1]);
                child(run->show->options, go[0], run->exec_error);
        }
        r = run->pid < 0 ? -errno : run_group_take(&run->group, run->pid);
        if (r < 0)
                snprintf(why, RUN_BPF_WHY_MAX, "putting the program into the cgroup %s: %s",
                         run->group.path, strerror(-r));
        else
                r = rights_drop();
        if (r == 0 && write(go[1], "", 1) != 1)
                r = -EPIPE;
        close(go[0]);
        close(go[1]);
        if (r < 0 && run->pid > 0)
                waitpid(run->pid, NULL, 0);
        return r;
}

/* All that came until @at is taken in by then, and what was lost is known: then what is due is told. */
static void take_in(struct run_bpf *run, bool last)
{
        int64_t at = live_now(CLOCK_MONOTONIC);

        live_clock_set(&run->clock);
        live_losses_look(&run->losses, run->feed, at, last, &run->clock);
        feed_take(run->feed);
        pairs_tick(run->pairs, (uint64_t)at);
}

static int follow(struct run_bpf *run, volatile sig_atomic_t *stop)
{
        struct pollfd p = { .fd = feed_fd(run->feed), .events = POLLIN };
        bool gone = false;
        int status = 0;

        for (int left = LAST_TICKS; !*stop && left > 0;) {
                poll(&p, 1, TICK_MS);
                take_in(run, false);
                gone = gone || waitpid(run->pid, &status, WNOHANG) == run->pid;
                if (gone && !run_group_lives(&run->group))
                        left--;
        }
        feed_stop(run->feed);
        take_in(run, true);
        pairs_flush(run->pairs);
        return status;
}

static int status_of(const struct run_bpf *run, int status)
{
        const struct run_options *options = run->show->options;

        if (*run->exec_error)
                wrong_line("finis run: running %s: %s", options->command[0], strerror(*run->exec_error));
        else if (options->error_status && run->show->n_bad)
                return options->error_status;
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void say_losses(const struct run_bpf *run)
{
        if (run->losses.n > 0)
                fprintf(stderr, "finis run: %" PRIu64 " events of this host were missed or found no room, "
                        "the program's may be among them\n", run->losses.n);
}

int run_bpf(struct run_show *show, volatile sig_atomic_t *stop, void (*take_signals)(pid_t pass),
            char why[static RUN_BPF_WHY_MAX])
{
        struct run_bpf run = { .show = show };
        const struct feed_hooks hooks = { .end = take_end, .reset = take_reset, .context = &run };
        char reason[FEED_WHY_MAX] = "";
        int r = run_group_make(&run.group, reason);

        snprintf(why, RUN_BPF_WHY_MAX, "%s", reason);
        if (r < 0)
                return r;
        r = pairs_new(tell, &run, &run.pairs);
        if (r == 0)
                r = feed_open(true, &hooks, &run.feed, reason);
        snprintf(why, RUN_BPF_WHY_MAX, "%s", reason);
        if (r == 0) {
                run.clock.reasons = feed_has_reasons(run.feed);
                r = begin(&run, why);
        }
        if (r == 0) {
                take_signals(run.pid);
                sigprocmask(SIG_SETMASK, &show->options->mask, NULL);
                r = follow(&run, stop);
                if (!*run.exec_error)
                        run_show_summary(show);
                say_losses(&run);
                r = status_of(&run, r);
        }
        feed_close(run.feed);
        pairs_free(run.pairs);
        run_group_leave(&run.group);
        return r;
}
