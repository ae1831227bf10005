/* Copies frames into a new capture, as they are or without whose they were. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/capture.h"
#include "capture/pcapng_write.h"
#include "cli/read_extract.h"
#include "cli/read_extract_pieces.h"
#include "wire/packet.h"

enum {
        BATCH = 32,
        LINK_ETHERNET = 1,
        LINK_TYPES_MAX = 64,
        COMMENT_MAX = 4096,
};

struct copy {
        struct extract *x;
        struct pcapng_writer writer;
        struct packet_reader *reader;
        struct pieces *pieces;
        /* The interfaces that were described: one a link type. */
        uint32_t link_types[LINK_TYPES_MAX];
        size_t n_link_types;
        /* Comments to be written, in the order of their frames. */
        struct note *notes;
        size_t n_notes, next_note;
};

/* A comment on a frame. */
struct note {
        uint32_t at;                    /* place in the order of the files */
        uint64_t frame;
        const struct chosen *chosen;
        bool is_first, is_ending;
};

static int by_place(const void *a, const void *b)
{
        const struct note *x = a, *y = b;

        if (x->at != y->at)
                return x->at < y->at ? -1 : 1;
        return x->frame < y->frame ? -1 : x->frame > y->frame;
}

static uint32_t place_of(const struct extract *x, uint32_t file)
{
        for (size_t i = 0; i < x->n_order; i++)
                if (x->order[i] == file)
                        return (uint32_t)i;
        return UINT32_MAX;
}

/* The verdict stands on the first frame and on that of the ending: one note if they are the same. */
static int make_notes(struct copy *copy)
{
        const struct chosen_set *set = &copy->x->chosen;

        copy->notes = calloc(2 * set->n + 1, sizeof(*copy->notes));
        if (!copy->notes)
                return -ENOMEM;
        for (size_t i = 0; i < set->n; i++) {
                const struct chosen *c = &set->items[i];
                bool same = c->ending_file == c->file && c->ending_frame == c->first_frame;

                if (c->dropped)
                        continue;
                copy->notes[copy->n_notes++] = (struct note){
                        place_of(copy->x, c->file), c->first_frame, c, true, same,
                };
                if (c->ending_file && !same)
                        copy->notes[copy->n_notes++] = (struct note){
                                place_of(copy->x, c->ending_file), c->ending_frame, c, false, true,
                        };
        }
        qsort(copy->notes, copy->n_notes, sizeof(*copy->notes), by_place);
        return 0;
}

/* The comment for this frame; "" for none. An ICMP error may end several at once. */
static void next_comment(struct copy *copy, uint32_t at, uint64_t frame, char comment[static COMMENT_MAX])
{
        size_t n = 0;

        comment[0] = '\0';
        while (copy->next_note < copy->n_notes) {
                const struct note *note = &copy->notes[copy->next_note];

                if (note->at > at || (note->at == at && note->frame > frame))
                        break;
                copy->next_note++;
                if (note->at != at || note->frame != frame || n >= COMMENT_MAX - 1)
                        continue;
                n += (size_t)snprintf(comment + n, COMMENT_MAX - n,
                                       "%sfinis, connection %" PRIu32 ".%" PRIu64 "%s: %s",
                                       n ? "; " : "", note->chosen->file, note->chosen->first_frame,
                                       note->is_ending ? ", ended here" : "", note->chosen->verdict);
        }
}

static int interface_of(struct copy *copy, uint32_t link_type)
{
        int r;

        for (size_t i = 0; i < copy->n_link_types; i++)
                if (copy->link_types[i] == link_type)
                        return (int)i;
        if (copy->n_link_types == LINK_TYPES_MAX)
                return -E2BIG;
        r = pcapng_write_interface(&copy->writer, link_type, NULL);
        if (r >= 0)
                copy->link_types[copy->n_link_types++] = link_type;
        return r;
}

static int put_frame(struct copy *copy, const struct frame *frame, const char *comment)
{
        int interface = interface_of(copy, frame->link_type);
        int r;

        if (interface < 0)
                return interface;
        r = pcapng_write_frame(&copy->writer, (uint32_t)interface, frame->time_ns < 0 ? 0 : frame->time_ns,
                               frame->bytes, frame->n_bytes, frame->n_frame, comment[0] ? comment : NULL);
        copy->x->n_frames += r == 0;
        return r;
}

static int put_anonymized(struct copy *copy, const struct frame *frame, const struct packet *packet, bool icmp,
                          const char *comment)
{
        struct anonymized anonymized;

        anonymize_packet(&copy->x->anonymizer, packet, icmp, &anonymized);
        return put_frame(copy, &(struct frame){
                .time_ns = frame->time_ns, .bytes = anonymized.bytes, .n_bytes = anonymized.n_bytes,
                .n_frame = anonymized.n_frame, .link_type = LINK_ETHERNET,
        }, comment);
}

/* The fragments that went before, if it is the last of a packet. */
static int put_pieces(struct copy *copy, const struct frame *frame, const struct packet *packet)
{
        const uint8_t *payload = packet->segment.payload;
        struct piece piece;
        int r = 0;

        if (payload >= frame->bytes && payload <= frame->bytes + frame->n_bytes)
                return 0;
        while (!r && pieces_take(copy->pieces, &packet->segment, &piece)) {
                r = put_frame(copy, &piece.frame, "");
                free(piece.bytes);
        }
        return r;
}

static int take(struct copy *copy, uint32_t at, const struct frame *frame)
{
        bool wanted = marks_have(&copy->x->marks[copy->x->order[at] - 1], frame->number);
        char comment[COMMENT_MAX];
        struct packet packet;
        enum packet_kind kind;
        int r;

        /* Every frame goes through the reader, for the sake of fragments. */
        kind = packet_read(copy->reader, frame->link_type, frame->bytes, frame->n_bytes, frame->n_frame,
                           frame->time_ns, &packet);
        if (kind == PACKET_FRAGMENT && !copy->x->options->anonymize)
                return pieces_keep(copy->pieces, frame);
        if (!wanted || (kind != PACKET_TCP && kind != PACKET_ICMP_ERROR))
                return 0;
        next_comment(copy, at, frame->number, comment);
        if (copy->x->options->anonymize)
                return put_anonymized(copy, frame, &packet, kind == PACKET_ICMP_ERROR, comment);
        r = put_pieces(copy, frame, &packet);
        return r ? r : put_frame(copy, frame, comment);
}

static int copy_file(struct copy *copy, uint32_t at, bool *ret_reading)
{
        __attribute__((cleanup(capture_closep))) struct capture *capture = NULL;
        struct frame frames[BATCH];
        size_t n;
        int r;

        *ret_reading = true;
        r = capture_open(copy->x->paths[copy->x->order[at] - 1], &capture, NULL);
        while (!r) {
                do
                        r = capture_read(capture, frames, BATCH, &n);
                while (r == -EINTR);
                if (r || n == 0)
                        break;
                *ret_reading = false;
                for (size_t i = 0; i < n && !r; i++)
                        r = take(copy, at, &frames[i]);
                if (r)
                        break;
                *ret_reading = true;
        }
        return r;
}

int read_extract_write(struct extract *x, FILE *file, bool *ret_reading)
{
        struct copy copy = { .x = x };
        char comment[256];
        int r;

        *ret_reading = false;
        snprintf(comment, sizeof(comment), "cut out by finis: %zu connection%s%s", chosen_count(&x->chosen),
                 chosen_count(&x->chosen) == 1 ? "" : "s",
                 x->options->anonymize ? "; addresses replaced, payload cut off, checksums zeroed" : "");
        copy.pieces = calloc(1, sizeof(*copy.pieces));
        r = copy.pieces ? make_notes(&copy) : -ENOMEM;
        if (!r)
                r = packet_reader_new(&copy.reader);
        if (!r)
                r = pcapng_write_section(&copy.writer, file, "finis " FINIS_VERSION, comment);
        for (size_t i = 0; i < x->n_order && !r; i++)
                r = copy_file(&copy, (uint32_t)i, ret_reading);
        packet_reader_free(copy.reader);
        if (copy.pieces)
                pieces_deinit(copy.pieces);
        free(copy.pieces);
        free(copy.notes);
        return r;
}
