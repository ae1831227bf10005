/* Unpacks gzip by zlib: one member after another, as RFC 1952 section 2.2 has them. */
#include "capture/unpack.h"

#if FINIS_ZLIB

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

enum {
        GZIP_ONLY = 16 + MAX_WBITS,
};

struct gzip {
        z_stream z;
        bool between;           /* a member is complete; another may follow */
};

static int begin(void **ret_state)
{
        struct gzip *gzip = calloc(1, sizeof(*gzip));

        if (!gzip)
                return -ENOMEM;
        if (inflateInit2(&gzip->z, GZIP_ONLY) != Z_OK) {
                free(gzip);
                return -ENOMEM;
        }
        *ret_state = gzip;
        return 0;
}

static uInt at_most(size_t n)
{
        return n < UINT_MAX ? (uInt) n : UINT_MAX;
}

/* One call of zlib. Returns its answer. */
static int inflate_some(struct gzip *gzip, struct unpack_step *step)
{
        uInt n_in = at_most(step->n_in), n_out = at_most(step->n_out);
        int r;

        /* zlib's type is older than const; it writes nothing there. */
        gzip->z.next_in = (z_const Bytef *) (uintptr_t)step->in;
        gzip->z.avail_in = n_in;
        gzip->z.next_out = step->out;
        gzip->z.avail_out = n_out;
        r = inflate(&gzip->z, Z_NO_FLUSH);
        n_in -= gzip->z.avail_in;
        n_out -= gzip->z.avail_out;
        step->in += n_in;
        step->n_in -= n_in;
        step->out += n_out;
        step->n_out -= n_out;
        return r;
}

static const char *step(void *state, struct unpack_step *step, bool *ret_between)
{
        struct gzip *gzip = state;

        while (step->n_out > 0) {
                if (gzip->between) {
                        /* Zeros fill up the last block of a tape. */
                        while (step->n_in > 0 && *step->in == 0) {
                                step->in++;
                                step->n_in--;
                        }
                        if (step->n_in == 0)
                                break;
                        if (*step->in != 0x1f)
                                return "are followed by something else";
                        gzip->between = false;
                        inflateReset(&gzip->z);
                }
                switch (inflate_some(gzip, step)) {
                case Z_OK:
                        break;
                case Z_STREAM_END:
                        gzip->between = true;
                        break;
                case Z_BUF_ERROR:
                        goto done;
                case Z_MEM_ERROR:
                        return "need more memory than there is";
                default:
                        return "are damaged";
                }
        }
done:
        *ret_between = gzip->between;
        return NULL;
}

static void end(void *state)
{
        struct gzip *gzip = state;

        inflateEnd(&gzip->z);
        free(gzip);
}

const struct unpack unpack_gzip = {
        .name = "gzip",
        .begin = begin,
        .step = step,
        .end = end,
};

#endif
