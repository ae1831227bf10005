/* Searches with a process a processor; each takes the next numbers and reports what disagrees. */
#include "lab/random.h"

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
#include "lab/generate.h"
#include "lab/moment.h"
#include "lab/namespace.h"
#include "lab/play.h"
#include "lab/rights.h"
#include "lab/shrink.h"

#define MAX_WORKERS 64
#define BATCH 16
/* While it searches it does not wait long; what is found is played again with all patience. */
#define HASTE_NS (400 * MILLISECOND_NS)
/* Without a namespace the host's table is shared with others. */
#define MAX_TUPLES 18000

struct sums {
        atomic_ullong next, played, not_played, disagree;
        atomic_bool namespace;
        atomic_int enough;
        char why_not[256];
};

struct message {
        uint64_t number;
        int family;
        char name[GENERATED_MAX + 32];
        char why[PLAY_WHY_MAX];
        char rule[64];
        char kernel[128];
};

struct player {
        const struct random_options *options;
        struct stage_rights rights;
        struct sniffer *sniffer;
        enum sequence_kind kind;
        int family;
};

static void play(struct player *p, const char *acts, int64_t patience_ns, struct play *ret_play)
{
        struct scenario scenario = { .name = "random",
                                     .theme = N_THEMES,
                                     .acts = acts,
                                     .flags = sequence_flags(p->kind),
                                     .ending = ENDING_UNSEEN,
                                     .ended_by = SIDE_UNKNOWN,
                                     .cause = CAUSE_NONE };

        p->rights.patience_ns = patience_ns;
        play_run(&scenario, p->family, &p->rights, p->sniffer, ret_play);
        play_end(ret_play);
        ret_play->scenario = NULL;
}

static bool still_disagrees(const char *acts, void *context)
{
        static struct play shrunk;

        play(context, acts, HASTE_NS, &shrunk);
        return shrunk.disagrees;
}

/* How many sockets, TIME_WAIT too, this host has: /proc/net/sockstat. */
static long tuples(void)
{
        FILE *file = fopen("/proc/net/sockstat", "re");
        char line[256];
        long inuse = 0, orphan = 0, tw = 0;

        while (file && fgets(line, sizeof(line), file))
                if (sscanf(line, "TCP: inuse %ld orphan %ld tw %ld", &inuse, &orphan, &tw) == 3)
                        break;
        if (file)
                fclose(file);
        return inuse + orphan + tw;
}

static void report(struct player *p, int fd, uint64_t number, char acts[static GENERATED_MAX])
{
        struct message m = { .number = number, .family = p->family };
        static struct play again;

        shrink(acts, GENERATED_MAX, still_disagrees, p);
        play(p, acts, 0, &again);
        if (!again.disagrees)
                return; /* with all patience it agrees: slow, not wrong */
        snprintf(m.name, sizeof(m.name), "%s%s", sequence_prefix(p->kind), acts);
        snprintf(m.why, sizeof(m.why), "%s", again.why);
        if (again.rule) {
                snprintf(m.rule, sizeof(m.rule), "%s", again.rule->name);
                snprintf(m.kernel, sizeof(m.kernel), "%s", again.rule->at ?: "");
        }
        if (write(fd, &m, sizeof(m)) != sizeof(m))
                _exit(1);
}

static void one(struct player *p, struct sums *sums, int fd, uint64_t number)
{
        struct generator generator = { .by_hand = p->rights.wire, .own_namespace = p->rights.own_namespace };
        char acts[GENERATED_MAX];
        static struct play first;

        p->kind = generate(&generator, p->options->seed, number, acts);
        p->family = p->options->ipv4 && (!p->options->ipv6 || number % 2 == 0) ? AF_INET : AF_INET6;
        if (acts[0] == 0)
                return;
        play(p, acts, HASTE_NS, &first);
        if (first.skipped)
                atomic_fetch_add(&sums->not_played, 1);
        else
                atomic_fetch_add(&sums->played, 1);
        if (first.disagrees)
                report(p, fd, number, acts);
}

__attribute__((noreturn)) static void work(const struct random_options *options,
                                           struct sums *sums, int fd, pid_t parent)
{
        struct player p = { .options = options };
        uint64_t end = options->n ? options->first + options->n : UINT64_MAX;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
                _exit(1);
        signal(SIGINT, SIG_IGN);
        rights_take(options->namespace, &p.rights, &p.sniffer);
        if (calls_prepare() < 0)
                _exit(1);
        if (!p.rights.own_namespace)
                memcpy(sums->why_not, p.rights.why_not, sizeof(sums->why_not));
        else
                atomic_store(&sums->namespace, true);
        while (!atomic_load(&sums->enough)) {
                uint64_t from = atomic_fetch_add(&sums->next, BATCH);

                if (from >= end)
                        break;
                for (struct pause pause = { 0 }; !p.rights.own_namespace && tuples() > MAX_TUPLES;
                     pause_a_little(&pause))
                        if (atomic_load(&sums->enough))
                                break;
                for (uint64_t i = from; i < from + BATCH && i < end && !atomic_load(&sums->enough); i++)
                        one(&p, sums, fd, i);
        }
        sniffer_close(p.sniffer);
        _exit(0);
}

static void print_message(FILE *file, const struct message *m)
{
        fprintf(file, "DISAGREES  %s\n", m->name);
        fprintf(file, "           IPv%d, number %llu: %s\n", m->family == AF_INET ? 4 : 6,
                (unsigned long long)m->number, m->why);
        if (m->rule[0])
                fprintf(file, "           rule %s (%s)\n", m->rule, m->kernel);
        fflush(file);
}

static void progress(const struct sums *sums, const struct random_options *options, int64_t started)
{
        double seconds = (double)(now_ns() - started) / SECOND_NS;
        unsigned long long n = atomic_load(&sums->played);

        if (!options->progress)
                return;
        fprintf(stderr, "\r\033[Kplayed %llu", n);
        if (options->n)
                fprintf(stderr, " of %llu", (unsigned long long)options->n);
        fprintf(stderr, ", %.0f a second, %llu disagree", seconds > 0 ? (double)n / seconds : 0,
                atomic_load(&sums->disagree));
        fflush(stderr);
}

struct crew {
        pid_t pid[MAX_WORKERS];
        size_t n, alive;
        uint64_t n_died;
};

static void reap(struct crew *crew)
{
        int status;

        for (size_t i = 0; i < crew->n; i++)
                if (crew->pid[i] > 0 && waitpid(crew->pid[i], &status, WNOHANG) == crew->pid[i]) {
                        crew->n_died += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
                        crew->pid[i] = 0;
                        crew->alive--;
                }
}

static void hear(const struct random_options *options, struct sums *sums, int fd)
{
        struct message m;

        while (read(fd, &m, sizeof(m)) == sizeof(m)) {
                atomic_fetch_add(&sums->disagree, 1);
                if (options->progress)
                        fputs("\r\033[K", stderr);
                print_message(options->file, &m);
        }
}

int random_run(const struct random_options *options, struct random_sums *ret_sums)
{
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        size_t n = options->n_workers ? options->n_workers : (size_t)(processors > 0 ? processors : 1);
        struct sums *sums = mmap(NULL, sizeof(*sums), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        struct crew crew = { .n = n < MAX_WORKERS ? n : MAX_WORKERS };
        char why[NAMESPACE_WHY_MAX];
        int64_t started = now_ns(), deadline = options->for_ns ? started + options->for_ns : INT64_MAX;
        pid_t parent = getpid();
        int ends[2], r = 0;

        if (sums == MAP_FAILED)
                return -errno;
        if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
                r = -errno;
                munmap(sums, sizeof(*sums));
                return r;
        }
        atomic_store(&sums->next, options->first);
        if (options->namespace)
                namespace_users(why);
        fflush(NULL);
        for (size_t i = 0; i < crew.n; i++) {
                crew.pid[i] = fork();
                if (crew.pid[i] == 0) {
                        fcntl(ends[1], F_SETFL, 0); /* a report is written whole */
                        work(options, sums, ends[1], parent);
                }
                crew.alive += crew.pid[i] > 0;
        }
        close(ends[1]);
        while (crew.alive > 0) {
                struct pollfd p = { .fd = ends[0], .events = POLLIN };

                poll(&p, 1, 200);
                hear(options, sums, ends[0]);
                progress(sums, options, started);
                if (now_ns() > deadline || (options->stop && options->stop()))
                        atomic_store(&sums->enough, 1);
                reap(&crew);
        }
        hear(options, sums, ends[0]);
        if (options->progress)
                fputs("\r\033[K", stderr);
        close(ends[0]);
        *ret_sums = (struct random_sums){
                .n_played = atomic_load(&sums->played),
                .n_not_played = atomic_load(&sums->not_played),
                .n_disagree = atomic_load(&sums->disagree),
                .n_died = crew.n_died,
                .seconds = (double)(now_ns() - started) / SECOND_NS,
        };
        if (!atomic_load(&sums->namespace))
                memcpy(ret_sums->why_not, sums->why_not, sizeof(ret_sums->why_not));
        munmap(sums, sizeof(*sums));
        return r;
}
