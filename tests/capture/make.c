/* Makes captures field by field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "capture/reader.h"
#include "make.h"

void make_begin(struct made *made, bool big_endian)
{
        made->n = 0;
        made->big_endian = big_endian;
}

void make_bytes(struct made *made, const void *bytes, size_t n)
{
        assert_true(made->n + n <= sizeof(made->bytes));
        memcpy(made->bytes + made->n, bytes, n);
        made->n += n;
}

void make_16(struct made *made, uint16_t v)
{
        uint8_t b[2] = { (uint8_t)v, (uint8_t)(v >> 8) }, t[2] = { b[1], b[0] };

        make_bytes(made, made->big_endian ? t : b, 2);
}

void make_32(struct made *made, uint32_t v)
{
        uint8_t b[4] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24) };
        uint8_t t[4] = { b[3], b[2], b[1], b[0] };

        make_bytes(made, made->big_endian ? t : b, 4);
}

static void counting(struct made *made, uint32_t n, uint8_t first)
{
        for (uint32_t i = 0; i < n; i++)
                make_bytes(made, &(uint8_t){ (uint8_t)(first + i) }, 1);
}

void make_check(const uint8_t *bytes, size_t n, uint8_t first)
{
        for (size_t i = 0; i < n; i++)
                assert_int_equal(bytes[i], (uint8_t)(first + i));
}

void make_pcap_header(struct made *made, uint32_t magic, uint32_t snaplen, uint32_t link_type)
{
        make_32(made, magic);
        make_16(made, 2);
        make_16(made, 4);
        make_32(made, 0);
        make_32(made, 0);
        make_32(made, snaplen);
        make_32(made, link_type);
}

void make_pcap_frame(struct made *made, uint32_t seconds, uint32_t fraction, uint32_t n_bytes, uint32_t n_frame,
                     uint8_t first)
{
        make_32(made, seconds);
        make_32(made, fraction);
        make_32(made, n_bytes);
        make_32(made, n_frame);
        counting(made, n_bytes, first);
}

size_t make_block(struct made *made, uint32_t type)
{
        size_t block = made->n;

        make_32(made, type);
        make_32(made, 0);
        return block;
}

void make_block_end(struct made *made, size_t block)
{
        size_t end;

        while (made->n % 4)
                make_bytes(made, "", 1);
        end = made->n + 4;
        make_32(made, (uint32_t)(end - block));
        made->n = block + 4;
        make_32(made, (uint32_t)(end - block));
        made->n = end;
}

void make_section(struct made *made)
{
        size_t block = make_block(made, 0x0a0d0d0a);

        make_32(made, 0x1a2b3c4d);
        make_16(made, 1);
        make_16(made, 0);
        make_32(made, 0xffffffff);
        make_32(made, 0xffffffff);
        make_block_end(made, block);
}

void make_interface(struct made *made, uint16_t link_type, uint32_t snaplen, int resolution, int64_t offset_s)
{
        size_t block = make_block(made, 1);

        make_16(made, link_type);
        make_16(made, 0);
        make_32(made, snaplen);
        /* if_name, to be passed over */
        make_16(made, 2);
        make_16(made, 3);
        make_bytes(made, "lo\0\0", 4);
        if (resolution >= 0) {
                make_16(made, 9);
                make_16(made, 1);
                make_bytes(made, (uint8_t[4]){ (uint8_t)resolution }, 4);
        }
        if (offset_s != 0) {
                uint32_t high = (uint32_t)((uint64_t)offset_s >> 32), low = (uint32_t)offset_s;

                make_16(made, 14);
                make_16(made, 8);
                make_32(made, made->big_endian ? high : low);
                make_32(made, made->big_endian ? low : high);
        }
        make_16(made, 0);
        make_16(made, 0);
        make_block_end(made, block);
}

void make_enhanced(struct made *made, uint32_t interface, uint64_t stamp, uint32_t n_bytes, uint32_t n_frame,
                   uint8_t first)
{
        size_t block = make_block(made, 6);

        make_32(made, interface);
        make_32(made, (uint32_t)(stamp >> 32));
        make_32(made, (uint32_t)stamp);
        make_32(made, n_bytes);
        make_32(made, n_frame);
        counting(made, n_bytes, first);
        make_block_end(made, block);
}

void make_check_pieces(const struct made *made, size_t n, const char *complaint)
{
        static const size_t sizes[][2] = { { 1, 24 }, { 7, 30 }, { 16, 64 }, { 1000, 40 } };

        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
                struct capture *capture = NULL;
                struct frame frames[2];
                size_t n_read, n_all = 0;

                assert_int_equal(capture_open_pieces(made->bytes, made->n, sizes[i][0], sizes[i][1], &capture), 0);
                do {
                        assert_int_equal(capture_read(capture, frames, 2, &n_read), 0);
                        n_all += n_read;
                } while (n_read > 0);
                assert_int_equal(n_all, n);
                if (complaint)
                        assert_string_equal(capture_complaint(capture), complaint);
                else
                        assert_null(capture_complaint(capture));
                capture_close(capture);
        }
}
