/*
 * Breaks each rule of the model in turn, or those that are named, and sees whether the kernel notices:
 * 10,000 random sequences first, then the scenarios that use the rule. Not part of `make check`, since
 * it takes minutes: `make mutants`. A mutant that nothing notices is printed; the exit status says
 * whether the bounds are kept.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
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
#include "lab/play.h"
#include "lab/rights.h"

#define N_SEQUENCES 10000
#define PATIENCE_NS (150 * MILLISECOND_NS)
#define MAX_RULES 256
#define MAX_MUTANTS 4096
#define MAX_SCENARIOS 1024

enum what { GONE, ERRNO, GIVES, STATE, EMITS, EFFECT, POLL_BITS };

struct mutant {
        struct rule *rule;           /* or */
        struct poll_rule *poll_rule;
        enum what what;
        uint32_t effect;
        /* What became of it. */
        pid_t pid;
        int fd;
        char killed_by[96];
        bool by_random, by_scenario, reached_by_random;
};

static struct mutant mutants[MAX_MUTANTS];
static size_t n_mutants;

static struct {
        const struct rule *rule;
        bool used[MAX_SCENARIOS];
        bool by_random;
} coverage[MAX_RULES];
static size_t n_rules;

/* Mutants that no one could notice, and why: RULE WHAT EFFECT REASON. */
static bool excused(const struct mutant *m, const char *what)
{
        const char *path = getenv("MUTANTS_EQUIVALENT");
        FILE *file = path ? fopen(path, "re") : NULL;
        char line[512], rule[96], kind[32];
        unsigned effect;
        bool found = false;

        while (file && !found && fgets(line, sizeof(line), file))
                found = sscanf(line, "%95s %31s %x", rule, kind, &effect) == 3 && !strncmp(kind, what, strlen(kind)) &&
                        effect == m->effect && !strcmp(rule, m->rule ? m->rule->name : m->poll_rule->name);
        if (file)
                fclose(file);
        return found;
}

/* The tables are constant for everybody else. */
static void *writable(const void *address, size_t size)
{
        uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = (uintptr_t)address & ~(page - 1);

        if (mprotect((void *)from, (uintptr_t)address + size - from, PROT_READ | PROT_WRITE) < 0)
                perror("mprotect");
        return (void *)(uintptr_t)address;
}

static void add(struct rule *rule, enum what what, uint32_t effect)
{
        mutants[n_mutants++] = (struct mutant){ .rule = rule, .what = what, .effect = effect };
}

/* Effects that only tell a reader of the table what the kernel does; the model does not act on them. */
#define SAID_ONLY (PURGE_UNSENT | PURGE_UNREAD | LINGERS)

static void collect(const struct rule *rules, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                struct rule *r = (struct rule *)(uintptr_t)&rules[i];

                coverage[n_rules++].rule = r;
                add(r, GONE, 0);
                if (r->error && r->gives == GIVES_ERRNO)
                        add(r, ERRNO, 0);
                if (r->error && (r->does & SET_ERROR))
                        add(r, ERRNO, 0);
                if (r->gives != GIVES_NOTHING)
                        add(r, GIVES, 0);
                add(r, STATE, 0);
                add(r, EMITS, 0);
                for (uint32_t bit = 1; bit; bit <<= 1)
                        if (r->does & bit & ~SAID_ONLY)
                                add(r, EFFECT, bit);
        }
}

static void mutate(const struct mutant *m)
{
        struct rule *r;

        if (m->poll_rule) {
                struct poll_rule *p = writable(m->poll_rule, sizeof(*m->poll_rule));

                p->bits = 0;
                return;
        }
        r = writable(m->rule, sizeof(*m->rule));
        switch (m->what) {
        case GONE:
                r->needs = r->lacks = UINT64_C(1) << 63 | IF_NONBLOCK;
                break;
        case ERRNO:
                r->error = r->error == EIO ? ENOTTY : EIO;
                break;
        case GIVES:
                r->gives = r->gives == GIVES_ERRNO ? GIVES_ZERO : GIVES_ERRNO;
                r->error = r->gives == GIVES_ERRNO ? EIO : r->error;
                break;
        case STATE:
                r->next = r->next == SAME_STATE && (r->states & IN(CLOSE)) && r->states != ANY_STATE
                          ? TCP_STATE_ESTABLISHED
                          : r->next == SAME_STATE                                                 ? TCP_STATE_CLOSING
                          : r->next == TCP_STATE_CLOSE                                            ? TCP_STATE_CLOSE_WAIT
                                                                                                  : TCP_STATE_CLOSE;
                break;
        case EMITS:
                r->emits = r->emits == EMIT_RST         ? EMIT_RST_REPLY
                           : r->emits == EMIT_RST_REPLY ? EMIT_NOTHING
                           : r->emits == EMIT_NOTHING   ? EMIT_RST
                                                        : EMIT_NOTHING;
                break;
        case EFFECT:
                r->does &= ~m->effect;
                break;
        case POLL_BITS:
                break;
        }
}

static struct stage_rights rights;
static struct sniffer *sniffer;

static bool notices(const struct scenario *scenario, int family)
{
        static struct play play;

        play_run(scenario, family, &rights, sniffer, &play);
        play_end(&play);
        /* The broken model sees a call wait that returned: the play goes no further for it. */
        return play.disagrees || (play.skipped && strstr(play.why, "would wait"));
}

/* A busy machine is slow now and then, a broken model is wrong each time. */
static bool keeps_noticing(const struct scenario *scenario, int family)
{
        for (int i = 0; i < 3; i++)
                if (!notices(scenario, family))
                        return false;
        return true;
}

static const struct scenario *sequence(uint64_t number)
{
        static char acts[GENERATED_MAX];
        static struct scenario scenario;
        struct generator generator = { .by_hand = rights.wire, .own_namespace = rights.own_namespace };
        enum sequence_kind kind = generate(&generator, 1, number, acts);

        scenario = (struct scenario){ .name = "random", .acts = acts,
                                      .flags = sequence_flags(kind), .cause = CAUSE_NONE };
        return &scenario;
}

__attribute__((noreturn)) static void child(const struct mutant *m, int fd)
{
        size_t index = 0;
        char by[96] = "";

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        rights_take(true, &rights, &sniffer);
        calls_prepare();
        rights.patience_ns = PATIENCE_NS;
        while (m->rule && index < n_rules && coverage[index].rule != m->rule)
                index++;
        mutate(m);
        for (uint64_t i = 0; i < N_SEQUENCES && !by[0] && (!m->rule || coverage[index].by_random); i++)
                if (keeps_noticing(sequence(i), i % 2 ? AF_INET6 : AF_INET))
                        snprintf(by, sizeof(by), "r%llu", (unsigned long long)i);
        for (size_t i = 0; i < scenario_count() && !by[0]; i++)
                if (!m->rule || coverage[index].used[i])
                        for (int k = 0; k < 2 && !by[0]; k++)
                                if (keeps_noticing(scenario_at(i), k ? AF_INET6 : AF_INET))
                                        snprintf(by, sizeof(by), "s%s", scenario_at(i)->name);
        if (write(fd, by, sizeof(by)) != sizeof(by))
                _exit(1);
        _exit(0);
}

static void start(struct mutant *m)
{
        int ends[2];

        if (pipe(ends) < 0)
                exit(2);
        m->pid = fork();
        if (m->pid == 0)
                child(m, ends[1]);
        close(ends[1]);
        m->fd = ends[0];
}

static void finish(struct mutant *m)
{
        char by[96] = "";

        if (read(m->fd, by, sizeof(by)) != sizeof(by))
                strcpy(by, "sthe process died"); /* it could not even go on */
        close(m->fd);
        m->by_random = by[0] == 'r';
        m->by_scenario = by[0] == 's';
        snprintf(m->killed_by, sizeof(m->killed_by), "%s", by[0] ? by + 1 : "");
}

/* Which rules the unbroken model uses where, in a child of its own that may enter a namespace. */
static void cover(void)
{
        size_t size = sizeof(coverage);
        char *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        pid_t pid = fork();

        if (pid == 0) {
                static struct play play;

                rights_take(true, &rights, &sniffer);
                calls_prepare();
                for (size_t k = 0; k < 2 * scenario_count() && k < 2 * MAX_SCENARIOS; k++) {
                        size_t s = k / 2;

                        play_run(scenario_at(s), k % 2 ? AF_INET6 : AF_INET, &rights, sniffer, &play);
                        play_end(&play);
                        for (size_t f = 0; f < play.pair.n_fired; f++)
                                for (size_t r = 0; r < n_rules; r++)
                                        coverage[r].used[s] = coverage[r].used[s] ||
                                                              coverage[r].rule == play.pair.fired[f];
                }
                for (uint64_t i = 0; i < N_SEQUENCES; i++) {
                        play_run(sequence(i), i % 2 ? AF_INET6 : AF_INET, &rights, sniffer, &play);
                        play_end(&play);
                        for (size_t f = 0; f < play.pair.n_fired; f++)
                                for (size_t r = 0; r < n_rules; r++)
                                        coverage[r].by_random = coverage[r].by_random ||
                                                                coverage[r].rule == play.pair.fired[f];
                }
                memcpy(shared, coverage, size);
                _exit(0);
        }
        waitpid(pid, NULL, 0);
        memcpy(coverage, shared, size);
        munmap(shared, size);
}

static const char *what_name(const struct mutant *m)
{
        static const char *const names[] = { "left-out", "errno", "result", "state", "segment", "effect", "poll-bits" };

        return names[m->what];
}

/* Only the mutants of the rules that are named. */
static void choose(char *const names[])
{
        size_t n = 0;

        for (size_t i = 0; i < n_mutants; i++)
                for (size_t k = 0; names[k]; k++)
                        if (!strcmp(mutants[i].rule ? mutants[i].rule->name : mutants[i].poll_rule->name, names[k]))
                                mutants[n++] = mutants[i];
        n_mutants = n;
}

int main(int argc, char *argv[])
{
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        size_t started = 0, finished = 0, random = 0, scenario = 0, reached = 0, unused = 0, equivalent = 0;
        int64_t begun = now_ns();

        setvbuf(stdout, NULL, _IOLBF, 0);
        collect(send_rules, n_send_rules);
        collect(recv_rules, n_recv_rules);
        collect(shutdown_rules, n_shutdown_rules);
        collect(close_rules, n_close_rules);
        collect(open_rules, n_open_rules);
        collect(error_rules, n_error_rules);
        collect(abort_rules, n_abort_rules);
        collect(segment_rules, n_segment_rules);
        collect(reset_rules, n_reset_rules);
        collect(icmp_rules, n_icmp_rules);
        collect(timer_rules, n_timer_rules);
        for (size_t i = 0; i < n_poll_rules; i++)
                mutants[n_mutants++] = (struct mutant){ .poll_rule = (struct poll_rule *)(uintptr_t)&poll_rules[i],
                                                        .what = POLL_BITS };
        if (argc > 1)
                choose(argv + 1);
        cover();
        for (size_t r = 0; r < n_rules; r++) {
                bool used = coverage[r].by_random;

                for (size_t s = 0; s < MAX_SCENARIOS; s++)
                        used = used || coverage[r].used[s];
                if (!used)
                        printf("no scenario and no sequence uses the rule %s\n", coverage[r].rule->name);
                unused += !used;
        }
        printf("%zu rules, %zu mutants\n", n_rules + n_poll_rules, n_mutants);
        while (finished < n_mutants) {
                while (started < n_mutants && started - finished < (size_t)processors + 2)
                        start(&mutants[started++]);
                finish(&mutants[finished]);
                waitpid(mutants[finished].pid, NULL, 0);
                finished++;
        }
        for (size_t i = 0; i < n_mutants; i++) {
                const struct mutant *m = &mutants[i];
                bool by_random = !m->rule;

                for (size_t r = 0; r < n_rules && m->rule; r++)
                        by_random = by_random || (coverage[r].rule == m->rule && coverage[r].by_random);
                if (!m->by_random && !m->by_scenario && excused(m, what_name(m))) {
                        equivalent++;
                        continue;
                }
                reached += by_random;
                random += m->by_random;
                scenario += m->by_scenario;
                if (!m->by_random && !m->by_scenario)
                        printf("SURVIVES  %-42s %s %#x\n", m->rule ? m->rule->name : m->poll_rule->name,
                               what_name(m), m->effect);
                else if (m->by_scenario && by_random)
                        printf("scenario  %-42s %s %#x: %s\n", m->rule ? m->rule->name : m->poll_rule->name,
                               what_name(m), m->effect, m->killed_by);
        }
        printf("%zu mutants in %.0f s: %zu fall to %d random sequences (of %zu whose rule those use), %zu to a "
               "scenario, %zu survive; %zu cannot be noticed; %zu rules are never used\n",
               n_mutants, (double)(now_ns() - begun) / SECOND_NS, random, N_SEQUENCES, reached, scenario,
               n_mutants - random - scenario - equivalent, equivalent, unused);
        return n_mutants - random - scenario - equivalent > 0 || random * 100 < reached * 95;
}
