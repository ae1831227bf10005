/* Tests of where captures come from: files larger than the block, pipes that grow, signals, standard input,
 * what cannot be opened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "capture/capture.h"
#include "capture/pcap_write.h"
#include "make.h"

static struct made made;

static struct capture *open_fd(int fd)
{
        struct capture *capture = NULL;
        const char *why = NULL;
        char path[64];

        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        assert_int_equal(capture_open(path, &capture, &why), 0);
        return capture;
}

static void write_all(int fd, const void *bytes, size_t n)
{
        assert_int_equal(write(fd, bytes, n), n);
}

/* Frames of all sizes: each straddles the block's end somewhere else, and some are larger than it. */
static void frames_that_straddle_or_exceed_the_block_are_whole(void **state)
{
        enum {
                N = 3000,
                LARGEST = 1500000,
        };
        uint8_t *bytes = malloc(LARGEST);
        struct capture *capture;
        struct frame frames[32];
        uint32_t random = 1;
        size_t i = 0, n;
        int fd = memfd_create("capture", MFD_CLOEXEC);
        FILE *file = fdopen(dup(fd), "wb");
        (void)state;

        assert_non_null(bytes);
        assert_non_null(file);
        for (size_t k = 0; k < LARGEST; k++)
                bytes[k] = (uint8_t)(k * 31 >> 3);
        assert_int_equal(pcap_write_header(file, 1), 0);
        for (size_t k = 0; k < N; k++) {
                static const uint32_t large[] = { 262128, 262144, 262145, 600000, LARGEST };
                uint32_t size;

                random = random * 1103515245 + 12345;
                size = k % 500 == 499 ? large[k / 500 % 5] : (random >> 16) % 3000;
                assert_int_equal(fwrite((uint32_t[4]) { (uint32_t)k, 0, size, size }, 16, 1, file), 1);
                assert_int_equal(fwrite(bytes, 1, size, file), size);
        }
        fclose(file);
        /* A snapshot length that allows them. */
        assert_int_equal(pwrite(fd, &(uint32_t) { LARGEST }, 4, 16), 4);

        capture = open_fd(fd);
        random = 1;
        for (;;) {
                assert_int_equal(capture_read(capture, frames, 32, &n), 0);
                if (n == 0)
                        break;
                for (size_t k = 0; k < n; k++, i++) {
                        random = random * 1103515245 + 12345;
                        assert_int_equal(frames[k].time_ns, (int64_t)i * 1000000000);
                        if (i % 500 != 499)
                                assert_int_equal(frames[k].n_bytes, (random >> 16) % 3000);
                        assert_memory_equal(frames[k].bytes, bytes, frames[k].n_bytes);
                }
        }
        assert_int_equal(i, N);
        assert_null(capture_complaint(capture));
        assert_int_equal(capture_offset(capture), capture_size(capture));
        capture_close(capture);
        close(fd);
        free(bytes);
}

/* If capture_read() waited for what is not there yet, the test would hang, and be ended by its time limit. */
static void a_pipe_gives_each_frame_as_soon_as_it_is_whole(void **state)
{
        (void)state;

        for (int ng = 0; ng < 2; ng++) {
                struct capture *capture = NULL;
                struct frame frames[32];
                size_t ends[8], n_ends = 0, n;
                int fds[2];

                make_begin(&made, false);
                if (ng) {
                        make_section(&made);
                        make_interface(&made, 1, 0, -1, 0);
                } else {
                        make_pcap_header(&made, 0xa1b2c3d4, 100, 1);
                }
                for (uint8_t i = 0; i < 5; i++) {
                        if (ng)
                                make_enhanced(&made, 0, i, 20, 20, i);
                        else
                                make_pcap_frame(&made, 0, i, 20, 20, i);
                        ends[n_ends++] = made.n;
                }
                assert_int_equal(pipe(fds), 0);
                n = 0;
                for (size_t i = 0; i < made.n; i++) {
                        write_all(fds[1], made.bytes + i, 1);
                        /* As soon as all of the file header is there, it can be opened. */
                        if (!capture && i + 1 == 24) {
                                capture = open_fd(fds[0]);
                                assert_int_equal(capture_size(capture), 0);
                        }
                        if (i + 1 == ends[n]) {
                                size_t n_read;

                                assert_int_equal(capture_read(capture, frames, 32, &n_read), 0);
                                assert_int_equal(n_read, 1);
                                assert_int_equal(frames[0].number, n + 1);
                                assert_int_equal(frames[0].time_ns, n * 1000);
                                make_check(frames[0].bytes, 20, (uint8_t)n);
                                assert_int_equal(capture_offset(capture), ends[n]);
                                n++;
                        }
                }
                close(fds[1]);
                assert_int_equal(capture_read(capture, frames, 32, &n), 0);
                assert_int_equal(n, 0);
                assert_null(capture_complaint(capture));
                capture_close(capture);
                close(fds[0]);
        }
}

static void a_pipe_gives_all_that_is_at_hand_at_once(void **state)
{
        struct capture *capture;
        struct frame frames[8];
        size_t n;
        int fds[2];
        (void)state;

        make_begin(&made, false);
        make_pcap_header(&made, 0xa1b2c3d4, 100, 1);
        for (uint8_t i = 0; i < 5; i++)
                make_pcap_frame(&made, 0, i, 20, 20, i);
        assert_int_equal(pipe(fds), 0);
        write_all(fds[1], made.bytes, made.n - 1);
        capture = open_fd(fds[0]);
        assert_int_equal(capture_read(capture, frames, 3, &n), 0);
        assert_int_equal(n, 3);
        assert_int_equal(capture_read(capture, frames, 3, &n), 0);
        assert_int_equal(n, 1);
        write_all(fds[1], made.bytes + made.n - 1, 1);
        assert_int_equal(capture_read(capture, frames, 3, &n), 0);
        assert_int_equal(n, 1);
        close(fds[1]);
        capture_close(capture);
        close(fds[0]);
}

static void no_handler(int number)
{
        (void)number;
}

static void a_signal_is_told_and_nothing_is_lost(void **state)
{
        struct sigaction action = { .sa_handler = no_handler };
        struct itimerval often = { { 0, 5000 }, { 0, 5000 } }, never = { { 0, 0 }, { 0, 0 } };
        struct capture *capture;
        struct frame frames[8];
        size_t n;
        int fds[2];
        (void)state;

        make_begin(&made, false);
        make_pcap_header(&made, 0xa1b2c3d4, 100, 1);
        make_pcap_frame(&made, 0, 0, 20, 20, 7);
        assert_int_equal(pipe(fds), 0);
        write_all(fds[1], made.bytes, 30);
        capture = open_fd(fds[0]);
        sigaction(SIGALRM, &action, NULL);
        setitimer(ITIMER_REAL, &often, NULL);
        for (int i = 0; i < 3; i++)
                assert_int_equal(capture_read(capture, frames, 8, &n), -EINTR);
        setitimer(ITIMER_REAL, &never, NULL);
        write_all(fds[1], made.bytes + 30, made.n - 30);
        assert_int_equal(capture_read(capture, frames, 8, &n), 0);
        assert_int_equal(n, 1);
        make_check(frames[0].bytes, 20, 7);
        close(fds[1]);
        capture_close(capture);
        close(fds[0]);
}

static void a_pipe_that_does_not_block_is_waited_for(void **state)
{
        struct capture *capture;
        struct frame frame;
        size_t n;
        int fds[2], child;
        (void)state;

        make_begin(&made, false);
        make_pcap_header(&made, 0xa1b2c3d4, 100, 1);
        make_pcap_frame(&made, 0, 0, 20, 20, 7);
        assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
        child = fork();
        if (child == 0) {
                for (size_t i = 0; i < made.n; i++) {
                        usleep(1000);
                        if (write(fds[1], made.bytes + i, 1) != 1)
                                _exit(1);
                }
                _exit(0);
        }
        close(fds[1]);
        assert_int_equal(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
        assert_int_equal(capture_open("-", &capture, NULL), 0);
        assert_int_equal(capture_read(capture, &frame, 1, &n), 0);
        assert_int_equal(n, 1);
        assert_int_equal(capture_read(capture, &frame, 1, &n), 0);
        assert_int_equal(n, 0);
        assert_null(capture_complaint(capture));
        capture_close(capture);
        /* It is not ours to close. */
        assert_int_not_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
        close(fds[0]);
}

static void what_cannot_be_opened_says_so(void **state)
{
        struct capture *capture = NULL;
        const char *why = "untouched";
        (void)state;

        assert_int_equal(capture_open("/nowhere/at/all", &capture, &why), -ENOENT);
        assert_null(why);
        assert_int_equal(capture_open("/", &capture, &why), -EISDIR);
        assert_string_equal(why, "it is a directory; name the files in it");
        assert_int_equal(capture_open("/dev/null", &capture, &why), -EPROTONOSUPPORT);
        assert_string_equal(why, "it is empty");
        assert_int_equal(capture_open("/dev/zero", &capture, &why), -EPROTONOSUPPORT);
        assert_string_equal(why, "it begins with nothing but zeros: whatever it was has been lost");
        assert_int_equal(capture_open("/nowhere/at/all", &capture, NULL), -ENOENT);
        assert_null(capture);
        assert_null(capture_close(NULL));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(frames_that_straddle_or_exceed_the_block_are_whole),
                cmocka_unit_test(a_pipe_gives_each_frame_as_soon_as_it_is_whole),
                cmocka_unit_test(a_pipe_gives_all_that_is_at_hand_at_once),
                cmocka_unit_test(a_signal_is_told_and_nothing_is_lost),
                cmocka_unit_test(a_pipe_that_does_not_block_is_waited_for),
                cmocka_unit_test(what_cannot_be_opened_says_so),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
