/*
 * The last packets of all connections, in a bounded piece of memory: new ones take the place of the oldest, and those
 * of one connection are found without looking at the others.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A connection by its addresses, in host order of ports; the same whichever end is named first. */
struct recent_key {
        uint8_t address[2][16];
        uint16_t port[2];
        uint8_t family;
};

/* @bytes are borrowed: until the next recent_add(). */
struct recent_packet {
        const uint8_t *bytes;
        uint32_t n_bytes, n_frame;
        int64_t time_ns;
        uint64_t number;        /* of all that were ever added: later ones have greater ones */
};

struct recent;

/* @size of memory for packets; rounded up to a power of two. Returns 0 or -ENOMEM. */
int recent_new(size_t size, struct recent **ret_recent);
/* Takes NULL. */
struct recent *recent_free(struct recent *recent);

struct recent_key recent_key(uint8_t family, const uint8_t a[static 16], uint16_t a_port, const uint8_t b[static 16],
                             uint16_t b_port);

/* IPv4 addresses stand in the first four bytes, the others are 0. A packet longer than RECENT_BYTES_MAX is cut. */
#define RECENT_BYTES_MAX 4096
void recent_add(struct recent *recent, const struct recent_key *key, int64_t time_ns,
                const uint8_t *bytes, uint32_t n_bytes, uint32_t n_frame);

/* The last @max packets of a connection that are there still and came after number @after, the oldest first. */
size_t recent_find(const struct recent *recent, const struct recent_key *key,
                   uint64_t after, struct recent_packet *packets, size_t max);
