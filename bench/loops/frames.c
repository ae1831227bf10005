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
        struct packet packets[TRACKER_BATCH];
        struct name names[TRACKER_BATCH];
        uint64_t n, sum;                /* the sum keeps the compiler from leaving out what is not used */
};

static int64_t cpu_ns(void) {
        struct timespec now;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        return (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}

static size_t read_segments(struct bench *b, size_t n) {
        size_t n_segments = 0;

        for (size_t i = 0; i < n; ++i) {
                const struct frame *f = &b->frames[i];
                struct packet *packet = &b->packets[n_segments];

                n_segments += plain_read_first(f->link_type, f->bytes, f->n_bytes, f->n_frame, packet) ||
                        packet_walk(b->reader, f->link_type, f->bytes, f->n_bytes, f->n_frame, f->time_ns,
                                    packet) == PACKET_TCP;
                b->sum += packet->segment.seq;
        }
        return n_segments;
}

static void find_connections(struct bench *b, size_t n) {
        for (size_t i = 0; i < n; ++i)
                table_name(&b->table, &b->packets[i], 0, &b->names[i]);
        for (size_t i = 0; i < n; ++i)
                table_fetch_node(&b->table, &b->names[i], &b->packets[i].segment);
        for (size_t i = 0; i < n; ++i) {
                unsigned sender;
                uint32_t node = table_find_soon(&b->table, &b->names[i], &b->packets[i], &sender);
                struct ends ends;

                b->sum += sender;
                if (node != NODE_NONE)
                        continue;
                plain_read_rest(&b->packets[i]);
                ends = table_ends(&b->packets[i], &b->names[i]);
                if (table_find(&b->table, &ends, &sender) == NODE_NONE &&
                    (table_new_orderly(&b->table, &ends, &node) < 0 || table_index(&b->table, node) < 0))
                        exit(1);
        }
}

static int run(struct bench *b, const char *path, enum stage stage) {
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
                        n = read_segments(b, n);
                if (stage >= STAGE_CONNECTIONS)
                        find_connections(b, n);
        }
        packet_reader_free(b->reader);
        capture_close(capture);
        return 0;
}

int main(int argc, char **argv) {
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
                printf("%-16s %6.1f ns a frame\n", names[stage], (double) least / (double) (bench.n ? bench.n : 1));
        }
        table_deinit(&bench.table);
        return bench.sum == 1;
}
