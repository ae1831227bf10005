/* Writing captures; see outfile.h. */
#include "generate/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
        SIZE_BLOCK = 1 << 20,
        SNAPLEN = 262144,
};

static const struct {
        const char *name;
        bool ng, ns, be;
} formats[] = {
        [FORMAT_PCAP] = { "pcap", false, false, false },
        [FORMAT_PCAP_NS] = { "pcap-ns", false, true, false },
        [FORMAT_PCAP_BE] = { "be", false, false, true },
        [FORMAT_PCAP_NS_BE] = { "ns-be", false, true, true },
        [FORMAT_PCAPNG] = { "pcapng", true, true, false },
        [FORMAT_PCAPNG_BE] = { "pcapng-be", true, true, true },
};

int format_find(const char *name)
{
        for (int i = 0; i < N_FORMATS; ++i)
                if (strcmp(formats[i].name, name) == 0)
                        return i;
        return -1;
}

static void flush(struct outfile *out)
{
        for (size_t done = 0; done < out->n && !out->error;) {
                ssize_t r = write(out->fd, out->block + done, out->n - done);

                if (r >= 0)
                        done += (size_t)r;
                else if (errno != EINTR)
                        out->error = -errno;
        }
        out->n = 0;
}

static void put(struct outfile *out, const void *bytes, size_t n)
{
        memcpy(out->block + out->n, bytes, n);
        out->n += n;
}

static void put16(struct outfile *out, uint16_t value)
{
        if (formats[out->format].be)
                value = __builtin_bswap16(value);
        put(out, &value, sizeof(value));
}

static void put32(struct outfile *out, uint32_t value)
{
        if (formats[out->format].be)
                value = __builtin_bswap32(value);
        put(out, &value, sizeof(value));
}

static void put_head(struct outfile *out, uint32_t link_type)
{
        if (!formats[out->format].ng) {
                put32(out, formats[out->format].ns ? 0xa1b23c4d : 0xa1b2c3d4);
                put16(out, 2);
                put16(out, 4);
                put32(out, 0);
                put32(out, 0);
                put32(out, SNAPLEN);
                put32(out, link_type);
                return;
        }
        /* a section, and one interface with if_tsresol 9 */
        put32(out, 0x0a0d0d0a);
        put32(out, 28);
        put32(out, 0x1a2b3c4d);
        put16(out, 1);
        put16(out, 0);
        put32(out, UINT32_MAX);
        put32(out, UINT32_MAX);
        put32(out, 28);
        put32(out, 1);
        put32(out, 32);
        put16(out, (uint16_t)link_type);
        put16(out, 0);
        put32(out, SNAPLEN);
        put16(out, 9);
        put16(out, 1);
        put(out, (uint8_t[]){ 9, 0, 0, 0 }, 4);
        put32(out, 0);
        put32(out, 32);
}

int outfile_open(struct outfile *out, const char *path, enum format format, uint32_t link_type)
{
        *out = (struct outfile){ .fd = STDOUT_FILENO, .format = format };
        if (strcmp(path, "-") != 0)
                out->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (out->fd < 0)
                return -errno;
        out->block = malloc(SIZE_BLOCK);
        if (!out->block)
                return -ENOMEM;
        put_head(out, link_type);
        return 0;
}

void outfile_frame(struct outfile *out, int64_t at, const uint8_t *frame, size_t n, size_t n_frame)
{
        size_t pad = -n & 3;

        if (out->n + n + 64 > SIZE_BLOCK)
                flush(out);
        if (!formats[out->format].ng) {
                put32(out, (uint32_t)(at / 1000000000));
                put32(out, (uint32_t)(at % 1000000000 / (formats[out->format].ns ? 1 : 1000)));
                put32(out, (uint32_t)n);
                put32(out, (uint32_t)n_frame);
                put(out, frame, n);
                return;
        }
        put32(out, 6);
        put32(out, (uint32_t)(32 + n + pad));
        put32(out, 0);
        put32(out, (uint32_t)((uint64_t)at >> 32));
        put32(out, (uint32_t)at);
        put32(out, (uint32_t)n);
        put32(out, (uint32_t)n_frame);
        put(out, frame, n);
        put(out, (uint8_t[4]){}, pad);
        put32(out, (uint32_t)(32 + n + pad));
}

int outfile_close(struct outfile *out)
{
        flush(out);
        free(out->block);
        if (out->fd != STDOUT_FILENO && close(out->fd) < 0 && !out->error)
                out->error = -errno;
        return out->error;
}
