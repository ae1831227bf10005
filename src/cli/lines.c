/* Two buffers: one is printed into, the other is being written. Only the printing side allocates. */
#include "cli/lines.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

struct lines {
        FILE *stream;
        int fd;
        int error;               /* the first, negative; from then on all is thrown away */
        bool ending;
        pthread_t thread;
        pthread_mutex_t mutex;
        pthread_cond_t more;     /* there is something to write, or nothing will come any more */
        pthread_cond_t less;     /* something was taken, or is written */
        struct {
                char *bytes;
                size_t n, room;
        } waiting, writing;
};

static int write_all(int fd, const char *bytes, size_t n)
{
        while (n > 0) {
                ssize_t r = write(fd, bytes, n);

                if (r < 0 && errno == EINTR)
                        continue;
                if (r < 0)
                        return -errno;
                bytes += r;
                n -= (size_t)r;
        }
        return 0;
}

static void *write_lines(void *context)
{
        struct lines *l = context;

        pthread_mutex_lock(&l->mutex);
        for (;;) {
                int r;

                while (l->waiting.n == 0 && !l->ending)
                        pthread_cond_wait(&l->more, &l->mutex);
                if (l->waiting.n == 0)
                        break;
                typeof(l->waiting) taken = { l->waiting.bytes, l->waiting.n, l->waiting.room };

                l->waiting.bytes = l->writing.bytes;
                l->waiting.room = l->writing.room;
                l->waiting.n = 0;
                l->writing.bytes = taken.bytes;
                l->writing.n = taken.n;
                l->writing.room = taken.room;
                pthread_cond_signal(&l->less);
                if (l->error)
                        continue;
                pthread_mutex_unlock(&l->mutex);
                r = write_all(l->fd, taken.bytes, taken.n);
                pthread_mutex_lock(&l->mutex);
                l->error = r;
                l->writing.n = 0;
                pthread_cond_signal(&l->less);
        }
        pthread_mutex_unlock(&l->mutex);
        return NULL;
}

static ssize_t keep(void *context, const char *bytes, size_t n)
{
        struct lines *l = context;
        ssize_t kept = (ssize_t)n;

        pthread_mutex_lock(&l->mutex);
        while (l->waiting.n > LINES_MOST && !l->error)
                pthread_cond_wait(&l->less, &l->mutex);
        if (l->waiting.room - l->waiting.n < n) {
                size_t room = (l->waiting.n + n) * 2;
                char *grown = realloc(l->waiting.bytes, room);

                if (grown) {
                        l->waiting.bytes = grown;
                        l->waiting.room = room;
                } else {
                        l->error = l->error ?: -ENOMEM;
                        kept = 0;
                }
        }
        if (kept > 0) {
                memcpy(l->waiting.bytes + l->waiting.n, bytes, n);
                l->waiting.n += n;
                pthread_cond_signal(&l->more);
        }
        pthread_mutex_unlock(&l->mutex);
        return kept;
}

int lines_open(int fd, struct lines **ret_lines)
{
        struct lines *l = calloc(1, sizeof(*l));
        sigset_t others, before;
        int r;

        if (!l)
                return -ENOMEM;
        l->fd = fd;
        pthread_mutex_init(&l->mutex, NULL);
        pthread_cond_init(&l->more, NULL);
        pthread_cond_init(&l->less, NULL);
        l->stream = fopencookie(l, "w", (cookie_io_functions_t){ .write = keep });
        /* Signals are the printing side's; only SIGPIPE belongs to who writes. */
        sigfillset(&others);
        sigdelset(&others, SIGPIPE);
        pthread_sigmask(SIG_SETMASK, &others, &before);
        r = l->stream ? pthread_create(&l->thread, NULL, write_lines, l) : ENOMEM;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (r) {
                if (l->stream)
                        fclose(l->stream);
                free(l);
                return -r;
        }
        setvbuf(l->stream, NULL, _IOLBF, BUFSIZ);
        *ret_lines = l;
        return 0;
}

FILE *lines_stream(struct lines *lines)
{
        return lines->stream;
}

int lines_wait(struct lines *l)
{
        int error;

        fflush(l->stream);
        pthread_mutex_lock(&l->mutex);
        while ((l->waiting.n > 0 || l->writing.n > 0) && !l->error)
                pthread_cond_wait(&l->less, &l->mutex);
        error = l->error;
        pthread_mutex_unlock(&l->mutex);
        return error;
}

int lines_close(struct lines *l)
{
        int error;

        if (!l)
                return 0;
        fclose(l->stream);
        pthread_mutex_lock(&l->mutex);
        l->ending = true;
        pthread_cond_signal(&l->more);
        pthread_mutex_unlock(&l->mutex);
        pthread_join(l->thread, NULL);
        error = l->error;
        free(l->waiting.bytes);
        free(l->writing.bytes);
        free(l);
        return error;
}
