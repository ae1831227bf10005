/* Reads from a descriptor or from memory, and puts an unpacker between where the first bytes ask for one. */
#include "capture/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
        ROOM = 128 * 1024,
        FIRST_READ = 4096,      /* a page, so that what follows is read from where a page begins */
        MAGIC = 4,
};

static ssize_t read_fd(struct stream *stream, uint8_t *bytes, size_t n)
{
        for (;;) {
                ssize_t r = read(stream->fd, bytes, n);

                if (r >= 0) {
                        stream->offset += (uint64_t)r;
                        return r;
                }
                if (errno != EAGAIN)
                        return -errno;
                /* Somebody made it non-blocking, as another program at the same terminal may. */
                if (poll(&(struct pollfd){ .fd = stream->fd, .events = POLLIN }, 1, -1) < 0)
                        return -errno;
        }
}

/* Reads more behind what is in the room already. Returns 0 at the end. */
static ssize_t read_ahead(struct stream *stream, size_t n)
{
        ssize_t r;

        if (stream->ended || stream->fd < 0) {
                stream->ended = true;
                return 0;
        }
        if (stream->n_input == 0)
                stream->input = stream->room;
        r = read_fd(stream, stream->room + (stream->input - stream->room) + stream->n_input, n);
        if (r > 0)
                stream->n_input += (size_t)r;
        if (r == 0)
                stream->ended = true;
        return r;
}

static int choose_unpacker(struct stream *stream, const char **ret_why)
{
        const struct unpack *unpack = unpack_find(stream->input, stream->n_input);
        int r;

        if (!unpack)
                return 0;
        if (!unpack->begin) {
                *ret_why = unpack->left_out;
                return -EPROTONOSUPPORT;
        }
        r = unpack->begin(&stream->unpack_state);
        if (!r)
                stream->unpack = unpack;
        return r;
}

int stream_init(struct stream *stream, const char *path, const char **ret_why)
{
        bool is_stdin = !strcmp(path, "-");
        struct stat status;

        *ret_why = NULL;
        *stream = (struct stream){
                .fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY),
                .fd_is_ours = !is_stdin,
        };
        if (stream->fd < 0 || fstat(stream->fd, &status) < 0)
                return -errno;
        if (S_ISDIR(status.st_mode)) {
                *ret_why = "it is a directory; name the files in it";
                return -EISDIR;
        }
        if (isatty(stream->fd)) {
                *ret_why = "it is a terminal; a capture is piped in, as in: tcpdump -w - | …";
                return -EPROTONOSUPPORT;
        }
        if (S_ISREG(status.st_mode) && status.st_size > 0) {
                stream->size = (uint64_t)status.st_size;
                (void)posix_fadvise(stream->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
        }
        stream->room = malloc(ROOM);
        if (!stream->room)
                return -ENOMEM;
        stream->input = stream->room;
        while (stream->n_input < MAGIC && !stream->ended) {
                ssize_t r = read_ahead(stream, FIRST_READ - stream->n_input);

                if (r < 0)
                        return (int)r;
        }
        return choose_unpacker(stream, ret_why);
}

int stream_init_memory(struct stream *stream, const void *bytes, size_t n_bytes, const char **ret_why)
{
        *ret_why = NULL;
        *stream = (struct stream){
                .fd = -1,
                .size = n_bytes,
                .input = bytes,
                .n_input = n_bytes,
        };
        return choose_unpacker(stream, ret_why);
}

static void take_input(struct stream *stream, size_t n)
{
        stream->input += n;
        stream->n_input -= n;
        if (stream->fd < 0)
                stream->offset += n;
}

static void end_with(struct stream *stream, const char *what)
{
        snprintf(stream->fault, sizeof(stream->fault), "the %s data %s at byte %llu", stream->unpack->name,
                 what, (unsigned long long)(stream->offset - (stream->fd < 0 ? 0 : stream->n_input)));
        stream->ended = true;
        stream->n_input = 0;
}

static ssize_t read_unpacked(struct stream *stream, uint8_t *bytes, size_t n)
{
        for (;;) {
                struct unpack_step step = {
                        .in = stream->input, .n_in = stream->n_input, .out = bytes, .n_out = n,
                };
                const char *wrong;
                size_t taken, made;

                if (stream->fault[0])
                        return 0;
                /* Even without input: the unpacker may hold back what did not fit the last time. */
                wrong = stream->unpack->step(stream->unpack_state, &step, &stream->unpack_between);
                taken = stream->n_input - step.n_in;
                made = n - step.n_out;
                take_input(stream, taken);
                if (wrong)
                        end_with(stream, wrong);
                if (made > 0)
                        return (ssize_t)made;
                if (wrong)
                        return 0;
                if (stream->n_input > 0 && taken > 0)
                        continue;
                if (stream->n_input > 0) {
                        end_with(stream, "cannot be unpacked");
                        return 0;
                }
                if (!stream->ended) {
                        ssize_t r = read_ahead(stream, ROOM);

                        if (r < 0)
                                return r;
                        if (r > 0)
                                continue;
                }
                if (stream->ended) {
                        if (!stream->unpack_between)
                                end_with(stream, "are cut short");
                        return 0;
                }
        }
}

ssize_t stream_read(struct stream *stream, uint8_t *bytes, size_t n)
{
        if (stream->unpack)
                return read_unpacked(stream, bytes, n);
        if (stream->n_input > 0) {
                size_t n_first = n < stream->n_input ? n : stream->n_input;

                if (stream->piece && n_first > stream->piece)
                        n_first = stream->piece;
                memcpy(bytes, stream->input, n_first);
                take_input(stream, n_first);
                return (ssize_t)n_first;
        }
        if (stream->fd < 0)
                return 0;
        return read_fd(stream, bytes, n);
}

void stream_deinit(struct stream *stream)
{
        if (stream->unpack)
                stream->unpack->end(stream->unpack_state);
        free(stream->room);
        if (stream->fd >= 0 && stream->fd_is_ours)
                close(stream->fd);
        *stream = (struct stream){ .fd = -1 };
}
