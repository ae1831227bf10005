/* Tests of src/capture/pcap_write.c: the bytes of the format, and tshark as a second reader of what
 * src/wire/ builds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/pcap_write.h"
#include "wire/icmp.h"
#include "wire/segment.h"

static void the_bytes_are_those_of_the_format(void **state)
{
        /* Magic of nanoseconds, 2.4, zone 0, accuracy 0, 262144, raw IP; then 3 of 5 bytes. */
        static const char expected[] =
                "\x4d\x3c\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x65\x00\x00\x00"
                "\x02\x00\x00\x00\xff\xc9\x9a\x3b\x03\x00\x00\x00\x05\x00\x00\x00" "abc";
        char *bytes = NULL;
        size_t n = 0;
        FILE *file;
        (void)state;

        file = open_memstream(&bytes, &n);
        assert_non_null(file);
        assert_int_equal(pcap_write_header(file, PCAP_LINK_RAW), 0);
        assert_int_equal(pcap_write_frame(file, 2999999999, "abc", 3, 5), 0);
        fclose(file);
        assert_int_equal(n, sizeof(expected) - 1);
        assert_memory_equal(bytes, expected, n);
        free(bytes);
}

static void what_the_format_cannot_hold_is_refused(void **state)
{
        char *bytes = NULL;
        size_t n = 0;
        FILE *file;
        (void)state;

        file = open_memstream(&bytes, &n);
        assert_int_equal(pcap_write_frame(file, -1, "abc", 3, 3), -ERANGE);
        assert_int_equal(pcap_write_frame(file, INT64_MAX, "abc", 3, 3), -ERANGE);
        assert_int_equal(pcap_write_frame(file, 0, "abc", 3, 2), -ERANGE);
        fclose(file);
        assert_int_equal(n, 0);
        free(bytes);
}

static void a_full_disk_is_told(void **state)
{
        int r = 0;
        FILE *file;
        (void)state;

        file = fopen("/dev/full", "we");
        if (!file) {
                printf("# skipped: there is no /dev/full\n");
                skip();
        }
        setvbuf(file, NULL, _IONBF, 0);
        r = pcap_write_header(file, PCAP_LINK_RAW);
        fclose(file);
        assert_int_equal(r, -ENOSPC);
}

/* One frame, and what tshark shall say of it: both checksums good, and these fields. */
struct story {
        struct segment segment;
        const char *source, *destination;
        const char *fields;
};

static const struct story stories[] = {
        { { .family = AF_INET, .ttl = 33, .tos = 0x28, .ip_id = 0xbeef, .dont_fragment = true, .flags = SEGMENT_SYN,
            .source_port = 51234, .destination_port = 443, .seq = 0xfffffff0, .window = 64240, .mss = 1460,
            .options = SEGMENT_HAS_MSS | SEGMENT_HAS_SACK_PERMITTED | SEGMENT_HAS_WINDOW_SCALE | SEGMENT_HAS_TIMESTAMPS,
            .window_scale = 7, .ts_value = 123, .ts_echo = 0 },
          "192.0.2.1", "198.51.100.2",
          "192.0.2.1|198.51.100.2|33|||51234|443|4294967280|0|0x0002|64240|0|1460|7|123|0|||1|" },
        { { .family = AF_INET, .ttl = 64, .flags = SEGMENT_ACK | SEGMENT_PSH,
            .source_port = 443, .destination_port = 51234,
            .seq = 7, .ack = 0xfffffff1, .window = 501, .n_payload = 3, .payload = (const uint8_t *) "odd" },
          "198.51.100.2", "192.0.2.1",
          "198.51.100.2|192.0.2.1|64|||443|51234|7|4294967281|0x0018|501|3|||||||1|" },
        { { .family = AF_INET6, .ttl = 63, .tos = 0x48, .flow_label = 0xabcde, .flags = SEGMENT_ACK,
            .source_port = 1, .destination_port = 65535, .seq = 10, .ack = 1000, .window = 0,
            .options = SEGMENT_HAS_SACK | SEGMENT_HAS_TIMESTAMPS, .ts_value = 4294967295, .ts_echo = 9, .n_sack = 2,
            .sack = { { 2000, 3000 }, { 4000, 4001 } } },
          "2001:db8::1", "2001:db8::2",
          "|||2001:db8::1|2001:db8::2|1|65535|10|1000|0x0010|0|0|||4294967295|9|2000,4000|3000,4001|1|63" },
        { { .family = AF_INET6, .ttl = 64, .flags = SEGMENT_RST, .source_port = 2, .destination_port = 3,
            .seq = 0x80000000, .window = 0 },
          "2001:db8::2", "2001:db8::1",
          "|||2001:db8::2|2001:db8::1|2|3|2147483648|0|0x0004|0|0|||||||1|64" },
};

enum {
        N_STORIES = sizeof(stories) / sizeof(*stories),
};

static void write_stories(FILE *file)
{
        assert_int_equal(pcap_write_header(file, PCAP_LINK_RAW), 0);
        for (unsigned i = 0; i < N_STORIES; ++i) {
                struct segment segment = stories[i].segment;
                uint8_t packet[1500];
                int n;

                assert_int_equal(inet_pton(segment.family, stories[i].source, segment.source), 1);
                assert_int_equal(inet_pton(segment.family, stories[i].destination, segment.destination), 1);
                n = segment_write(packet, sizeof(packet), &segment);
                assert_true(n > 0);
                assert_int_equal(pcap_write_frame(file, 1790000000123456789 + i, packet, (size_t)n, (size_t)n), 0);
        }
        /* An ICMP error about the first of each family. */
        for (unsigned i = 0; i < N_STORIES; i += 2) {
                uint8_t packet[1500], error[ICMP_SIZE_MAX];
                struct segment segment = stories[i].segment;
                int n;

                inet_pton(segment.family, stories[i].source, segment.source);
                inet_pton(segment.family, stories[i].destination, segment.destination);
                n = segment_write(packet, sizeof(packet), &segment);
                n = icmp_write(error, sizeof(error), ICMP_ERROR_ADMIN_PROHIBITED, packet, (size_t)n);
                assert_true(n > 0);
                assert_int_equal(pcap_write_frame(file, 1790000001000000000, error, (size_t)n, (size_t)n), 0);
        }
}

static FILE *ask_tshark(const char *path, const char *arguments)
{
        char command[2048];

        snprintf(command, sizeof(command),
                 "tshark -r %s -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE -o "
                 "tcp.relative_sequence_numbers:FALSE -T fields -E separator='|' -E occurrence=a %s 2>/dev/null",
                 path, arguments);
        return popen(command, "re");
}

/* A line without its end; "" at the end of the file. */
static char *next_line(FILE *file, char *line, size_t size)
{
        if (!fgets(line, (int)size, file))
                return strcpy(line, "");
        line[strcspn(line, "\n")] = '\0';
        return line;
}

/* One field as a number: its versions print "0xabcde" or "0x0abcde", "1" or "True". */
static bool as_number(const char *field, unsigned long *ret_number)
{
        char *end;

        if (strcmp(field, "True") == 0 || strcmp(field, "False") == 0) {
                *ret_number = field[0] == 'T';
                return true;
        }
        *ret_number = strtoul(field, &end, 0);
        return *field && !*end;
}

static void assert_fields(FILE *said, const char *expected)
{
        char line[512], wanted[512], *rest_line = line, *rest_wanted = wanted;

        next_line(said, line, sizeof(line));
        snprintf(wanted, sizeof(wanted), "%s", expected);
        while (rest_line && rest_wanted) {
                const char *field = strsep(&rest_line, "|"), *other = strsep(&rest_wanted, "|");
                unsigned long number, wanted_number;

                if (as_number(field, &number) && as_number(other, &wanted_number))
                        assert_int_equal(number, wanted_number);
                else
                        assert_string_equal(field, other);
        }
        assert_ptr_equal(rest_line, rest_wanted);
}

static void tshark_reads_what_was_written(void **state)
{
        char path[] = "/tmp/finis-pcap-XXXXXX", line[512];
        FILE *file, *said;
        int fd;
        (void)state;

        if (system("tshark --version >/dev/null 2>&1") != 0) {
                printf("# skipped: tshark is not installed\n");
                skip();
        }
        fd = mkstemp(path);
        assert_true(fd >= 0);
        file = fdopen(fd, "w");
        write_stories(file);
        assert_int_equal(fclose(file), 0);

        /* What ICMP quotes is no segment of its own, so those two frames are asked for apart. */
        said = ask_tshark(path, "-Y 'not icmp and not icmpv6' -e ip.src -e ip.dst -e ip.ttl -e ipv6.src -e ipv6.dst "
                          "-e tcp.srcport -e tcp.dstport -e tcp.seq -e tcp.ack -e tcp.flags -e tcp.window_size_value "
                          "-e tcp.len -e tcp.options.mss_val -e tcp.options.wscale.shift "
                          "-e tcp.options.timestamp.tsval -e tcp.options.timestamp.tsecr "
                          "-e tcp.options.sack_le -e tcp.options.sack_re -e tcp.checksum.status -e ipv6.hlim");
        assert_non_null(said);
        for (unsigned i = 0; i < N_STORIES; ++i)
                assert_fields(said, stories[i].fields);
        assert_string_equal(next_line(said, line, sizeof(line)), "");
        assert_int_equal(pclose(said), 0);

        said = ask_tshark(path, "-e frame.time_epoch -e ip.checksum.status -e ip.id -e ip.flags.df -e ip.dsfield "
                          "-e ipv6.flow -e ipv6.tclass -Y 'not icmp and not icmpv6'");
        assert_fields(said, "1790000000.123456789|1|0xbeef|1|0x28||");
        assert_fields(said, "1790000000.123456790|1|0x0000|0|0x00||");
        assert_fields(said, "1790000000.123456791|||||0xabcde|0x48");
        assert_fields(said, "1790000000.123456792|||||0x00000|0x00");
        assert_int_equal(pclose(said), 0);

        said = ask_tshark(path, "-Y 'icmp or icmpv6' -e icmp.type -e icmp.code -e icmp.checksum.status "
                          "-e icmpv6.type -e icmpv6.code -e icmpv6.checksum.status -e tcp.dstport");
        assert_fields(said, "3|13|1||||443");
        assert_fields(said, "|||1|1|1|65535");
        assert_int_equal(pclose(said), 0);
        unlink(path);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_bytes_are_those_of_the_format),
                cmocka_unit_test(what_the_format_cannot_hold_is_refused),
                cmocka_unit_test(a_full_disk_is_told),
                cmocka_unit_test(tshark_reads_what_was_written),
        };

        return cmocka_run_group_tests_name("capture/pcap_write", tests, NULL, NULL);
}
