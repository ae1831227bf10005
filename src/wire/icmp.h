/* ICMP and ICMPv6 errors about a TCP segment: written for a packet at hand, read back to the
 * segment that they are about (RFC 792, RFC 1122 3.2.2, RFC 4443). */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What could not be reached, by the name that both families share. */
enum icmp_error {
        ICMP_ERROR_NET,              /* 3/0, v6 1/0 */
        ICMP_ERROR_HOST,             /* 3/1, v6 1/3 */
        ICMP_ERROR_PROTOCOL,         /* 3/2, v6 4/1 (unrecognised next header) */
        ICMP_ERROR_PORT,             /* 3/3, v6 1/4 */
        ICMP_ERROR_PROHIBITED,       /* 3/13 (also read: 9, 10), v6 1/1 */
        _ICMP_ERROR_N,
};

enum {
        ICMP_SIZE_MAX = 1280,        /* the largest packet that icmp_write() makes */
        ICMP_NOT = 1,                /* no ICMP error about TCP, or one cut too short */
};

/* An ICMP error as read: whom it blames, with what of its segment it quotes. */
struct icmp_about {
        uint8_t family;
        uint8_t type;
        uint8_t code;
        uint16_t source_port;        /* of the quoted segment */
        uint16_t destination_port;
        uint32_t seq;
        uint8_t from[16];            /* who sent the ICMP packet */
        uint8_t source[16];          /* of the quoted segment */
        uint8_t destination[16];
};

/* Writes the packet that tells the sender of @about (an IP packet) of @error, as if it came from
 * the packet's destination. Returns its length, or -ENOBUFS, -EINVAL. */
int icmp_write(void *packet, size_t size, enum icmp_error error, const void *about, size_t n_about);

/* Returns 0 or ICMP_NOT. */
int icmp_read(const void *packet, size_t n_packet, struct icmp_about *ret_about);

/* The name of the error, such as "host-unreachable"; NULL for a type and code not listed above. */
const char *icmp_error_name(enum icmp_error error);
int icmp_error_by_name(const char *name, enum icmp_error *ret_error);      /* 0 or -ENOENT */
int icmp_about_error(const struct icmp_about *about, enum icmp_error *ret_error);      /* likewise */
