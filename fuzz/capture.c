/* Reads anything as a capture: at once from memory, and in pieces through a block that is far too small. Both must
 * give the same frames and the same complaint. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "capture/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

struct outcome {
        uint64_t n_frames;
        uint64_t sum;
        char complaint[512];
        int opened;
};

enum {
        BATCH = 7,
        FRAMES_MAX = 2000000,   /* a packed file may hold more than there is time for */
};

static void add(struct outcome *outcome, uint64_t v)
{
        outcome->sum = (outcome->sum ^ v) * 0x9e3779b97f4a7c15;
        outcome->sum ^= outcome->sum >> 29;
}

static void look(struct outcome *outcome, const struct frame *frame)
{
        if (frame->n_frame < frame->n_bytes)
                abort();
        add(outcome, (uint64_t)frame->time_ns);
        add(outcome, frame->n_bytes);
        add(outcome, frame->n_frame);
        add(outcome, frame->link_type);
        add(outcome, frame->number);
        for (uint32_t i = 0; i < frame->n_bytes; i += frame->n_bytes > 8192 ? 512 : 1)
                outcome->sum = (outcome->sum << 5 | outcome->sum >> 59) ^ frame->bytes[i];
        if (frame->n_bytes > 0)
                add(outcome, frame->bytes[frame->n_bytes - 1]);
        outcome->n_frames++;
}

static void run(struct capture *capture, struct outcome *outcome)
{
        struct frame frames[BATCH];
        size_t n;

        outcome->opened = 1;
        do {
                if (capture_read(capture, frames, BATCH, &n) < 0)
                        abort();
                for (size_t i = 0; i < n; i++)
                        look(outcome, &frames[i]);
        } while (n > 0 && outcome->n_frames < FRAMES_MAX);
        if (capture_complaint(capture))
                strncpy(outcome->complaint, capture_complaint(capture), sizeof(outcome->complaint) - 1);
        if (capture_offset(capture) > capture_size(capture))
                abort();
        capture_close(capture);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        struct outcome whole = { .n_frames = 0 }, pieces = { .n_frames = 0 };
        struct capture *capture;
        const char *why = NULL;

        if (capture_open_memory(bytes, n, &capture, &why) == 0)
                run(capture, &whole);
        else if (!why)
                abort();
        if (capture_open_pieces(bytes, n, n % 97 + 1, n % 61 + 24, &capture) == 0)
                run(capture, &pieces);
        /* How much comes out before a fault of the packing depends on how much is asked for at once. */
        if (unpack_find(bytes, n) && (!whole.opened || !pieces.opened || whole.complaint[0] || pieces.complaint[0]))
                return 0;
        if (whole.opened != pieces.opened || whole.n_frames != pieces.n_frames || whole.sum != pieces.sum ||
            strcmp(whole.complaint, pieces.complaint))
                abort();
        return 0;
}
