/* ICMP and ICMPv6 errors about a TCP segment: written for a packet at hand, read back to the
 * segment that they are about (RFC 792, RFC 1122 3.2.2, RFC 4443). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "words/icmp_error.h"

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
 * the packet's destination. Only what is unreachable or prohibited can be told. Returns its length,
 * or -ENOBUFS; -EINVAL for another error, or bytes that are no IP packet. */
int icmp_write(void *packet, size_t size, enum icmp_error error, const void *about, size_t n_about);

/* Returns 0 or ICMP_NOT. */
int icmp_read(const void *packet, size_t n_packet, struct icmp_about *ret_about);

/* The type and code by name; ICMP_ERROR_OTHER for those that have none. */
enum icmp_error icmp_about_error(const struct icmp_about *about);
