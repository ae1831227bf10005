/* Processes that play. */
#include "lab/workers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "endpoint/rules.h"
#include "lab/calls.h"
#include "lab/moment.h"
#include "lab/namespace.h"
#include "lab/rights.h"

#define MAX_WORKERS 32
#define TICK_MS 100
/* No scenario takes so long: what does hangs. */
#define HUNG_NS (150 * SECOND_NS)

/* Shared by all processes: the next scenario to take. */
struct board {
        atomic_size_t next;
};

/* What a worker sends before its text. */
struct header {
        size_t index;
        struct found found;
        size_t n_text;
};

struct worker {
        pid_t pid;
        int fd;
        bool busy;
        size_t index;   /* the scenario it plays, as it said */
        int64_t since_ns;
};

struct run {
        const struct workers_options *options;
        const size_t *order; /* timers first: they wait longest */
        struct board *board;
        struct worker workers[MAX_WORKERS];
        size_t n_workers;
        struct found *found;
        bool *done;
        size_t n_done, n_given;
        bool stopped;
};

static bool write_all(int fd, const void *bytes, size_t n)
{
        const char *p = bytes;

        while (n > 0) {
                ssize_t w = write(fd, p, n);

                if (w < 0 && errno == EINTR)
                        continue;
                if (w <= 0)
                        return false;
                p += w;
                n -= (size_t)w;
        }
        return true;
}

static bool read_all(int fd, void *bytes, size_t n)
{
        char *p = bytes;

        while (n > 0) {
                ssize_t r = read(fd, p, n);

                if (r < 0 && errno == EINTR)
                        continue;
                if (r <= 0)
                        return false;
                p += r;
                n -= (size_t)r;
        }
        return true;
}

static void sum_up(struct found *found, struct play *const *plays, size_t n)
{
        found->n_plays = (unsigned)n;
        for (size_t i = 0; i < n; i++) {
                const struct play *p = plays[i];

                found->n_disagree += p->disagrees;
                found->n_skipped += p->skipped;
                if ((p->disagrees || p->skipped) && (found->why[0] == 0 || p->disagrees)) {
                        snprintf(found->why, sizeof(found->why), "%.*s", (int)sizeof(found->why) - 1, p->why);
                        snprintf(found->rule, sizeof(found->rule), "%s", p->rule ? p->rule->name : "");
                }
        }
        found->verdict = found->n_disagree            ? VERDICT_DISAGREES
                         : found->n_skipped == n      ? VERDICT_SKIPPED
                                                      : VERDICT_AGREES;
}

static bool play_one(const struct run *run, size_t index, const struct stage_rights *rights, struct sniffer *sniffer,
                     int fd)
{
        static const int families[] = { AF_INET, AF_INET6 };
        const struct workers_options *o = run->options;
        struct header header = { .index = index, .found = { .scenario = o->scenarios[index] } };
        struct play *plays[2] = { NULL };
        char *text = NULL;
        size_t n = 0;
        FILE *file = open_memstream(&text, &header.n_text);
        bool sent;

        if (!file)
                return false;
        for (size_t i = 0; i < 2; i++) {
                if (!(i == 0 ? o->ipv4 : o->ipv6))
                        continue;
                if (i > 0 && (header.found.scenario->flags & SCENARIO_IPV4_ONLY) && o->ipv4)
                        continue;
                plays[n] = calloc(1, sizeof(**plays));
                if (!plays[n])
                        break;
                play_run(header.found.scenario, families[i], rights, sniffer, plays[n]);
                n++;
                /* What is written of a play needs its capture, which the next one clears. */
                struct found so_far = header.found;

                sum_up(&so_far, &plays[n - 1], 1);
                o->write(file, &plays[n - 1], 1, &so_far, o->context);
                memcpy(header.found.unkept, so_far.unkept, sizeof(so_far.unkept));
                play_end(plays[n - 1]);
        }
        sum_up(&header.found, plays, n);
        fclose(file);
        sent = write_all(fd, &header, sizeof(header)) && write_all(fd, text, header.n_text);
        free(text);
        for (size_t i = 0; i < n; i++)
                free(plays[i]);
        return sent;
}

__attribute__((noreturn)) static void work(const struct run *run, int fd, pid_t parent)
{
        struct stage_rights rights;
        struct sniffer *sniffer;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
                _exit(1);
        signal(SIGINT, SIG_IGN); /* the parent decides */
        rights_take(run->options->namespace, &rights, &sniffer);
        if (calls_prepare() < 0)
                _exit(1);
        for (;;) {
                size_t i = atomic_fetch_add(&run->board->next, 1);
                struct header begins = { .n_text = SIZE_MAX };

                if (i >= run->options->n)
                        break;
                begins.index = run->order[i];
                if (!write_all(fd, &begins, sizeof(begins)) || !play_one(run, run->order[i], &rights, sniffer, fd))
                        _exit(1);
        }
        sniffer_close(sniffer);
        _exit(0);
}

static int start_worker(struct run *run, struct worker *w)
{
        pid_t parent = getpid();
        int ends[2], error;

        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        fflush(NULL);
        w->pid = fork();
        if (w->pid < 0) {
                error = errno;
                close(ends[0]);
                close(ends[1]);
                return -error;
        }
        if (w->pid == 0) {
                close(ends[0]);
                work(run, ends[1], parent);
        }
        close(ends[1]);
        w->fd = ends[0];
        w->busy = false;
        return 0;
}

static void stop_worker(struct worker *w, int *ret_status)
{
        if (w->pid <= 0)
                return;
        kill(w->pid, SIGKILL);
        waitpid(w->pid, ret_status, 0);
        close(w->fd);
        w->pid = 0;
        w->fd = -1;
}

static void finish(struct run *run, size_t index, struct found found, char *text, size_t n_text)
{
        found.text = text;
        found.n_text = n_text;
        run->found[index] = found;
        run->done[index] = true;
        run->n_done++;
        while (run->n_given < run->options->n && run->done[run->n_given]) {
                struct found *f = &run->found[run->n_given++];

                run->options->take(f, run->options->context);
                free((char *)(uintptr_t)f->text);
                f->text = NULL;
        }
}

/* The worker is gone or hangs: what it played has failed; another takes its place. */
static void replace(struct run *run, struct worker *w, const char *what)
{
        struct found found = { .verdict = VERDICT_FAILED, .n_plays = 1 };
        bool busy = w->busy;
        int status = 0;

        stop_worker(w, &status);
        if (busy) {
                found.scenario = run->options->scenarios[w->index];
                snprintf(found.why, sizeof(found.why), "the process that played it %s", what);
                finish(run, w->index, found, NULL, 0);
        }
        if (atomic_load(&run->board->next) < run->options->n)
                start_worker(run, w);
}

static void hear(struct run *run, struct worker *w)
{
        struct header h;
        char *text;

        if (!read_all(w->fd, &h, sizeof(h))) {
                replace(run, w, "died");
                return;
        }
        if (h.n_text == SIZE_MAX) {
                w->busy = true;
                w->index = h.index;
                w->since_ns = now_ns();
                return;
        }
        text = malloc(h.n_text + 1);
        if (!text || !read_all(w->fd, text, h.n_text)) {
                free(text);
                replace(run, w, "died");
                return;
        }
        text[h.n_text] = 0;
        w->busy = false;
        h.found.scenario = run->options->scenarios[h.index];
        finish(run, h.index, h.found, text, h.n_text);
}

static void look_after(struct run *run)
{
        struct pollfd polled[MAX_WORKERS];

        for (size_t i = 0; i < run->n_workers; i++)
                polled[i] = (struct pollfd){ .fd = run->workers[i].pid > 0 ? run->workers[i].fd : -1,
                                             .events = POLLIN };
        if (poll(polled, run->n_workers, TICK_MS) < 0)
                return;
        for (size_t i = 0; i < run->n_workers; i++) {
                struct worker *w = &run->workers[i];

                if (polled[i].fd >= 0 && polled[i].revents)
                        hear(run, w);
                else if (w->pid > 0 && w->busy && now_ns() - w->since_ns > HUNG_NS)
                        replace(run, w, "hung");
        }
}

static bool any_alive(const struct run *run)
{
        for (size_t i = 0; i < run->n_workers; i++)
                if (run->workers[i].pid > 0)
                        return true;
        return false;
}

static size_t fit_workers(const struct workers_options *o)
{
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        size_t n = o->n_workers ? o->n_workers : (size_t)(processors > 0 ? processors : 1) * 2, timers = 0;

        for (size_t i = 0; i < o->n; i++)
                timers += (o->scenarios[i]->flags & SCENARIO_TIMERS) != 0;
        if (!o->n_workers && timers > 0)
                n += timers < 20 ? timers : 20; /* these only wait */
        if (n > o->n)
                n = o->n;
        return n < MAX_WORKERS ? n : MAX_WORKERS;
}

static size_t *put_in_order(const struct workers_options *o)
{
        size_t *order = calloc(o->n + 1, sizeof(*order)), n = 0;

        for (int timers = 1; order && timers >= 0; timers--)
                for (size_t i = 0; i < o->n; i++)
                        if (((o->scenarios[i]->flags & SCENARIO_TIMERS) != 0) == timers)
                                order[n++] = i;
        return order;
}

int workers_run(const struct workers_options *options)
{
        struct run run = { .options = options };
        char why[NAMESPACE_WHY_MAX];
        int status, r = 0;

        run.board = mmap(NULL, sizeof(*run.board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        run.found = calloc(options->n + 1, sizeof(*run.found));
        run.done = calloc(options->n + 1, sizeof(*run.done));
        run.order = put_in_order(options);
        if (run.board == MAP_FAILED || !run.found || !run.done || !run.order) {
                r = -ENOMEM;
                goto out;
        }
        if (options->namespace)
                namespace_users(why); /* what is refused here the workers meet again and say */
        run.n_workers = fit_workers(options);
        for (size_t i = 0; i < run.n_workers && r == 0; i++)
                r = start_worker(&run, &run.workers[i]);
        while (r == 0 && run.n_done < options->n && any_alive(&run)) {
                look_after(&run);
                if (options->tick && options->tick(run.n_done, options->n, options->context)) {
                        run.stopped = true;
                        break;
                }
        }
        for (size_t i = 0; i < run.n_workers; i++)
                stop_worker(&run.workers[i], &status);
        /* Stopped early: give out what is known of the rest, gaps left out. */
        for (; run.n_given < options->n; run.n_given++)
                if (run.done[run.n_given]) {
                        options->take(&run.found[run.n_given], options->context);
                        free((char *)(uintptr_t)run.found[run.n_given].text);
                }
out:
        if (run.board != MAP_FAILED && run.board)
                munmap(run.board, sizeof(*run.board));
        free(run.found);
        free(run.done);
        free((size_t *)(uintptr_t)run.order);
        return r;
}
