/* Closing, and waiting for it. */
#include <finis/finis.h>

#include <poll.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "socket/keep_errno.h"

static int64_t now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int finis_close(struct finis *finis, const struct finis_close_options *options, struct finis_report *ret_report)
{
        KEEP_ERRNO;
        struct finis_close_options chosen = { 0 };
        struct finis_want want;
        bool keep;
        int r;

        if (options)
                chosen = *options;
        chosen.flags &= ~FINIS_EDGE;
        /* The report needs the descriptor after the end. */
        keep = chosen.flags & FINIS_KEEP_FD;
        if (ret_report)
                chosen.flags |= FINIS_KEEP_FD;

        r = finis_close_begin(finis, &chosen, now_ms(), &want);
        while (r == FINIS_CLOSE_AGAIN) {
                struct pollfd poller = { .fd = finis->fd, .events = want.events };

                /* A signal ends the wait early, which is a step too many and no harm. */
                poll(&poller, want.events ? 1 : 0, want.timeout_ms);
                r = finis_close_step(finis, now_ms(), &want);
        }
        if (r >= 0 && ret_report) {
                int report = finis_report(finis, ret_report);

                if (!keep)
                        close(finis->fd);
                if (report < 0)
                        r = report;
        }
        return r;
}
