/* Packets out of memory: to the tracker of `finis read`, and to a file. */
#include "cli/watch_capture.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "capture/pcapng_write.h"
#include "cli/wrong.h"
#include "connection/tracker.h"
#include "live/packets.h"
#include "report/sentence.h"

/* Of one connection; and for packets in all. */
enum { PACKETS_MAX = 4096, MEMORY = 32 << 20 };
/* How far the kernel's times of a packet and of a socket's beginning may be apart. */
#define SLACK_NS INT64_C(1000000)

struct watch_capture {
        const char *path;
        FILE *file;
        struct pcapng_writer writer;
        int error;
        struct packets *packets;
        struct packet_reader *reader;
        /* What was found last: */
        const struct live_connection *of;
        uint32_t isn;                   /* of its own end's SYN … */
        bool isn_known;
        enum side isn_side;             /* … and which end that is */
        bool found;
        struct facts facts;
        size_t n;
        struct recent_packet kept[PACKETS_MAX];
};

int watch_capture_open(const char *path, struct watch_capture **ret_capture)
{
        struct watch_capture *capture = calloc(1, sizeof(*capture));
        const char *what = "taking memory";
        int r = capture ? packets_open(MEMORY, &capture->packets, &what) : -ENOMEM;

        if (r == 0) {
                what = "taking memory";
                r = packet_reader_new(&capture->reader);
        }
        if (r < 0) {
                fprintf(stderr, "finis watch: --capture: %s: %s%s\n", what, strerror(-r),
                        r == -EPERM ? "; it needs CAP_NET_RAW" : "");
                watch_capture_close(capture);
                return r;
        }
        capture->path = path;
        capture->file = fopen(path, "we");
        r = capture->file ? pcapng_write_section(&capture->writer, capture->file, "finis " FINIS_VERSION, NULL)
            : -errno;
        if (r == 0)
                r = pcapng_write_interface(&capture->writer, PACKETS_LINK_TYPE, NULL);
        if (r < 0) {
                wrong_line("finis watch: --capture: writing %s: %s", path, strerror(-r));
                watch_capture_close(capture);
                return r;
        }
        *ret_capture = capture;
        return 0;
}

int watch_capture_close(struct watch_capture *capture)
{
        int r = 0;

        if (!capture)
                return 0;
        if (capture->file && fclose(capture->file) != 0)
                capture->error = -errno;
        r = capture->error;
        if (r < 0 && capture->path)
                wrong_line("finis watch: --capture: writing %s: %s", capture->path, strerror(-r));
        packets_close(capture->packets);
        packet_reader_free(capture->reader);
        free(capture);
        return r;
}

void watch_capture_take(struct watch_capture *capture)
{
        packets_take(capture->packets);
        if (capture->file && fflush(capture->file) != 0 && !capture->error)
                capture->error = -errno;
}

/* The same addresses may be used again and again: which of the connections that the packets make is the one? */
static void give(void *context, const struct tracked *tracked)
{
        struct watch_capture *capture = context;

        if (capture->isn_known && tracked->isn_known[capture->isn_side] &&
            tracked->isn[capture->isn_side] != capture->isn)
                return;
        capture->facts = tracked->facts;
        capture->found = true;
}

/* What tcp_finish_connect() counts among the bytes acknowledged is the SYN of the end that asked. */
static void learn_isn(struct watch_capture *capture, const struct live_connection *c)
{
        capture->isn_known = c->n_ends > 0 && c->ends[0].flags & LIVE_SNAPPED && c->ends[0].flags & LIVE_ESTABLISHED;
        if (!capture->isn_known)
                return;
        capture->isn_side = connection_side(c, 0);
        capture->isn = c->ends[0].send_start - (capture->isn_side == SIDE_SERVER);
}

static void track(struct watch_capture *capture)
{
        const struct tracker_options options = { .max_connections = 64 };
        const struct tracker_hooks hooks = { .give = give, .context = capture };
        struct tracker *tracker;

        if (tracker_new(&options, &hooks, &tracker) < 0)
                return;
        for (size_t i = 0; i < capture->n; i++) {
                const struct recent_packet *packet = &capture->kept[i];
                struct tracker_input input = {
                        .file = 1, .frame = i + 1, .time_ns = packet->time_ns, .cut = packet->n_bytes < packet->n_frame,
                };

                input.kind = packet_read(capture->reader, PACKETS_LINK_TYPE,
                                         packet->bytes, packet->n_bytes, packet->n_frame,
                                         packet->time_ns, &input.packet);
                if ((input.kind == PACKET_TCP || input.kind == PACKET_ICMP_ERROR) &&
                    tracker_add(tracker, &input, 1) < 0)
                        break;
        }
        tracker_finish(tracker, false);
        tracker_free(tracker);
}

static size_t find(struct watch_capture *capture, const struct live_connection *c)
{
        const struct live_end *end = &c->ends[0];
        const struct live_reset *reset = &c->resets[0];
        struct recent_key key = c->n_ends > 0
                ? recent_key(end->family, end->local, end->local_port, end->remote, end->remote_port)
                : recent_key(reset->family, reset->local, reset->local_port, reset->remote, reset->remote_port);

        return recent_find(packets_recent(capture->packets), &key, 0, capture->kept, PACKETS_MAX);
}

/* What came before the socket began belongs to another, which used the same addresses. */
static void drop_earlier(struct watch_capture *capture, int64_t began_ns)
{
        size_t n = 0;

        while (n < capture->n && capture->kept[n].time_ns < began_ns)
                n++;
        memmove(capture->kept, capture->kept + n, (capture->n - n) * sizeof(*capture->kept));
        capture->n -= n;
}

const struct facts *watch_capture_look(struct watch_capture *capture, const struct live_connection *c,
                                       const struct live_clock *clock)
{
        capture->of = c;
        capture->found = false;
        capture->n = find(capture, c);
        if (c->n_ends > 0 && c->ends[0].flags & LIVE_OPENED && c->ends[0].flags & LIVE_BEGAN)
                drop_earlier(capture, live_time(clock, c->ends[0].began_ns) - SLACK_NS);
        learn_isn(capture, c);
        if (capture->n > 0)
                track(capture);
        return capture->found ? &capture->facts : NULL;
}

static bool is_reset(struct watch_capture *capture, const struct recent_packet *packet)
{
        struct packet read;

        return packet_read(capture->reader, PACKETS_LINK_TYPE, packet->bytes,
                           packet->n_bytes, packet->n_frame, packet->time_ns,
                           &read) == PACKET_TCP && read.segment.flags & SEGMENT_RST;
}

/* The first RST, or the last packet: there the verdict is written. */
static size_t where_it_ended(struct watch_capture *capture, const struct record *r, size_t first)
{
        if (r->reset.seen)
                for (size_t i = first; i < capture->n; i++)
                        if (is_reset(capture, &capture->kept[i]))
                                return i;
        return capture->n - 1;
}

void watch_capture_write(struct watch_capture *capture, struct live_connection *c, const struct record *r)
{
        struct phrase words = { 0 }, comment = { 0 };
        size_t first = 0, noted;

        if (capture->of != c || capture->n == 0)
                return;
        while (first < capture->n && capture->kept[first].number <= c->written)
                first++;
        if (first == capture->n)
                return;
        sentence_record(&words, r);
        phrase_add(&comment, "finis, connection %s, rev %" PRIu64 ": %s", r->id, r->rev, words.text);
        noted = where_it_ended(capture, r, first);
        for (size_t i = first; i < capture->n && !capture->error; i++) {
                const struct recent_packet *packet = &capture->kept[i];

                capture->error = pcapng_write_frame(&capture->writer, 0, packet->time_ns,
                                                    packet->bytes, packet->n_bytes,
                                                    packet->n_frame, i == noted ? comment.text : NULL);
        }
        c->written = capture->kept[capture->n - 1].number;
}

void watch_capture_losses(FILE *file, struct watch_capture *capture)
{
        uint64_t n = packets_lost(capture->packets);

        if (n)
                fprintf(file, "finis watch: --capture: %" PRIu64
                        " packets were missed: they came faster than they were read\n", n);
}
