/* Where a capture's bytes come from: a file, a pipe, memory; and unpacked, where they are packed. Which of
 * these it is, shows in the bytes themselves, never in a name. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "capture/unpack.h"

#define STREAM_FAULT_MAX 160

struct stream {
        int fd;                         /* -1: memory */
        bool fd_is_ours;
        bool ended;                     /* of the packed bytes */
        uint64_t offset;                /* how far the file itself was read */
        uint64_t size;                  /* 0: not known */
        uint8_t *room;                  /* what was read ahead: the first bytes, and all that is packed */
        const uint8_t *input;           /* in @room, or all of the caller's memory */
        size_t n_input;
        const struct unpack *unpack;    /* NULL: not packed */
        void *unpack_state;
        size_t piece;                   /* memory is given out in pieces of this, not as a whole; 0: as a whole */
        bool unpack_between;            /* all that was begun is complete: it may end here */
        char fault[STREAM_FAULT_MAX];   /* what is wrong with the packed bytes; "": nothing so far */
};

/* Opens @path, or standard input for "-", and looks at the first bytes. @stream has to be deinitialised
 * even after a failure. *@ret_why: a sentence, or NULL. */
int stream_init(struct stream *stream, const char *path, const char **ret_why);
int stream_init_memory(struct stream *stream, const void *bytes, size_t n_bytes, const char **ret_why);

/* Reads up to @n bytes, as many as come without waiting twice. 0: the end, or a fault. -EINTR: a signal came;
 * nothing is lost, and it may be called again. */
ssize_t stream_read(struct stream *stream, uint8_t *bytes, size_t n);

void stream_deinit(struct stream *stream);
