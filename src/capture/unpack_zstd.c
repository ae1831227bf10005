/* Unpacks Zstandard by libzstd: one frame after another, of windows that zstd itself takes unasked. */
#include "capture/unpack.h"

#if FINIS_LIBZSTD

#include <errno.h>
#include <zstd.h>
#include <zstd_errors.h>

enum {
        WINDOW_LOG_MAX = 27,    /* 128 MB: what a stranger's file may make us allocate */
};

static int begin(void **ret_state)
{
        ZSTD_DCtx *z = ZSTD_createDCtx();

        if (!z)
                return -ENOMEM;
        (void)ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
        *ret_state = z;
        return 0;
}

static const char *step(void *state, struct unpack_step *step, bool *ret_between)
{
        ZSTD_DCtx *z = state;

        for (;;) {
                ZSTD_inBuffer in = { .src = step->in, .size = step->n_in };
                ZSTD_outBuffer out = { .dst = step->out, .size = step->n_out };
                size_t r = ZSTD_decompressStream(z, &out, &in);

                step->in += in.pos;
                step->n_in -= in.pos;
                step->out += out.pos;
                step->n_out -= out.pos;
                if (ZSTD_isError(r)) {
                        switch ((int)ZSTD_getErrorCode(r)) {
                        case ZSTD_error_frameParameter_windowTooLarge:
                                return "need a window of more than 128 MB (try: "
                                       "zstd -dc --long=31 FILE | finis read -) and stop being read";
                        case ZSTD_error_memory_allocation:
                                return "need more memory than there is";
                        default:
                                return "are damaged";
                        }
                }
                /* Called without anything to take between two frames, it asks for the next one's header. */
                if (in.pos > 0 || out.pos > 0)
                        *ret_between = r == 0;
                if (step->n_in == 0 || step->n_out == 0 || (in.pos == 0 && out.pos == 0))
                        return NULL;
        }
}

static void end(void *state)
{
        ZSTD_freeDCtx(state);
}

const struct unpack unpack_zstd = {
        .name = "zstd",
        .begin = begin,
        .step = step,
        .end = end,
};

#endif
