/* The straight way down a frame (wire/packet_plain.h) against the way layer by layer: where both find a segment, it
 * is the same to the last field; and where the straight way finds none, nothing is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "same.h"
#include "wire/bytes.h"
#include "wire/packet_plain.h"

enum {
        N_ROUNDS = 405000,               /* for each of the links as many */
        FRAME_MAX = 256,
        PAYLOAD_MAX = 64,
};

/* What stands before IP; the type of it is put in where there is one. */
static const struct link {
        const char *what;
        uint32_t type;
        uint32_t n;
        int at_type;
        bool plain;
        uint8_t bytes[24];
} links[] = {
        { "Ethernet", 1, 14, 12, true, { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 } },
        { "Ethernet with a tag", 1, 18, 16, true, { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0x60, 5 } },
        { "Ethernet with two", 1, 22, 20, false, { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 5, 0x81, 0, 0, 6 } },
        { "cooked Linux", 113, 16, 14, true, { 0, 0, 0, 1, 0, 6, 2 } },
        { "cooked Linux, its second version", 276, 20, 0, true, {} },
        { "raw IP", 101, 0, -1, true, {} },
        { "loopback", 0, 4, -1, true, { 2 } },
        { "loopback of macOS with IPv6, of either order", 0, 4, -1, true, { 0, 0, 0, 30 } },
        { "loopback of OpenBSD", 108, 4, -1, true, { 0, 0, 0, 24 } },
        { "loopback with an Ethernet type", 0, 4, 2, false, {} },
        { "an address of Cisco's", 1, 14, 12, true, { 1, 0, 0x0c, 0, 0, 0, 2 } },
        { "Cisco's ISL, for all that can be seen", 1, 17, 12, false,
          { 1, 0, 0x0c, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0xaa, 0xaa, 3 } },
};

enum {
        N_LINKS = sizeof(links) / sizeof(*links),
};

/* How often there was what. */
struct tally {
        unsigned n_plain[N_LINKS];
        unsigned n_tcp, n_other, n_cut;
};

/* Fixed, so that a failure comes again: splitmix64. */
static uint64_t next(uint64_t *state)
{
        uint64_t z = *state += 0x9e3779b97f4a7c15;

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
}

/* Any segment; options in the common forms more often than not. Returns the length of the frame. */
static uint32_t make_frame(uint64_t *random, const struct link *link, uint8_t *frame)
{
        static const uint8_t payload[PAYLOAD_MAX] = "what was sent";
        const uint64_t dice = next(random);
        struct segment segment = {
                .family = dice & 3 ? AF_INET : AF_INET6, .ttl = (uint8_t)(dice >> 2), .tos = (uint8_t)(dice >> 10),
                .dont_fragment = dice >> 18 & 1, .ip_id = (uint16_t)(dice >> 20),
                .flags = (uint16_t)(dice >> 36 & 0x1ff), .window = (uint16_t)(dice >> 46),
                .urgent = dice >> 60 ? 0 : 7,
                .source_port = (uint16_t)next(random), .destination_port = (uint16_t)next(random),
                .seq = (uint32_t)next(random), .ack = (uint32_t)next(random), .payload = payload,
                .n_payload = (uint32_t)(next(random) % PAYLOAD_MAX),
        };
        int n;

        for (unsigned i = 0; i < (segment.family == AF_INET ? 4 : 16); ++i) {
                segment.source[i] = (uint8_t)next(random);
                segment.destination[i] = (uint8_t)next(random);
        }
        if (segment.family == AF_INET6) {
                segment.ip_id = 0;
                segment.dont_fragment = false;
                segment.flow_label = (uint32_t)next(random) & 0xfffff;
        }
        switch (next(random) % 8) {
        case 0:
                break;
        case 1:
                segment.options = SEGMENT_HAS_MSS | SEGMENT_HAS_WINDOW_SCALE | SEGMENT_HAS_SACK_PERMITTED;
                segment.mss = (uint16_t)next(random);
                segment.window_scale = (uint8_t)next(random);
                break;
        case 2:
                segment.options = SEGMENT_HAS_SACK | SEGMENT_HAS_TIMESTAMPS;
                segment.n_sack = 2;
                segment.sack[0].start = (uint32_t)next(random);
                segment.sack[1].end = (uint32_t)next(random);
                break;
        default:
                segment.options = SEGMENT_HAS_TIMESTAMPS;
                break;
        }
        segment.ts_value = (uint32_t)next(random);
        segment.ts_echo = (uint32_t)next(random);
        memcpy(frame, link->bytes, link->n);
        if (link->at_type >= 0)
                bytes_put16(frame + link->at_type, segment.family == AF_INET ? 0x0800 : 0x86dd);
        n = segment_write(frame + link->n, FRAME_MAX - link->n, &segment);
        assert_true(n > 0);
        return link->n + (uint32_t)n;
}

static void compare(struct packet_reader *reader, const struct link *link, const uint8_t *bytes, uint32_t n,
                    uint32_t n_frame, struct tally *tally)
{
        struct packet straight, walked;
        enum packet_kind kind;
        uint8_t *block;

        /* Of exactly this size, so that a sanitizer sees a byte read too many. */
        block = malloc(n ? n : 1);
        assert_non_null(block);
        memcpy(block, bytes, n);
        memset(&straight, 0x5a, sizeof(straight));
        memset(&walked, 0xa5, sizeof(walked));
        kind = packet_walk(reader, link->type, block, n, n_frame, 0, &walked);
        if (plain_read(link->type, block, n, n_frame, &straight)) {
                assert_int_equal(kind, PACKET_TCP);
                if (!same_packet(&straight, &walked))
                        fail_msg("%s: a frame of %u bytes is read in two ways", link->what, n);
                ++tally->n_plain[link - links];
                tally->n_cut += straight.segment.n_captured < straight.segment.n_payload;
        }
        memset(&straight, 0x5a, sizeof(straight));
        assert_int_equal(packet_read(reader, link->type, block, n, n_frame, 0, &straight), kind);
        if (kind == PACKET_TCP) {
                assert_true(same_packet(&straight, &walked));
                ++tally->n_tcp;
        } else {
                ++tally->n_other;
        }
        free(block);
}

static void all_links(unsigned n_hits_most, struct tally *ret_tally)
{
        struct packet_reader *reader = NULL;
        uint64_t random = 1;

        assert_int_equal(packet_reader_new(&reader), 0);
        for (unsigned round = 0; round < N_ROUNDS; ++round) {
                const struct link *link = &links[round % N_LINKS];
                uint8_t frame[FRAME_MAX + 8] = {};
                uint32_t n = make_frame(&random, link, frame), n_frame;

                /* Padding, as on a short frame. */
                if (next(&random) % 4 == 0)
                        n += (uint32_t)(next(&random) % 7);
                n_frame = n;
                if (n_hits_most > 0) {
                        uint32_t n_headers = n < 100 ? n : 100;

                        for (uint64_t n_hits = next(&random) % (n_hits_most + 1); n_hits > 0; --n_hits)
                                frame[next(&random) % n_headers] = (uint8_t)next(&random);
                        if (next(&random) % 4 == 0)
                                n = (uint32_t)(next(&random) % (n + 1));
                        n_frame = next(&random) % 4 == 0 ? n : n_frame;
                }
                compare(reader, link, frame, n, n_frame, ret_tally);
        }
        packet_reader_free(reader);
}

static void whole_segments_are_read_the_same_in_both_ways(void **state)
{
        struct tally tally = {};
        (void)state;

        all_links(0, &tally);
        /* What its address and its first bytes say is ISL is not read as anything else. */
        assert_int_equal(tally.n_other, N_ROUNDS / N_LINKS);
        /* All that is plain goes the straight way, and nothing else does. */
        for (unsigned i = 0; i < N_LINKS; ++i)
                assert_int_equal(tally.n_plain[i], links[i].plain ? N_ROUNDS / N_LINKS : 0);
}

static void damaged_and_cut_ones_are_too(void **state)
{
        struct tally tally = {};
        (void)state;

        all_links(4, &tally);
        assert_true(tally.n_tcp > N_ROUNDS / 4 && tally.n_other > N_ROUNDS / 10 && tally.n_cut > N_ROUNDS / 50);
        for (unsigned i = 0; i < N_LINKS; ++i)
                if (links[i].plain)
                        assert_true(tally.n_plain[i] > N_ROUNDS / N_LINKS / 8);
}

/* The forms that options come in; 0 stands for any value. Half of them are damaged. */
static const struct {
        uint8_t n;
        uint8_t bytes[40];
} forms[] = {
        { 20, { 2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7 } },
        { 12, { 2, 4, 5, 0xb4, 1, 1, 4, 2, 1, 3, 3, 7 } },
        { 12, { 1, 1, 8, 10 } },
        { 12, { 1, 1, 5, 10 } },
        { 20, { 1, 1, 5, 18 } },
        { 24, { 1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 5, 10 } },
        { 32, { 1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 5, 18 } },
        { 40, { 1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 5, 26 } },
        { 36, { 1, 1, 5, 34 } },
        { 20, { 2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2 } },
        { 4, { 2, 4, 5, 0xb4 } },
};

static void options_in_a_usual_form_are_read_as_any(void **state)
{
        const unsigned n_forms = sizeof(forms) / sizeof(*forms);
        uint64_t random = 3;
        unsigned n_good = 0, n_sack = 0;
        (void)state;

        for (unsigned round = 0; round < N_ROUNDS; ++round) {
                struct segment usual = {}, any = {};
                unsigned form = round % n_forms, n = forms[form].n;
                uint8_t *options = malloc(n);

                assert_non_null(options);
                memcpy(options, forms[form].bytes, n);
                for (unsigned i = 0; i < n; ++i)
                        if (options[i] == 0)
                                options[i] = (uint8_t)next(&random);
                if (next(&random) % 2)
                        options[next(&random) % n] = (uint8_t)(next(&random) % 40);
                segment_fill_options(options, n, &usual);
                segment_fill_options_any(options, n, &any);
                if (!same_segment(&usual, &any))
                        fail_msg("form %u is read in two ways, in round %u", form, round);
                n_good += !(any.options & SEGMENT_HAS_BAD);
                n_sack += any.n_sack > 0;
                free(options);
        }
        assert_true(n_good > N_ROUNDS / 2 && n_sack > N_ROUNDS / 4);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(whole_segments_are_read_the_same_in_both_ways),
                cmocka_unit_test(damaged_and_cut_ones_are_too),
                cmocka_unit_test(options_in_a_usual_form_are_read_as_any),
        };

        return cmocka_run_group_tests_name("wire/plain", tests, NULL, NULL);
}
