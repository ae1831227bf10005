/* Opens a capture, whatever it is, and hands out its frames; the readers of the formats do the rest. */
#include "capture/capture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/reader.h"

void capture_note(struct capture *capture, const char *format, ...)
{
        va_list arguments;

        if (capture->n_notes++ > 0)
                return;
        va_start(arguments, format);
        vsnprintf(capture->note, sizeof(capture->note), format, arguments);
        va_end(arguments);
}

uint32_t capture_link_type(uint32_t as_written)
{
        switch (as_written) {
        case 11:                /* DLT_ATM_RFC1483 */
                return 100;
        case 12:                /* DLT_RAW on most systems */
        case 14:                /* DLT_RAW on OpenBSD */
                return 101;
        default:
                return as_written;
        }
}

static int find_format(struct capture *capture, size_t size, const char **ret_why)
{
        struct block *block = &capture->block;
        const char *name;
        int r;

        r = block_init(block, &capture->stream, size);
        if (!r)
                r = block_fill(block, 4);
        if (r)
                return r;
        if (block_at_hand(block) >= 4 && pcap_begins(block->bytes, block->end)) {
                name = "pcap";
                pcap_begin(capture);
        } else if (block_at_hand(block) >= 4 && pcapng_begins(block->bytes, block->end)) {
                name = "pcapng";
                pcapng_begin(capture);
        } else if (block->end == 0 && capture->stream.fault[0]) {
                *ret_why = "it is packed, but damaged or cut short before anything of it comes out";
                return -EPROTONOSUPPORT;
        } else {
                *ret_why = looks_like(block->bytes, block->end);
                return -EPROTONOSUPPORT;
        }
        if (capture->stream.unpack)
                snprintf(capture->format, sizeof(capture->format), "%s in %s", name, capture->stream.unpack->name);
        else
                snprintf(capture->format, sizeof(capture->format), "%s", name);
        return 0;
}

static int open_with(struct capture *capture, int r, size_t size, const char *why, struct capture **ret_capture,
                     const char **ret_why)
{
        if (!r)
                r = find_format(capture, size, &why);
        if (r) {
                capture_close(capture);
                if (ret_why)
                        *ret_why = why;
                return r;
        }
        *ret_capture = capture;
        return 0;
}

int capture_open(const char *path, struct capture **ret_capture, const char **ret_why)
{
        struct capture *capture = calloc(1, sizeof(*capture));
        const char *why = NULL;
        int r;

        if (!capture)
                return -ENOMEM;
        r = stream_init(&capture->stream, path, &why);
        return open_with(capture, r, BLOCK_SIZE, why, ret_capture, ret_why);
}

int capture_open_memory(const void *bytes, size_t n_bytes, struct capture **ret_capture, const char **ret_why)
{
        struct capture *capture = calloc(1, sizeof(*capture));
        const char *why = NULL;
        int r;

        if (!capture)
                return -ENOMEM;
        r = stream_init_memory(&capture->stream, bytes, n_bytes, &why);
        return open_with(capture, r, BLOCK_SIZE, why, ret_capture, ret_why);
}

int capture_open_pieces(const void *bytes, size_t n_bytes, size_t piece, size_t size, struct capture **ret_capture)
{
        struct capture *capture = calloc(1, sizeof(*capture));
        const char *why = NULL;
        int r;

        if (!capture)
                return -ENOMEM;
        r = stream_init_memory(&capture->stream, bytes, n_bytes, &why);
        capture->stream.piece = piece;
        return open_with(capture, r, size, why, ret_capture, NULL);
}

/* What is at hand is less than what was wanted, and no more will come. */
static void end_of_bytes(struct capture *capture)
{
        struct block *block = &capture->block;
        const char *unpacked = capture->stream.unpack ? " of what was unpacked" : "";
        unsigned long long place = block->offset + block->end;

        capture->ended = true;
        /* What is wrong with the packed bytes is the reason, not a second fault. */
        if (capture->stream.fault[0]) {
                capture_note(capture, "%s", capture->stream.fault);
                return;
        }
        if (block_at_hand(block) == 0 && !capture->owed)
                return;
        switch (capture->within) {
        case WITHIN_FILE_HEADER:
                capture_note(capture, "cut short within the file header, at byte %llu%s", place, unpacked);
                break;
        case WITHIN_FRAME:
                capture_note(capture, "cut short within frame %llu, at byte %llu%s",
                             (unsigned long long)capture->number + 1, place, unpacked);
                break;
        case WITHIN_OTHER:
                if (capture->number == 0)
                        capture_note(capture, "cut short before the first frame, at byte %llu%s", place, unpacked);
                else
                        capture_note(capture, "cut short within what follows frame %llu, at byte %llu%s",
                                     (unsigned long long)capture->number, place, unpacked);
                break;
        }
}

static void complain(struct capture *capture)
{
        char *text = capture->complaint;
        size_t size = sizeof(capture->complaint);

        if (capture->n_notes == 1)
                snprintf(text, size, "%s", capture->note);
        else if (capture->n_notes > 1)
                snprintf(text, size, "%s; and %llu more faults after that", capture->note,
                         (unsigned long long)capture->n_notes - 1);
}

int capture_read(struct capture *capture, struct frame *frames, size_t n, size_t *ret_n)
{
        size_t taken = 0;

        while (!capture->ended && n > 0) {
                int r;

                if (capture->skip > 0) {
                        r = block_skip(&capture->block, &capture->skip);
                        if (r)
                                return r;
                        if (capture->skip > 0) {
                                end_of_bytes(capture);
                                break;
                        }
                }
                taken = capture->take(capture, frames, n);
                if (taken > 0)
                        break;
                if (capture->skip > 0 || capture->ended)
                        continue;
                r = block_fill(&capture->block, capture->need);
                if (r)
                        return r;
                if (block_at_hand(&capture->block) < capture->need)
                        end_of_bytes(capture);
        }
        if (capture->ended && taken == 0)
                complain(capture);
        *ret_n = taken;
        return 0;
}

const char *capture_complaint(const struct capture *capture)
{
        return capture->complaint[0] ? capture->complaint : NULL;
}

uint64_t capture_dropped(const struct capture *capture)
{
        return capture->n_dropped;
}

const char *capture_format(const struct capture *capture)
{
        return capture->format;
}

uint64_t capture_offset(const struct capture *capture)
{
        return capture->block.room ? capture->stream.offset : block_place(&capture->block);
}

uint64_t capture_size(const struct capture *capture)
{
        return capture->stream.size;
}

struct capture *capture_close(struct capture *capture)
{
        if (!capture)
                return NULL;
        if (capture->deinit)
                capture->deinit(capture);
        block_deinit(&capture->block);
        stream_deinit(&capture->stream);
        free(capture);
        return NULL;
}
