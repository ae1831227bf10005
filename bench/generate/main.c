/*
 * finis-generate: a capture of made-up connections, and beside it the truth about each of them.
 *
 * A fixed number of connections is alive at any time; each segment comes when its own time has come, so
 * they interleave as on a busy link. Once enough segments are planned no connection begins any more, and
 * all are played to their ends. The same seed makes the same file, byte by byte.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generate/endings.h"
#include "generate/frames.h"
#include "generate/outfile.h"
#include "generate/truth.h"
#include "wire/segment.h"

#define BEGIN 1795326960000000000ll  /* 2026-11-22T05:56:00Z */

struct settings {
        uint64_t seed;
        enum mix mix;
        const char *only;
        uint64_t packets;
        uint32_t connections;
        enum format format;
        enum link link;
        const char *out, *truth;
};

/* The plans that are alive, in a heap: whose next segment comes first stands first. */
struct world {
        const struct settings *settings;
        struct plan *plans;
        uint32_t *heap;
        uint32_t n_heap;
        uint64_t n_begun, n_planned, n_frames;
        int64_t now;
        struct dice dice;
        struct outfile out;
        FILE *truth;
};

static int64_t due(const struct world *world, uint32_t i)
{
        const struct plan *plan = &world->plans[world->heap[i]];

        return plan->begun + plan->steps[plan->next].at;
}

static void swap(struct world *world, uint32_t a, uint32_t b)
{
        uint32_t t = world->heap[a];

        world->heap[a] = world->heap[b];
        world->heap[b] = t;
}

static void sink(struct world *world, uint32_t i)
{
        for (;;) {
                uint32_t least = i, child = 2 * i + 1;

                for (uint32_t c = child; c < child + 2 && c < world->n_heap; ++c)
                        if (due(world, c) < due(world, least))
                                least = c;
                if (least == i)
                        return;
                swap(world, i, least);
                i = least;
        }
}

static int begin_one(struct world *world, uint32_t slot, int64_t at)
{
        struct plan *plan = &world->plans[slot];

        plan_begin(plan, world->settings->seed, world->n_begun++);
        endings_plan(plan, world->settings->mix, world->settings->only);
        plan->begun = at;
        world->n_planned += plan->n_steps;
        return plan->error;
}

static int begin_all(struct world *world)
{
        /* Spread out, so that they do not march in step. */
        uint32_t spread = world->settings->mix == MIX_SMALL ? 3000 : 5000;

        for (uint32_t i = 0; i < world->settings->connections; ++i) {
                int r;

                if (world->n_planned >= world->settings->packets)
                        break;
                r = begin_one(world, i, BEGIN + dice_below(&world->dice, spread * 1000) * 1000ll);
                if (r)
                        return r;
                world->heap[world->n_heap++] = i;
        }
        for (uint32_t i = world->n_heap; i--;)
                sink(world, i);
        return 0;
}

static void write_step(struct world *world, struct plan *plan)
{
        const struct step *step = &plan->steps[plan->next];
        struct place *place = &plan->place[step->part];
        uint8_t frame[FRAME_MAX];
        size_t n;

        n = frame_write(frame, world->settings->link, plan, step);
        world->now = plan->begun + step->at;
        outfile_frame(&world->out, world->now, frame, n, n);
        place->last = ++world->n_frames;
        if (!place->first) {
                place->first = place->last;
                place->begun = world->now;
        }
        if (step->flags & SEGMENT_RST && !place->reset)
                place->reset = place->last;
        if (!(step->kind & (STEP_FORGED | STEP_ICMP)))
                ++place->packets[step->from];
        ++plan->next;
}

static int play(struct world *world)
{
        int r;

        while (world->n_heap > 0 && !world->out.error) {
                uint32_t slot = world->heap[0];
                struct plan *plan = &world->plans[slot];

                write_step(world, plan);
                if (plan->next == plan->n_steps) {
                        if (world->truth)
                                truth_write(world->truth, plan);
                        if (world->n_planned < world->settings->packets) {
                                r = begin_one(world, slot, world->now + dice_below(&world->dice, 20000) * 1000ll);
                                if (r)
                                        return r;
                        } else {
                                world->heap[0] = world->heap[--world->n_heap];
                        }
                }
                sink(world, 0);
        }
        return 0;
}

static int generate(const struct settings *settings)
{
        struct world world = { .settings = settings, .dice.state = settings->seed, .now = BEGIN };
        int r, closed;

        world.plans = calloc(settings->connections, sizeof(*world.plans));
        world.heap = calloc(settings->connections, sizeof(*world.heap));
        if (!world.plans || !world.heap)
                return -ENOMEM;
        if (settings->truth) {
                world.truth = fopen(settings->truth, "we");
                if (!world.truth)
                        return -errno;
        }
        r = outfile_open(&world.out, settings->out, settings->format, link_type(settings->link));
        if (r)
                return r;
        r = begin_all(&world);
        if (!r)
                r = play(&world);
        closed = outfile_close(&world.out);
        if (world.truth) {
                truth_write_end(world.truth, world.now, world.n_frames);
                if (fclose(world.truth) && !r)
                        r = -errno;
        }
        for (uint32_t i = 0; i < settings->connections; ++i)
                free(world.plans[i].steps);
        free(world.plans);
        free(world.heap);
        return r ? r : closed;
}

static _Noreturn void usage(void)
{
        fputs("usage: finis-generate [--seed N] [--mix small|full|eval] [--only KIND] [--packets N]\n"
              "         [--connections LIVE] [--format pcap|pcap-ns|be|ns-be|pcapng|pcapng-be]\n"
              "         [--link ethernet|vlan|qinq|mpls|pppoe|gre|vxlan|sll|sll2|raw|null|loop|ppp] OUT [TRUTH]\n"
              "       finis-generate --list\n", stderr);
        exit(2);
}

static uint64_t number(const char *text)
{
        char *end;
        unsigned long long value = strtoull(text, &end, 0);

        if (*end || end == text)
                usage();
        return value;
}

static int chosen(int found)
{
        if (found < 0)
                usage();
        return found;
}

static enum mix mix_of(const char *name)
{
        static const char *const names[] = { "small", "full", "eval" };

        for (unsigned i = 0; i < N_MIXES; ++i)
                if (strcmp(names[i], name) == 0)
                        return i;
        usage();
}

static const char *kind_of(const char *name)
{
        for (unsigned i = 0; endings_name(i); ++i)
                if (strcmp(endings_name(i), name) == 0)
                        return name;
        usage();
}

int main(int argc, char **argv)
{
        static const struct option options[] = {
                { "seed", required_argument, NULL, 's' },
                { "mix", required_argument, NULL, 'm' },
                { "only", required_argument, NULL, 'o' },
                { "packets", required_argument, NULL, 'p' },
                { "connections", required_argument, NULL, 'c' },
                { "format", required_argument, NULL, 'f' },
                { "link", required_argument, NULL, 'l' },
                { "list", no_argument, NULL, 'L' },
                {},
        };
        struct settings settings = { .seed = 1, .mix = MIX_EVAL, .packets = 10000, .connections = 50 };
        int c, r;

        while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
                switch (c) {
                case 's':
                        settings.seed = number(optarg);
                        break;
                case 'm':
                        settings.mix = mix_of(optarg);
                        break;
                case 'o':
                        settings.only = kind_of(optarg);
                        break;
                case 'p':
                        settings.packets = number(optarg);
                        break;
                case 'c':
                        settings.connections = (uint32_t)number(optarg);
                        break;
                case 'f':
                        settings.format = (enum format)chosen(format_find(optarg));
                        break;
                case 'l':
                        settings.link = (enum link)chosen(link_find(optarg));
                        break;
                case 'L':
                        for (unsigned i = 0; endings_name(i); ++i)
                                puts(endings_name(i));
                        return 0;
                default:
                        usage();
                }
        if (argc - optind < 1 || argc - optind > 2 || settings.connections == 0)
                usage();
        settings.out = argv[optind];
        settings.truth = argv[optind + 1];
        r = generate(&settings);
        if (r) {
                fprintf(stderr, "finis-generate: writing %s: %s\n", settings.out, strerror(-r));
                return 2;
        }
        return 0;
}
