/* The classic pcap format in its nanosecond form, in this machine's byte order. */
#include "capture/pcap_write.h"

#include <errno.h>

enum {
        SNAPLEN = 262144,            /* what tcpdump writes; no frame is larger */
};

struct file_header {
        uint32_t magic;
        uint16_t major, minor;
        int32_t zone;
        uint32_t accuracy;
        uint32_t snaplen;
        uint32_t link_type;
};

struct frame_header {
        uint32_t seconds;
        uint32_t nanoseconds;
        uint32_t n_bytes;
        uint32_t n_frame;
};

static int put(FILE *file, const void *bytes, size_t n)
{
        errno = 0;
        if (n > 0 && fwrite(bytes, n, 1, file) != 1)
                return errno ? -errno : -EIO;
        return 0;
}

int pcap_write_header(FILE *file, uint32_t link_type)
{
        struct file_header header = {
                .magic = 0xa1b23c4d,
                .major = 2,
                .minor = 4,
                .snaplen = SNAPLEN,
                .link_type = link_type,
        };

        return put(file, &header, sizeof(header));
}

int pcap_write_frame(FILE *file, int64_t time_ns, const void *bytes, size_t n_bytes, size_t n_frame)
{
        struct frame_header header;
        int r;

        if (time_ns < 0 || time_ns / 1000000000 > UINT32_MAX)
                return -ERANGE;
        if (n_bytes > n_frame || n_bytes > SNAPLEN || n_frame > UINT32_MAX)
                return -ERANGE;
        header = (struct frame_header){
                .seconds = (uint32_t)(time_ns / 1000000000),
                .nanoseconds = (uint32_t)(time_ns % 1000000000),
                .n_bytes = (uint32_t)n_bytes,
                .n_frame = (uint32_t)n_frame,
        };
        r = put(file, &header, sizeof(header));
        if (r)
                return r;
        return put(file, bytes, n_bytes);
}
