/*
 * A fuzzer of all of `finis read`: the bytes are a capture file. Whatever they hold, every connection is judged
 * to a record that keeps its rules, and is written as JSON.
 */
#include <stdio.h>
#include <stdlib.h>

#include "capture/capture.h"
#include "connection/tracker.h"
#include "ending/judge.h"
#include "ending/record.h"
#include "report/record_json.h"
#include "wire/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static FILE *null;

static void give(void *context, const struct tracked *connection) {
        struct evidence evidence;
        struct record r;
        const char *fault;

        (void) context;
        record_init(&r, SOURCE_CAPTURE, "1.1");
        r.rev = connection->rev;
        r.conn_state_known = true;
        r.conn_state = connection->conn_state;
        r.history = connection->history;
        judge(&connection->facts, &r, &evidence);
        fault = record_fault(&r);
        if (fault) {
                fprintf(stderr, "the record of frame %llu breaks a rule: %s\n",
                        (unsigned long long) connection->first_frame, fault);
                abort();
        }
        if (record_write_json(null, &r, RECORD_JSON_EVIDENCE) < 0)
                abort();
}

static void read_all(struct capture *capture, struct packet_reader *reader, struct tracker *tracker) {
        static struct tracker_input inputs[TRACKER_BATCH];
        struct frame frames[TRACKER_BATCH];
        size_t n_frames, n;

        while (capture_read(capture, frames, TRACKER_BATCH, &n_frames) == 0 && n_frames > 0) {
                n = 0;
                for (size_t i = 0; i < n_frames; ++i) {
                        const struct frame *frame = &frames[i];
                        struct tracker_input *input = &inputs[n];

                        input->kind = packet_read(reader, frame->link_type, frame->bytes, frame->n_bytes, frame->n_frame,
                                                  frame->time_ns, &input->packet);
                        if (input->kind != PACKET_TCP && input->kind != PACKET_ICMP_ERROR)
                                continue;
                        input->file = 1;
                        input->frame = frame->number;
                        input->time_ns = frame->time_ns;
                        input->cut = frame->n_bytes < frame->n_frame;
                        ++n;
                }
                if (tracker_add(tracker, inputs, n) < 0)
                        abort();
        }
        tracker_finish(tracker, capture_complaint(capture) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
        struct tracker_options options = { .max_connections = 64 };
        struct tracker_hooks hooks = { .give = give };
        struct packet_reader *reader = NULL;
        struct capture *capture = NULL;
        struct tracker *tracker = NULL;

        if (!null)
                null = fopen("/dev/null", "we");
        if (capture_open_memory(bytes, n, &capture, NULL) < 0)
                return 0;
        if (packet_reader_new(&reader) < 0 || tracker_new(&options, &hooks, &tracker) < 0)
                abort();
        read_all(capture, reader, tracker);
        tracker_free(tracker);
        packet_reader_free(reader);
        capture_close(capture);
        return 0;
}
