/* pcapng as draft-ietf-opsawg-pcapng has it: a section, its interfaces, enhanced packets. */
#include "capture/pcapng_write.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum {
        BLOCK_SECTION = 0x0a0d0d0a,
        BLOCK_INTERFACE = 1,
        BLOCK_ENHANCED_PACKET = 6,

        OPTION_END = 0,
        OPTION_COMMENT = 1,
        OPTION_APPLICATION = 4,         /* shb_userappl */
        OPTION_NAME = 2,                /* if_name */
        OPTION_TSRESOL = 9,

        NO_LIMIT = 0,
        NS = 9,                         /* 10^-9 s */
};

struct option {
        uint16_t code, n;
        const char *text;
};

static size_t padded(size_t n)
{
        return (n + 3) & ~(size_t)3;
}

static int put(FILE *file, const void *bytes, size_t n)
{
        errno = 0;
        if (n > 0 && fwrite(bytes, n, 1, file) != 1)
                return errno ? -errno : -EIO;
        return 0;
}

static int put_padded(FILE *file, const void *bytes, size_t n)
{
        int r = put(file, bytes, n);

        return r ? r : put(file, "\0\0\0", padded(n) - n);
}

/* Between two letters: the bytes of UTF-8 that go on with one are 10xxxxxx. */
static struct option text_option(uint16_t code, const char *text)
{
        size_t n = text ? strlen(text) : 0;

        if (n > PCAPNG_COMMENT_MAX) {
                n = PCAPNG_COMMENT_MAX;
                while (n > 0 && ((uint8_t)text[n] & 0xc0) == 0x80)
                        n--;
        }
        return (struct option){ code, (uint16_t)n, text };
}

/* What the options take, with their end; nothing where there are none. */
static size_t options_size(const struct option *options, size_t n)
{
        size_t size = 0;

        for (size_t i = 0; i < n; i++)
                if (options[i].text)
                        size += 4 + padded(options[i].n);
        return size ? size + 4 : 0;
}

static int put_options(FILE *file, const struct option *options, size_t n)
{
        static const uint16_t end[2] = { OPTION_END, 0 };
        bool any = false;

        for (size_t i = 0; i < n; i++) {
                int r;

                if (!options[i].text)
                        continue;
                any = true;
                r = put(file, (uint16_t[]) { options[i].code, options[i].n }, 4);
                if (!r)
                        r = put_padded(file, options[i].text, options[i].n);
                if (r)
                        return r;
        }
        return any ? put(file, end, sizeof(end)) : 0;
}

/* A block: what is fixed, then bytes, then options. */
static int put_block(FILE *file, uint32_t type, const void *fixed, size_t n_fixed, const void *bytes, size_t n_bytes,
                     const struct option *options, size_t n_options)
{
        uint32_t length = (uint32_t)(12 + n_fixed + padded(n_bytes) + options_size(options, n_options));
        int r;

        r = put(file, (uint32_t[]) { type, length }, 8);
        if (!r)
                r = put(file, fixed, n_fixed);
        if (!r)
                r = put_padded(file, bytes, n_bytes);
        if (!r)
                r = put_options(file, options, n_options);
        if (!r)
                r = put(file, &length, sizeof(length));
        return r;
}

int pcapng_write_section(struct pcapng_writer *ret_writer, FILE *file, const char *application, const char *comment)
{
        struct {
                uint32_t order;
                uint16_t major, minor;
                uint32_t length[2];
        } fixed = { 0x1a2b3c4d, 1, 0, { UINT32_MAX, UINT32_MAX } };     /* of a length that is not known */
        const struct option options[] = {
                text_option(OPTION_COMMENT, comment),
                text_option(OPTION_APPLICATION, application),
        };
        int r;

        r = put_block(file, BLOCK_SECTION, &fixed, sizeof(fixed), NULL, 0, options, 2);
        if (!r)
                *ret_writer = (struct pcapng_writer){ .file = file };
        return r;
}

int pcapng_write_interface(struct pcapng_writer *writer, uint32_t link_type, const char *name)
{
        static const char resolution[] = { NS };
        const struct option options[] = {
                text_option(OPTION_NAME, name),
                { OPTION_TSRESOL, 1, resolution },
        };
        struct {
                uint16_t link_type, reserved;
                uint32_t snaplen;
        } fixed = { (uint16_t)link_type, 0, NO_LIMIT };
        int r;

        if (link_type > UINT16_MAX || writer->n_interfaces >= INT32_MAX)
                return -ERANGE;
        r = put_block(writer->file, BLOCK_INTERFACE, &fixed, sizeof(fixed), NULL, 0, options, 2);
        if (r)
                return r;
        return (int)writer->n_interfaces++;
}

int pcapng_write_frame(struct pcapng_writer *writer, uint32_t interface, int64_t time_ns, const void *bytes,
                       size_t n_bytes, size_t n_frame, const char *comment)
{
        const struct option option = text_option(OPTION_COMMENT, comment);
        const uint32_t fixed[] = {
                interface, (uint32_t)((uint64_t)time_ns >> 32), (uint32_t)time_ns, (uint32_t)n_bytes,
                (uint32_t)n_frame,
        };

        if (time_ns < 0 || n_bytes > n_frame || n_frame > UINT32_MAX || n_bytes > UINT32_MAX / 2)
                return -ERANGE;
        if (interface >= writer->n_interfaces)
                return -EINVAL;
        return put_block(writer->file, BLOCK_ENHANCED_PACKET, fixed, sizeof(fixed), bytes, n_bytes, &option, 1);
}
