/* What it costs to come to a connection, and nothing done with it: the frames of a capture; the segments in them; and
 * whose they are. Prints nanoseconds of CPU for each frame, the least of some rounds, since other work only adds.
 *
 * usage: bench-frames-loop CAPTURE [ROUNDS] */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "capture/capture.h"
#include "connection/table.h"
#include "wire/packet_plain.h"

enum stage {
        STAGE_FRAMES,
        STAGE_SEGMENTS,
        STAGE_CONNECTIONS,
        N_STAGES
};

struct bench {
        struct packet_reader *reader;
        struct table table;
        struct frame frames[TRACKER_BATCH];
        struct tracker_frame plain[TRACKER_BATCH];
        uint64_t n, sum;                /* the sum keeps the compiler from leaving out what is not used */
};

static int64_t cpu_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Those that go the straight way: in the captures of the bench all do. */
static size_t find_segments(struct bench *b, size_t n)
{
        size_t n_segments = 0;

        for (size_t i = 0; i < n; ++i) {
                const struct frame *f = &b->frames[i];

                n_segments += plain_find(f->link_type, f->bytes, f->n_bytes, f->n_frame, &b->plain[n_segments].plain);
                b->sum += b->plain[n_segments].plain.n_payload;
        }
        return n_segments;
}

static void add_connection(struct bench *b, const struct tracker_frame *f)
{
        struct packet packet;
        struct ends ends;
        unsigned sender;
        uint32_t node;

        plain_fill_first(&f->plain, &packet);
        plain_fill_rest(&packet);
        ends = table_ends(&packet, 0, f->hash);
        if (table_find(&b->table, &ends, &sender) == NODE_NONE &&
            (table_new_orderly(&b->table, &ends, &node) < 0 || table_index(&b->table, node) < 0))
                exit(1);
}

static bool is_its_own(const struct tracker_frame *f)
{
        const struct orderly *o = f->orderly;
        unsigned sender;

        if (f->plain.has & TRACKER_NOT_ORDERLY)
                return false;
        sender = (f->hash ^ o->head.hash) >> 31;
        return f->plain.has & PLAIN_IPV6 ? table_is_plain_ipv6(&o->head, &f->plain, 0, sender) :
                table_is_plain(&o->head, &f->plain, REALM_IPV4, sender);
}

static void find_connections(struct bench *b, size_t n)
{
        for (size_t i = 0; i < n; ++i) {
                struct tracker_frame *f = &b->plain[i];

                f->hash = f->plain.has & PLAIN_IPV6 ? table_hash_plain_ipv6(&b->table, &f->plain, 0) :
                        table_hash_plain(&b->table, &f->plain, 0);
                __builtin_prefetch(index_home(&b->table.index, f->hash));
        }
        for (size_t i = 0; i < n; ++i)
                table_fetch_node(&b->table, &b->plain[i]);
        for (size_t i = 0; i < n; ++i)
                if (!is_its_own(&b->plain[i]))
                        add_connection(b, &b->plain[i]);
}

static int run(struct bench *b, const char *path, enum stage stage)
{
        struct capture *capture = NULL;
        const char *why = NULL;
        size_t n = 0;

        if (capture_open(path, &capture, &why) < 0 || packet_reader_new(&b->reader) < 0) {
                fprintf(stderr, "bench-frames-loop: %s: %s\n", path, why ? why : "cannot be read");
                return 1;
        }
        b->n = 0;
        while (capture_read(capture, b->frames, TRACKER_BATCH, &n) == 0 && n > 0) {
                b->n += n;
                if (stage >= STAGE_SEGMENTS)
                        n = find_segments(b, n);
                if (stage >= STAGE_CONNECTIONS)
                        find_connections(b, n);
        }
        packet_reader_free(b->reader);
        capture_close(capture);
        return 0;
}

int main(int argc, char **argv)
{
        static const char *const names[N_STAGES] = { "frames", "and segments", "and connections" };
        static struct bench bench;
        int rounds = argc > 2 ? atoi(argv[2]) : 9;
        size_t max;

        /* The first pass makes the connections, which is not counted: all are there when they are looked for. */
        if (argc < 2 || table_init(&bench.table, 4000000, true, &max) < 0 || run(&bench, argv[1], STAGE_CONNECTIONS))
                return 2;
        for (enum stage stage = 0; stage < N_STAGES; ++stage) {
                int64_t least = INT64_MAX;

                for (int i = 0; i < rounds; ++i) {
                        int64_t begin = cpu_ns(), took;

                        if (run(&bench, argv[1], stage))
                                return 2;
                        took = cpu_ns() - begin;
                        least = took < least ? took : least;
                }
                printf("%-16s %6.1f ns a frame\n", names[stage], (double)least / (double)(bench.n ? bench.n : 1));
        }
        table_deinit(&bench.table);
        return bench.sum == 1;
}
