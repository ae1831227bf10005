/* A walk along the row of segments of a connection (orderly.h), a SYN-ACK being among them: what facts made of the row
 * (orderly_facts.h) do not need of it, but a struct connection does (orderly_grow.c). */
#pragma once

#include "connection/orderly_look.h"

/* Of one end. */
struct walked_end {
        uint32_t edge;                  /* up to where its window lets the other end send */
        int bare_ack;                   /* place of its last segment that only acknowledges; -1: none */
        unsigned ip_id_steps, n_ip_ids;
        uint16_t ip_id;
        uint8_t ttl_least, ttl_most;
};

/* What was looked at is gone through behind the SYN-ACK. */
void orderly_walk(const struct look *look, struct walked_end ret_end[static 2]);
