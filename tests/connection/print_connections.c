/* Reads captures and prints each connection on a line, for the script that compares it with other readers. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/capture.h"
#include "connection/tracker.h"
#include "wire/packet.h"

static const char *text(enum how how, uint64_t value, char buffer[static 24])
{
        if (how == HOW_UNKNOWN)
                return "-";
        snprintf(buffer, 24, "%" PRIu64, value);
        return buffer;
}

static void give(void *context, const struct tracked *t)
{
        char address[2][INET6_ADDRSTRLEN], number[24];
        const struct facts *f = &t->facts;

        for (unsigned i = 0; i < 2; i++)
                inet_ntop(t->family, t->address[i], address[i], sizeof(address[i]));
        printf("%s\t%u.%" PRIu64 "\t%" PRIu64 "\t%s\t%u\t%s\t%u\t%s\t%s", (const char *)context, t->file,
               t->first_frame, t->rev, address[0], t->port[0], address[1], t->port[1],
               conn_state_name(t->conn_state), t->history[0] ? t->history : "-");
        for (unsigned i = 0; i < 2; i++) {
                const struct facts_of_direction *d = &f->from[i];

#define PRINT(fact) printf("\t%s", text(d->fact.how, (uint64_t)d->fact.value, number))
                PRINT(packets);
                PRINT(payload_seen);
                PRINT(bytes);
                PRINT(acked);
                PRINT(missing);
                PRINT(retransmitted);
                PRINT(fin);
                PRINT(fin_acked);
#undef PRINT
        }
        printf("\t%zu\t%" PRIu64, f->n_resets, f->n_resets_in_all);
        for (size_t i = 0; i < f->n_resets; i++)
                printf("\t%s:%s:%s", side_name(f->resets[i].by.value),
                       fact_known(f->resets[i].validity.how) ? reset_validity_name(f->resets[i].validity.value) : "-",
                       fact_is(f->resets[i].obeyed) ? "obeyed" : fact_is_not(f->resets[i].obeyed) ? "ignored" : "-");
        putchar('\n');
}

static int read_file(char *path, unsigned file)
{
        struct tracker_hooks hooks = { .give = give, .context = path };
        struct packet_reader *reader = NULL;
        struct tracker *tracker = NULL;
        struct capture *capture = NULL;
        struct tracker_input inputs[TRACKER_BATCH];
        struct frame frames[TRACKER_BATCH];
        const char *why;
        size_t n;

        (void)file;
        if (capture_open(path, &capture, &why) < 0 || packet_reader_new(&reader) < 0 ||
            tracker_new(NULL, &hooks, &tracker) < 0) {
                fprintf(stderr, "%s: cannot be read\n", path);
                packet_reader_free(reader);
                capture_close(capture);
                return -1;
        }
        while (capture_read(capture, frames, TRACKER_BATCH, &n) == 0 && n > 0) {
                for (size_t i = 0; i < n; i++) {
                        inputs[i].kind = packet_read(reader, frames[i].link_type, frames[i].bytes, frames[i].n_bytes,
                                                     frames[i].n_frame, frames[i].time_ns, &inputs[i].packet);
                        inputs[i].file = 1;
                        inputs[i].frame = frames[i].number;
                        inputs[i].time_ns = frames[i].time_ns;
                        inputs[i].cut = frames[i].n_bytes < frames[i].n_frame;
                }
                if (tracker_add(tracker, inputs, n) < 0)
                        abort();
        }
        tracker_finish(tracker, capture_complaint(capture) != NULL);
        tracker_free(tracker);
        packet_reader_free(reader);
        capture_close(capture);
        return 0;
}

int main(int argc, char **argv)
{
        int r = 0;

        for (int i = 1; i < argc; i++)
                if (read_file(argv[i], (unsigned)i) < 0)
                        r = 1;
        return r;
}
