/* Tests of src/capture/pcapng_write.c: read back by our own reader, and by tshark with its comments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/capture.h"
#include "capture/pcapng_write.h"

static char *bytes;
static size_t n_bytes;

static int free_bytes(void **state)
{
        (void)state;
        free(bytes);
        bytes = NULL;
        return 0;
}

static void what_is_written_is_read_back(void **state)
{
        struct pcapng_writer writer;
        struct capture *capture;
        struct frame frames[8];
        size_t n;
        FILE *file;
        (void)state;

        file = open_memstream(&bytes, &n_bytes);
        assert_int_equal(pcapng_write_section(&writer, file, "finis", "a comment on all"), 0);
        assert_int_equal(pcapng_write_interface(&writer, 1, NULL), 0);
        assert_int_equal(pcapng_write_interface(&writer, 276, "any"), 1);
        assert_int_equal(pcapng_write_frame(&writer, 0, 1700000000123456789, "abcde", 5, 60, "first"), 0);
        assert_int_equal(pcapng_write_frame(&writer, 1, INT64_MAX, "abcdefgh", 8, 8, NULL), 0);
        assert_int_equal(pcapng_write_interface(&writer, 101, NULL), 2);
        assert_int_equal(pcapng_write_frame(&writer, 2, 0, NULL, 0, 1500, ""), 0);
        fclose(file);

        assert_int_equal(capture_open_memory(bytes, n_bytes, &capture, NULL), 0);
        assert_int_equal(capture_read(capture, frames, 8, &n), 0);
        assert_int_equal(n, 3);
        assert_int_equal(frames[0].time_ns, 1700000000123456789);
        assert_int_equal(frames[0].n_bytes, 5);
        assert_int_equal(frames[0].n_frame, 60);
        assert_int_equal(frames[0].link_type, 1);
        assert_memory_equal(frames[0].bytes, "abcde", 5);
        assert_int_equal(frames[1].time_ns, INT64_MAX);
        assert_int_equal(frames[1].link_type, 276);
        assert_memory_equal(frames[1].bytes, "abcdefgh", 8);
        assert_int_equal(frames[2].time_ns, 0);
        assert_int_equal(frames[2].n_bytes, 0);
        assert_int_equal(frames[2].n_frame, 1500);
        assert_int_equal(frames[2].link_type, 101);
        assert_int_equal(capture_read(capture, frames, 8, &n), 0);
        assert_int_equal(n, 0);
        assert_null(capture_complaint(capture));
        capture_close(capture);
}

static void what_the_format_cannot_hold_is_refused(void **state)
{
        struct pcapng_writer writer;
        size_t before;
        FILE *file;
        (void)state;

        file = open_memstream(&bytes, &n_bytes);
        assert_int_equal(pcapng_write_section(&writer, file, NULL, NULL), 0);
        assert_int_equal(pcapng_write_interface(&writer, 1, NULL), 0);
        fflush(file);
        before = n_bytes;
        assert_int_equal(pcapng_write_interface(&writer, 65536, NULL), -ERANGE);
        assert_int_equal(pcapng_write_frame(&writer, 0, -1, "abc", 3, 3, NULL), -ERANGE);
        assert_int_equal(pcapng_write_frame(&writer, 0, 0, "abc", 3, 2, NULL), -ERANGE);
        assert_int_equal(pcapng_write_frame(&writer, 0, 0, "abc", 3, (size_t)UINT32_MAX + 1, NULL), -ERANGE);
        assert_int_equal(pcapng_write_frame(&writer, 1, 0, "abc", 3, 3, NULL), -EINVAL);
        fclose(file);
        assert_int_equal(n_bytes, before);
}

static void a_full_disk_is_told(void **state)
{
        struct pcapng_writer writer;
        FILE *file = fopen("/dev/full", "wb");
        (void)state;

        if (!file)
                skip();
        setvbuf(file, NULL, _IONBF, 0);
        assert_int_equal(pcapng_write_section(&writer, file, NULL, NULL), -ENOSPC);
        fclose(file);
}

static void a_comment_too_long_is_cut_between_two_letters(void **state)
{
        struct pcapng_writer writer;
        struct capture *capture;
        struct frame frame;
        char *comment = malloc(PCAPNG_COMMENT_MAX + 16);
        size_t n;
        FILE *file;
        (void)state;

        assert_non_null(comment);
        memset(comment, 'x', PCAPNG_COMMENT_MAX - 1);
        /* A letter of three bytes across the limit. */
        strcpy(comment + PCAPNG_COMMENT_MAX - 1, "\xe2\x86\x92 and so on");
        file = open_memstream(&bytes, &n_bytes);
        assert_int_equal(pcapng_write_section(&writer, file, NULL, NULL), 0);
        assert_int_equal(pcapng_write_interface(&writer, 1, NULL), 0);
        assert_int_equal(pcapng_write_frame(&writer, 0, 1, "abcd", 4, 4, comment), 0);
        fclose(file);
        free(comment);
        assert_null(memmem(bytes, n_bytes, "\xe2", 1));
        assert_int_equal(capture_open_memory(bytes, n_bytes, &capture, NULL), 0);
        assert_int_equal(capture_read(capture, &frame, 1, &n), 0);
        assert_int_equal(n, 1);
        assert_memory_equal(frame.bytes, "abcd", 4);
        capture_close(capture);
}

static void tshark_sees_the_comments(void **state)
{
        static const uint8_t ethernet[60] = { [12] = 0x88, [13] = 0xb5 };
        char path[] = "/tmp/finis-pcapng-XXXXXX", command[256], line[256];
        struct pcapng_writer writer;
        int fd;
        FILE *file;
        (void)state;

        if (system("command -v tshark >/dev/null") != 0)
                skip();
        fd = mkstemp(path);
        file = fdopen(fd, "wb");
        assert_non_null(file);
        assert_int_equal(pcapng_write_section(&writer, file, "finis", "on all"), 0);
        assert_int_equal(pcapng_write_interface(&writer, 1, "lo"), 0);
        assert_int_equal(pcapng_write_frame(&writer, 0, 1700000000123456789, ethernet, 60, 60, "on \xe2\x86\x92 one"),
                         0);
        assert_int_equal(pcapng_write_frame(&writer, 0, 1700000000123456790, ethernet, 60, 1000, NULL), 0);
        fclose(file);
        snprintf(command, sizeof(command), "tshark -n -r %s -T fields -e frame.number -e frame.time_epoch -e frame.len "
                 "-e frame.interface_name -e frame.comment 2>/dev/null", path);
        file = popen(command, "r");
        assert_non_null(fgets(line, sizeof(line), file));
        assert_string_equal(line, "1\t1700000000.123456789\t60\tlo\ton \xe2\x86\x92 one\n");
        assert_non_null(fgets(line, sizeof(line), file));
        assert_string_equal(line, "2\t1700000000.123456790\t1000\tlo\t\n");
        assert_null(fgets(line, sizeof(line), file));
        assert_int_equal(pclose(file), 0);
        unlink(path);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(what_is_written_is_read_back, free_bytes),
                cmocka_unit_test_teardown(what_the_format_cannot_hold_is_refused, free_bytes),
                cmocka_unit_test(a_full_disk_is_told),
                cmocka_unit_test_teardown(a_comment_too_long_is_cut_between_two_letters, free_bytes),
                cmocka_unit_test(tshark_sees_the_comments),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
