/* Fragments put together, and those that cannot be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "wire/packet.h"
#include "wire/segment.h"

enum {
        SIZE_IPV4 = 20,
        SIZE_IPV6 = 40,
        N_DATA = 3000,
        N_TCP = 20 + N_DATA,
        SECOND = 1000000000,
};

struct fixture {
        struct packet_reader *reader;
        struct packet packet;
        uint8_t data[N_DATA];
        uint8_t whole[2][SIZE_IPV6 + N_TCP];    /* IPv4, IPv6 */
        int64_t time_ns;
        bool v6;
        uint32_t id;
};

static int set_up(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        assert_non_null(f);
        for (unsigned i = 0; i < N_DATA; ++i)
                f->data[i] = (uint8_t)(i * 7);
        for (unsigned v6 = 0; v6 < 2; ++v6) {
                struct segment segment = {
                        .family = v6 ? AF_INET6 : AF_INET, .ttl = 64, .flags = SEGMENT_ACK, .source_port = 1,
                        .destination_port = 2, .seq = 1000, .ack = 2000, .n_payload = N_DATA, .payload = f->data,
                        .source = { 10, 1 }, .destination = { 10, 2 },
                };

                assert_true(segment_write(f->whole[v6], sizeof(f->whole[v6]), &segment) > 0);
        }
        assert_int_equal(packet_reader_new(&f->reader), 0);
        *state = f;
        return 0;
}

static int tear_down(void **state)
{
        struct fixture *f = *state;

        packet_reader_free(f->reader);
        free(f);
        return 0;
}

/* Gives the reader bytes @start to @end of what IP carries, of which the capture holds all but @n_cut. */
static enum packet_kind give(struct fixture *f, uint32_t start, uint32_t end, uint32_t n_cut)
{
        uint32_t n_header = f->v6 ? SIZE_IPV6 + 8 : SIZE_IPV4, n = n_header + end - start;
        uint8_t *frame = malloc(n);
        enum packet_kind kind;

        assert_non_null(frame);
        memcpy(frame, f->whole[f->v6], f->v6 ? SIZE_IPV6 : SIZE_IPV4);
        if (f->v6) {
                frame[4] = (uint8_t)((n - SIZE_IPV6) >> 8);
                frame[5] = (uint8_t)(n - SIZE_IPV6);
                frame[6] = 44;
                memset(frame + SIZE_IPV6, 0, 8);
                frame[SIZE_IPV6] = 6;
                frame[SIZE_IPV6 + 2] = (uint8_t)(start >> 8);
                frame[SIZE_IPV6 + 3] = (uint8_t)(start | (end < N_TCP));
                frame[SIZE_IPV6 + 7] = (uint8_t)f->id;
                frame[SIZE_IPV6 + 6] = (uint8_t)(f->id >> 8);
        } else {
                frame[2] = (uint8_t)(n >> 8);
                frame[3] = (uint8_t)n;
                frame[4] = (uint8_t)(f->id >> 8);
                frame[5] = (uint8_t)f->id;
                frame[6] = (uint8_t)(start / 8 >> 8 | (end < N_TCP ? 0x20 : 0));
                frame[7] = (uint8_t)(start / 8);
        }
        memcpy(frame + n_header, f->whole[f->v6] + (f->v6 ? SIZE_IPV6 : SIZE_IPV4) + start, end - start);
        frame = realloc(frame, n - n_cut);
        assert_non_null(frame);
        kind = packet_read(f->reader, 101, frame, n - n_cut, n, f->time_ns, &f->packet);
        /* What was put together does not point into the frame. */
        free(frame);
        return kind;
}

static void check_whole(struct fixture *f)
{
        const struct segment *s = &f->packet.segment;

        assert_int_equal(s->family, f->v6 ? AF_INET6 : AF_INET);
        assert_int_equal(s->source[0], 10);
        assert_int_equal(s->source[1], 1);
        assert_int_equal(s->destination[1], 2);
        assert_int_equal(s->seq, 1000);
        assert_int_equal(s->n_payload, N_DATA);
        assert_int_equal(s->n_captured, N_DATA);
        assert_memory_equal(s->payload, f->data, N_DATA);
        packet_check(&f->packet);
        assert_true(f->packet.checksum_known);
        assert_true(f->packet.checksum_good);
}

static void pieces_in_order_make_a_packet(void **state)
{
        struct fixture *f = *state;

        for (unsigned v6 = 0; v6 < 2; ++v6) {
                f->v6 = v6;
                assert_int_equal(give(f, 0, 1480, 0), PACKET_FRAGMENT);
                assert_int_equal(give(f, 1480, 2960, 0), PACKET_FRAGMENT);
                assert_int_equal(give(f, 2960, N_TCP, 0), PACKET_TCP);
                check_whole(f);
        }
}

static void pieces_in_any_order_make_a_packet(void **state)
{
        struct fixture *f = *state;

        for (unsigned v6 = 0; v6 < 2; ++v6) {
                f->v6 = v6;
                assert_int_equal(give(f, 2960, N_TCP, 0), PACKET_FRAGMENT);
                assert_int_equal(give(f, 8, 16, 0), PACKET_FRAGMENT);
                assert_int_equal(give(f, 1480, 2960, 0), PACKET_FRAGMENT);
                assert_int_equal(give(f, 0, 8, 0), PACKET_FRAGMENT);
                assert_int_equal(give(f, 16, 1480, 0), PACKET_TCP);
                check_whole(f);
        }
}

static void two_packets_do_not_mix(void **state)
{
        struct fixture *f = *state;

        f->id = 1;
        assert_int_equal(give(f, 0, 1480, 0), PACKET_FRAGMENT);
        f->id = 2;
        assert_int_equal(give(f, 1480, N_TCP, 0), PACKET_FRAGMENT);
        f->v6 = true;
        assert_int_equal(give(f, 1480, N_TCP, 0), PACKET_FRAGMENT);
        f->v6 = false;
        assert_int_equal(give(f, 0, 1480, 0), PACKET_TCP);
        check_whole(f);
        f->id = 1;
        assert_int_equal(give(f, 1480, N_TCP, 0), PACKET_TCP);
        check_whole(f);
}

static void a_piece_that_comes_twice_is_ignored(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(give(f, 0, 1480, 0), PACKET_FRAGMENT);
        /* Other bytes at the same place: the first win. */
        f->whole[0][SIZE_IPV4 + 800] ^= 0xff;
        assert_int_equal(give(f, 0, 1480, 0), PACKET_FRAGMENT);
        assert_int_equal(give(f, 8, 16, 0), PACKET_FRAGMENT);
        assert_int_equal(give(f, 1480, N_TCP, 0), PACKET_TCP);
        check_whole(f);
}

static void pieces_that_overlap_throw_all_away(void **state)
{
        struct fixture *f = *state;

        for (unsigned v6 = 0; v6 < 2; ++v6) {
                f->v6 = v6;
                assert_int_equal(give(f, 0, 1480, 0), PACKET_FRAGMENT);
                assert_int_equal(give(f, 1472, 2960, 0), PACKET_FRAGMENT);
                assert_int_equal(give(f, 1480, 2960, 0), PACKET_FRAGMENT);
                assert_int_equal(give(f, 2960, N_TCP, 0), PACKET_FRAGMENT);
                /* The first piece is gone; it has to come again. */
                assert_int_equal(give(f, 0, 1480, 0), PACKET_TCP);
                check_whole(f);
        }
}

static void after_thirty_seconds_a_piece_is_forgotten(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(give(f, 0, 1480, 0), PACKET_FRAGMENT);
        f->time_ns = INT64_C(31) * SECOND;
        assert_int_equal(give(f, 1480, N_TCP, 0), PACKET_FRAGMENT);
        f->time_ns = INT64_C(60) * SECOND;
        assert_int_equal(give(f, 0, 1480, 0), PACKET_TCP);
        check_whole(f);
}

static void pieces_that_were_cut_still_tell_the_length(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(give(f, 0, 1480, 1400), PACKET_FRAGMENT);
        assert_int_equal(give(f, 1480, N_TCP, 1500), PACKET_TCP);
        assert_int_equal(f->packet.segment.seq, 1000);
        assert_int_equal(f->packet.segment.n_payload, N_DATA);
        assert_int_equal(f->packet.segment.n_captured, 60);
        assert_memory_equal(f->packet.segment.payload, f->data, 60);
        packet_check(&f->packet);
        assert_false(f->packet.checksum_known);
}

static void pieces_that_never_meet_take_a_bounded_room(void **state)
{
        struct fixture *f = *state;

        for (f->id = 100; f->id < 5000; ++f->id)
                assert_int_equal(give(f, 1480, N_TCP, 0), PACKET_FRAGMENT);
        /* The youngest are still there, the oldest are not. */
        f->id = 4999;
        assert_int_equal(give(f, 0, 1480, 0), PACKET_TCP);
        check_whole(f);
        f->id = 100;
        assert_int_equal(give(f, 0, 1480, 0), PACKET_FRAGMENT);
}

static void a_packet_in_more_pieces_than_can_be_kept_is_given_up(void **state)
{
        struct fixture *f = *state;

        /* Every other piece of eight bytes: a hole behind each. */
        for (uint32_t at = 0; at < 1600; at += 16)
                assert_int_equal(give(f, at, at + 8, 0), PACKET_FRAGMENT);
        f->id = 7;
        assert_int_equal(give(f, 0, 1480, 0), PACKET_FRAGMENT);
        assert_int_equal(give(f, 1480, N_TCP, 0), PACKET_TCP);
        check_whole(f);
}

static void a_tunnel_in_pieces_is_followed_to_the_pieces_in_it(void **state)
{
        struct fixture *f = *state;
        uint8_t inner[2][SIZE_IPV4 + N_TCP];

        /* IPv4 in IPv4, in two pieces without and within: 20 + 1480 and 20 + 1540 bytes. */
        for (unsigned i = 0; i < 2; ++i) {
                uint32_t start = i ? 1480 : 0, end = i ? N_TCP : 1480, n = SIZE_IPV4 + end - start;

                memcpy(inner[i], f->whole[0], SIZE_IPV4);
                inner[i][2] = (uint8_t)(n >> 8);
                inner[i][3] = (uint8_t)n;
                inner[i][6] = i ? 0 : 0x20;
                inner[i][7] = (uint8_t)(start / 8);
                memcpy(inner[i] + SIZE_IPV4, f->whole[0] + SIZE_IPV4 + start, end - start);
                for (unsigned j = 0; j < 2; ++j) {
                        uint32_t first = j ? 800 : 0, last = j ? n : 800;
                        uint8_t frame[SIZE_IPV4 + N_TCP];
                        enum packet_kind kind;

                        memcpy(frame, f->whole[0], SIZE_IPV4);
                        frame[2] = (uint8_t)((SIZE_IPV4 + last - first) >> 8);
                        frame[3] = (uint8_t)(SIZE_IPV4 + last - first);
                        frame[5] = (uint8_t)(i + 1);
                        frame[6] = j ? 0 : 0x20;
                        frame[7] = (uint8_t)(first / 8);
                        frame[9] = 4;
                        memcpy(frame + SIZE_IPV4, inner[i] + first, last - first);
                        kind = packet_read(f->reader, 101, frame, SIZE_IPV4 + last - first, SIZE_IPV4 + last - first, 0,
                                           &f->packet);
                        assert_int_equal(kind, i && j ? PACKET_TCP : PACKET_FRAGMENT);
                }
        }
        check_whole(f);
        assert_int_equal(f->packet.depth, 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(pieces_in_order_make_a_packet, set_up, tear_down),
                cmocka_unit_test_setup_teardown(pieces_in_any_order_make_a_packet, set_up, tear_down),
                cmocka_unit_test_setup_teardown(two_packets_do_not_mix, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_piece_that_comes_twice_is_ignored, set_up, tear_down),
                cmocka_unit_test_setup_teardown(pieces_that_overlap_throw_all_away, set_up, tear_down),
                cmocka_unit_test_setup_teardown(after_thirty_seconds_a_piece_is_forgotten, set_up, tear_down),
                cmocka_unit_test_setup_teardown(pieces_that_were_cut_still_tell_the_length, set_up, tear_down),
                cmocka_unit_test_setup_teardown(pieces_that_never_meet_take_a_bounded_room, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_packet_in_more_pieces_than_can_be_kept_is_given_up,
                                                set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_tunnel_in_pieces_is_followed_to_the_pieces_in_it, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
