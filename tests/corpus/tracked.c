/* Prints what the tracker counted of each connection of a capture, a line of fields between tabs: what the records
 * of finis do not show, but other programs count. For the comparisons in this folder. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "capture/capture.h"
#include "connection/tracker.h"
#include "wire/packet.h"

static void print_count(struct fact_count fact)
{
        if (fact_known(fact.how))
                printf("\t%" PRIu64, fact.value);
        else
                printf("\t-");
}

static void print_connection(void *context, const struct tracked *t)
{
        char ip[2][INET6_ADDRSTRLEN];
        (void)context;

        for (int side = 0; side < 2; side++)
                inet_ntop(t->family, t->address[side], ip[side], sizeof(ip[side]));
        printf("%" PRIu32 ".%" PRIu64 "\t%" PRIu64 "\t%s\t%u\t%s\t%u", t->file, t->first_frame, t->rev, ip[0],
               (unsigned)t->port[0], ip[1], (unsigned)t->port[1]);
        for (int side = 0; side < 2; side++) {
                print_count(t->facts.from[side].packets);
                print_count(t->facts.from[side].payload_seen);
        }
        printf("\t%s\t%s\n", conn_state_name(t->conn_state), t->history);
}

int main(int argc, char **argv)
{
        const struct tracker_hooks hooks = { .give = print_connection };
        struct packet_reader *reader;
        struct capture *capture;
        struct tracker *tracker;
        struct frame frames[TRACKER_BATCH];
        static struct tracker_input input;
        const char *why = "?";
        size_t n;

        if (argc != 2 || capture_open(argv[1], &capture, &why) < 0) {
                fprintf(stderr, "usage: tracked CAPTURE (%s)\n", why);
                return 2;
        }
        if (packet_reader_new(&reader) < 0 || tracker_new(NULL, &hooks, &tracker) < 0)
                return 2;
        while (capture_read(capture, frames, TRACKER_BATCH, &n) == 0 && n > 0)
                /* One by one: a packet put together from fragments lives in the reader until the next. */
                for (size_t i = 0; i < n; i++) {
                        struct tracker_input *in = &input;

                        in->file = 1;
                        in->frame = frames[i].number;
                        in->time_ns = frames[i].time_ns;
                        in->cut = frames[i].n_bytes < frames[i].n_frame;
                        in->kind = packet_read(reader, frames[i].link_type, frames[i].bytes, frames[i].n_bytes,
                                               frames[i].n_frame, frames[i].time_ns, &in->packet);
                        if (tracker_add(tracker, in, 1) < 0)
                                return 2;
                }
        tracker_finish(tracker, capture_complaint(capture) != NULL);
        tracker_free(tracker);
        packet_reader_free(reader);
        capture_close(capture);
        return 0;
}
