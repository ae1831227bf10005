/* Between capture.c and the readers of the formats: what an open capture is. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "capture/block.h"
#include "capture/capture.h"
#include "capture/stream.h"

#define CAPTURE_COMPLAINT_MAX 400
#define CAPTURE_FORMAT_MAX 32

/* More than any link carries at once; a length beyond is none. */
#define CAPTURE_FRAME_MAX (256u * 1024 * 1024)

struct pcap {
        uint32_t largest;               /* no frame that makes sense is larger */
        uint32_t link_type;
        uint32_t unit_ns;               /* of the fraction of a second: 1 or 1000 */
        uint8_t n_header;               /* of a frame */
        bool other_order;               /* the bytes of numbers are not in this machine's order */
        enum { LENGTHS_AS_NOW, LENGTHS_TURNED, LENGTHS_UNSURE } lengths;
};

struct pcapng_interface {
        uint32_t link_type;
        uint32_t snaplen;               /* 0: no limit */
        uint64_t multiply, divide;      /* what makes nanoseconds of a time stamp, … */
        uint8_t shift;                  /* … where this is 0; else units of 2^-shift seconds */
        int64_t offset_s;
        uint64_t n_dropped;             /* frames, by its statistics */
};

struct pcapng {
        bool other_order;
        struct pcapng_interface *interfaces;
        size_t n_interfaces, n_room;
        uint32_t trailer_due;           /* not 0: a block was passed over that must end with this length */
};

struct capture {
        struct stream stream;
        struct block block;
        char format[CAPTURE_FORMAT_MAX];
        uint64_t number;                /* of the last frame */
        /* Takes whole frames from what is at hand, @n at most, and moves block.start behind them. Where it can
         * go no further it sets @need, or @skip, or @ended. */
        size_t (*take)(struct capture *capture, struct frame *frames, size_t n);
        void (*deinit)(struct capture *capture);
        size_t need;                    /* so many bytes at hand will bring it further */
        uint64_t skip;                  /* to be passed over first */
        /* What the bytes that are wanted belong to; where none of them is there, it may end here, unless more is
         * owed. */
        enum { WITHIN_FRAME, WITHIN_FILE_HEADER, WITHIN_OTHER } within;
        bool owed;
        bool ended;
        uint64_t n_dropped;             /* frames that it lost, by its own count */
        uint64_t n_notes;
        char note[CAPTURE_COMPLAINT_MAX];
        char complaint[CAPTURE_COMPLAINT_MAX + 64];
        union {
                struct pcap pcap;
                struct pcapng pcapng;
        };
};

/* Keeps the first thing that was wrong, and counts the others. */
void capture_note(struct capture *capture, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What the files hold where they should hold a LINKTYPE: what one system or another calls that type. */
uint32_t capture_link_type(uint32_t as_written);

/* As capture_open_memory(), but as from a pipe that gives @piece bytes at a time, through a block of @size bytes:
 * what is seldom with the usual size then happens all the time. For tests: the outcome must be the same. */
int capture_open_pieces(const void *bytes, size_t n_bytes, size_t piece, size_t size, struct capture **ret_capture);

/* True where @bytes begin such a file; then the reader takes over. @n is at least 4. */
bool pcap_begins(const uint8_t *bytes, size_t n);
bool pcapng_begins(const uint8_t *bytes, size_t n);
void pcap_begin(struct capture *capture);
void pcapng_begin(struct capture *capture);

/* A sentence on what bytes that are no capture seem to be. */
const char *looks_like(const uint8_t *bytes, size_t n);

static inline uint32_t get32(const uint8_t *p, bool other_order)
{
        uint32_t v;

        memcpy(&v, p, sizeof(v));
        return other_order ? __builtin_bswap32(v) : v;
}

static inline uint16_t get16(const uint8_t *p, bool other_order)
{
        uint16_t v;

        memcpy(&v, p, sizeof(v));
        return other_order ? __builtin_bswap16(v) : v;
}
