/*
 * Reads captures: pcap and pcapng of every kind, compressed or not, from a file, a pipe that grows, or
 * memory, as a row of frames. Knows nothing of what is in a frame.
 *
 * A capture that ends within a frame, or turns to nonsense, is read as far as it goes: capture_read()
 * then comes to an end as if all were well, and capture_complaint() says what was wrong and where.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* One frame. @bytes are borrowed: they hold until the next call of capture_read() or capture_close(). */
struct frame {
        int64_t time_ns;         /* since 1970, UTC; 0 where the format gave none */
        const uint8_t *bytes;
        uint32_t n_bytes;        /* at hand */
        uint32_t n_frame;        /* on the wire; never less than @n_bytes */
        uint32_t link_type;      /* LINKTYPE_* of www.tcpdump.org/linktypes.html: one a frame, since pcapng
                                  * mixes them */
        uint64_t number;         /* as Wireshark counts: from 1, in its file */
};

struct capture;

/* Opens @path, or standard input for "-", and reads as far as the format is known. Returns 0 or a negative
 * errno; -EPROTONOSUPPORT where it is no capture or of a kind that is left out of this build. Then
 * *@ret_why, if asked for, is a sentence for people; it is never freed. */
int capture_open(const char *path, struct capture **ret_capture, const char **ret_why);

/* The same for @n_bytes in memory, which must outlive the capture. */
int capture_open_memory(const void *bytes, size_t n_bytes, struct capture **ret_capture, const char **ret_why);

/* Up to @n frames, as many as are at hand without waiting, but one at least. *@ret_n is 0 at the end.
 * Returns 0, or a negative errno of reading. */
int capture_read(struct capture *capture, struct frame *frames, size_t n, size_t *ret_n);

/* The frames that are at hand of the most usual kind of capture, pcap in this machine's order, for a loop that takes
 * them where they lie: capture_run() gives them, frame_next() each in turn, and capture_ran() takes back what is left.
 * The one is false if it is another kind; the other where no whole frame is left, or anything about it is not as usual.
 * If none came at all, capture_read() knows what to do. */
struct frame_run {
        const uint8_t *at, *end;        /* no further apart than the largest frame that makes sense is long */
        uint32_t link_type, unit_ns;
        uint64_t number;        /* of the frame before */
};

bool capture_run(struct capture *capture, struct frame_run *ret_run);
void capture_ran(struct capture *capture, const struct frame_run *run);

static inline __attribute__((always_inline)) struct frame
frame_made(const struct frame_run *run, const uint32_t header[static 4], const uint8_t *bytes)
{
        return (struct frame){
                .time_ns = (int64_t)header[0] * 1000000000 + (int64_t)header[1] * run->unit_ns,
                .bytes = bytes, .n_bytes = header[2], .n_frame = header[3], .link_type = run->link_type,
                .number = run->number,
        };
}

static inline __attribute__((always_inline)) bool frame_next(struct frame_run *run, struct frame *ret_frame)
{
        uint32_t header[4];
        uintptr_t at = (uintptr_t)run->at + sizeof(header);

        if (at > (uintptr_t)run->end)
                return false;
        memcpy(header, run->at, sizeof(header));
        /* Nor is one of no bytes usual. */
        if (header[2] - 1 >= header[3] || at + header[2] > (uintptr_t)run->end)
                return false;
        run->number++;
        *ret_frame = frame_made(run, header, run->at + sizeof(header));
        run->at += sizeof(header) + header[2];
        /* Where the one after the next begins, if the next is as long; they often are. */
        __builtin_prefetch(run->at + sizeof(header) + header[2]);
        return true;
}

/* The frame that frame_next() gave last, whose bytes are @bytes. */
static inline struct frame frame_again(const struct frame_run *run, const uint8_t *bytes)
{
        uint32_t header[4];

        memcpy(header, bytes - sizeof(header), sizeof(header));
        return frame_made(run, header, bytes);
}

/* After the end: NULL, or what is wrong with the capture, with the place: "cut short within frame 17, at byte
 * 2048". Lives as long as the capture. */
const char *capture_complaint(const struct capture *capture);

/* How many frames were dropped when it was taken, as far as it says so (pcapng's interface statistics), and as far as
 * it has been read: they stand at the end as a rule. */
uint64_t capture_dropped(const struct capture *capture);

/* "pcap", "pcapng", "pcap in gzip", … */
const char *capture_format(const struct capture *capture);

/* How far it has been read in the file itself, and how long that is (0: not known, a pipe), for progress. */
uint64_t capture_offset(const struct capture *capture);
uint64_t capture_size(const struct capture *capture);

/* Takes NULL and returns NULL. */
struct capture *capture_close(struct capture *capture);

static inline void capture_closep(struct capture **capture)
{
        *capture = capture_close(*capture);
}
