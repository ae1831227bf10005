/*
 * Makes of a packet one that can be shown around: the IP and TCP headers alone, written anew, with other addresses.
 * What a header says of lengths stays, so that what became of the connection can still be told.
 *
 * Nothing is copied but what is known to hold no address and no secret: the TCP header with the options
 * that everybody has. Tunnels, IP options, MAC addresses, payload and checksums are gone; of a good-bye that
 * stays by which it is known (a TLS alert's header, QUIT), for by it a loss is told from one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wire/packet.h"

#define ANONYMIZED_MAX 256      /* two VLAN tags, IPv6 and ICMP headers, IPv6 and TCP headers */
#define ANONYMIZE_N_CACHED 256

struct anonymizer {
        uint64_t key[2];
        struct {
                uint8_t family;         /* 0: empty */
                uint8_t from[16], to[16];
        } cached[ANONYMIZE_N_CACHED];
};

struct anonymized {
        uint8_t bytes[ANONYMIZED_MAX];  /* Ethernet */
        uint32_t n_bytes;
        uint32_t n_frame;
};

/* @key: the same words give the same addresses again; NULL: a random key that nobody knows. Returns 0 or a
 * negative errno. */
int anonymizer_init(struct anonymizer *ret_anonymizer, const char *key);

/* Two addresses that agree in their first n bits agree in them afterwards too, and not in the next. */
void anonymize_address(struct anonymizer *anonymizer, uint8_t family, const uint8_t address[static 16],
                       uint8_t ret_address[static 16]);

/* @icmp: it is an ICMP error that quotes the segment. */
void anonymize_packet(struct anonymizer *anonymizer, const struct packet *packet, bool icmp,
                      struct anonymized *ret_anonymized);
