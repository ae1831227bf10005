/* SIGPIPE kept from this thread while code runs that cannot ask for MSG_NOSIGNAL.
 *
 * The kernel sends it to the thread whose call failed (sk_stream_error()), so that blocking it here
 * and taking it away here is all, and no other thread is concerned. */
#include <finis/finis.h>

#include <signal.h>
#include <time.h>

#include "socket/keep_errno.h"

static sigset_t only_sigpipe(void)
{
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGPIPE);
        return set;
}

int finis_sigpipe_block(struct finis_sigpipe *sigpipe)
{
        KEEP_ERRNO;
        sigset_t set = only_sigpipe(), before, pending;
        int r;

        if (sigpending(&pending) < 0)
                return -errno;
        r = pthread_sigmask(SIG_BLOCK, &set, &before);
        if (r)
                return -r;
        *sigpipe = (struct finis_sigpipe){
                .was_pending = sigismember(&pending, SIGPIPE) == 1,
                .was_blocked = sigismember(&before, SIGPIPE) == 1,
        };
        return 0;
}

int finis_sigpipe_restore(const struct finis_sigpipe *sigpipe)
{
        KEEP_ERRNO;
        const struct timespec at_once = { 0 };
        sigset_t set = only_sigpipe();
        int r;

        /* A signal is pending or not, it is not counted: one that was there before cannot be told
         * from a new one, and stays. */
        if (!sigpipe->was_pending) {
                do
                        r = sigtimedwait(&set, NULL, &at_once);
                while (r < 0 && errno == EINTR);
        }
        if (sigpipe->was_blocked)
                return 0;
        r = pthread_sigmask(SIG_UNBLOCK, &set, NULL);
        return r ? -r : 0;
}
