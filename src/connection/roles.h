/*
 * Which end of a connection is the client, and how that is known: the sender of the SYN; else the receiver
 * of the SYN-ACK; else what the ports say; else the sender of the first segment (docs/record.md, seen.roles).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "words/roles.h"

/* What was seen of the handshake, by sender: 0 sent the connection's first segment, 1 is the other end.
 * All false is the beginning. */
struct roles_seen {
        bool syn[2];            /* a SYN without ACK */
        bool syn_ack[2];
        bool first_syn;         /* who sent the first SYN without ACK, if both did: 0 or 1 */
};

/* Notes a segment's flags (SEGMENT_SYN …). */
void roles_segment(struct roles_seen *seen, unsigned sender, uint16_t flags);

/* Returns who is the client: 0 or 1. @port are the ports of 0 and 1. */
unsigned roles_client(const struct roles_seen *seen, const uint16_t port[static 2], enum roles *ret_how);

/* A port that servers listen on, as far as Zeek's list of well-known ones goes. */
bool roles_server_port(uint16_t port);

/* Whether ports alone tell that a segment from @source to @destination, which begins a connection without
 * a SYN, comes from the server. @syn_ack: it is a SYN-ACK. */
bool roles_from_server(uint16_t source, uint16_t destination, bool syn_ack);
