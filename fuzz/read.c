/*
 * A fuzzer of all of `finis read`: the bytes are a capture file. Whatever they hold, every connection is judged
 * to a record that keeps its rules, and is written as JSON. All is done twice: the second time somebody wants to see
 * each segment, so that none takes the short way (connection/plain.c), and nothing is packed (connection/pack.c); the
 * same has to come out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/capture.h"
#include "connection/tracker.h"
#include "ending/judge.h"
#include "ending/record.h"
#include "report/record_json.h"
#include "wire/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* What is written in one pass. */
struct written {
        FILE *file;
        char *bytes;
        size_t n;
};

static void give(void *context, const struct tracked *connection)
{
        struct written *written = context;
        struct evidence evidence;
        struct record r;
        const char *fault;

        record_init(&r, SOURCE_CAPTURE, "1.1");
        r.rev = connection->rev;
        r.conn_state_known = true;
        r.conn_state = connection->conn_state;
        r.history = connection->history;
        judge(&connection->facts, &r, &evidence);
        fault = record_fault(&r);
        if (fault) {
                fprintf(stderr, "the record of frame %llu breaks a rule: %s\n",
                        (unsigned long long)connection->first_frame, fault);
                abort();
        }
        if (record_write_json(written->file, &r, RECORD_JSON_EVIDENCE) < 0)
                abort();
}

static bool is_within(const struct frame *frame, const uint8_t *payload)
{
        return (uintptr_t)payload >= (uintptr_t)frame->bytes &&
               (uintptr_t)payload <= (uintptr_t)frame->bytes + frame->n_bytes;
}

/* @straight: what goes the straight way is given as the program gives it, else as a whole segment. */
static void read_all(struct capture *capture, struct packet_reader *reader, struct tracker *tracker, bool straight)
{
        static struct tracker_input inputs[TRACKER_BATCH];
        static struct tracker_frame taken[TRACKER_BATCH];
        struct frame frames[TRACKER_BATCH];
        size_t n_frames, n;

        while (capture_read(capture, frames, TRACKER_BATCH, &n_frames) == 0 && n_frames > 0) {
                n = 0;
                for (size_t i = 0; i < n_frames; ++i) {
                        const struct frame *frame = &frames[i];
                        struct tracker_input *input = &inputs[n];

                        taken[n].time_ns = frame->time_ns;
                        taken[n].frame = (uint32_t)frame->number;
                        if (straight && plain_find(frame->link_type, frame->bytes, frame->n_bytes, frame->n_frame,
                                                   &taken[n].plain)) {
                                ++n;
                                continue;
                        }
                        input->kind = packet_read(reader, frame->link_type, frame->bytes, frame->n_bytes,
                                                  frame->n_frame, frame->time_ns, &input->packet);
                        input->file = 1;
                        input->frame = frame->number;
                        input->time_ns = frame->time_ns;
                        input->cut = frame->n_bytes < frame->n_frame;
                        tracker_frame_whole(&taken[n], input);
                        ++n;
                        /* What was put together from fragments holds until the next is read only. */
                        if (!is_within(frame, input->packet.segment.payload)) {
                                if (tracker_add_frames(tracker, 1, frame->number, taken, n) < 0)
                                        abort();
                                n = 0;
                        }
                }
                if (tracker_add_frames(tracker, 1, frames[n_frames - 1].number, taken, n) < 0)
                        abort();
        }
        tracker_finish(tracker, capture_complaint(capture) != NULL);
}

static void look(void *context, const struct tracked_segment *segment)
{
        (void)context;
        if (segment->from != SIDE_CLIENT && segment->from != SIDE_SERVER)
                abort();
}

/* 0, or -EPROTONOSUPPORT and its like for what is no capture. */
static int pass(const uint8_t *bytes, size_t n, bool each_segment, struct written *ret_written)
{
        struct tracker_options options = {
                .max_connections = 64, .max_awake = each_segment ? 64 : 1, .awake_ns = 1,
        };
        struct tracker_hooks hooks = { .give = give, .segment = each_segment ? look : NULL, .context = ret_written };
        struct packet_reader *reader = NULL;
        struct capture *capture = NULL;
        struct tracker *tracker = NULL;
        int r;

        r = capture_open_memory(bytes, n, &capture, NULL);
        if (r < 0)
                return r;
        ret_written->file = open_memstream(&ret_written->bytes, &ret_written->n);
        if (!ret_written->file || packet_reader_new(&reader) < 0 || tracker_new(&options, &hooks, &tracker) < 0)
                abort();
        read_all(capture, reader, tracker, !each_segment);
        tracker_free(tracker);
        packet_reader_free(reader);
        capture_close(capture);
        fclose(ret_written->file);
        return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        struct written one = {}, two = {};

        if (pass(bytes, n, false, &one) < 0)
                return 0;
        if (pass(bytes, n, true, &two) < 0)
                abort();
        if (one.n != two.n || memcmp(one.bytes, two.bytes, one.n) != 0) {
                fprintf(stderr, "the short way and the long way differ:\n%.2000s\n%.2000s\n", one.bytes, two.bytes);
                abort();
        }
        free(one.bytes);
        free(two.bytes);
        return 0;
}
