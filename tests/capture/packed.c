/* Tests of captures in gzip and zstd: in several pieces, cut anywhere, damaged anywhere, from a pipe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#if FINIS_ZLIB
#include <zlib.h>
#endif
#if FINIS_LIBZSTD
#include <zstd.h>
#endif

#include "capture/capture.h"
#include "make.h"

enum {
        N_FRAMES = 5,
        SIZE_FRAME = 200,
};

static struct made made;
static size_t ends[N_FRAMES + 1];       /* of the file header and of each frame */

static void make_plain(void)
{
        make_begin(&made, false);
        make_pcap_header(&made, 0xa1b23c4d, 1000, 1);
        ends[0] = made.n;
        for (uint8_t i = 0; i < N_FRAMES; i++) {
                make_pcap_frame(&made, 1, i, SIZE_FRAME, SIZE_FRAME, (uint8_t)(i * 7));
                ends[i + 1] = made.n;
        }
}

struct kind {
        const char *name;
        /* One complete piece of @n bytes. Returns its length. */
        size_t (*pack)(uint8_t *out, size_t n_out, const uint8_t *in, size_t n);
};

#if FINIS_ZLIB
static size_t pack_gzip(uint8_t *out, size_t n_out, const uint8_t *in, size_t n)
{
        z_stream z = { .next_in = (z_const Bytef *) (uintptr_t)in, .avail_in = (uInt) n, .next_out = out,
                       .avail_out = (uInt) n_out };

        assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
        assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
        deflateEnd(&z);
        return n_out - z.avail_out;
}
#endif

#if FINIS_LIBZSTD
static size_t pack_zstd(uint8_t *out, size_t n_out, const uint8_t *in, size_t n)
{
        ZSTD_CCtx *z = ZSTD_createCCtx();
        size_t r;

        ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
        r = ZSTD_compress2(z, out, n_out, in, n);
        assert_false(ZSTD_isError(r));
        ZSTD_freeCCtx(z);
        return r;
}
#endif

static const struct kind kinds[] = {
#if FINIS_ZLIB
        { "gzip", pack_gzip },
#endif
#if FINIS_LIBZSTD
        { "zstd", pack_zstd },
#endif
        { NULL, NULL },
};

static uint8_t packed[8192];

/* Reads all; checks that the frames are right as far as they go. */
static size_t read_all(struct capture *capture)
{
        struct frame frames[3];
        size_t n_all = 0, n;

        do {
                assert_int_equal(capture_read(capture, frames, 3, &n), 0);
                for (size_t i = 0; i < n; i++) {
                        assert_int_equal(frames[i].number, n_all + 1);
                        assert_int_equal(frames[i].n_bytes, SIZE_FRAME);
                        make_check(frames[i].bytes, SIZE_FRAME, (uint8_t)(n_all * 7));
                        n_all++;
                }
        } while (n > 0);
        return n_all;
}

static struct capture *open_packed(const struct kind *kind, size_t n)
{
        struct capture *capture = NULL;
        const char *why = NULL;
        char format[32];

        assert_int_equal(capture_open_memory(packed, n, &capture, &why), 0);
        snprintf(format, sizeof(format), "pcap in %s", kind->name);
        assert_string_equal(capture_format(capture), format);
        return capture;
}

static void pieces_that_follow_each_other_are_one_capture(void **state)
{
        (void)state;

        make_plain();
        if (!kinds[0].name)
                skip();
        for (const struct kind *kind = kinds; kind->name; kind++) {
                /* Each border between the pieces, also none. */
                for (size_t border = 0; border <= made.n; border += 13) {
                        struct capture *capture;
                        size_t n = kind->pack(packed, sizeof(packed), made.bytes, border);

                        n += kind->pack(packed + n, sizeof(packed) - n, made.bytes + border, made.n - border);
                        capture = open_packed(kind, n);
                        assert_int_equal(read_all(capture), N_FRAMES);
                        assert_null(capture_complaint(capture));
                        assert_int_equal(capture_offset(capture), n);
                        assert_int_equal(capture_size(capture), n);
                        capture_close(capture);
                }
        }
}

static void packed_bytes_cut_anywhere_are_read_up_to_there(void **state)
{
        (void)state;

        make_plain();
        if (!kinds[0].name)
                skip();
        for (const struct kind *kind = kinds; kind->name; kind++) {
                size_t n = kind->pack(packed, sizeof(packed), made.bytes, made.n);
                size_t before = 0;

                for (size_t cut = 4; cut < n; cut++) {
                        struct capture *capture = NULL;
                        const char *why = NULL;
                        char expected[64];
                        size_t n_frames = 0;

                        if (capture_open_memory(packed, cut, &capture, &why) == 0) {
                                n_frames = read_all(capture);
                                snprintf(expected, sizeof(expected), "the %s data are cut short at byte %zu",
                                         kind->name, cut);
                                assert_string_equal(capture_complaint(capture), expected);
                                capture_close(capture);
                        } else {
                                assert_true(!strcmp(why, "it is packed, but damaged or cut short before anything of "
                                                    "it comes out") ||
                                            !strcmp(why, "it is too short to be a capture"));
                        }
                        assert_true(n_frames >= before);
                        before = n_frames;
                }
                /* zstd's checksum comes last; gzip's data end before its. */
                assert_int_equal(before, N_FRAMES);
        }
}

static void packed_bytes_damaged_anywhere_do_no_harm(void **state)
{
        (void)state;

        make_plain();
        if (!kinds[0].name)
                skip();
        for (const struct kind *kind = kinds; kind->name; kind++) {
                size_t n = kind->pack(packed, sizeof(packed), made.bytes, made.n);
                size_t n_noticed = 0;

                for (size_t i = 0; i < n; i++) {
                        for (int bit = 0; bit < 8; bit++) {
                                struct capture *capture = NULL;
                                struct frame frames[32];
                                size_t n_read, rounds = 0;

                                packed[i] ^= (uint8_t)(1 << bit);
                                if (capture_open_memory(packed, n, &capture, NULL) == 0) {
                                        do
                                                assert_int_equal(capture_read(capture, frames, 32, &n_read), 0);
                                        while (n_read > 0 && ++rounds < 100);
                                        assert_true(rounds < 100);
                                        n_noticed += capture_complaint(capture) != NULL;
                                        capture_close(capture);
                                } else {
                                        n_noticed++;
                                }
                                packed[i] ^= (uint8_t)(1 << bit);
                        }
                }
                /* All but what is in no checksum: the flags and times of a header. */
                assert_true(n_noticed > 7 * n);
        }
}

static void what_follows_packed_bytes_is_named_unless_it_is_zeros(void **state)
{
        (void)state;

        make_plain();
        if (!kinds[0].name)
                skip();
        for (const struct kind *kind = kinds; kind->name; kind++) {
                size_t n = kind->pack(packed, sizeof(packed), made.bytes, made.n);
                struct capture *capture;

                memcpy(packed + n, "something else", 14);
                capture = open_packed(kind, n + 14);
                assert_int_equal(read_all(capture), N_FRAMES);
                assert_non_null(capture_complaint(capture));
                capture_close(capture);
                if (strcmp(kind->name, "gzip"))
                        continue;
                memset(packed + n, 0, 512);
                capture = open_packed(kind, n + 512);
                assert_int_equal(read_all(capture), N_FRAMES);
                assert_null(capture_complaint(capture));
                capture_close(capture);
        }
}

static void a_packed_text_is_no_capture(void **state)
{
        (void)state;

        if (!kinds[0].name)
                skip();
        for (const struct kind *kind = kinds; kind->name; kind++) {
                size_t n = kind->pack(packed, sizeof(packed), (const uint8_t *) "hello, world\n", 13);
                struct capture *capture = NULL;
                const char *why = NULL;

                assert_int_equal(capture_open_memory(packed, n, &capture, &why), -EPROTONOSUPPORT);
                assert_non_null(strstr(why, "it is text"));
        }
}

#if FINIS_ZLIB
/* Hangs, and is ended by its time limit, if more is waited for than the frame needs. */
static void a_pipe_of_gzip_gives_what_was_flushed(void **state)
{
        z_stream z = { .avail_in = 0 };
        struct capture *capture = NULL;
        struct frame frames[8];
        char path[64];
        size_t n;
        int fds[2];
        (void)state;

        make_plain();
        assert_int_equal(pipe(fds), 0);
        assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
        for (size_t i = 0; i <= N_FRAMES; i++) {
                z.next_in = made.bytes + (i ? ends[i - 1] : 0);
                z.avail_in = (uInt) (ends[i] - (i ? ends[i - 1] : 0));
                z.next_out = packed;
                z.avail_out = sizeof(packed);
                assert_int_equal(deflate(&z, Z_SYNC_FLUSH), Z_OK);
                n = sizeof(packed) - z.avail_out;
                assert_int_equal(write(fds[1], packed, n), n);
                if (i == 0) {
                        snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
                        assert_int_equal(capture_open(path, &capture, NULL), 0);
                        continue;
                }
                assert_int_equal(capture_read(capture, frames, 8, &n), 0);
                assert_int_equal(n, 1);
                assert_int_equal(frames[0].number, i);
        }
        close(fds[1]);
        assert_int_equal(capture_read(capture, frames, 8, &n), 0);
        assert_int_equal(n, 0);
        assert_non_null(strstr(capture_complaint(capture), "the gzip data are cut short"));
        deflateEnd(&z);
        capture_close(capture);
        close(fds[0]);
}
#else
static void a_pipe_of_gzip_gives_what_was_flushed(void **state)
{
        (void)state;
        skip();
}
#endif

static void what_this_build_cannot_unpack_is_told_with_a_way_round(void **state)
{
        static const struct {
                bool there;
                const char *bytes, *way;
        } cases[] = {
                { FINIS_ZLIB, "\x1f\x8b\x08\x00", "gzip -dc FILE | finis read -" },
                { FINIS_LIBZSTD, "\x28\xb5\x2f\xfd", "zstd -dc FILE | finis read -" },
        };
        (void)state;

        for (size_t i = 0; i < 2; i++) {
                struct capture *capture = NULL;
                const char *why = NULL;

                assert_int_equal(capture_open_memory(cases[i].bytes, 4, &capture, &why), -EPROTONOSUPPORT);
                assert_non_null(why);
                assert_true(cases[i].there || strstr(why, cases[i].way));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(pieces_that_follow_each_other_are_one_capture),
                cmocka_unit_test(packed_bytes_cut_anywhere_are_read_up_to_there),
                cmocka_unit_test(packed_bytes_damaged_anywhere_do_no_harm),
                cmocka_unit_test(what_follows_packed_bytes_is_named_unless_it_is_zeros),
                cmocka_unit_test(a_packed_text_is_no_capture),
                cmocka_unit_test(a_pipe_of_gzip_gives_what_was_flushed),
                cmocka_unit_test(what_this_build_cannot_unpack_is_told_with_a_way_round),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
