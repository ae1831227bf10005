/* A capture file as it is written: pcap in its variants, and pcapng. Large blocks, no stdio. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum format {
        FORMAT_PCAP,                 /* microseconds */
        FORMAT_PCAP_NS,
        FORMAT_PCAP_BE,              /* microseconds, most significant byte first */
        FORMAT_PCAP_NS_BE,
        FORMAT_PCAPNG,               /* nanoseconds */
        FORMAT_PCAPNG_BE,
        N_FORMATS
};

/* -1 where there is none of that name. */
int format_find(const char *name);

struct outfile {
        int fd;
        enum format format;
        int error;                   /* the first, negative */
        size_t n;
        uint8_t *block;
};

/* Opens @path, "-" for standard output, and writes the head of the format. 0 or a negative errno. */
int outfile_open(struct outfile *out, const char *path, enum format format, uint32_t link_type);

/* @at counts ns from 1970. What goes wrong is told at the end. */
void outfile_frame(struct outfile *out, int64_t at, const uint8_t *frame, size_t n, size_t n_frame);

int outfile_close(struct outfile *out);
