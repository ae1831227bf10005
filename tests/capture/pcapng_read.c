/* Tests of the reading of pcapng: sections, interfaces, clocks, all blocks that hold frames, blocks that
 * make no sense, cuts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "capture/capture.h"
#include "make.h"

enum {
        FRAMES_MAX = 16,
};

static struct made made;
static struct capture *capture;
static struct frame frames[FRAMES_MAX];

/* Reads all there is, in batches of @batch; the bytes stay where they are, since they are in memory. */
static size_t read_made(size_t batch)
{
        const char *why = NULL;
        size_t n_all = 0, n;

        capture = capture_close(capture);
        assert_int_equal(capture_open_memory(made.bytes, made.n, &capture, &why), 0);
        assert_string_equal(capture_format(capture), "pcapng");
        do {
                assert_true(n_all + batch <= FRAMES_MAX);
                assert_int_equal(capture_read(capture, frames + n_all, batch, &n), 0);
                n_all += n;
        } while (n > 0);
        return n_all;
}

static int close_capture(void **state)
{
        (void)state;
        capture = capture_close(capture);
        return 0;
}

static void expect_frame(size_t i, uint64_t number, int64_t time_ns, uint32_t n_bytes, uint32_t n_frame,
                         uint32_t link_type, uint8_t first)
{
        assert_int_equal(frames[i].number, number);
        assert_int_equal(frames[i].time_ns, time_ns);
        assert_int_equal(frames[i].n_bytes, n_bytes);
        assert_int_equal(frames[i].n_frame, n_frame);
        assert_int_equal(frames[i].link_type, link_type);
        make_check(frames[i].bytes, n_bytes, first);
}

static void sections_have_their_own_byte_order_and_interfaces(void **state)
{
        (void)state;

        for (size_t batch = 1; batch <= 4; batch++) {
                make_begin(&made, false);
                make_section(&made);
                make_interface(&made, 1, 0, 9, 0);
                make_interface(&made, 101, 0, -1, 0);
                make_enhanced(&made, 1, 5000001, 7, 60, 1);
                make_enhanced(&made, 0, 5000000001, 8, 8, 2);
                made.big_endian = true;
                make_section(&made);
                make_interface(&made, 113, 0, 3, 100);
                make_enhanced(&made, 0, 1001, 5, 6, 3);
                made.big_endian = false;
                make_section(&made);
                make_interface(&made, 12, 0, -1, -7);
                make_enhanced(&made, 0, 8000001, 9, 9, 4);
                assert_int_equal(read_made(batch), 4);
                expect_frame(0, 1, 5000001000, 7, 60, 101, 1);
                expect_frame(1, 2, 5000000001, 8, 8, 1, 2);
                expect_frame(2, 3, 101001000000, 5, 6, 113, 3);
                expect_frame(3, 4, 1000001000, 9, 9, 101, 4);
                assert_null(capture_complaint(capture));
        }
}

static void an_interface_of_an_earlier_section_is_gone(void **state)
{
        (void)state;

        make_begin(&made, false);
        make_section(&made);
        make_interface(&made, 1, 0, -1, 0);
        make_section(&made);
        make_enhanced(&made, 0, 1, 4, 4, 0);
        assert_int_equal(read_made(4), 0);
        assert_non_null(strstr(capture_complaint(capture), "frame 1 at byte "));
        assert_non_null(strstr(capture_complaint(capture), "names interface 0, which is not described"));
}

static void every_clock_is_exact(void **state)
{
        static const struct {
                int resolution;
                int64_t offset_s;
                uint64_t stamp;
                int64_t time_ns;
        } cases[] = {
                { -1, 0, 1700000000123456, 1700000000123456000 },
                { 0, 0, 1700000000, 1700000000000000000 },
                { 3, 0, 1700000000123, 1700000000123000000 },
                { 6, 0, 1700000000123456, 1700000000123456000 },
                { 9, 0, 1700000000123456789, 1700000000123456789 },
                { 9, 5, 1700000000123456789, 1700000005123456789 },
                { 9, -1700000000, 1700000000123456789, 123456789 },
                { 12, 0, 17000000001234567, 17000000001234 },
                { 18, 0, UINT64_MAX, 18446744073 },
                { 19, 0, UINT64_MAX, 1844674407 },
                { 28, 0, UINT64_MAX, 1 },
                { 29, 0, UINT64_MAX, 0 },
                { 127, 1, UINT64_MAX, 1000000000 },
                { 0x80 | 0, 0, 7, 7000000000 },
                { 0x80 | 1, 0, 7, 3500000000 },
                { 0x80 | 10, 0, 1025, 1000976562 },
                { 0x80 | 20, 0, (UINT64_C(1700000000) << 20) | 524288, 1700000000500000000 },
                { 0x80 | 32, 0, (UINT64_C(1700000000) << 32) | 0x80000000, 1700000000500000000 },
                { 0x80 | 63, 0, UINT64_MAX, 1999999999 },
                { 0x80 | 64, 0, UINT64_MAX, 999999999 },
                { 0x80 | 93, 0, UINT64_MAX, 1 },
                { 0x80 | 127, 2, UINT64_MAX, 2000000000 },
                /* Beyond what nanoseconds can count: not known. */
                { 0, 0, 9223372036, 9223372036000000000 },
                { 0, 0, 9223372037, 0 },
                { 6, 0, UINT64_MAX, 0 },
                { 6, INT64_MAX, 1, 0 },
                { 6, INT64_MIN, UINT64_MAX, 0 },
        };
        (void)state;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                for (int big = 0; big < 2; big++) {
                        make_begin(&made, big);
                        make_section(&made);
                        make_interface(&made, 1, 0, cases[i].resolution, cases[i].offset_s);
                        make_enhanced(&made, 0, cases[i].stamp, 4, 4, 0);
                        assert_int_equal(read_made(1), 1);
                        expect_frame(0, 1, cases[i].time_ns, 4, 4, 1, 0);
                }
        }
}

static void a_simple_packet_has_no_time_and_the_length_of_its_interface(void **state)
{
        size_t block;
        (void)state;

        make_begin(&made, true);
        make_section(&made);
        make_interface(&made, 1, 6, -1, 0);
        make_interface(&made, 101, 0, -1, 0);
        block = make_block(&made, 3);
        make_32(&made, 5);
        make_bytes(&made, "\1\2\3\4\5", 5);
        make_block_end(&made, block);
        block = make_block(&made, 3);
        make_32(&made, 1400);
        make_bytes(&made, "\1\2\3\4\5\6", 6);
        make_block_end(&made, block);
        assert_int_equal(read_made(4), 2);
        expect_frame(0, 1, 0, 5, 5, 1, 1);
        expect_frame(1, 2, 0, 6, 1400, 1, 1);
        assert_null(capture_complaint(capture));
}

static void an_old_packet_block_is_read(void **state)
{
        size_t block;
        (void)state;

        make_begin(&made, false);
        make_section(&made);
        make_interface(&made, 1, 0, -1, 0);
        make_interface(&made, 101, 0, -1, 0);
        block = make_block(&made, 2);
        make_16(&made, 1);
        make_16(&made, 0xffff); /* drops: not known */
        make_32(&made, 0);
        make_32(&made, 42);
        make_32(&made, 3);
        make_32(&made, 30);
        make_bytes(&made, "\x9\xa\xb", 3);
        make_block_end(&made, block);
        assert_int_equal(read_made(4), 1);
        expect_frame(0, 1, 42000, 3, 30, 101, 9);
}

static void other_blocks_and_options_are_passed_over(void **state)
{
        size_t block;
        (void)state;

        make_begin(&made, false);
        make_section(&made);
        block = make_block(&made, 0x12345678);
        make_bytes(&made, "whatever", 8);
        make_block_end(&made, block);
        make_interface(&made, 1, 0, -1, 0);
        block = make_block(&made, 4);
        make_block_end(&made, block);
        block = made.n;
        make_enhanced(&made, 0, 1, 5, 5, 1);
        /* Behind the frame's bytes, a comment. */
        made.n -= 4;
        make_16(&made, 1);
        make_16(&made, 2);
        make_bytes(&made, "hi\0\0", 4);
        make_32(&made, 0);
        make_block_end(&made, block);
        block = make_block(&made, 0xbad);
        make_bytes(&made, "12345678", 8);
        make_block_end(&made, block);
        make_enhanced(&made, 0, 2, 5, 5, 2);
        for (size_t batch = 1; batch < 4; batch++) {
                assert_int_equal(read_made(batch), 2);
                assert_int_equal(frames[0].n_bytes, 5);
                make_check(frames[0].bytes, 5, 1);
                make_check(frames[1].bytes, 5, 2);
                assert_null(capture_complaint(capture));
        }
}

static void statistics(uint32_t interface, uint16_t code, uint64_t n)
{
        size_t block = make_block(&made, 5);

        make_32(&made, interface);
        make_32(&made, 0);
        make_32(&made, 0);
        make_16(&made, 4);              /* received: no loss */
        make_16(&made, 8);
        make_bytes(&made, "12345678", 8);
        make_16(&made, code);
        make_16(&made, 8);
        make_32(&made, (uint32_t)(made.big_endian ? n >> 32 : n));
        make_32(&made, (uint32_t)(made.big_endian ? n : n >> 32));
        make_block_end(&made, block);
}

/* They count from the interface's beginning. */
static void frames_that_were_dropped_are_counted(void **state)
{
        (void)state;

        for (int big_endian = 0; big_endian < 2; big_endian++) {
                make_begin(&made, big_endian);
                make_section(&made);
                make_interface(&made, 1, 0, -1, 0);
                make_interface(&made, 1, 0, -1, 0);
                make_enhanced(&made, 0, 1, 5, 5, 1);
                statistics(0, 5, 3);
                statistics(1, 7, UINT64_C(1) << 32);
                statistics(0, 5, 4);
                statistics(0, 5, 2);
                statistics(2, 5, 100);
                statistics(1, 6, 100);
                make_enhanced(&made, 1, 2, 5, 5, 2);
                assert_int_equal(read_made(4), 2);
                assert_null(capture_complaint(capture));
                assert_int_equal(capture_dropped(capture), (UINT64_C(1) << 32) + 4);
                close_capture(NULL);
        }
}

static void padding_that_the_length_leaves_out_is_passed_over(void **state)
{
        (void)state;

        make_begin(&made, true);
        make_section(&made);
        make_interface(&made, 1, 0, -1, 0);
        make_enhanced(&made, 0, 1, 5, 5, 1);
        for (size_t i = 0; i < 2; i++)
                made.bytes[made.n - (i ? 40 : 4) + (i ? 7 : 3)] = 32 + 5;
        make_enhanced(&made, 0, 2, 5, 5, 2);
        assert_int_equal(read_made(4), 2);
        expect_frame(0, 1, 1000, 5, 5, 1, 1);
        expect_frame(1, 2, 2000, 5, 5, 1, 2);
        assert_null(capture_complaint(capture));
}

static void what_wireshark_numbers_without_a_frame_in_it_is_counted(void **state)
{
        static const struct {
                uint32_t type;
                uint64_t number;
        } cases[] = {
                { 4, 2 }, { 5, 2 }, { 10, 2 }, { 0x12345, 2 },
                { 9, 3 }, { 0xbad, 3 }, { 0x40000bad, 3 }, { 0x204, 3 }, { 0x216, 3 }, { 0x221, 3 },
        };
        (void)state;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                size_t block;

                make_begin(&made, false);
                make_section(&made);
                make_interface(&made, 1, 0, -1, 0);
                make_enhanced(&made, 0, 1, 5, 5, 1);
                block = make_block(&made, cases[i].type);
                make_bytes(&made, "MESSAGE=whatever", 16);
                make_block_end(&made, block);
                make_enhanced(&made, 0, 2, 5, 5, 2);
                assert_int_equal(read_made(4), 2);
                assert_int_equal(frames[1].number, cases[i].number);
        }
}

static void a_block_wrong_within_is_left_out_and_named(void **state)
{
        size_t block, wrong;
        char expected[128];
        (void)state;

        make_begin(&made, false);
        make_section(&made);
        make_interface(&made, 1, 0, -1, 0);
        make_enhanced(&made, 0, 1, 5, 5, 1);
        wrong = make_block(&made, 6);
        make_32(&made, 0);
        make_32(&made, 0);
        make_32(&made, 0);
        make_32(&made, 9);      /* of 8 */
        make_32(&made, 9);
        make_bytes(&made, "12345678", 8);
        make_block_end(&made, wrong);
        block = make_block(&made, 6);   /* too short for what it is */
        make_32(&made, 0);
        make_block_end(&made, block);
        make_enhanced(&made, 7, 2, 5, 5, 2);    /* no such interface */
        make_enhanced(&made, 0, 2, 5, 5, 2);
        assert_int_equal(read_made(4), 2);
        expect_frame(1, 5, 2000, 5, 5, 1, 2);
        snprintf(expected, sizeof(expected), "frame 2 at byte %zu is said to have 9 bytes, in a block of 40; left out; "
                 "and 2 more faults after that", wrong);
        assert_string_equal(capture_complaint(capture), expected);
}

static void where_both_lengths_of_a_block_differ_reading_ends(void **state)
{
        size_t types[] = { 6, 1, 4711 };
        (void)state;

        for (size_t i = 0; i < 3; i++) {
                make_begin(&made, false);
                make_section(&made);
                make_interface(&made, 1, 0, -1, 0);
                make_enhanced(&made, 0, 1, 5, 5, 1);
                make_enhanced(&made, 0, 2, 5, 5, 2);
                memcpy(made.bytes + made.n - 40, &(uint32_t) { (uint32_t)types[i] }, 4);
                made.bytes[made.n - 4] = 44;
                make_enhanced(&made, 0, 3, 5, 5, 3);
                assert_int_equal(read_made(4), 1);
                assert_non_null(capture_complaint(capture));
                assert_non_null(strstr(capture_complaint(capture),
                                       "is of 40 bytes by its beginning and of 44 by its end"));
        }
}

static void a_length_no_block_can_have_ends_it(void **state)
{
        static const uint32_t lengths[] = { 0, 11, 37 };
        (void)state;

        for (size_t i = 0; i < 3; i++) {
                make_begin(&made, false);
                make_section(&made);
                make_interface(&made, 1, 0, -1, 0);
                make_enhanced(&made, 0, 1, 5, 5, 1);
                make_enhanced(&made, 0, 2, 5, 5, 2);
                memcpy(made.bytes + made.n - 36, &lengths[i], 4);
                assert_int_equal(read_made(4), 1);
                assert_non_null(strstr(capture_complaint(capture), "the rest cannot be read"));
        }
        /* A multiple of four that the file does not hold. */
        memcpy(made.bytes + made.n - 36, &(uint32_t) { 0xfffffff0 }, 4);
        assert_int_equal(read_made(4), 1);
        assert_non_null(strstr(capture_complaint(capture), "4294967280 bytes, which makes no sense"));
}

static void a_section_of_no_known_order_or_version_ends_it(void **state)
{
        size_t section;
        (void)state;

        make_begin(&made, false);
        make_section(&made);
        make_interface(&made, 1, 0, -1, 0);
        make_enhanced(&made, 0, 1, 5, 5, 1);
        section = made.n;
        make_section(&made);
        made.bytes[section + 12] = 2;
        assert_int_equal(read_made(4), 1);
        assert_non_null(strstr(capture_complaint(capture), "is of version 2, which is not known"));
        made.bytes[section + 8] = 0;
        assert_int_equal(read_made(4), 1);
        assert_non_null(strstr(capture_complaint(capture), "has no byte order"));
}

static void a_capture_cut_anywhere_is_read_up_to_there(void **state)
{
        size_t ends[8], n_ends = 0, whole;
        (void)state;

        make_begin(&made, true);
        make_section(&made);
        ends[n_ends++] = made.n;
        make_interface(&made, 1, 0, -1, 0);
        ends[n_ends++] = made.n;
        make_enhanced(&made, 0, 1, 5, 5, 1);
        ends[n_ends++] = made.n;
        make_section(&made);
        ends[n_ends++] = made.n;
        make_interface(&made, 1, 0, -1, 0);
        ends[n_ends++] = made.n;
        make_enhanced(&made, 0, 1, 6, 6, 2);
        ends[n_ends++] = made.n;
        whole = made.n;
        for (size_t cut = 4; cut <= whole; cut++) {
                size_t n = (cut >= ends[2]) + (cut >= ends[5]);
                bool at_end = false;

                for (size_t i = 0; i < n_ends; i++)
                        at_end |= cut == ends[i];
                made.n = cut;
                assert_int_equal(read_made(4), n);
                if (n > 0)
                        make_check(frames[0].bytes, 5, 1);
                if (n > 1)
                        make_check(frames[1].bytes, 6, 2);
                if (at_end) {
                        assert_null(capture_complaint(capture));
                } else {
                        char expected[32];

                        snprintf(expected, sizeof(expected), ", at byte %zu", cut);
                        assert_non_null(strstr(capture_complaint(capture),
                                               cut < ends[1] + 12 ? "cut short before the first frame"
                                                                           : "cut short within "));
                        assert_non_null(strstr(capture_complaint(capture), expected));
                }
                make_check_pieces(&made, n, capture_complaint(capture));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(sections_have_their_own_byte_order_and_interfaces, close_capture),
                cmocka_unit_test_teardown(an_interface_of_an_earlier_section_is_gone, close_capture),
                cmocka_unit_test_teardown(every_clock_is_exact, close_capture),
                cmocka_unit_test_teardown(a_simple_packet_has_no_time_and_the_length_of_its_interface, close_capture),
                cmocka_unit_test_teardown(an_old_packet_block_is_read, close_capture),
                cmocka_unit_test_teardown(other_blocks_and_options_are_passed_over, close_capture),
                cmocka_unit_test_teardown(frames_that_were_dropped_are_counted, close_capture),
                cmocka_unit_test_teardown(padding_that_the_length_leaves_out_is_passed_over, close_capture),
                cmocka_unit_test_teardown(what_wireshark_numbers_without_a_frame_in_it_is_counted, close_capture),
                cmocka_unit_test_teardown(a_block_wrong_within_is_left_out_and_named, close_capture),
                cmocka_unit_test_teardown(where_both_lengths_of_a_block_differ_reading_ends, close_capture),
                cmocka_unit_test_teardown(a_length_no_block_can_have_ends_it, close_capture),
                cmocka_unit_test_teardown(a_section_of_no_known_order_or_version_ends_it, close_capture),
                cmocka_unit_test_teardown(a_capture_cut_anywhere_is_read_up_to_there, close_capture),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
