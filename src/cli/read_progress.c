/* Progress of a pass, for people who wait. */
#include "cli/read_progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS 1000000000
#define EVERY_NS (SECOND_NS / 5)

static int64_t now_ns(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
        return (int64_t)t.tv_sec * SECOND_NS + t.tv_nsec;
}

void read_progress_init(struct read_progress *p, const char *const *paths, size_t n_paths, bool streams)
{
        struct stat st;

        /* What is printed on the terminal shows by itself how far it is, and would be mixed up with it. */
        *p = (struct read_progress){ .wanted = isatty(STDERR_FILENO) == 1 && !(streams && isatty(STDOUT_FILENO) == 1),
                                     .started_ns = now_ns() };
        for (size_t i = 0; i < n_paths; i++) {
                if (stat(paths[i], &st) < 0 || !S_ISREG(st.st_mode)) {
                        p->size = 0;
                        return;
                }
                p->size += (uint64_t)st.st_size;
        }
}

void read_progress_show(struct read_progress *p, uint64_t offset, uint64_t frames)
{
        int64_t now;

        if (!p->wanted)
                return;
        now = now_ns();
        if (now - p->started_ns < SECOND_NS || now - p->shown_ns < EVERY_NS)
                return;
        p->shown_ns = now;
        p->shown = true;
        if (p->size > 0)
                fprintf(stderr, "\rfinis read: %" PRIu64 " %%, %" PRIu64 " packets \033[K",
                        (p->done + offset) * 100 / p->size, frames);
        else
                fprintf(stderr, "\rfinis read: %" PRIu64 " packets \033[K", frames);
}

void read_progress_clear(struct read_progress *p)
{
        if (p->shown)
                fputs("\r\033[K", stderr);
        p->shown = false;
}
