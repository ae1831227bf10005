/* Makes captures of every kind in memory, field by field, for tests: right ones and wrong ones. Independent of
 * src/capture/, which is what is tested with them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct made {
        uint8_t bytes[65536];
        size_t n;
        bool big_endian;
};

void make_begin(struct made *made, bool big_endian);
void make_16(struct made *made, uint16_t v);
void make_32(struct made *made, uint32_t v);
void make_bytes(struct made *made, const void *bytes, size_t n);

/* pcap. A frame's bytes count up from @first. */
void make_pcap_header(struct made *made, uint32_t magic, uint32_t snaplen, uint32_t link_type);
void make_pcap_frame(struct made *made, uint32_t seconds, uint32_t fraction, uint32_t n_bytes, uint32_t n_frame,
                     uint8_t first);

/* pcapng. make_block_end() pads and writes both lengths. */
size_t make_block(struct made *made, uint32_t type);
void make_block_end(struct made *made, size_t block);
void make_section(struct made *made);
/* @resolution < 0: no such option. */
void make_interface(struct made *made, uint16_t link_type, uint32_t snaplen, int resolution, int64_t offset_s);
void make_enhanced(struct made *made, uint32_t interface, uint64_t stamp, uint32_t n_bytes, uint32_t n_frame,
                   uint8_t first);

/* The bytes of a frame as they were made. */
void make_check(const uint8_t *bytes, size_t n, uint8_t first);

/* Reads what was made in small pieces through a small block: as many frames as @n, and the complaint, or NULL. */
void make_check_pieces(const struct made *made, size_t n, const char *complaint);
