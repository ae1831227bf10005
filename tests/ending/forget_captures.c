/* Reads captures and, for each connection in them, forgets its facts one after the other: forget_captures FILE...
 * Prints what went wrong, and exits with 1 if anything did. */
#include <stdio.h>
#include <stdlib.h>

#include "capture/capture.h"
#include "connection/tracker.h"
#include "forget.h"
#include "wire/packet.h"

struct run {
        const char *path;
        uint64_t seed;
        unsigned long n_connections, n_faults;
};

static void give(void *context, const struct tracked *connection)
{
        struct run *run = context;
        char name[512];

        snprintf(name, sizeof(name), "%s %u.%llu", run->path, connection->file,
                 (unsigned long long)connection->first_frame);
        run->n_connections++;
        run->n_faults += forget_and_judge(&connection->facts, name, 300, &run->seed);
}

static void read_file(struct run *run)
{
        struct tracker_options options = { 0 };
        struct tracker_hooks hooks = { .give = give, .context = run };
        struct packet_reader *reader = NULL;
        struct capture *capture = NULL;
        struct tracker *tracker = NULL;
        struct tracker_input input;
        struct frame frame;
        const char *why;
        size_t n;

        if (capture_open(run->path, &capture, &why) == 0 && packet_reader_new(&reader) == 0 &&
            tracker_new(&options, &hooks, &tracker) == 0) {
                while (capture_read(capture, &frame, 1, &n) == 0 && n == 1) {
                        input = (struct tracker_input){ .file = 1, .frame = frame.number, .time_ns = frame.time_ns,
                                                        .cut = frame.n_bytes < frame.n_frame };
                        input.kind = packet_read(reader, frame.link_type, frame.bytes, frame.n_bytes, frame.n_frame,
                                                 frame.time_ns, &input.packet);
                        if (tracker_add(tracker, &input, 1) < 0)
                                break;
                }
                tracker_finish(tracker, false);
        }
        tracker_free(tracker);
        packet_reader_free(reader);
        capture_close(capture);
}

int main(int argc, char **argv)
{
        struct run run = { .seed = UINT64_C(0x9e3779b97f4a7c15) };

        for (int i = 1; i < argc; i++) {
                run.path = argv[i];
                read_file(&run);
        }
        printf("# %lu connections, %lu faults\n", run.n_connections, run.n_faults);
        return run.n_faults || !run.n_connections ? 1 : 0;
}
