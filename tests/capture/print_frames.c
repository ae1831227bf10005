/* Prints the frames of captures as tshark prints them with -T fields -e frame.number -e frame.time_epoch
 * -e frame.cap_len -e frame.len; then what is wrong with the capture, on stderr. For read.py. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "capture/capture.h"

static int print(const char *path)
{
        struct capture *capture;
        struct frame frames[32];
        const char *why = NULL;
        size_t n;
        int r;

        r = capture_open(path, &capture, &why);
        if (r) {
                fprintf(stderr, "%s: %s\n", path, why ? why : strerror(-r));
                return 2;
        }
        do {
                r = capture_read(capture, frames, 32, &n);
                if (r)
                        return 2;
                for (size_t i = 0; i < n; i++)
                        printf("%" PRIu64 "\t%" PRId64 ".%09" PRId64 "\t%" PRIu32 "\t%" PRIu32 "\n", frames[i].number,
                               frames[i].time_ns / 1000000000, frames[i].time_ns % 1000000000, frames[i].n_bytes,
                               frames[i].n_frame);
        } while (n > 0);
        fprintf(stderr, "%s", capture_format(capture));
        if (capture_complaint(capture))
                fprintf(stderr, ": %s", capture_complaint(capture));
        fprintf(stderr, "\n");
        capture_close(capture);
        return 0;
}

int main(int argc, char **argv)
{
        int status = 0;

        for (int i = 1; i < argc; i++)
                if (print(argv[i]))
                        status = 2;
        return status;
}
