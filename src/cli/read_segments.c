/* Segments kept for a ladder. */
#include "cli/read_segments.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "report/ladder.h"
#include "report/phrase.h"
#include "wire/segment_text.h"
#include "words/side.h"

enum { ROWS = 40, ROWS_MIN = 8, NOTE_MAX = 64, LABEL_MAX = SEGMENT_TEXT_MAX + 32, NAME_MAX = INET6_ADDRSTRLEN + 16 };

struct kept {
        struct tracked_segment is;
        struct segment segment;
        bool other;                     /* a SYN on the living connection: it may begin one of its own */
        bool forgotten;                 /* … and did */
};

/* The first third stays; of the rest a ring keeps the last. */
struct read_segments {
        size_t n_head, n_ring;
        uint64_t n;
        struct kept kept[];
};

int read_segments_new(size_t max, struct read_segments **ret_segments)
{
        size_t n = max == 0 ? ROWS : max < ROWS_MIN ? ROWS_MIN : max;
        struct read_segments *segments = calloc(1, sizeof(*segments) + n * sizeof(segments->kept[0]));

        if (!segments)
                return -ENOMEM;
        segments->n_head = n / 3;
        segments->n_ring = n - n / 3;
        *ret_segments = segments;
        return 0;
}

struct read_segments *read_segments_free(struct read_segments *segments)
{
        free(segments);
        return NULL;
}

static size_t place_of(const struct read_segments *segments, uint64_t i)
{
        return i < segments->n_head ? (size_t)i
                                    : segments->n_head + (size_t)((i - segments->n_head) % segments->n_ring);
}

void read_segments_add(struct read_segments *segments, const struct tracked_segment *segment)
{
        struct kept *kept = &segments->kept[place_of(segments, segments->n++)];

        *kept = (struct kept){ .is = *segment, .segment = *segment->segment };
        kept->segment.payload = NULL;
        kept->is.segment = NULL;
}

static bool same_ends(const struct segment *a, const struct segment *b)
{
        return a->source_port == b->source_port && a->destination_port == b->destination_port &&
               a->family == b->family && memcmp(a->source, b->source, sizeof(a->source)) == 0 &&
               memcmp(a->destination, b->destination, sizeof(a->destination)) == 0;
}

void read_segments_consider(struct read_segments *segments, const struct tracked_segment *segment)
{
        const struct segment *s = segment->segment;
        struct segment turned = *s;

        if (segments->n == 0 || segment->kind != SEGMENT_KIND_SYN || segment->icmp)
                return;
        turned.source_port = s->destination_port;
        turned.destination_port = s->source_port;
        memcpy(turned.source, s->destination, sizeof(turned.source));
        memcpy(turned.destination, s->source, sizeof(turned.destination));
        if (!same_ends(s, &segments->kept[0].segment) && !same_ends(&turned, &segments->kept[0].segment))
                return;
        read_segments_add(segments, segment);
        segments->kept[place_of(segments, segments->n - 1)].other = true;
}

void read_segments_forget(struct read_segments *segments, uint32_t file, uint64_t first_frame)
{
        uint64_t n = segments->n_head + segments->n_ring;

        for (uint64_t i = 0; i < n && i < segments->n; i++) {
                struct kept *kept = &segments->kept[i];

                if (kept->other && kept->is.file == file && kept->is.first_frame == first_frame)
                        kept->forgotten = true;
        }
}

/* Whose segment it is, by the roles as they are known at last. */
static enum side sender_of(const struct tracked *connection, const struct segment *s)
{
        size_t n = s->family == AF_INET ? 4 : 16;
        bool client = s->source_port == connection->port[SIDE_CLIENT] &&
                      memcmp(s->source, connection->address[SIDE_CLIENT], n) == 0;
        bool server = s->source_port == connection->port[SIDE_SERVER] &&
                      memcmp(s->source, connection->address[SIDE_SERVER], n) == 0;

        /* A connection of a socket with itself has one end twice. */
        return client || !server ? SIDE_CLIENT : SIDE_SERVER;
}

/* The number that comes before the first byte, so that this is 1, as in other programs. */
static uint32_t base_of(const struct tracked *connection, enum side side)
{
        return connection->isn_known[side] ? connection->isn[side] : connection->first_seq[side] - 1;
}

static void put_note(char note[static NOTE_MAX], const struct kept *kept)
{
        const struct tracked_segment *is = &kept->is;
        const char *what = kept->other                                 ? ", not taken up"
                           : is->twin                                  ? ", the same packet again"
                           : is->stray                                 ? ", late"
                           : is->kind == SEGMENT_KIND_KEEPALIVE        ? ", keepalive"
                           : is->kind == SEGMENT_KIND_WINDOW_PROBE     ? ", window probe"
                           : is->repeated && is->kind != SEGMENT_KIND_ACK ? ", again"
                           : is->out_of_order                          ? ", out of order"
                                                                       : "";

        snprintf(note, NOTE_MAX, "%" PRIu64 "%s", is->frame, what);
}

/* Of the segment that an ICMP error quotes its number alone is sure. */
static void put_label(char label[static LABEL_MAX], const struct kept *kept, const struct tracked *connection,
                      enum side from)
{
        enum side to = from == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;
        uint32_t seq = kept->segment.seq - base_of(connection, from);
        char text[SEGMENT_TEXT_MAX];

        if (kept->is.icmp && kept->is.position < 0)
                snprintf(label, LABEL_MAX, "ICMP error about the %s", from == SIDE_CLIENT ? "SYN" : "SYN ACK");
        else if (kept->is.icmp)
                snprintf(label, LABEL_MAX, "ICMP error about %u of the %s's", seq, side_name(from));
        else
                snprintf(label, LABEL_MAX, "%s",
                         segment_text(&kept->segment, base_of(connection, from), base_of(connection, to), text));
}

static void put_name(char name[static NAME_MAX], const struct tracked *connection, enum side side)
{
        char ip[INET6_ADDRSTRLEN];

        inet_ntop(connection->family, connection->address[side], ip, sizeof(ip));
        snprintf(name, NAME_MAX, connection->family == AF_INET ? "%s:%u" : "[%s]:%u", ip, connection->port[side]);
}

void read_segments_write(FILE *file, const struct read_segments *segments, const struct tracked *connection,
                         const struct style *style)
{
        uint64_t room = segments->n_head + segments->n_ring;
        uint64_t n_out = segments->n > room ? segments->n - room : 0;
        size_t n = (size_t)(segments->n - n_out), n_rows = 0;
        struct ladder_row *rows = calloc(n + 1, sizeof(*rows));
        char (*labels)[LABEL_MAX] = calloc(n + 1, sizeof(*labels));
        char (*notes)[NOTE_MAX] = calloc(n + 1, sizeof(*notes));
        char left[NAME_MAX], right[NAME_MAX];
        struct ladder_options options = { .width = style->width, .n_left_out = n_out, .utf8 = style->utf8 };

        if (rows && labels && notes) {
                for (uint64_t i = 0; i < segments->n; i++) {
                        const struct kept *kept = &segments->kept[place_of(segments, i)];
                        enum side from = sender_of(connection, &kept->segment);

                        /* What the ring has thrown away. */
                        if (i == segments->n_head && n_out > 0) {
                                options.left_out_before = n_rows;
                                i += n_out;
                                kept = &segments->kept[place_of(segments, i)];
                                from = sender_of(connection, &kept->segment);
                        }
                        if (kept->forgotten)
                                continue;
                        put_label(labels[n_rows], kept, connection, from);
                        put_note(notes[n_rows], kept);
                        rows[n_rows] = (struct ladder_row){
                                .time_ns = kept->is.time_ns,
                                .kind = kept->is.icmp         ? LADDER_BETWEEN
                                        : from == SIDE_CLIENT ? LADDER_TO_RIGHT
                                                              : LADDER_TO_LEFT,
                                .label = labels[n_rows],
                                .note = notes[n_rows],
                        };
                        n_rows++;
                }
                put_name(left, connection, SIDE_CLIENT);
                put_name(right, connection, SIDE_SERVER);
                options.max_rows = (unsigned)n_rows;
                ladder_write(file, left, right, rows, n_rows, &options);
        }
        free(rows);
        free(labels);
        free(notes);
}
