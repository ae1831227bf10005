/* Tests of the reading of pcap: each magic in both byte orders, old versions, lengths that make no sense, cuts. */
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

static struct made made;

static struct capture *open_made(void)
{
        struct capture *capture = NULL;
        const char *why = NULL;

        assert_int_equal(capture_open_memory(made.bytes, made.n, &capture, &why), 0);
        assert_string_equal(capture_format(capture), "pcap");
        return capture;
}

static void each_magic_is_read_in_both_byte_orders(void **state)
{
        static const struct {
                uint32_t magic;
                int64_t unit;
        } kinds[] = { { 0xa1b2c3d4, 1000 }, { 0xa1b23c4d, 1 }, { 0xa1b2cd34, 1000 } };
        (void)state;

        for (size_t i = 0; i < 6; i++) {
                uint32_t magic = kinds[i / 2].magic;
                struct capture *capture;
                struct frame frames[4];
                size_t n;

                make_begin(&made, i % 2);
                make_pcap_header(&made, magic, 65535, 1);
                for (uint32_t k = 0; k < 3; k++) {
                        size_t at = made.n;

                        make_pcap_frame(&made, 1700000000 + k, 123456, 5 + k, 100 + k, (uint8_t)(k * 16));
                        if (magic == 0xa1b2cd34) {
                                /* An interface, a protocol and a type stand between. */
                                made.n = at + 16;
                                make_32(&made, 2);
                                make_32(&made, 0x08000004);
                                for (uint32_t j = 0; j < 5 + k; j++)
                                        make_bytes(&made, &(uint8_t){ (uint8_t)(k * 16 + j) }, 1);
                        }
                }
                capture = open_made();
                assert_int_equal(capture_read(capture, frames, 4, &n), 0);
                assert_int_equal(n, 3);
                for (uint32_t k = 0; k < 3; k++) {
                        assert_int_equal(frames[k].number, k + 1);
                        assert_int_equal(frames[k].time_ns, (1700000000 + (int64_t)k) * 1000000000 +
                                         123456 * kinds[i / 2].unit);
                        assert_int_equal(frames[k].n_bytes, 5 + k);
                        assert_int_equal(frames[k].n_frame, 100 + k);
                        assert_int_equal(frames[k].link_type, 1);
                        make_check(frames[k].bytes, 5 + k, (uint8_t)(k * 16));
                }
                assert_int_equal(capture_read(capture, frames, 4, &n), 0);
                assert_int_equal(n, 0);
                assert_null(capture_complaint(capture));
                assert_int_equal(capture_offset(capture), made.n);
                assert_int_equal(capture_size(capture), made.n);
                capture_close(capture);
        }
}

/* One frame and its lengths as they come out; then what is complained of. */
static void expect_one(uint32_t n_bytes, uint32_t n_frame)
{
        struct capture *capture = open_made();
        struct frame frames[2];
        size_t n;

        assert_int_equal(capture_read(capture, frames, 2, &n), 0);
        assert_int_equal(n, 1);
        assert_int_equal(frames[0].n_bytes, n_bytes);
        assert_int_equal(frames[0].n_frame, n_frame);
        assert_int_equal(capture_read(capture, frames, 2, &n), 0);
        assert_int_equal(n, 0);
        assert_null(capture_complaint(capture));
        capture_close(capture);
}

static void set_version(uint8_t major_low, uint8_t major_high, uint8_t minor)
{
        made.bytes[4] = major_low;
        made.bytes[5] = major_high;
        made.bytes[6] = minor;
}

static void lengths_of_old_versions_stand_the_other_way_round(void **state)
{
        (void)state;

        make_begin(&made, false);
        make_pcap_header(&made, 0xa1b2c3d4, 100, 1);
        make_pcap_frame(&made, 1, 2, 60, 4, 0);
        made.n -= 56;
        set_version(2, 0, 2);
        expect_one(4, 60);
        set_version(2, 0, 3);
        expect_one(4, 60);
        set_version(543 & 0xff, 543 >> 8, 0);
        expect_one(4, 60);

        make_begin(&made, false);
        make_pcap_header(&made, 0xa1b2c3d4, 100, 1);
        make_pcap_frame(&made, 1, 2, 4, 60, 0);
        set_version(2, 0, 3);
        expect_one(4, 60);
}

static void a_frame_is_never_less_than_what_is_at_hand(void **state)
{
        (void)state;

        make_begin(&made, true);
        make_pcap_header(&made, 0xa1b2c3d4, 100, 1);
        make_pcap_frame(&made, 1, 2, 60, 4, 0);
        expect_one(60, 60);
}

static void link_types_are_those_of_the_list(void **state)
{
        static const struct {
                uint32_t written, read;
        } types[] = {
                { 1, 1 }, { 101, 101 }, { 12, 101 }, { 14, 101 }, { 11, 100 }, { 276, 276 },
                /* A frame check sequence of 4 bytes, told above the type. */
                { 0x44000001, 1 },
        };
        (void)state;

        for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
                struct capture *capture;
                struct frame frame;
                size_t n;

                make_begin(&made, false);
                make_pcap_header(&made, 0xa1b2c3d4, 100, types[i].written);
                make_pcap_frame(&made, 1, 2, 4, 4, 0);
                capture = open_made();
                assert_int_equal(capture_read(capture, &frame, 1, &n), 0);
                assert_int_equal(frame.link_type, types[i].read);
                capture_close(capture);
        }
}

static void a_length_that_makes_no_sense_is_named_with_its_place(void **state)
{
        static const struct {
                uint32_t snaplen, length;
                const char *complaint;
        } cases[] = {
                { 100, 262145, "frame 2 at byte 44 is said to have 262145 bytes" },
                { 100, 262144, "cut short within frame 2, at byte 64" },
                { 0, 262145, "frame 2 at byte 44 is said to have 262145 bytes" },
                { 500000, 500001, "frame 2 at byte 44 is said to have 500001 bytes" },
                { 0xffffffff, 268435457, "frame 2 at byte 44 is said to have 268435457 bytes" },
                { 0xffffffff, 0xffffffff, "frame 2 at byte 44 is said to have 4294967295 bytes" },
        };
        (void)state;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct capture *capture;
                struct frame frames[4];
                size_t n;

                make_begin(&made, false);
                make_pcap_header(&made, 0xa1b2c3d4, cases[i].snaplen, 1);
                make_pcap_frame(&made, 1, 2, 4, 4, 0);
                make_pcap_frame(&made, 1, 2, 4, 4, 0);
                memcpy(made.bytes + 24 + 20 + 8, &cases[i].length, 4);
                capture = open_made();
                assert_int_equal(capture_read(capture, frames, 4, &n), 0);
                assert_int_equal(n, 1);
                assert_int_equal(capture_read(capture, frames, 4, &n), 0);
                assert_int_equal(n, 0);
                assert_non_null(capture_complaint(capture));
                assert_non_null(strstr(capture_complaint(capture), cases[i].complaint));
                capture_close(capture);
        }
}

static void zeroes_behind_the_last_frame_are_no_frames(void **state)
{
        static const uint8_t zeroes[200];

        (void)state;
        for (size_t n_zeroes = 16; n_zeroes <= sizeof(zeroes); n_zeroes += 23) {
                struct capture *capture;
                struct frame frames[8];
                char expected[80];
                size_t n, end;

                make_begin(&made, false);
                make_pcap_header(&made, 0xa1b2c3d4, 100, 1);
                make_pcap_frame(&made, 1, 2, 4, 4, 0);
                /* Of no bytes, but of a time. */
                make_pcap_frame(&made, 1, 2, 0, 0, 0);
                end = made.n;
                make_bytes(&made, zeroes, n_zeroes);
                capture = open_made();
                assert_int_equal(capture_read(capture, frames, 8, &n), 0);
                assert_int_equal(n, 2);
                assert_int_equal(capture_read(capture, frames, 8, &n), 0);
                assert_int_equal(n, 0);
                snprintf(expected, sizeof(expected), "at byte %zu, after frame 2, there are only zeroes", end);
                assert_non_null(capture_complaint(capture));
                assert_non_null(strstr(capture_complaint(capture), expected));
                make_check_pieces(&made, 2, capture_complaint(capture));
                capture_close(capture);
        }
}

static void a_capture_cut_anywhere_is_read_up_to_there(void **state)
{
        size_t ends[4];
        (void)state;

        make_begin(&made, false);
        make_pcap_header(&made, 0xa1b2c3d4, 100, 1);
        ends[0] = made.n;
        for (uint32_t i = 1; i <= 3; i++) {
                make_pcap_frame(&made, i, 2, 10 * i, 60, (uint8_t)i);
                ends[i] = made.n;
        }
        for (size_t cut = 0; cut <= made.n; cut++) {
                struct capture *capture = NULL;
                const char *why = NULL;
                struct frame frames[8];
                size_t n, whole = 0;
                char expected[64];
                int r = capture_open_memory(made.bytes, cut, &capture, &why);

                if (cut < 4) {
                        assert_int_equal(r, -EPROTONOSUPPORT);
                        assert_string_equal(why, cut == 0 ? "it is empty" : "it is too short to be a capture");
                        continue;
                }
                assert_int_equal(r, 0);
                while (whole < 3 && ends[whole + 1] <= cut)
                        whole++;
                assert_int_equal(capture_read(capture, frames, 8, &n), 0);
                assert_int_equal(n, whole);
                for (size_t i = 0; i < n; i++)
                        make_check(frames[i].bytes, frames[i].n_bytes, (uint8_t)(i + 1));
                assert_int_equal(capture_read(capture, frames, 8, &n), 0);
                assert_int_equal(n, 0);
                if (cut < ends[0])
                        snprintf(expected, sizeof(expected), "cut short within the file header, at byte %zu", cut);
                else
                        snprintf(expected, sizeof(expected), "cut short within frame %zu, at byte %zu", whole + 1, cut);
                if (cut >= ends[0] && cut == ends[whole])
                        assert_null(capture_complaint(capture));
                else
                        assert_string_equal(capture_complaint(capture), expected);
                n = made.n;
                made.n = cut;
                make_check_pieces(&made, whole, capture_complaint(capture));
                made.n = n;
                capture_close(capture);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_magic_is_read_in_both_byte_orders),
                cmocka_unit_test(lengths_of_old_versions_stand_the_other_way_round),
                cmocka_unit_test(a_frame_is_never_less_than_what_is_at_hand),
                cmocka_unit_test(link_types_are_those_of_the_list),
                cmocka_unit_test(a_length_that_makes_no_sense_is_named_with_its_place),
                cmocka_unit_test(zeroes_behind_the_last_frame_are_no_frames),
                cmocka_unit_test(a_capture_cut_anywhere_is_read_up_to_there),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
