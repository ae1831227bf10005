/* Tests of what people are told of files that are no captures, or captures of other kinds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "capture/capture.h"

static const char *why_not(const void *bytes, size_t n)
{
        struct capture *capture = NULL;
        const char *why = NULL;

        assert_int_equal(capture_open_memory(bytes, n, &capture, &why), -EPROTONOSUPPORT);
        assert_null(capture);
        assert_non_null(why);
        return why;
}

static void a_file_that_is_no_capture_is_named_for_what_it_is(void **state)
{
#define CASE(bytes, says) { bytes, sizeof(bytes) - 1, says }
        static const struct {
                const char *bytes;
                size_t n;
                const char *says;
        } cases[] = {
                CASE("", "it is empty"),
                CASE("snoop\0\0\0\0\0\0\2\0\0\0\4", "snoop"),
                CASE("{\"a\":1}\n", "JSON"),
                CASE("\n  [\n", "JSON"),
                CASE("hello, world\n", "it is text"),
                CASE("gr\xc3\xbc\xc3\x9f dich, liebe Welt\n", "it is text"),
                CASE("<?xml version=\"1.0\"?>", "XML"),
                CASE("#separator \\x09\n", "Zeek"),
                CASE("\xfd" "7zXZ\0\0\4", "xz -dc"),
                CASE("BZh91AY&SY", "bzip2 -dc"),
                CASE("\x04\x22\x4d\x18\x64\x40", "lz4 -dc"),
                CASE("PK\3\4\x14\0", "zip"),
                CASE("\x7f" "ELF\2\1\1", "program"),
                CASE("\0\0\0\0\0\0\0\0", "zeros"),
                CASE("\1\2\3", "too short"),
                CASE("\1\2\3\4\5\6\7", "neither pcap nor pcapng"),
        };
        (void)state;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                if (!strstr(why_not(cases[i].bytes, cases[i].n), cases[i].says))
                        fail_msg("%s: %s", cases[i].says, why_not(cases[i].bytes, cases[i].n));
}

static void an_erf_capture_is_told_by_two_records(void **state)
{
        uint8_t bytes[160] = { 0 };
        (void)state;

        for (size_t at = 0; at < sizeof(bytes); at += 80) {
                memcpy(bytes + at, "\x12\x34\x56\x78\x00\x00\x00\x61", 8);
                bytes[at + 8] = 2;
                bytes[at + 11] = 80;
        }
        assert_non_null(strstr(why_not(bytes, sizeof(bytes)), "ERF"));
        bytes[88] = 99;
        assert_null(strstr(why_not(bytes, sizeof(bytes)), "ERF"));
}

static void a_tar_archive_is_told_by_its_mark(void **state)
{
        uint8_t bytes[512] = "capture.pcap";
        (void)state;

        memcpy(bytes + 257, "ustar", 5);
        assert_non_null(strstr(why_not(bytes, sizeof(bytes)), "tar archive"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_file_that_is_no_capture_is_named_for_what_it_is),
                cmocka_unit_test(an_erf_capture_is_told_by_two_records),
                cmocka_unit_test(a_tar_archive_is_told_by_its_mark),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
